//! From SDL to a lease whose manifest is accepted, and its update.

use std::path::PathBuf;

use cosmwasm_std::HexBinary;
use k8s_openapi::api::apps::v1::{Deployment, StatefulSet};
use kube::Api;
use souk_api::orderbook::{Absence, ExecuteMsg, NewDeployment, OrderbookEvent, Reclamation};
use souk_core::{Attribute, AuctionPolicy, DeploymentId, OrderId};
use souk_gateway::{Salt, body::ManifestUpload, commitment};
use souk_provider::{
    config::Config,
    model::scope::MarketScope,
    store::{ManifestRow, Store, manifests},
};
use souk_sdl::{Mapping, compile};

use crate::support::{Fixture, InProcess, Must, Options, agent::configure, until};

/// A site with a data base that keeps its data.
pub const SITE: &str = r#"
version: "2.0"
services:
  web:
    image: nginx:1
    env: [TOKEN=secret]
    expose:
      - port: 80
        accept: [shop.example.org]
        to: [{ global: true }]
  db:
    image: postgres:17
    expose: [{ port: 5432, to: [{ service: web }] }]
    params: { storage: { data: { mount: /data } } }
profiles:
  compute:
    web:
      resources: { cpu: { units: 100m }, memory: { size: 64Mi }, storage: { size: 64Mi } }
    db:
      resources:
        cpu: { units: 100m }
        memory: { size: 64Mi }
        storage:
          - { size: 64Mi }
          - { name: data, size: 1Gi, attributes: { persistent: true, class: default } }
  placement:
    here:
      pricing:
        web: { denom: uakt, amount: 500 }
        db: { denom: uakt, amount: 500 }
deployment:
  web: { here: { profile: web, count: 1 } }
  db: { here: { profile: db, count: 1 } }
"#;

/// A fixture whose provider has volumes to offer.
pub async fn fixture() -> Fixture {
    let mut options = Options::default();
    options.claims.extend([
        Attribute::new("capabilities/storage/1/class", "default"),
        Attribute::new("capabilities/storage/1/persistent", "true"),
    ]);
    Fixture::with(options).await
}

const SALT: Salt = Salt([5; 32]);

/// A tenant's deployment, and the upload for the provider that wins.
pub struct Leased {
    pub deployment: DeploymentId,
    pub order: OrderId,
    pub upload: ManifestUpload,
}

pub fn upload(sdl: &str) -> ManifestUpload {
    let manifest = compile(sdl, &souk_sdl::Options::default()).must("SDL").manifest;
    ManifestUpload { manifest, salt: Some(SALT) }
}

pub fn commitment_of(upload: &ManifestUpload) -> HexBinary {
    commitment(upload.salt.as_ref(), &upload.manifest.version()).into()
}

/// Creates a deployment from SDL.
pub async fn create_deployment(fixture: &Fixture, tenant: &str, sdl: &str) -> Leased {
    create_deployment_until(fixture, tenant, sdl, None).await
}

/// The same with a limit for absence.
async fn create_deployment_until(
    fixture: &Fixture,
    tenant: &str,
    sdl: &str,
    absence: Option<Absence>,
) -> Leased {
    let upload = upload(sdl);
    let compiled = compile(sdl, &souk_sdl::Options::default()).must("SDL");
    let denom = |_: &str| "usouk".parse().map_err(|_| "no denom".to_owned());
    let groups = compiled.order_groups(&Mapping { denom: &denom, ..Mapping::default() });
    let groups = groups.must("groups").groups;
    let ceilings: u128 = groups.iter().map(|group| group.ceiling.u128()).sum();
    let msg = ExecuteMsg::CreateDeployment(NewDeployment {
        commitment: commitment_of(&upload),
        groups,
        auction: AuctionPolicy::TenantChoice {},
        delegate: None,
        delegate_limit: None,
        allow: vec![],
        refuse: vec![],
        reclamation: compiled
            .min_reclamation_window
            .map(|window| Reclamation { min_window: window / 1_000_000_000 }),
        absence,
    });
    let orderbook = fixture.contracts.orderbook.clone();
    let outcome = fixture.execute(tenant, &orderbook, &msg, ceilings.max(50_000_000)).await;
    let opened = fixture.events(&outcome).into_iter().find_map(|event| match event {
        OrderbookEvent::OrderOpened(opened) => Some((opened.deployment, opened.order)),
        _ => None,
    });
    let (deployment, order) = opened.unwrap();
    Leased { deployment, order, upload }
}

/// A lease that the agent has with its order and deployment.
pub async fn lease(fixture: &Fixture, agent: &InProcess, tenant: &str, sdl: &str) -> Leased {
    lease_until(fixture, agent, tenant, sdl, None).await
}

/// The same with a limit for absence.
pub async fn lease_until(
    fixture: &Fixture,
    agent: &InProcess,
    tenant: &str,
    sdl: &str,
    absence: Option<Absence>,
) -> Leased {
    let leased = create_deployment_until(fixture, tenant, sdl, absence).await;
    until("a bid", || fixture.own_bid(leased.order)).await;
    fixture.accept(tenant, leased.order, "provider").await;
    known(&agent.store, &leased).await;
    leased
}

/// Waits until the agent knows the lease, its order and its deployment.
async fn known(store: &Store, leased: &Leased) {
    until("the lease is known", async || {
        store.lease(leased.order).await.unwrap()?.clock?;
        store.deployment(leased.deployment).await.unwrap()?;
        store.order(leased.order).await.unwrap()?.detail
    })
    .await;
}

/// A lease that runs on the cluster. What is not bound is dropped: without `fixture` the chain ends.
pub struct Running {
    pub fixture: Fixture,
    /// The agent's configuration.
    pub config: PathBuf,
    pub cluster: Cluster,
    pub agent: InProcess,
    pub leased: Leased,
}

/// Ann's lease of [`SITE`]; `more` goes into the agent's configuration, below `[bidding]`.
pub async fn running(more: &str) -> Running {
    let fixture = fixture().await;
    let config = configure(&fixture, "agent", more);
    let cluster = Cluster::of(&config).await;
    let agent = InProcess::start(&config).await;
    let leased = lease(&fixture, &agent, "ann", SITE).await;
    accepted(&agent.store, &leased).await;
    cluster.has_replicas("it runs", leased.order, 1).await;
    Running { fixture, config, cluster, agent, leased }
}

/// Stores a manifest as the gateway does when it has accepted it.
pub async fn accepted(store: &Store, leased: &Leased) {
    let row = ManifestRow {
        order: leased.order,
        manifest: leased.upload.manifest.canonical_json(),
        salt: Some(SALT.0.to_vec()),
        commitment: commitment_of(&leased.upload),
        accepted_at: store.block_time().await.unwrap().unwrap(),
    };
    store.write(move |tx| manifests::put(tx, &row)).await.unwrap();
}

/// The simulated cluster by its API.
pub struct Cluster {
    pub client: kube::Client,
    scope: MarketScope,
}

impl Cluster {
    pub async fn of(config: &std::path::Path) -> Self {
        let config = Config::load(config).must("configuration");
        let client = souk_provider::cluster::kube::client::from_config(&config.cluster)
            .await
            .must("cluster");
        Self { client, scope: MarketScope::of(&config) }
    }

    pub fn namespaced<K>(&self, order: OrderId) -> Api<K>
    where
        K: kube::Resource<Scope = k8s_openapi::NamespaceResourceScope, DynamicType = ()>,
    {
        let namespace = self.scope.namespace(order);
        Api::namespaced(self.client.clone(), &namespace)
    }

    /// Waits until both services have this many ready replicas, wanted and observed.
    pub async fn has_replicas(&self, what: &str, order: OrderId, wanted: i32) {
        until(what, async || {
            let web = self.namespaced::<Deployment>(order).get_opt("web").await.ok()??;
            let db = self.namespaced::<StatefulSet>(order).get_opt("db").await.ok()??;
            let seen = [
                (web.spec?.replicas?, web.status?.ready_replicas.unwrap_or(0)),
                (db.spec?.replicas?, db.status?.ready_replicas.unwrap_or(0)),
            ];
            (seen == [(wanted, wanted); 2]).then_some(())
        })
        .await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_accepted_manifest_runs_and_a_new_one_takes_its_place() {
    let Running { fixture: _fixture, cluster, agent, mut leased, .. } = running("").await;

    leased.upload = upload(&SITE.replace("nginx:1", "nginx:2"));
    accepted(&agent.store, &leased).await;
    until("the new image", async || {
        let web = cluster.namespaced::<Deployment>(leased.order).get("web").await.ok()?;
        let image = web.spec?.template.spec?.containers.first()?.image.clone()?;
        (image == "nginx:2").then_some(())
    })
    .await;
    cluster.has_replicas("the new one runs", leased.order, 1).await;
    agent.stop().await;
}
