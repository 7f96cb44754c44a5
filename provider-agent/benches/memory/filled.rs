//! A store with leases that run, as the agent writes it.

use std::path::Path;

use cosmwasm_std::HexBinary;
use souk_api::orderbook::LeaseState;
use souk_core::{
    AccountId, AuctionPolicy, Denom, DeploymentId, GroupId, GroupSeq, GroupSpec, OrderId, Price,
    Rate,
};
use souk_provider::{
    cluster::kube::objects::Kind,
    model::{
        AccountClock, Bid, BidProgress, Cursor, Lease, Order, OrderDetail,
        placement::{Placement, Requests, Reservation},
    },
    store::{
        AppliedObject, AppliedRow, DecisionRow, DeploymentRow, ManifestRow, Store, StoreError, Tx,
        Verdict, applied, bids, cursor, decisions, deployments, leases, manifests, orders,
        reservations,
    },
};
use souk_sdl::{Mapping, Options, compile};

use crate::objects::{self, NODES, TENANT};

const SDL: &str = r#"
version: "2.0"
services:
  web:
    image: nginx:1
    env: [TOKEN=secret]
    expose: [{ port: 80, to: [{ global: true }] }]
profiles:
  compute:
    web:
      resources: { cpu: { units: 100m }, memory: { size: 64Mi }, storage: { size: 64Mi } }
  placement:
    here: { pricing: { web: { denom: usouk, amount: 500 } } }
deployment:
  web: { here: { profile: web, count: 1 } }
"#;

/// Of its objects, what of each lease has another name.
const NAMED: [(Kind, &str); 9] = [
    (Kind::Namespace, ""),
    (Kind::ResourceQuota, "lease"),
    (Kind::LimitRange, "lease"),
    (Kind::NetworkPolicy, "lease"),
    (Kind::ServiceAccount, "tenant"),
    (Kind::Secret, "web-env"),
    (Kind::Service, "web"),
    (Kind::Deployment, "web"),
    (Kind::Ingress, ""),
];

/// Fills the store at a path.
#[tokio::main]
pub async fn run(count: u64, path: &Path) {
    let compiled = compile(SDL, &Options::default()).unwrap_or_else(|error| panic!("{error:?}"));
    let spec = compiled.order_groups(&Mapping::default()).unwrap().groups.remove(0);
    let manifest = serde_json::to_string(&compiled.manifest).unwrap();
    let store = Store::open(path).unwrap();
    let write = move |tx: &Tx<'_>| {
        cursor::set(tx, Cursor { height: 1_000, time: 1_700_000_000 })?;
        (1..=count).try_for_each(|number| put(tx, number, &spec, &manifest))
    };
    store.write::<_, StoreError, _>(write).await.unwrap();
}

fn put(tx: &Tx<'_>, number: u64, spec: &GroupSpec, manifest: &str) -> Result<(), StoreError> {
    let (id, price, denom) = (OrderId(number), Price::new(100).unwrap(), Denom::native("usouk"));
    let group = GroupId { deployment: DeploymentId(number), group: GroupSeq(1) };
    let commitment = HexBinary::from(format!("{number:032}").as_bytes());
    let tenant = TENANT.to_owned();
    leases::put(
        tx,
        &Lease {
            order: id,
            group,
            tenant: tenant.clone(),
            price,
            denom: denom.clone(),
            account: AccountId(number),
            state: LeaseState::Active,
            reason: None,
            created_at: 1_699_990_000,
            closed_at: None,
            withdrawn_at: 1_699_990_000,
            clock: None,
            reclaim: None,
            absence_limit: None,
            paid_until: None,
        },
    )?;
    let clock = AccountClock {
        remaining: 1 << 60,
        rate: Rate::ZERO,
        anchor: 1_699_990_000,
        depletion: Some(1_800_000_000),
        depleted: false,
        closed: false,
        height: 900,
    };
    leases::put_clock(tx, AccountId(number), &clock)?;
    deployments::put(
        tx,
        &DeploymentRow {
            id: group.deployment,
            tenant: tenant.clone(),
            commitment: commitment.clone(),
            height: 900,
        },
    )?;
    let detail = OrderDetail {
        spec: spec.clone(),
        created_at: 1_699_980_000,
        allow: vec![],
        refuse: vec![],
        excluded: vec![],
        reclamation: None,
        closes_at_block: None,
        absence_limit: None,
    };
    orders::put(
        tx,
        &Order {
            id,
            group,
            tenant: tenant.clone(),
            ceiling: price,
            denom,
            auction: AuctionPolicy::TenantChoice {},
            expires_at: 1_699_999_000,
            closes_at: None,
            open: false,
            opened_height: 800,
            bids_height: 800,
            detail: Some(detail),
        },
    )?;
    let progress = BidProgress::Won;
    let bid =
        Bid { order: id, tenant, price, progress, decided_height: 800, attempt: 0, why: None };
    bids::put(tx, &bid)?;
    decisions::put(
        tx,
        &DecisionRow {
            order: id,
            height: 800,
            verdict: Verdict::Bid,
            reason: "it fits".into(),
            tenant_reason: "bid".into(),
            price: Some(price),
        },
    )?;
    let (commitment, salt) = (commitment.clone(), Some(vec![5; 32]));
    let manifest = manifest.to_owned();
    manifests::put(
        tx,
        &ManifestRow { order: id, manifest, salt, commitment, accepted_at: 1_699_991_000 },
    )?;
    let requests = Requests { cpu_milli: 100, memory: 64 << 20, ephemeral: 64 << 20, gpu: 0 };
    let node = format!("node-{}", number % NODES);
    let placement = Placement { unit: 1, node, requests, volumes: vec![], gpu: None };
    reservations::put(tx, &Reservation { order: id, placements: vec![placement], ips: 0 })?;
    applied::put(tx, &applied_row(id))
}

fn applied_row(order: OrderId) -> AppliedRow {
    let object = |(kind, name): (Kind, &str)| AppliedObject {
        kind: kind.gvk().kind,
        name: match kind {
            Kind::Namespace => objects::scope().namespace(order),
            Kind::Ingress => format!("h{:016x}.bench.localhost", order.0),
            _ => name.to_owned(),
        },
        content: order.0,
        fingerprint: order.0,
    };
    let objects = NAMED.map(object).to_vec();
    AppliedRow { order, version: Some(order.0), running: true, objects }
}
