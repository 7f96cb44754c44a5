//! Prices for groups that are on no chain: what is offered, what is signed, and what a signature holds.

mod killed;
mod limits;
mod lost;
mod offered;
mod once;
mod signed;

use std::path::{Path, PathBuf};

use cosmwasm_std::HexBinary;
use ed25519_zebra::{SigningKey, VerificationKey};
use reqwest::Method;
use serde_json::{Value, json};
use souk_api::{
    orderbook::{ExecuteMsg, NewDeployment, OrderbookEvent, Quote, events::LeaseCreated},
    registry,
};
use souk_chain::TxOutcome;
use souk_core::{AuctionPolicy, Denom, GroupSpec};
use souk_gateway::{
    Access, Audience, Claims,
    quote::{QuoteAnswer, QuotesRequest, QuotesResponse},
    route,
    token::issue,
};
use souk_provider::{market::Market, store::Store};

use crate::{
    gateway::{now, wallet},
    support::{
        Fixture, Must,
        agent::configure,
        fixture::{CHAIN_ID, address},
        free_port, until,
    },
};

/// The key of the provider's quotes.
fn quote_key() -> SigningKey {
    SigningKey::from([9; 32])
}

/// An agent's configuration with a gateway that tests find, and its quote key.
pub struct Desk {
    pub config: PathBuf,
    uri: String,
    http: reqwest::Client,
    audience: Audience,
}

impl Desk {
    /// `more` goes below `[quotes]`.
    pub fn configure(fixture: &Fixture, more: &str) -> Self {
        let config = configure(fixture, "agent", "");
        let port = free_port();
        let text = std::fs::read_to_string(&config).unwrap();
        let text =
            text.replace("listen = \"127.0.0.1:0\"", &format!("listen = \"127.0.0.1:{port}\""));
        std::fs::write(&config, format!("{text}\n[quotes]\n{more}\n")).unwrap();
        let seed = hex::encode(<[u8; 32]>::from(quote_key()));
        let key = config.with_file_name("quote.key");
        std::fs::write(&key, seed).unwrap();
        let mode = std::os::unix::fs::PermissionsExt::from_mode(0o600);
        std::fs::set_permissions(&key, mode).unwrap();
        let certificate = std::fs::read(config.with_file_name("gateway.crt")).unwrap();
        let certificate = reqwest::Certificate::from_pem(&certificate).unwrap();
        let http = reqwest::Client::builder().no_proxy().tls_certs_only([certificate]);
        Self {
            config,
            uri: format!("https://localhost:{port}"),
            http: http.build().unwrap(),
            audience: Audience {
                chain_id: CHAIN_ID.into(),
                orderbook: fixture.contracts.orderbook.clone(),
                provider: address("provider"),
            },
        }
    }

    /// Asks; the status, and what was answered. None if nothing is.
    pub async fn try_ask(
        &self,
        method: Method,
        path: &str,
        who: Option<&str>,
        body: Option<Value>,
    ) -> Option<(u16, Value)> {
        let mut request = self.http.request(method, format!("{}{path}", self.uri));
        if let Some(who) = who {
            let claims = Claims {
                iss: address(who),
                aud: self.audience.clone(),
                iat: now() - 10,
                exp: now() + 600,
                access: Access::Full,
            };
            request = request.bearer_auth(issue(&wallet(who), &claims));
        }
        if let Some(body) = body {
            request = request.json(&body);
        }
        let response = request.send().await.ok()?;
        let status = response.status().as_u16();
        Some((status, response.json().await.ok()?))
    }

    /// Asks for quotes until the gateway is there and the agent is ready: as long as it answers with 503.
    pub async fn ask(&self, who: Option<&str>, request: &QuotesRequest) -> (u16, Value) {
        until("an answer of the gateway", async || {
            let body = Some(json!(request));
            let found = self.try_ask(Method::POST, route::QUOTES, who, body).await?;
            (found.0 != 503).then_some(found)
        })
        .await
    }

    pub async fn answers(&self, who: Option<&str>, request: &QuotesRequest) -> Vec<QuoteAnswer> {
        let (status, body) = self.ask(who, request).await;
        assert_eq!(status, 200, "{body}");
        serde_json::from_value::<QuotesResponse>(body).unwrap().answers
    }

    /// What is offered for one group, or why it is not.
    pub async fn offered(&self, group: GroupSpec) -> Result<u128, String> {
        match self.answers(None, &request("ann", vec![group])).await.remove(0) {
            QuoteAnswer::Offered { price, .. } => Ok(price.u128()),
            QuoteAnswer::Declined { reason } => Err(reason),
            signed => panic!("{signed:?}"),
        }
    }

    /// One group's signed quote for a tenant who asks for itself.
    pub async fn signed(&self, who: &str, group: GroupSpec) -> Quote {
        let request = QuotesRequest { sign: true, ..request(who, vec![group]) };
        match self.answers(Some(who), &request).await.remove(0) {
            QuoteAnswer::Signed(quote) => *quote,
            other => panic!("{other:?}"),
        }
    }
}

pub fn request(tenant: &str, groups: Vec<GroupSpec>) -> QuotesRequest {
    QuotesRequest {
        tenant: address(tenant),
        denom: Denom::native("usouk"),
        groups,
        absence: None,
        reclamation: None,
        sign: false,
    }
}

/// Waits until the registry has the agent's key, and the agent's store is filled.
pub async fn key_is_known(fixture: &Fixture, store: &Store) {
    until("the store is filled", async || store.cursor().await.unwrap()).await;
    let key = <[u8; 32]>::from(VerificationKey::from(&quote_key()));
    has_key(fixture, key).await;
}

async fn has_key(fixture: &Fixture, key: [u8; 32]) {
    let market = Market::new(fixture.queries(), fixture.contracts.clone(), address("provider"));
    until("the key is published", async || {
        let known = market.provider_record().await.ok()??.quote_key?;
        (known.as_slice() == key).then_some(())
    })
    .await;
}

/// The operator publishes another key.
pub async fn set_another_key(fixture: &Fixture) {
    let (provider, key) = (address("provider"), Some(HexBinary::from([3; 32])));
    let msg = registry::ExecuteMsg::SetQuoteKey { provider, key };
    let registry = fixture.contracts.provider_registry.clone();
    fixture.execute("operator", &registry, &msg, 0).await;
}

pub fn new_deployment(groups: Vec<GroupSpec>) -> NewDeployment {
    NewDeployment {
        commitment: HexBinary::from([7u8; 32]),
        groups,
        auction: AuctionPolicy::TenantChoice {},
        delegate: None,
        delegate_limit: None,
        allow: vec![],
        refuse: vec![],
        reclamation: None,
        absence: None,
    }
}

/// Uses a quote for one group in one transaction.
pub async fn create(
    fixture: &Fixture,
    tenant: &str,
    group: GroupSpec,
    quote: Quote,
) -> Result<TxOutcome, String> {
    create_with(fixture, tenant, new_deployment(vec![group]), vec![quote]).await
}

pub async fn create_with(
    fixture: &Fixture,
    tenant: &str,
    deployment: NewDeployment,
    quotes: Vec<Quote>,
) -> Result<TxOutcome, String> {
    let msg = ExecuteMsg::CreateWithQuotes { deployment, quotes };
    let sent = fixture.try_execute(tenant, &fixture.contracts.orderbook, &msg, 50_000_000).await;
    sent.map_err(|error| format!("{error:?}"))
}

/// The lease that a transaction made.
pub fn lease_of(fixture: &Fixture, outcome: &TxOutcome) -> LeaseCreated {
    let lease = fixture.events(outcome).into_iter().find_map(|event| match event {
        OrderbookEvent::LeaseCreated(lease) => Some(lease),
        _ => None,
    });
    lease.ok_or("none").must("a lease")
}

/// Lets quotes lapse, and the agent read of it.
pub async fn pass(fixture: &Fixture, seconds: u64) {
    fixture.chain.advance(seconds).await.unwrap();
    fixture.chain.produce_blocks(2).await.unwrap();
}

/// Deletes the store, whose agent has stopped; the key stays.
pub fn lose_store(config: &Path) {
    for name in ["agent.db", "agent.db-wal", "agent.db-shm"] {
        let _ = std::fs::remove_file(config.with_file_name(name));
    }
}
