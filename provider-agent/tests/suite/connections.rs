//! Connections that are idle or too slow, and limits on their number.

use std::sync::Arc;

use rustls::{ClientConfig, pki_types::ServerName};
use souk_gateway::pin::tls_config;
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
