//! Thousands of connections that want nothing, against an agent that may have few files open.

use std::{
    net::{Ipv4Addr, SocketAddr, SocketAddrV4},
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

use rustls::pki_types::{CertificateDer, ServerName, pem::PemObject};
use souk_client::gateway::Client;
use souk_gateway::{Access, Audience, Claims, Pin, pin::tls_config, token::issue};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpSocket, TcpStream},
};

use crate::{
    manifests::{self, Cluster, SITE, create_deployment},
    support::{
        Must, Process,
        agent::configure,
        app,
        fixture::{CHAIN_ID, address, key},
        free_port, until,
    },
};

const CONNECTIONS: usize = 5_000;
/// Files that the agent may have open, of which most are its gateway's.
const FILES: u64 = 1_024;

/// From one of 100 networks of 250 addresses each.
pub async fn from_elsewhere(number: usize, to: SocketAddr) -> std::io::Result<TcpStream> {
    let (network, host) = (number % 100, number / 100 % 250 + 1);
    let octet = |number: usize| u8::try_from(number).unwrap();
    let from = Ipv4Addr::new(127, 7, octet(network), octet(host));
    let socket = TcpSocket::new_v4()?;
    socket.bind(SocketAddrV4::new(from, 0).into())?;
    socket.connect(to).await
}

/// One visitor who holds a connection, idle or slow, and comes again when it is closed.
async fn hold(
    number: usize,
    to: SocketAddr,
    pin: Pin,
    open: Arc<AtomicUsize>,
    stop: Arc<AtomicBool>,
) {
    while !stop.load(Ordering::Relaxed) {
        let Ok(mut stream) = from_elsewhere(number, to).await else {
            tokio::time::sleep(Duration::from_millis(500)).await;
            continue;
        };
        open.fetch_add(1, Ordering::Relaxed);
        let mut rest = [0; 512];
        if number.is_multiple_of(20) {
            // TLS, then a request that never ends.
            let tls = tokio_rustls::TlsConnector::from(Arc::new(tls_config(&[pin]).unwrap()));
            let name = ServerName::try_from("localhost").unwrap();
            if let Ok(mut stream) = tls.connect(name, stream).await {
                let _ = stream.write_all(b"GET /v1/version HTTP/1.1\r\nx: ").await;
                while stream.read(&mut rest).await.is_ok_and(|read| read > 0) {}
            }
        } else {
            if number.is_multiple_of(3) {
                // A part of a TLS record.
                let _ = stream.write_all(&[0x16, 3, 1, 2, 0, 1, 0]).await;
            }
            while stream.read(&mut rest).await.is_ok_and(|read| read > 0) {}
        }
        open.fetch_sub(1, Ordering::Relaxed);
        tokio::time::sleep(Duration::from_secs(8)).await;
    }
}

async fn healthy(http: &reqwest::Client, metrics: u16) -> Option<()> {
    let asked = http.get(format!("http://127.0.0.1:{metrics}/healthz")).send();
    let answer = tokio::time::timeout(Duration::from_secs(5), asked).await.ok()?.ok()?;
    answer.status().is_success().then_some(())
}

pub fn pin_of(config: &Path) -> Pin {
    let certificate = CertificateDer::from_pem_file(config.with_file_name("gateway.crt"));
    Pin::of_certificate(&certificate.must("certificate")).must("pin")
}

#[tokio::test(flavor = "multi_thread")]
async fn five_thousand_idle_and_slow_connections_stop_neither_bids_nor_health_nor_leases() {
    let files = rlimit::increase_nofile_limit(u64::MAX).must("files");
    assert!(files >= 8_000, "this test holds 5,000 sockets: `ulimit -Hn` is {files}, not 8000");
    let fixture = manifests::fixture().await;
    let (port, metrics) = (free_port(), free_port());
    let config = configure(&fixture, "agent", "");
    let text = std::fs::read_to_string(&config).must("configuration");
    let text = text.replace("listen = \"127.0.0.1:0\"", &format!("listen = \"127.0.0.1:{port}\""))
        + &format!("[metrics]\nlisten = \"127.0.0.1:{metrics}\"\n");
    std::fs::write(&config, text).must("configuration");
    let agent = Process::with_files(&config, FILES);
    let http = reqwest::Client::builder().no_proxy().pool_max_idle_per_host(0).build().unwrap();
    until("health", || healthy(&http, metrics)).await;

    let (open, stop) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicBool::new(false)));
    let to: SocketAddr = ([127, 0, 0, 1], port).into();
    let pin = pin_of(&config);
    for number in 0..CONNECTIONS {
        tokio::spawn(hold(number, to, pin, open.clone(), stop.clone()));
    }
    until("a full gateway", async || (agent.open_files() > 600).then_some(())).await;

    // A tenant comes while it is full: an order is bid on, the lease gets its manifest and runs.
    let leased = create_deployment(&fixture, "ann", SITE).await;
    until("a bid", || fixture.own_bid(leased.order)).await;
    fixture.accept("ann", leased.order, "provider").await;
    let access = Access::Full;
    let now = std::time::UNIX_EPOCH.elapsed().unwrap().as_secs();
    let aud = Audience {
        chain_id: CHAIN_ID.into(),
        orderbook: fixture.contracts.orderbook.clone(),
        provider: address("provider"),
    };
    let claims = Claims { iss: address("ann"), aud, iat: now - 10, exp: now + 600, access };
    let wallet = k256::ecdsa::SigningKey::from_slice(key("ann").to_bytes().as_slice()).unwrap();
    let uri = format!("https://127.0.0.1:{port}");
    until("the manifest is taken", async || {
        let client = Client::new(&uri, &[pin]).must("client");
        let client = client.with_token(issue(&wallet, &claims));
        client.send_manifest(leased.order, &leased.upload).await.ok()
    })
    .await;
    Cluster::of(&config).await.has_replicas("it runs", leased.order, 1).await;
    let another = fixture.order("bob", app("web")).await;
    until("another bid", || fixture.own_bid(another)).await;
    until("health", || healthy(&http, metrics)).await;

    let files = agent.open_files();
    assert!(files > 600, "the gateway is still full: {files}");
    assert!(files <= usize::try_from(FILES).unwrap() - 100, "the reserve is left: {files}");
    stop.store(true, Ordering::Relaxed);
    agent.kill().await;
}
