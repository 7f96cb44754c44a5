//! A provider with one lease: its configuration, its store, the tenant's token and manifest.

use std::path::Path;

use cosmwasm_std::HexBinary;
use k256::ecdsa::SigningKey;
use souk_api::orderbook::LeaseState;
use souk_core::{
    AccountId, AuctionPolicy, Denom, DeploymentId, GroupId, GroupSeq, GroupSpec, Price,
};
use souk_gateway::{
    Access, Audience, Claims, Salt,
    body::ManifestUpload,
    commitment,
    token::{self, Policy},
};
use souk_provider::{
    config::Config,
    model::{Cursor, Lease, Order, OrderDetail},
    store::{
        DecisionRow, DeploymentRow, Store, StoreError, Verdict, cursor, decisions, deployments,
        leases, orders,
    },
};
use souk_sdl::ManifestGroup;
use souk_sdl::{Mapping, Options, compile};

use crate::objects::LEASE;

pub const CHAIN: &str = "souk-test";
/// The provider, and each contract by another last letter would not be an address: all have this one.
pub const ADDRESS: &str = "souk1qyqszqgpqyqszqgpqyqszqgpqyqszqgpswkvju";

const SDL: &str = r#"
version: "2.0"
services:
  web:
    image: nginx:1
    env: [TOKEN=secret, PORT=80]
    expose:
      - port: 80
        accept: [shop.example.org]
        to: [{ global: true }]
        http_options: { max_body_size: 1048576, next_cases: ["500"] }
      - port: 53
        proto: udp
        to: [{ global: true }]
  db:
    image: postgres:17
    expose: [{ port: 5432, to: [{ service: web }] }]
    params: { storage: { data: { mount: /data } } }
profiles:
  compute:
    web:
      resources:
        cpu: { units: 100m }
        memory: { size: 64Mi }
        storage: { size: 64Mi }
        gpu: { units: 1, attributes: { vendor: { nvidia: [{ model: h100 }] } } }
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
        web: { denom: usouk, amount: 500 }
        db: { denom: usouk, amount: 500 }
deployment:
  web: { here: { profile: web, count: 2 } }
  db: { here: { profile: db, count: 1 } }
"#;

/// A folder in memory, where there is one: stores wait for the disk.
pub fn folder() -> tempfile::TempDir {
    tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).unwrap()
}

/// A configuration whose files are in `folder`, with the chain's node at a port of this machine.
pub fn config(folder: &Path, port: u16) -> Config {
    let text = format!(
        r#"
[chain]
chain_id = "{CHAIN}"
rpc = ["http://127.0.0.1:{port}"]
prefix = "souk"
gas_price = "0.025usouk"
[chain.contracts]
orderbook = "{ADDRESS}"
escrow = "{ADDRESS}"
provider_registry = "{ADDRESS}"
attestations = "{ADDRESS}"
[provider]
address = "{ADDRESS}"
key = {{ file = "operator.key" }}
[store]
path = "agent.db"
[cluster]
ingress_class = "nginx"
domain = "apps.example.com"
node_port_host = "node.example.com"
storage_classes = {{ default = {{ name = "standard", capacity = "1Ti" }} }}
[bidding]
[[bidding.rates]]
denom = "usouk"
cpu = 10000
memory = 2000
storage = 100
persistent = {{ default = 200 }}
gpu_models = [{{ model = "h100", price = 200000 }}]
[gateway]
listen = "127.0.0.1:0"
uri = "https://provider.example.com:8443"
certificate = "gateway.crt"
key = "gateway.key"
balancers = ["127.0.0.0/8"]
cors_origins = ["https://console.example.com"]
[gateway.limits]
body = "64Ki"
header_timeout = "5s"
connections_per_address = 1000
connections_per_network = 1000
connection_rate = 1000000
request_rate = 1000000
"#
    );
    Config::from_toml(&text, folder).unwrap()
}

/// A lease with its group on the chain, its group of the manifest and the manifest.
pub struct Leased {
    pub lease: Lease,
    pub spec: GroupSpec,
    pub group: ManifestGroup,
    pub upload: ManifestUpload,
}

pub fn leased() -> Leased {
    let compiled = compile(SDL, &Options::default()).unwrap_or_else(|error| panic!("{error:?}"));
    let spec = compiled.order_groups(&Mapping::default()).unwrap().groups.remove(0);
    let upload = ManifestUpload { manifest: compiled.manifest, salt: Some(Salt([5; 32])) };
    let group = upload.manifest.iter().next().unwrap().clone();
    let lease = Lease {
        order: LEASE,
        group: GroupId { deployment: DeploymentId(3), group: GroupSeq(1) },
        tenant: tenant(),
        price: Price::new(100).unwrap(),
        denom: Denom::native("usouk"),
        account: AccountId(3),
        state: LeaseState::Active,
        reason: None,
        created_at: 1_000,
        closed_at: None,
        withdrawn_at: 1_000,
        clock: None,
        reclaim: None,
        absence_limit: None,
        paid_until: None,
    };
    Leased { lease, spec, group, upload }
}

/// What a deployment with this manifest has on the chain.
pub fn commitment_of(upload: &ManifestUpload) -> HexBinary {
    commitment(upload.salt.as_ref(), &upload.manifest.version()).into()
}

/// Writes the lease, its order, deployment and decision.
pub async fn write(store: &Store, leased: &Leased) {
    let lease = leased.lease.clone();
    let deployment = DeploymentRow {
        id: lease.group.deployment,
        tenant: lease.tenant.clone(),
        commitment: commitment_of(&leased.upload),
        height: 5,
    };
    let detail = OrderDetail {
        spec: leased.spec.clone(),
        created_at: 900,
        allow: vec![],
        refuse: vec![],
        excluded: vec![],
        reclamation: None,
        closes_at_block: None,
        absence_limit: None,
    };
    let order = Order {
        id: lease.order,
        group: lease.group,
        tenant: lease.tenant.clone(),
        ceiling: lease.price,
        denom: lease.denom.clone(),
        auction: AuctionPolicy::TenantChoice {},
        expires_at: 9_000,
        closes_at: None,
        open: false,
        opened_height: 4,
        bids_height: 4,
        detail: Some(detail),
    };
    let decision = DecisionRow {
        order: lease.order,
        height: 4,
        verdict: Verdict::Bid,
        reason: "it fits".into(),
        tenant_reason: "bid".into(),
        price: Some(lease.price),
    };
    let written: Result<(), StoreError> = store
        .write(move |tx| {
            cursor::set(tx, Cursor { height: 6, time: 1_100 })?;
            leases::put(tx, &lease)?;
            deployments::put(tx, &deployment)?;
            orders::put(tx, &order)?;
            decisions::put(tx, &decision).map(drop)
        })
        .await;
    written.unwrap();
}

fn wallet() -> SigningKey {
    SigningKey::from_slice(&[7; 32]).unwrap()
}

/// The tenant's address.
pub fn tenant() -> String {
    token::address("souk", wallet().verifying_key()).unwrap()
}

/// Whom tokens must be for.
pub fn policy() -> Policy {
    let audience =
        Audience { chain_id: CHAIN.into(), orderbook: ADDRESS.into(), provider: ADDRESS.into() };
    Policy { audience, prefix: "souk".into() }
}

/// Claims of the tenant that open everything.
pub fn claims() -> Claims {
    let now = std::time::UNIX_EPOCH.elapsed().unwrap().as_secs();
    Claims {
        iss: tenant(),
        aud: policy().audience,
        iat: now - 10,
        exp: now + 600,
        access: Access::Full,
    }
}

/// A token with these claims, signed by the tenant.
pub fn sign(claims: &Claims) -> String {
    token::issue(&wallet(), claims)
}
