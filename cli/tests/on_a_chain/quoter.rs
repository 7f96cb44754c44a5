//! A provider's gateway that quotes prices, in the mode that a test wants.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard},
    time::Duration,
};

use axum::{
    Json, Router,
    body::Body,
    extract::{Path, State},
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Response},
    routing::{get, post, put},
};
use ed25519_zebra::{SigningKey, VerificationKey};
use serde_json::{Value, json};
use souk_api::{
    orderbook::{Quote, QuotedFor},
    registry,
};
use souk_chain::Client;
use souk_client::{Market, wallet::Wallet};
use souk_core::{Attribute, Denom, GroupSpec, Price, presence::Market as Place};
use souk_gateway::{
    QuoteAnswer, QuotesRequest, QuotesResponse,
    prices::{GpuRate, GpuStock, Prices, Rates},
    quote, route,
};

use crate::{
    fixture::{ACCOUNTS, Fixture},
    gateway::serve,
};

/// How it answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// As it should.
    Honest,
    /// It gives no price.
    Declines,
    /// It signs for a unit more than it said.
    Dearer,
    /// It signs another GPU than it said.
    OtherOffer,
    /// It signs with a key that the registry does not have.
    OtherKey,
    /// It signs for another tenant.
    OtherTenant,
    /// It signs what is over already.
    Over,
    /// It declines to sign.
    DoesNotSign,
    /// It answers about more groups than were asked.
    TooMany,
    /// It sends what is no JSON.
    Garbage,
    /// It sends a megabyte.
    Huge,
    /// It takes its time for prices.
    Slow,
    /// It takes its time for signatures.
    SlowToSign,
    /// It signs on a nonce that was used, as often as this says.
    Used(u32),
}

/// What it knows and what came.
pub struct Inner {
    pub price: u128,
    pub mode: Mode,
    nonce: u64,
    /// Requests for prices, and those for signatures.
    pub asked: Vec<QuotesRequest>,
    pub signed: Vec<QuotesRequest>,
    /// The leases for which a manifest came.
    pub manifests: Vec<u64>,
}

/// The gateway; it ends with the runtime.
#[derive(Clone)]
pub struct Quoter {
    pub provider: String,
    key: SigningKey,
    market: Market,
    inner: Arc<Mutex<Inner>>,
}

impl Quoter {
    /// Registers an account of the fixture as a provider with such a gateway, and with a key that signs.
    pub async fn start(fixture: &Fixture, who: &str, price: u128) -> Self {
        let quoter = Self::without_key(fixture, who, price).await;
        let key: [u8; 32] = VerificationKey::from(&quoter.key).into();
        let key = Some(key.to_vec().into());
        let provider = quoter.provider.clone();
        let message = registry::ExecuteMsg::SetQuoteKey { provider, key };
        let network = &fixture.chain.network;
        let client = Client::new(network.client_config()).unwrap();
        let at = ACCOUNTS.iter().position(|one| *one == who).unwrap();
        let wallet = Wallet::new(client, fixture.keys[at].clone(), network).unwrap();
        let registry = &network.contracts().unwrap().registry;
        let message = wallet.execute(registry, &message, &[]).unwrap();
        wallet.send("naming a key", vec![message]).await.unwrap();
        quoter
    }

    /// The same, with no key in the registry.
    pub async fn without_key(fixture: &Fixture, who: &str, price: u128) -> Self {
        let at = ACCOUNTS.iter().position(|one| *one == who).unwrap();
        let network = fixture.chain.network.clone();
        let provider = fixture.keys[at].address(&network.prefix).unwrap();
        let inner = Inner {
            price,
            mode: Mode::Honest,
            nonce: 1,
            asked: Vec::new(),
            signed: Vec::new(),
            manifests: Vec::new(),
        };
        let quoter = Self {
            provider,
            key: SigningKey::from([u8::try_from(at).unwrap() + 1; 32]),
            market: Market::new(network).unwrap(),
            inner: Arc::new(Mutex::new(inner)),
        };
        let router = Router::new()
            .route(route::QUOTES, post(quotes))
            .route(route::PRICES, get(prices))
            .route(route::LEASE_STATUS, get(status))
            .route(route::MANIFEST, put(manifest))
            .with_state(quoter.clone());
        let (uri, pin) = serve(router).await;
        let register = format!("provider register --operator {who} --bond 20000000");
        let at = format!("--gateway {uri} --pin {pin} region=eu");
        fixture.souk(who, &format!("{register} {at}")).success();
        quoter
    }

    /// What it knows, and what came.
    pub fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap()
    }

    /// How it answers from now on.
    pub fn becomes(&self, mode: Mode) {
        self.inner().mode = mode;
    }

    /// What it says of a group, without a signature.
    fn offered(&self, price: u128) -> QuoteAnswer {
        let price = Price::new(price).unwrap();
        QuoteAnswer::Offered { price, offer: Vec::new(), reclamation_window: None }
    }

    /// What it signs for a group.
    async fn signed(&self, asked: &QuotesRequest, spec: &GroupSpec, mode: Mode) -> QuoteAnswer {
        let (_, now) = self.market.now().await.unwrap();
        let (price, nonce) = {
            let mut inner = self.inner();
            let nonce = match inner.mode {
                Mode::Used(0) => inner.nonce + 1,
                Mode::Used(left) => {
                    inner.mode = Mode::Used(left - 1);
                    1
                }
                _ => inner.nonce,
            };
            inner.nonce = inner.nonce.max(nonce) + u64::from(!matches!(mode, Mode::Used(_)));
            (inner.price, nonce)
        };
        let quote = Quote {
            provider: self.provider.clone(),
            price: Price::new(price + u128::from(mode == Mode::Dearer)).unwrap(),
            max_take_bps: 5_000,
            offer: match mode {
                Mode::OtherOffer => vec![Attribute::new("gpu/model", "t4")],
                _ => Vec::new(),
            },
            reclamation_window: None,
            issued_at: if mode == Mode::Over { now - 60 } else { now },
            valid_until: if mode == Mode::Over { now - 1 } else { now + 60 },
            nonce,
            signature: Vec::new().into(),
        };
        let network = &self.market.network;
        let orderbook = &self.market.contracts.orderbook;
        let whom = QuotedFor {
            market: Place { chain_id: &network.chain_id, orderbook },
            tenant: if mode == Mode::OtherTenant { &self.provider } else { &asked.tenant },
            spec,
            denom: &asked.denom,
            absence: Some(asked.absence.unwrap_or_default()),
        };
        let other = SigningKey::from([99; 32]);
        let key = if mode == Mode::OtherKey { &other } else { &self.key };
        QuoteAnswer::Signed(Box::new(quote::sign(key, quote, whom)))
    }
}

async fn quotes(
    State(quoter): State<Quoter>,
    headers: HeaderMap,
    Json(asked): Json<QuotesRequest>,
) -> Response {
    let (mode, price) = {
        let mut inner = quoter.inner();
        let came = if asked.sign { &mut inner.signed } else { &mut inner.asked };
        came.push(asked.clone());
        (inner.mode, inner.price)
    };
    if asked.sign && !headers.contains_key("authorization") {
        return StatusCode::UNAUTHORIZED.into_response();
    }
    match (mode, asked.sign) {
        (Mode::Slow, false) | (Mode::SlowToSign, true) => {
            tokio::time::sleep(Duration::from_secs(20)).await;
        }
        (Mode::Garbage, _) => return "<html>".into_response(),
        (Mode::Huge, _) => return Body::from(" ".repeat(1 << 20)).into_response(),
        _ => {}
    }
    let declined = || QuoteAnswer::Declined { reason: "it has\nno room".to_owned() };
    let mut answers = Vec::new();
    for spec in &asked.groups {
        answers.push(match (mode, asked.sign) {
            (Mode::Declines, _) | (Mode::DoesNotSign, true) => declined(),
            (_, true) => quoter.signed(&asked, spec, mode).await,
            (_, false) => quoter.offered(price),
        });
    }
    if mode == Mode::TooMany {
        answers.push(declined());
    }
    Json(QuotesResponse { answers }).into_response()
}

async fn prices(State(quoter): State<Quoter>) -> Json<Prices> {
    let price = quoter.inner().price.to_string();
    let gpu = |model: &str, free| GpuStock {
        vendor: "nvidia".to_owned(),
        model: model.to_owned(),
        memory: None,
        interface: None,
        free,
        total: 8,
    };
    let h100 = GpuRate { vendor: None, model: "h100".to_owned(), memory: None, price };
    let rates = Rates {
        denom: Denom::native("usouk"),
        cpu: "10".to_owned(),
        memory: "2.5".to_owned(),
        storage: "1".to_owned(),
        persistent: BTreeMap::new(),
        endpoint: "0".to_owned(),
        ip: "0".to_owned(),
        gpu: None,
        gpu_models: vec![h100],
        minimum: "1".to_owned(),
    };
    Json(Prices {
        provider: quoter.provider.clone(),
        height: 1,
        takes_leases: true,
        attributes: Vec::new(),
        rates: vec![rates],
        // The second has no price.
        gpus: vec![gpu("h100", 3), gpu("t4", 5)],
        free_cpu_milli: 4_000,
        free_memory: 8 << 30,
        shortest_absence_limit: 21_600,
        reclamation_window: None,
    })
}

async fn status(Path(order): Path<u64>) -> Json<Value> {
    Json(json!({
        "order": order, "phase": "ready",
        "services": [{
            "name": "web", "wanted": 1, "ready": 1, "uris": [], "ports": [], "objects": [],
            "pods": [],
        }],
    }))
}

async fn manifest(
    State(quoter): State<Quoter>,
    Path(order): Path<u64>,
    _: Json<Value>,
) -> StatusCode {
    quoter.inner().manifests.push(order);
    StatusCode::ACCEPTED
}
