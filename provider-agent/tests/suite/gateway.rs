//! A running gateway: authorization, manifests, and the end of streams.

use std::{
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use futures::{StreamExt, future::BoxFuture, stream};
use k8s_openapi::api::apps::v1::Deployment;
use k256::ecdsa::{Signature, SigningKey};
use rustls::pki_types::{CertificateDer, pem::PemObject};
use souk_api::orderbook::ExecuteMsg;
use souk_client::gateway::{Client, GatewayError};
use souk_core::OrderId;
use souk_gateway::{
    Access, Audience, Claims, Pin, Salt, Scope,
    body::{
        ClusterEvent, EventQuery, LeaseStatus, LogLine, LogQuery, ManifestUpload, Phase,
        ProviderStatus, Verdict,
    },
    token::{LeaseAccess, Policy, issue},
};
use souk_provider::{
    cluster::{
        kube::{
            cache::Caches,
            events::EventHub,
            logs::LogHub,
            streams::{self, LOG_CONNECTIONS},
        },
        leases::{
            progress::ProgressMap,
            workloads::{ClusterWorkloads, Free},
        },
        workloads::{LineStream, WorkloadError, Workloads},
    },
    config::{Bytes, Config, Gateway, GatewayLimits},
    gateway::{State, serve},
    market::{Market, lookup::ChainLookup},
    model::{interfaces::CapacitySource, placement::ClusterSnapshot, scope::MarketScope},
    store::{Store, hostnames},
};
use tokio_util::sync::{CancellationToken, DropGuard};

use crate::{
    manifests::{self, Cluster, SITE, commitment_of, create_deployment, lease, upload},
    support::{
        Fixture, InProcess, Must,
        agent::configure,
        fixture::{CHAIN_ID, address, key},
        until,
    },
};

/// A cluster whose nodes are not known.
struct NoCapacity;

impl CapacitySource for NoCapacity {
    fn snapshot(&self) -> Result<ClusterSnapshot, String> {
        Err("not listed".into())
    }
}

/// The body limit of this gateway, in bytes.
const BODY: u64 = 32 << 10;

/// A gateway on the agent's own store, and on the cluster and chain that the agent has.
pub struct Server {
    pub uri: String,
    pub pin: Pin,
    audience: Audience,
    /// How often the cluster was asked for the provider's status.
    statuses: Arc<AtomicUsize>,
    _open: DropGuard,
}

/// Counts what is asked of the cluster.
struct Counted {
    workloads: ClusterWorkloads,
    statuses: Arc<AtomicUsize>,
}

impl Workloads for Counted {
    fn lease_status(&self, order: OrderId) -> BoxFuture<'_, Result<LeaseStatus, WorkloadError>> {
        self.workloads.lease_status(order)
    }

    fn logs(
        &self,
        order: OrderId,
        query: LogQuery,
    ) -> BoxFuture<'_, Result<LineStream<LogLine>, WorkloadError>> {
        self.workloads.logs(order, query)
    }

    fn events(
        &self,
        order: OrderId,
        query: EventQuery,
    ) -> BoxFuture<'_, Result<LineStream<ClusterEvent>, WorkloadError>> {
        self.workloads.events(order, query)
    }

    fn provider_status(&self) -> BoxFuture<'_, Result<ProviderStatus, WorkloadError>> {
        self.statuses.fetch_add(1, Ordering::SeqCst);
        self.workloads.provider_status()
    }
}

impl Server {
    async fn open(fixture: &Fixture, config: &Path, store: &Store) -> Self {
        Self::open_with(fixture, config, store, |_| ()).await
    }

    /// A gateway with its own limits.
    pub async fn open_with(
        fixture: &Fixture,
        config: &Path,
        store: &Store,
        change: impl FnOnce(&mut GatewayLimits),
    ) -> Self {
        Self::open_as(fixture, config, store, |gateway| {
            gateway.limits.streams_per_lease = 2;
            change(&mut gateway.limits);
        })
        .await
    }

    /// A gateway with settings of its own.
    pub async fn open_as(
        fixture: &Fixture,
        config: &Path,
        store: &Store,
        change: impl FnOnce(&mut Gateway),
    ) -> Self {
        let mut config = Config::load(config).must("configuration");
        config.gateway.limits.body = Bytes(BODY);
        change(&mut config.gateway);
        let certificate = CertificateDer::from_pem_file(&config.gateway.certificate);
        let pin = Pin::of_certificate(&certificate.must("certificate")).must("pin");
        let client = souk_provider::cluster::kube::client::from_config(&config.cluster)
            .await
            .must("cluster");
        let stop = CancellationToken::new();
        let (caches, watches) =
            Caches::start(client.clone(), &MarketScope::of(&config), stop.clone());
        tokio::spawn(watches);
        let logs = streams::from_config(&config.cluster, LOG_CONNECTIONS).await.must("cluster");
        let workloads = ClusterWorkloads {
            events: EventHub::new(client),
            logs: LogHub::new(logs, caches.clone()),
            caches,
            store: store.clone(),
            cluster: Arc::new(config.cluster.clone()),
            scope: MarketScope::of(&config),
            progress: ProgressMap::default(),
            capacity: Arc::new(NoCapacity),
            free: Box::new(Free::default),
        };
        let audience = Audience {
            chain_id: CHAIN_ID.into(),
            orderbook: fixture.contracts.orderbook.clone(),
            provider: address("provider"),
        };
        let policy = Policy { audience: audience.clone(), prefix: "souk".into() };
        let provider = &config.provider.address;
        let market = Market::new(fixture.queries(), fixture.contracts.clone(), provider);
        let chain = ChainLookup::new(market);
        let reserved = config.cluster.reserved_domains().map(str::to_owned).collect();
        let statuses = Arc::new(AtomicUsize::new(0));
        let workloads = Arc::new(Counted { workloads, statuses: Arc::clone(&statuses) });
        let settings = config.gateway.clone();
        let state = State::new(store.clone(), chain, workloads, policy, settings, reserved);
        let (sender, address) = tokio::sync::oneshot::channel();
        let serving = serve(Arc::new(state), stop.clone(), move |bound| {
            let _ = sender.send(bound);
        });
        tokio::spawn(serving);
        let uri = format!("https://{}", address.await.must("a listening gateway"));
        Self { uri, pin, audience, statuses, _open: stop.drop_guard() }
    }

    pub fn stranger(&self) -> Client {
        Client::new(&self.uri, &[self.pin]).must("client")
    }

    fn claims(&self, who: &str) -> Claims {
        Claims {
            iss: address(who),
            aud: self.audience.clone(),
            iat: now() - 10,
            exp: now() + 600,
            access: Access::Full,
        }
    }

    fn with(&self, who: &str, claims: &Claims) -> Client {
        self.stranger().with_token(issue(&wallet(who), claims))
    }

    pub fn client(&self, who: &str) -> Client {
        self.with(who, &self.claims(who))
    }

    /// A wallet's token for all its leases and all scopes.
    pub fn token(&self, who: &str) -> String {
        issue(&wallet(who), &self.claims(who))
    }
}

fn now() -> u64 {
    std::time::UNIX_EPOCH.elapsed().unwrap().as_secs()
}

fn wallet(who: &str) -> SigningKey {
    SigningKey::from_slice(key(who).to_bytes().as_slice()).unwrap()
}

/// Sends a manifest until the agent has the lease and its commitment.
pub async fn send(client: &Client, order: OrderId, upload: &ManifestUpload) {
    until("the manifest is taken", async || match client.send_manifest(order, upload).await {
        Ok(()) => Some(()),
        Err(error) if error.is_too_early() => None,
        Err(error) => panic!("{error}"),
    })
    .await;
}

/// Status and code of a refusal.
fn refused<T>(answer: Result<T, GatewayError>) -> (u16, String) {
    let error = answer.err().unwrap();
    let (status, body) = error.refusal().unwrap_or_else(|| panic!("{error}"));
    (status, body.code.clone())
}

/// Calls each route that needs a token; the result with the scope that it needs.
async fn call_all(
    client: &Client,
    order: OrderId,
    upload: &ManifestUpload,
) -> Vec<(Scope, Result<(), GatewayError>)> {
    let logs = LogQuery::default();
    let events = Default::default();
    vec![
        (Scope::SendManifest, client.send_manifest(order, upload).await),
        (Scope::GetManifest, client.manifest(order).await.map(drop)),
        (Scope::Status, client.lease_status(order).await.map(drop)),
        (Scope::Logs, client.logs(order, &logs).await.map(drop)),
        (Scope::Events, client.events(order, &events).await.map(drop)),
        (Scope::Reason, client.reason(order).await.map(drop)),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn every_route_of_a_lease_opens_to_its_tenants_token_alone() {
    let fixture = manifests::fixture().await;
    let config = configure(&fixture, "agent", "");
    let agent = InProcess::start(&config).await;
    let server = Server::open(&fixture, &config, &agent.store).await;
    let leased = lease(&fixture, &agent, "ann", SITE).await;
    let (order, upload) = (leased.order, &leased.upload);
    send(&server.client("ann"), order, upload).await;
    for (scope, answer) in call_all(&server.client("ann"), order, upload).await {
        assert!(answer.is_ok(), "{scope:?}: {answer:?}");
    }

    let full = server.claims("ann");
    let past = Claims { iat: now() - 600, exp: now() - 1, ..full.clone() };
    let mut elsewhere = full.clone();
    elsewhere.aud.provider = address("rival");
    let other_order = vec![LeaseAccess { order: OrderId(order.0 + 1), scopes: SCOPES.to_vec() }];
    let narrow = Claims { access: Access::Leases(other_order), ..full.clone() };
    for (what, client, status, code) in [
        ("without token", server.stranger(), 401, "no_token"),
        ("with nonsense", server.stranger().with_token("nonsense".into()), 401, "bad_token"),
        ("expired", server.with("ann", &past), 401, "bad_token"),
        ("for another provider", server.with("ann", &elsewhere), 401, "bad_token"),
        ("signed by another", server.with("bob", &full), 401, "bad_token"),
        ("malleable", server.stranger().with_token(malleable(&full)), 401, "bad_token"),
        ("another's own", server.client("bob"), 403, "not_the_tenant"),
        ("the provider's own", server.client("operator"), 403, "not_the_tenant"),
        ("for another lease", server.with("ann", &narrow), 403, "scope"),
    ] {
        for (scope, answer) in call_all(&client, order, upload).await {
            assert_eq!(refused(answer), (status, code.to_owned()), "{what}: {scope:?}");
        }
    }

    for left_out in SCOPES {
        let scopes = SCOPES.into_iter().filter(|scope| *scope != left_out).collect();
        let access = Access::Leases(vec![LeaseAccess { order, scopes }]);
        let client = server.with("ann", &Claims { access, ..full.clone() });
        for (scope, answer) in call_all(&client, order, upload).await {
            if scope == left_out {
                assert_eq!(refused(answer), (403, "scope".to_owned()), "{scope:?}");
            } else {
                assert!(answer.is_ok(), "{scope:?} without {left_out:?}: {answer:?}");
            }
        }
    }
    agent.stop().await;
}

const SCOPES: [Scope; 6] = [
    Scope::SendManifest,
    Scope::GetManifest,
    Scope::Status,
    Scope::Logs,
    Scope::Events,
    Scope::Reason,
];

/// A valid token of Ann's with the other of its two valid signatures.
fn malleable(claims: &Claims) -> String {
    let token = issue(&wallet("ann"), claims);
    let (input, signature) = token.rsplit_once('.').unwrap();
    let low = BASE64_URL_SAFE_NO_PAD.decode(signature).unwrap();
    let (r, s) = Signature::from_slice(&low).unwrap().split_scalars();
    let high = Signature::from_scalars(r.to_bytes(), (-*s).to_bytes()).unwrap();
    format!("{input}.{}", BASE64_URL_SAFE_NO_PAD.encode(high.to_bytes()))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_manifest_is_taken_only_if_it_is_what_the_lease_is_for() {
    let fixture = manifests::fixture().await;
    let config = configure(&fixture, "agent", "");
    let agent = InProcess::start(&config).await;
    let server = Server::open(&fixture, &config, &agent.store).await;
    let leased = lease(&fixture, &agent, "ann", SITE).await;
    let (order, ann) = (leased.order, server.client("ann"));
    let none = refused(ann.manifest(order).await);
    assert_eq!(none, (404, "no_manifest".to_owned()));
    assert_eq!(ann.lease_status(order).await.must("status").phase, Phase::WaitingForManifest);

    let other = upload(&SITE.replace("nginx:1", "nginx:2"));
    let unsalted = ManifestUpload { salt: None, ..leased.upload.clone() };
    let resalted = ManifestUpload { salt: Some(Salt([6; 32])), ..leased.upload.clone() };
    for (what, upload) in [("other", other), ("unsalted", unsalted), ("resalted", resalted)] {
        let answer = refused(ann.send_manifest(order, &upload).await);
        assert_eq!(answer, (422, "manifest_mismatch".to_owned()), "{what}");
    }
    let mut large = leased.upload.clone();
    large.manifest.0[0].services[0].env = Some(vec![format!("A={}", "x".repeat(BODY as usize))]);
    let answer = refused(ann.send_manifest(order, &large).await);
    assert_eq!(answer, (413, "body_too_large".to_owned()));
    assert!(agent.store.manifest(order).await.unwrap().is_none());

    send(&ann, order, &leased.upload).await;
    let kept = ann.manifest(order).await.must("manifest");
    assert_eq!((kept.manifest, kept.salt), (leased.upload.manifest, leased.upload.salt));
    agent.stop().await;
}

/// The tenant may commit to anything; it gets what it pays for.
#[tokio::test(flavor = "multi_thread")]
async fn a_small_order_cannot_carry_a_large_manifest() {
    let fixture = manifests::fixture().await;
    let config = configure(&fixture, "agent", "");
    let agent = InProcess::start(&config).await;
    let server = Server::open(&fixture, &config, &agent.store).await;
    let leased = lease(&fixture, &agent, "ann", SITE).await;
    let ann = server.client("ann");
    for (what, sdl, code) in [
        ("more memory", SITE.replacen("64Mi", "64Gi", 1), "manifest_not_the_order"),
        ("more replicas", SITE.replace("web, count: 1", "web, count: 9"), "manifest_not_the_order"),
        (
            "the provider's own name",
            SITE.replace("shop.example.org", "shop.apps.example.com"),
            "hostname_reserved",
        ),
    ] {
        let large = upload(&sdl);
        let msg = ExecuteMsg::UpdateDeployment {
            deployment: leased.deployment,
            commitment: commitment_of(&large),
        };
        fixture.orderbook("ann", &msg).await;
        let answer = until("the new commitment is seen", async || {
            match ann.send_manifest(leased.order, &large).await {
                Err(error) if error.is_too_early() => None,
                answer => Some(answer),
            }
        })
        .await;
        assert_eq!(refused(answer), (422, code.to_owned()), "{what}");
    }
    assert!(agent.store.manifest(leased.order).await.unwrap().is_none());
    agent.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tenant_who_is_faster_than_the_follower_is_refused_as_too_early() {
    let fixture = manifests::fixture().await;
    let config = configure(&fixture, "agent", "");
    let agent = InProcess::start(&config).await;
    let store = agent.store.clone();
    let server = Server::open(&fixture, &config, &store).await;
    let ann = server.client("ann");
    let first = lease(&fixture, &agent, "ann", SITE).await;
    let second = create_deployment(&fixture, "ann", SITE).await;
    until("a bid", || fixture.own_bid(second.order)).await;
    agent.stop().await;

    fixture.accept("ann", second.order, "provider").await;
    let answer = ann.send_manifest(second.order, &second.upload).await;
    assert_eq!(refused(answer), (425, "too_early".to_owned()), "a lease");
    let answer = ann.send_manifest(OrderId(999), &second.upload).await;
    assert_eq!(refused(answer), (404, "no_lease".to_owned()));

    let newer = upload(&SITE.replace("nginx:1", "nginx:2"));
    let update = ExecuteMsg::UpdateDeployment {
        deployment: first.deployment,
        commitment: commitment_of(&newer),
    };
    fixture.orderbook("ann", &update).await;
    let answer = ann.send_manifest(first.order, &newer).await;
    assert_eq!(refused(answer), (425, "too_early".to_owned()), "a new version");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_host_name_is_the_first_leases_until_it_lets_go() {
    let fixture = manifests::fixture().await;
    let config = configure(&fixture, "agent", "");
    let agent = InProcess::start(&config).await;
    let server = Server::open(&fixture, &config, &agent.store).await;
    let first = lease(&fixture, &agent, "ann", SITE).await;
    send(&server.client("ann"), first.order, &first.upload).await;
    let two_names = SITE.replace("[shop.example.org]", "[a.example.org, shop.example.org]");
    let second = lease(&fixture, &agent, "bob", &two_names).await;
    let bob = server.client("bob");
    let answer = refused(bob.send_manifest(second.order, &second.upload).await);
    assert_eq!(answer, (409, "hostname_taken".to_owned()));
    // Of a refused manifest nothing is kept, the name that was free neither.
    let order = second.order;
    let held = agent.store.read(move |sql| hostnames::of(sql, order)).await.unwrap();
    assert!(held.is_empty(), "{held:?}");

    // Ann's new version does without the name.
    let moved = upload(&SITE.replace("shop.example.org", "other.example.org"));
    let update = ExecuteMsg::UpdateDeployment {
        deployment: first.deployment,
        commitment: commitment_of(&moved),
    };
    fixture.orderbook("ann", &update).await;
    let ann = server.client("ann");
    until("the new version is taken", async || ann.send_manifest(first.order, &moved).await.ok())
        .await;
    send(&bob, second.order, &second.upload).await;
    agent.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn streams_end_with_the_lease_and_are_counted_until_they_do() {
    let fixture = manifests::fixture().await;
    let config = configure(&fixture, "agent", "");
    let agent = InProcess::start(&config).await;
    let server = Server::open(&fixture, &config, &agent.store).await;
    let leased = lease(&fixture, &agent, "ann", SITE).await;
    let (order, ann) = (leased.order, server.client("ann"));
    send(&ann, order, &leased.upload).await;
    let cluster = Cluster::of(&config).await;
    cluster.has_replicas("it runs", order, 1).await;
    let follow = LogQuery { service: Some("web".into()), follow: true, ..LogQuery::default() };
    // The gateway learns of pods a moment after the cluster has them.
    let mut stream = until("a line", async || {
        let mut stream = ann.logs(order, &follow).await.ok()?;
        let line = stream.next().await.must("line")?;
        assert_eq!(line.service, "web");
        Some(stream)
    })
    .await;
    let unknown = LogQuery { service: Some("nobody".into()), ..LogQuery::default() };
    let answer = refused(ann.logs(order, &unknown).await);
    assert_eq!(answer, (404, "no_service".to_owned()));
    let events = souk_gateway::body::EventQuery { follow: true };
    let second = until("room for a second", async || ann.events(order, &events).await.ok()).await;
    assert_eq!(refused(ann.logs(order, &follow).await), (429, "too_many_streams".to_owned()));
    drop(second);
    let mut events = until("room again", async || ann.events(order, &events).await.ok()).await;

    fixture.orderbook("ann", &ExecuteMsg::CloseLease { order, reason: None }).await;
    let ended = async {
        while stream.next().await.must("line").is_some() {}
        while events.next().await.must("event").is_some() {}
    };
    tokio::time::timeout(crate::support::DEADLINE, ended).await.must("the streams' end");
    assert_eq!(refused(ann.logs(order, &follow).await), (410, "lease_ended".to_owned()));
    until("nothing is left", async || {
        let web = cluster.namespaced::<Deployment>(order).get_opt("web").await.ok()?;
        web.is_none().then_some(())
    })
    .await;
    let phase = ann.lease_status(order).await.must("status").phase;
    assert!(matches!(phase, Phase::Closing | Phase::Closed), "{phase:?}");
    agent.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn version_and_status_are_open_and_a_wrong_pin_is_refused_by_the_client() {
    let fixture = manifests::fixture().await;
    let config = configure(&fixture, "agent", "");
    let agent = InProcess::start(&config).await;
    let server = Server::open(&fixture, &config, &agent.store).await;
    let version = server.stranger().version().await.must("version");
    assert_eq!((version.provider, version.chain_id), (address("provider"), CHAIN_ID.to_owned()));
    assert_eq!(server.stranger().status().await.must("status").leases, 0);

    for pins in [vec![Pin([9; 32])], vec![]] {
        let wrong = Client::new(&server.uri, &pins).must("client");
        let refused = wrong.version().await;
        assert!(matches!(refused, Err(GatewayError::Unreachable { .. })), "{refused:?}");
    }
    // The pin of the next key may be listed beside the present one.
    let both = Client::new(&server.uri, &[Pin([9; 32]), server.pin]).must("client");
    both.version().await.must("version");

    let order = fixture.order("ann", crate::support::app("web")).await;
    until("a bid", || fixture.own_bid(order)).await;
    let reason = server.client("ann").reason(order).await.must("reason");
    assert_eq!(reason.verdict, Verdict::Bid);
    let answer = refused(server.client("bob").reason(order).await);
    assert_eq!(answer, (403, "not_the_tenant".to_owned()));
    agent.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deployments_delegate_may_do_what_its_tenant_may_until_it_is_removed() {
    let fixture = manifests::fixture().await;
    let config = configure(&fixture, "agent", "");
    let agent = InProcess::start(&config).await;
    let server = Server::open(&fixture, &config, &agent.store).await;
    let leased = lease(&fixture, &agent, "ann", SITE).await;
    let (order, upload) = (leased.order, &leased.upload);
    let set = async |delegate: Option<&str>| {
        let delegate = delegate.map(address);
        let msg = ExecuteMsg::SetDelegate { deployment: leased.deployment, delegate };
        fixture.orderbook("ann", &msg).await;
    };
    set(Some("bob")).await;
    let bob = server.client("bob");
    send(&bob, order, upload).await;
    for (scope, answer) in call_all(&bob, order, upload).await {
        assert!(answer.is_ok(), "{scope:?}: {answer:?}");
    }
    let other = refused(server.client("rival").lease_status(order).await);
    assert_eq!(other, (403, "not_the_tenant".to_owned()));

    set(None).await;
    let answer = until("it is refused", async || bob.lease_status(order).await.err()).await;
    assert_eq!(refused::<()>(Err(answer)), (403, "not_the_tenant".to_owned()));
    for (scope, answer) in call_all(&bob, order, upload).await {
        assert_eq!(refused(answer), (403, "not_the_tenant".to_owned()), "{scope:?}");
    }
    agent.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn however_many_ask_for_the_status_it_is_made_once() {
    let fixture = manifests::fixture().await;
    let config = configure(&fixture, "agent", "");
    let store = Store::open(&config.with_extension("store")).must("store");
    let server = Server::open(&fixture, &config, &store).await;
    let client = server.stranger();
    let began = std::time::Instant::now();
    // No more connections than one address may have.
    let asked = stream::iter((0..200).map(|_| client.status())).buffer_unordered(16);
    let asked: Vec<_> = asked.collect().await;
    assert!(asked.iter().all(Result::is_ok), "{asked:?}");
    let made = server.statuses.load(Ordering::SeqCst);
    let most = 1 + usize::try_from(began.elapsed().as_secs() / 2).unwrap();
    assert!((1..=most).contains(&made), "{made} in {:?}", began.elapsed());
}
