//! Connections that are idle or too slow, and limits on their number.

use std::sync::Arc;

use rustls::{ClientConfig, pki_types::ServerName};
use souk_gateway::{Pin, pin::tls_config};
use souk_provider::{config::Seconds, store::Store};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};
use tokio_rustls::{TlsConnector, client::TlsStream};

use crate::{
    gateway::Server,
    manifests::{self, SITE, lease},
    support::{DEADLINE, Fixture, InProcess, Must, agent::configure, until},
};

async fn empty_store(fixture: &Fixture) -> (std::path::PathBuf, Store) {
    let config = configure(fixture, "agent", "");
    let store = Store::open(&config.with_extension("store")).must("store");
    (config, store)
}

/// TLS to a gateway, by one of the protocols that it offers.
async fn connect(server: &Server, protocol: &[u8]) -> std::io::Result<TlsStream<TcpStream>> {
    let tcp = TcpStream::connect(server.uri.trim_start_matches("https://")).await?;
    let mut tls: ClientConfig = tls_config(&[server.pin]).must("TLS");
    tls.alpn_protocols = vec![protocol.to_vec()];
    let name = ServerName::try_from("localhost").must("name");
    TlsConnector::from(Arc::new(tls)).connect(name, tcp).await
}

/// What the gateway sends until it closes the connection.
async fn heard(mut stream: TlsStream<TcpStream>) -> String {
    let mut all = Vec::new();
    // However it closes the connection.
    let _ = tokio::time::timeout(DEADLINE, stream.read_to_end(&mut all)).await.must("the end");
    String::from_utf8_lossy(&all).into_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_that_asks_nothing_is_closed_whatever_it_speaks() {
    let fixture = manifests::fixture().await;
    let (config, store) = empty_store(&fixture).await;
    // Longer than a busy machine takes to say what is said below.
    let server = Server::open_with(&fixture, &config, &store, |limits| {
        limits.header_timeout = Seconds(10);
    })
    .await;
    let asked = "GET /v1/version HTTP/1.1\r\nhost: x\r\n\r\n";
    let cases = [
        ("http/1.1", "", false),
        ("http/1.1", "GET /v1/ver", false),
        ("http/1.1", asked, true),
        ("h2", "", false),
        ("h2", "PRI * HTTP/2.0\r\n", false),
        ("h2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0", true),
    ];
    let all = cases.map(|(protocol, said, answers)| {
        let server = &server;
        async move {
            let mut stream = connect(server, protocol.as_bytes()).await.must("a connection");
            stream.write_all(said.as_bytes()).await.must("a write");
            let heard = heard(stream).await;
            assert_eq!(!heard.is_empty(), answers, "{protocol} {said:?}: {heard:?}");
        }
    });
    futures::future::join_all(all).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_peer_that_never_opens_its_http2_window_is_disconnected() {
    let fixture = manifests::fixture().await;
    let (config, store) = empty_store(&fixture).await;
    let server = Server::open_with(&fixture, &config, &store, |limits| {
        limits.header_timeout = Seconds(600);
        limits.write_timeout = Seconds(2);
    })
    .await;
    let mut stream = connect(&server, b"h2").await.must("a connection");
    let frame = |kind: u8, flags: u8, stream: u8, payload: &[u8]| {
        let length = u8::try_from(payload.len()).must("a short frame");
        [&[0, 0, length, kind, flags, 0, 0, 0, stream], payload].concat()
    };
    let preface = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_vec();
    // Every stream begins with a window of 0.
    let settings = frame(4, 0, 0, &[0, 4, 0, 0, 0, 0]);
    // GET, https, authority x, and the path.
    let asked = [b"\x82\x87\x01\x01x\x04\x0b".as_slice(), b"/v1/version"].concat();
    let asked = frame(1, 0x5, 1, &asked);
    stream.write_all(&[preface, settings, asked].concat()).await.must("a write");
    let heard = heard(stream).await;
    assert!(!heard.is_empty(), "it was answered");
}

#[tokio::test(flavor = "multi_thread")]
async fn one_address_cannot_take_all_connections() {
    let fixture = manifests::fixture().await;
    let (config, store) = empty_store(&fixture).await;
    let server = Server::open_with(&fixture, &config, &store, |limits| {
        limits.connections_per_address = 1;
    })
    .await;
    let first = connect(&server, b"http/1.1").await.must("a connection");
    assert!(connect(&server, b"http/1.1").await.is_err());
    drop(first);
    until("room again", async || connect(&server, b"http/1.1").await.ok()).await;
}

/// TLS over a connection that begins with other bytes, and the status line of an answer.
async fn behind_balancer(server: &Server, header: &[u8]) -> Option<String> {
    let mut tcp = TcpStream::connect(server.uri.trim_start_matches("https://")).await.ok()?;
    tcp.write_all(header).await.ok()?;
    let mut tls: ClientConfig = tls_config(&[server.pin]).must("TLS");
    tls.alpn_protocols = vec![b"http/1.1".to_vec()];
    let name = ServerName::try_from("localhost").must("name");
    let mut stream = TlsConnector::from(Arc::new(tls)).connect(name, tcp).await.ok()?;
    let asked = "GET /v1/version HTTP/1.1\r\nhost: x\r\n\r\n";
    stream.write_all(asked.as_bytes()).await.ok()?;
    let mut line = vec![0; 15];
    stream.read_exact(&mut line).await.ok()?;
    // The connection stays open, so that it counts.
    tokio::spawn(async move { heard(stream).await });
    String::from_utf8(line).ok()
}

#[tokio::test(flavor = "multi_thread")]
async fn behind_a_named_balancer_the_visitors_address_counts() {
    let fixture = manifests::fixture().await;
    let (config, store) = empty_store(&fixture).await;
    let server = Server::open_as(&fixture, &config, &store, |gateway| {
        gateway.balancers = vec!["127.0.0.0/8".parse().must("network")];
        gateway.limits.connections_per_address = 1;
    })
    .await;
    let ann = b"PROXY TCP4 192.0.2.1 10.0.0.1 5000 443\r\n";
    let mut bob = b"\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c".to_vec();
    bob.extend([192, 0, 2, 2, 10, 0, 0, 1, 0, 80, 1, 187]);
    let fine = Some("HTTP/1.1 200 OK".to_owned());
    assert_eq!(behind_balancer(&server, ann).await, fine);
    assert_eq!(behind_balancer(&server, &bob).await, fine);
    assert_eq!(behind_balancer(&server, ann).await, None, "a second of the same visitor");
    assert_eq!(behind_balancer(&server, b"").await, None, "a balancer without a header");
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_is_not_named_as_balancer_cannot_claim_an_address() {
    let fixture = manifests::fixture().await;
    let (config, store) = empty_store(&fixture).await;
    let server = Server::open_as(&fixture, &config, &store, |gateway| {
        gateway.balancers = vec!["192.0.2.0/24".parse().must("network")];
    })
    .await;
    let claimed = b"PROXY TCP4 192.0.2.1 10.0.0.1 5000 443\r\n";
    assert_eq!(behind_balancer(&server, claimed).await, None);
    assert!(behind_balancer(&server, b"").await.is_some());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_that_asks_too_often_is_refused_for_a_while() {
    let fixture = manifests::fixture().await;
    let (config, store) = empty_store(&fixture).await;
    let server = Server::open_as(&fixture, &config, &store, |gateway| {
        gateway.limits.request_rate = 1;
    })
    .await;
    let client = server.stranger();
    let asked = futures::future::join_all((0..40).map(|_| client.version())).await;
    let refused = asked.iter().filter_map(|answer| answer.as_ref().err()?.refusal());
    let refused: Vec<_> = refused.map(|(status, body)| (status, body.code.as_str())).collect();
    assert!(refused.len() >= 20 && refused.iter().all(|r| *r == (429, "too_many_requests")));
    until("it may ask again", async || client.version().await.ok()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_certificate_is_served_without_a_restart_and_half_of_one_is_not() {
    let fixture = manifests::fixture().await;
    let (config, store) = empty_store(&fixture).await;
    let mut server = Server::open_as(&fixture, &config, &store, |_| ()).await;
    let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).must("key");
    let old = std::mem::replace(&mut server.pin, Pin::of_certificate(made.cert.der()).must("pin"));
    let folder = config.parent().unwrap();
    std::fs::write(folder.join("gateway.crt"), made.cert.pem()).must("certificate");
    // The key comes later: until then the certificate before is served.
    tokio::time::sleep(std::time::Duration::from_secs(6)).await;
    assert!(connect(&server, b"h2").await.is_err());
    std::fs::write(folder.join("gateway.key"), made.signing_key.serialize_pem()).must("key");
    until("the new one is served", async || connect(&server, b"h2").await.ok()).await;
    server.pin = old;
    assert!(connect(&server, b"h2").await.is_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_case_of_the_tokens_scheme_does_not_matter() {
    let fixture = manifests::fixture().await;
    let (config, store) = empty_store(&fixture).await;
    let server = Server::open_as(&fixture, &config, &store, |_| ()).await;
    for scheme in ["bearer", "BEARER"] {
        let mut stream = connect(&server, b"http/1.1").await.must("a connection");
        let asked = format!(
            "GET /v1/leases/7/status HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\
             authorization: {scheme} {}\r\n\r\n",
            server.token("ann")
        );
        stream.write_all(asked.as_bytes()).await.must("a write");
        let heard = heard(stream).await;
        assert!(heard.starts_with("HTTP/1.1 404") && heard.contains("no_lease"), "{heard}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_lease_the_body_is_not_read() {
    let fixture = manifests::fixture().await;
    let (config, store) = empty_store(&fixture).await;
    let server = Server::open_with(&fixture, &config, &store, |_| ()).await;
    let heard = put(&server, 7, Some(&server.token("bob"))).await;
    assert!(heard.starts_with("HTTP/1.1 404") && heard.contains("no_lease"), "{heard}");
    let heard = put(&server, 7, None).await;
    assert!(heard.starts_with("HTTP/1.1 401") && heard.contains("no_token"), "{heard}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_manifest_that_is_sent_too_slowly_is_refused() {
    let fixture = manifests::fixture().await;
    let config = configure(&fixture, "agent", "");
    let agent = InProcess::start(&config).await;
    let leased = lease(&fixture, &agent, "ann", SITE).await;
    let server = Server::open_with(&fixture, &config, &agent.store, |limits| {
        limits.request_timeout = Seconds(1);
    })
    .await;
    let heard = put(&server, leased.order.0, Some(&server.token("ann"))).await;
    assert!(heard.starts_with("HTTP/1.1 408") && heard.contains("too_slow"), "{heard}");
    agent.stop().await;
}

/// The answer to a manifest of which only the first byte was sent.
async fn put(server: &Server, order: u64, token: Option<&str>) -> String {
    let mut stream = connect(server, b"http/1.1").await.must("a connection");
    let token = token.map(|token| format!("authorization: Bearer {token}\r\n"));
    let head = format!(
        "PUT /v1/leases/{order}/manifest HTTP/1.1\r\nhost: x\r\n\
         content-type: application/json\r\ncontent-length: 1000\r\n{}\r\n{{",
        token.unwrap_or_default()
    );
    stream.write_all(head.as_bytes()).await.must("a write");
    let mut answer = vec![0; 4 << 10];
    let mut length = 0;
    let answered = async {
        while !answer[..length].ends_with(b"}") {
            let read = stream.read(&mut answer[length..]).await.must("an answer");
            assert!(read > 0, "{}", String::from_utf8_lossy(&answer[..length]));
            length += read;
        }
    };
    tokio::time::timeout(DEADLINE, answered).await.must("an answer in time");
    String::from_utf8_lossy(&answer[..length]).into_owned()
}

/// Requests between valid and nonsense.
fn request() -> impl proptest::strategy::Strategy<Value = Vec<u8>> {
    use proptest::prelude::*;
    let method = prop_oneof![Just("GET"), Just("PUT"), Just("PRI"), Just("get"), Just("\0")];
    let path = prop_oneof![
        Just("/v1/status".to_owned()),
        "/v1/leases/[0-9]{0,30}/(manifest|status|logs|events)",
        "/v1/leases/7/logs\\?(tail|follow|service|previous)=[-%0-9a-zA-Z]{0,12}",
        "/v1/orders/[^ \r\n]{0,20}/reason",
        "[^ \r\n]{0,60}",
    ];
    let header = prop_oneof![
        Just("host: x".to_owned()),
        "authorization: (Bearer|bearer|Basic)? ?[a-zA-Z0-9._=-]{0,200}",
        "content-length: [-0-9]{0,25}",
        Just("transfer-encoding: chunked".to_owned()),
        Just("expect: 100-continue".to_owned()),
        Just("upgrade: h2c\r\nconnection: upgrade, http2-settings".to_owned()),
        "[!-~]{0,30}:[^\r\n]{0,60}",
        Just(format!("long: {}", "x".repeat(40_000))),
    ];
    let body = proptest::collection::vec(any::<u8>(), 0..300);
    let headers = proptest::collection::vec(header, 0..6);
    (method, path, headers, body).prop_map(|(method, path, headers, body)| {
        let head = format!("{method} {path} HTTP/1.1\r\n{}\r\n\r\n", headers.join("\r\n"));
        [head.into_bytes(), body].concat()
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn no_request_however_malformed_makes_the_gateway_panic_or_hang() {
    use proptest::{
        strategy::{Strategy, ValueTree},
        test_runner::TestRunner,
    };
    use std::sync::atomic::{AtomicUsize, Ordering};
    static PANICS: AtomicUsize = AtomicUsize::new(0);
    let before = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| {
        // Other tests may fail meanwhile.
        if info.location().is_none_or(|location| !location.file().contains("tests/")) {
            PANICS.fetch_add(1, Ordering::SeqCst);
        }
        before(info);
    }));
    let fixture = manifests::fixture().await;
    let (config, store) = empty_store(&fixture).await;
    let server = Server::open_as(&fixture, &config, &store, |gateway| {
        gateway.limits.header_timeout = Seconds(5);
        gateway.limits.request_timeout = Seconds(5);
        gateway.limits.connections_per_address = 1_000;
        gateway.limits.connections_per_network = 1_000;
        gateway.limits.connection_rate = 1_000;
        gateway.limits.request_rate = 1_000;
    })
    .await;
    let mut runner = TestRunner::deterministic();
    let requests = (0..300).map(|_| request().new_tree(&mut runner).unwrap().current());
    let asked = requests.map(|request| {
        let server = &server;
        async move {
            let protocol: &[u8] = if request.len() % 7 == 0 { b"h2" } else { b"http/1.1" };
            let mut stream = connect(server, protocol).await.must("a connection");
            // It may close the connection before it has read all.
            let _ = stream.write_all(&request).await;
            let heard = heard(stream).await;
            let shown = String::from_utf8_lossy(&request).chars().take(200).collect::<String>();
            if protocol == b"http/1.1" && !heard.is_empty() {
                assert!(heard.starts_with("HTTP/1.1 "), "{shown:?}: {heard:?}");
                assert!(!heard.starts_with("HTTP/1.1 5"), "{shown:?}: {heard:?}");
            }
        }
    });
    futures::future::join_all(asked).await;
    assert_eq!(PANICS.load(Ordering::SeqCst), 0);
    server.stranger().version().await.must("an answer");
}
