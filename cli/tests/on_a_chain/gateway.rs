//! A provider's gateway that says what a test wants, and takes manifests.

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex},
};

use axum::{
    Json, Router,
    extract::{Path, State},
    http::StatusCode,
    response::{IntoResponse, Response},
    routing::{get, put},
};
use ed25519_zebra::{SigningKey, VerificationKey};
use serde_json::{Value, json};
use souk_api::{orderbook, registry};
use souk_chain::Client;
use souk_client::{Market, wallet::Wallet};
use souk_core::presence::Market as Place;
use souk_gateway::{Pin, presence::Presence, route};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::{TlsAcceptor, rustls, server::TlsStream};

use crate::fixture::Fixture;

/// What it says.
#[derive(Default)]
struct Says {
    /// Its word; without one it has no such route.
    presence: Option<Presence>,
    /// The phase of all leases, of whose one service as many replicas are ready.
    phase: (&'static str, u32),
    /// The leases for which a manifest came.
    manifests: Vec<u64>,
}

/// The gateway; it ends with the runtime.
pub struct Gateway {
    uri: String,
    pin: Pin,
    key: SigningKey,
    says: Arc<Mutex<Says>>,
}

impl Gateway {
    pub async fn start() -> Self {
        let says = Arc::new(Mutex::new(Says { phase: ("ready", 1), ..Says::default() }));
        let router = Router::new()
            .route(route::PRESENCE, get(presence))
            .route(route::LEASE_STATUS, get(status))
            .route(route::MANIFEST, put(manifest))
            .with_state(says.clone());
        let (uri, pin) = serve(router).await;
        Self { uri, pin, key: SigningKey::from([7; 32]), says }
    }

    /// Registers it, with its key, as the provider of the fixture.
    pub async fn register(&self, fixture: &Fixture) {
        self.serves(fixture, "provider");
        let wallet = wallet(fixture);
        let key: [u8; 32] = VerificationKey::from(&self.key).into();
        let key = Some(key.to_vec().into());
        let message = registry::ExecuteMsg::SetQuoteKey { provider: wallet.address.clone(), key };
        let contract = &fixture.chain.network.contracts().unwrap().registry;
        let message = wallet.execute(contract, &message, &[]).unwrap();
        wallet.send("naming a key", vec![message]).await.unwrap();
    }

    /// Registers an account as a provider that has this gateway.
    pub fn serves(&self, fixture: &Fixture, who: &str) {
        let register = format!("provider register --operator {who} --bond 20000000");
        let at = format!("--gateway {} --pin {}", self.uri, self.pin);
        fixture.souk(who, &format!("{register} {at}")).success();
    }

    /// From now on it says that it is there, as of now.
    pub async fn says_it_is_there(&self, fixture: &Fixture) {
        let market = Market::new(fixture.chain.network.clone()).unwrap();
        let now = market.now().await.unwrap().1;
        self.signs(fixture, &self.key, now);
    }

    /// From now on it says that, signed with another key.
    pub fn signs(&self, fixture: &Fixture, key: &SigningKey, issued_at: u64) {
        let network = &fixture.chain.network;
        let orderbook = &network.contracts().unwrap().orderbook;
        let place = Place { chain_id: &network.chain_id, orderbook };
        let word = Presence::sign(key, place, &wallet(fixture).address, issued_at);
        self.says.lock().unwrap().presence = Some(word);
    }

    /// From now on leases are in this phase, with `ready` of their replicas ready.
    pub fn leases_are(&self, phase: &'static str, ready: u32) {
        self.says.lock().unwrap().phase = (phase, ready);
    }

    /// The leases for which a manifest came, in the order of the PUTs.
    pub fn manifests(&self) -> Vec<u64> {
        self.says.lock().unwrap().manifests.clone()
    }
}

fn wallet(fixture: &Fixture) -> Wallet {
    let network = &fixture.chain.network;
    let client = Client::new(network.client_config()).unwrap();
    Wallet::new(client, fixture.keys[2].clone(), network).unwrap()
}

/// When the chain has seen the provider last.
pub async fn seen_at(fixture: &Fixture) -> u64 {
    let market = Market::new(fixture.chain.network.clone()).unwrap();
    let stats: orderbook::ProviderStatsResponse =
        market.orderbook.provider_stats(&wallet(fixture).address).await.unwrap();
    stats.seen_at
}

type Shared = State<Arc<Mutex<Says>>>;

async fn presence(State(says): Shared) -> Response {
    match &says.lock().unwrap().presence {
        Some(word) => Json(word).into_response(),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

async fn status(State(says): Shared, Path(order): Path<u64>) -> Json<Value> {
    let (phase, ready) = says.lock().unwrap().phase;
    Json(json!({
        "order": order, "phase": phase,
        "services": [{
            "name": "web", "wanted": 1, "ready": ready, "uris": [], "ports": [], "objects": [],
            "pods": [],
        }],
    }))
}

async fn manifest(State(says): Shared, Path(order): Path<u64>, _: Json<Value>) -> StatusCode {
    says.lock().unwrap().manifests.push(order);
    StatusCode::ACCEPTED
}

/// Serves the routes with a certificate of its own, to the end of the runtime. Gives where, and the pin.
pub async fn serve(router: Router) -> (String, Pin) {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let pin = Pin::of_certificate(made.cert.der()).unwrap();
    let key = rustls::pki_types::PrivateKeyDer::try_from(made.signing_key.serialize_der());
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let tls = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![made.cert.der().clone()], key.unwrap())
        .unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let uri = format!("https://{}", listener.local_addr().unwrap());
    let tls = Tls { listener, acceptor: TlsAcceptor::from(Arc::new(tls)) };
    tokio::spawn(async move { axum::serve(tls, router).await });
    (uri, pin)
}

struct Tls {
    listener: TcpListener,
    acceptor: TlsAcceptor,
}

impl axum::serve::Listener for Tls {
    type Io = TlsStream<TcpStream>;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Self::Io, Self::Addr) {
        loop {
            let Ok((stream, from)) = self.listener.accept().await else { continue };
            if let Ok(stream) = self.acceptor.accept(stream).await {
                return (stream, from);
            }
        }
    }

    fn local_addr(&self) -> std::io::Result<SocketAddr> {
        self.listener.local_addr()
    }
}
