//! Connections to the whole gateway: the balancer's PROXY header, TLS, and bytes of HTTP/1.1 and HTTP/2.

use std::{
    net::SocketAddr,
    os::unix::fs::OpenOptionsExt,
    sync::{Arc, LazyLock},
    time::Duration,
};

use bolero::check;
use rustls::{
    ClientConfig, RootCertStore,
    pki_types::{CertificateDer, ServerName, pem::PemObject},
};
use souk_provider::{gateway::serve, store::Store};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    sync::oneshot,
};
use tokio_rustls::TlsConnector;
use tokio_util::sync::CancellationToken;

use crate::{
    edits::{Cut, cut},
    lease,
    measure::{Alone, Limit, alone},
    requests,
};

/// Both ends of a connection with TLS and HTTP/2, and what a request takes.
const LIMIT: Limit = Limit { base: 4 << 20, per_byte: 64 };
/// The most bytes of all answers on one connection.
const ANSWER: u64 = 256 << 10;
/// A connection ends long before, whatever it sent.
const DEADLINE: Duration = Duration::from_secs(60);
/// Half a request waits so long for its answer.
const SHORT: Duration = Duration::from_millis(20);

struct Fixture {
    runtime: tokio::runtime::Runtime,
    address: SocketAddr,
    connector: TlsConnector,
    token: String,
    _folder: tempfile::TempDir,
}

static FIXTURE: LazyLock<Fixture> = LazyLock::new(|| {
    let folder = lease::folder();
    let config = lease::config(folder.path(), 1);
    let tls = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
    let write = |path: &std::path::Path, text: String| {
        use std::io::Write;
        let mut options = std::fs::OpenOptions::new();
        let mut file = options.create(true).write(true).mode(0o600).open(path).unwrap();
        file.write_all(text.as_bytes()).unwrap();
    };
    write(&config.gateway.certificate, tls.cert.pem());
    write(&config.gateway.key, tls.signing_key.serialize_pem());
    let store = Store::open(&folder.path().join("connections.db")).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let state = Arc::new(runtime.block_on(requests::state(&config, store)));
    let (sender, address) = oneshot::channel();
    let stop = CancellationToken::new();
    runtime.spawn(serve(state, stop, move |address| sender.send(address).unwrap()));
    let address = runtime.block_on(address).unwrap();
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(tls.cert.pem().as_bytes()).unwrap()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let client = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let connector = TlsConnector::from(Arc::new(client));
    let token = lease::sign(&lease::claims());
    Fixture { runtime, address, connector, token, _folder: folder }
});

#[test]
fn any_headers_and_requests_on_a_connection() {
    let alone = alone();
    check!().with_iterations(60).with_type::<(u8, Vec<Cut>, u8, Vec<Cut>)>().for_each(
        |(header, of_header, http, of_http): &(u8, Vec<Cut>, u8, Vec<Cut>)| {
            let mut header = headers()[usize::from(*header) % 5].clone();
            // Most connections come as far as HTTP.
            if http % 3 == 0 {
                cut(&mut header, of_header);
            }
            let mut http = speech(*http);
            cut(&mut http, of_http);
            exchange(&alone, &header, &http, SHORT);
        },
    );
}

#[test]
fn any_bytes_on_a_connection() {
    let alone = alone();
    check!().with_iterations(60).with_type::<(bool, Vec<u8>)>().for_each(
        |(named, bytes): &(bool, Vec<u8>)| {
            if *named {
                exchange(&alone, &headers()[0], bytes, SHORT);
            } else {
                exchange(&alone, bytes, b"", SHORT);
            }
        },
    );
}

#[test]
fn the_good_connections_are_answered() {
    let alone = alone();
    for header in headers().iter().take(3) {
        for which in 0..4 {
            let answer = exchange(&alone, header, &speech(which), DEADLINE);
            assert!(!answer.is_empty(), "{which}");
            if which < 3 {
                let text = String::from_utf8_lossy(&answer);
                assert!(text.starts_with("HTTP/1.1 2") || text.starts_with("HTTP/1.1 4"), "{text}");
            }
        }
    }
}

/// Headers of a balancer: both versions and both families; the last is of a balancer that only looks.
fn headers() -> [Vec<u8>; 5] {
    let second = |command: u8, family: u8, addresses: &[u8]| {
        let length = u16::try_from(addresses.len()).unwrap().to_be_bytes();
        [&b"\r\n\r\n\0\r\nQUIT\n"[..], &[0x20 | command, family], &length, addresses].concat()
    };
    let v4 = [192, 0, 2, 7, 10, 0, 0, 1, 0, 80, 1, 187, 4, 0, 1, 9];
    let v6 = [&[0x20, 1, 0xd, 0xb8][..], &[0; 32]].concat();
    [
        b"PROXY TCP4 192.0.2.7 10.0.0.1 5000 443\r\n".to_vec(),
        second(1, 0x11, &v4),
        second(1, 0x21, &v6),
        b"PROXY TCP6 2001:db8::9 ::1 5000 443\r\n".to_vec(),
        second(0, 0, &[]),
    ]
}

/// What a client says: HTTP/1.1 with and without a body, in chunks, or HTTP/2.
fn speech(which: u8) -> Vec<u8> {
    let token = &FIXTURE.token;
    let head = format!(
        "host: localhost\r\nauthorization: Bearer {token}\r\ncontent-type: application/json\r\n"
    );
    match which % 4 {
        0 => format!("GET /v1/leases/7/status HTTP/1.1\r\n{head}\r\nGET /v1/version HTTP/1.1\r\nhost: a\r\n\r\n").into(),
        1 => {
            let body = serde_json::to_string(&lease::leased().upload).unwrap();
            let length = body.len();
            format!("PUT /v1/leases/7/manifest HTTP/1.1\r\n{head}content-length: {length}\r\n\r\n{body}").into()
        }
        2 => format!(
            "PUT /v1/leases/7/manifest HTTP/1.1\r\n{head}transfer-encoding: chunked\r\n\r\n5\r\n{{\"a\":\r\n2\r\n1}}\r\n0\r\n\r\n"
        )
        .into(),
        _ => {
            let frame = |kind: u8, flags: u8, stream: u8, payload: &[u8]| {
                let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
                [&length[1..], &[kind, flags, 0, 0, 0, stream], payload].concat()
            };
            let path = b"/v1/status";
            let name = b"localhost";
            let fields =
                [&[0x82, 0x87, 0x44, path.len() as u8][..], path, &[0x41, name.len() as u8], name].concat();
            [
                b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_vec(),
                frame(4, 0, 0, &[0, 3, 0, 0, 0, 100]),
                frame(1, 5, 1, &fields),
                frame(8, 0, 0, &[0, 0, 0xff, 0xff]),
                frame(6, 0, 0, &[0; 8]),
            ]
            .concat()
        }
    }
}

/// Sends the header and, within TLS, the rest, and waits so long for the beginning of an answer before it ends
/// its side; returns what was answered once the gateway has closed.
fn exchange(alone: &Alone, header: &[u8], http: &[u8], timeout: Duration) -> Vec<u8> {
    let fixture = &*FIXTURE;
    alone.within(LIMIT, header.len() + http.len(), || {
        let exchange = async {
            let mut stream = TcpStream::connect(fixture.address).await.unwrap();
            let mut answer = Vec::new();
            if stream.write_all(header).await.is_err() {
                return answer;
            }
            let name = ServerName::try_from("localhost").unwrap();
            // After half a header TLS makes no sense: the end of the stream does.
            let Ok(mut stream) = fixture.connector.connect(name, stream).await else {
                return answer;
            };
            if stream.write_all(http).await.is_ok() {
                let mut start = [0; 1_024];
                let first = tokio::time::timeout(timeout, stream.read(&mut start)).await;
                answer.extend(
                    first.ok().and_then(Result::ok).map_or(&[][..], |length| &start[..length]),
                );
                let _ = stream.shutdown().await;
                let _ = (&mut stream).take(ANSWER + 1).read_to_end(&mut answer).await;
            }
            answer
        };
        let answer =
            fixture.runtime.block_on(async { tokio::time::timeout(DEADLINE, exchange).await });
        let answer = answer.expect("the gateway closes a connection that has ended");
        assert!(answer.len() as u64 <= ANSWER, "{} bytes are answered", answer.len());
        answer
    })
}
