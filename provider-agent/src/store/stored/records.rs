//! Something of everything that the store keeps, the same each time.

use super::*;

/// Something of everything that the store keeps.
#[derive(Debug, PartialEq)]
pub struct Rows {
    pub cursor: Option<Cursor>,
    pub market: Option<MarketId>,
    pub unread: Option<u64>,
    pub orders: Vec<Order>,
    pub bids: Vec<Bid>,
    pub leases: Vec<Lease>,
    pub deployments: Vec<DeploymentRow>,
    pub manifests: Vec<ManifestRow>,
    pub decisions: Vec<DecisionRow>,
    pub reservations: Vec<Reservation>,
    pub hostnames: Vec<String>,
    pub marks: Vec<Mark>,
    pub pending: Vec<PendingRow>,
    pub applied: Vec<AppliedRow>,
    pub identity: Option<String>,
    pub restored: Option<u64>,
    pub taken_up: Option<u64>,
    pub kept: Vec<Kept>,
    pub seen: Seen,
    pub quotes: Vec<QuoteReservation>,
    pub quotes_out: Option<QuotesOut>,
}

pub fn rows() -> Rows {
    let market = MarketId { chain_id: "souk-1".into(), orderbook: "souk1book".into() };
    let marks = Mark {
        deployment: DeploymentId(2),
        depleted_since: 1_700_000_900,
        endable_at: 1_700_004_500,
        height: 90,
    };
    let seen = Cursor { height: 90, time: 1_700_000_950 };
    let deployment = |id: u64| DeploymentRow {
        id: DeploymentId(id),
        tenant: "souk1ann".into(),
        commitment: [7; 32].into(),
        height: 11,
    };
    Rows {
        cursor: Some(Cursor { height: 100, time: 1_700_001_000 }),
        market: Some(market),
        unread: Some(77),
        orders: vec![order(1, None), order(2, Some(detail())), order(3, Some(detail()))],
        bids: bids(),
        leases: leases(),
        deployments: vec![deployment(1), deployment(2)],
        manifests: vec![manifest(1, None), manifest(2, Some(vec![0, 1, 254, 255]))],
        decisions: decisions(),
        reservations: vec![reservation()],
        hostnames: vec!["api.example.com".into(), "web.example.com".into()],
        marks: vec![marks],
        pending: pending(),
        applied: vec![applied(1, Some(u64::MAX)), applied(2, None)],
        identity: Some("0f1e".into()),
        restored: Some(1_700_000_300),
        taken_up: Some(1_700_000_400),
        kept: vec![kept()],
        seen: Seen { at: Some(seen), beat: Some(Cursor { height: 80, ..seen }) },
        quotes: vec![quoted()],
        quotes_out: Some(QuotesOut { quote_key: "00ff".into(), until: 1_700_001_500 }),
    }
}

fn kept() -> Kept {
    let volume = KeptVolume { class: "beta2".into(), bytes: 1 << 40 };
    let (since, until) = (1_700_000_000, 1_700_086_400);
    Kept { order: OrderId(3), since, until, ran: 100_000, volumes: vec![volume] }
}

fn applied(order: u64, version: Option<u64>) -> AppliedRow {
    let object = AppliedObject {
        kind: "Service".into(),
        name: "web".into(),
        content: u64::MAX,
        fingerprint: 7,
    };
    let running = version.is_some();
    AppliedRow { order: OrderId(order), version, running, objects: vec![object] }
}

fn order(id: u64, detail: Option<OrderDetail>) -> Order {
    let (auction, closes_at) = match id {
        1 => (AuctionPolicy::TenantChoice {}, None),
        _ => (AuctionPolicy::LowestPrice { closes_after: 60 }, Some(1_700_000_060)),
    };
    Order {
        id: OrderId(id),
        group: group(id),
        tenant: "souk1ann".into(),
        ceiling: Price::new(1 << 95).unwrap(),
        denom: Denom::native("usouk"),
        auction,
        expires_at: 1_700_086_400,
        closes_at,
        open: id != 2,
        opened_height: 10,
        bids_height: 12,
        detail,
    }
}

fn group(deployment: u64) -> GroupId {
    GroupId { deployment: DeploymentId(deployment), group: GroupSeq(1) }
}

fn detail() -> OrderDetail {
    let volume = Volume {
        name: "data".into(),
        size: 1 << 30,
        attributes: vec![Attribute::new("persistent", "true"), Attribute::new("class", "beta2")],
    };
    let gpu = souk_core::Gpu {
        units: 2,
        attributes: vec![Attribute::new("vendor/nvidia/model/h100", "true")],
    };
    let resources = Resources {
        cpu_milli: 1_500,
        cpu_attributes: vec![Attribute::new("arch", "amd64")],
        memory: 1 << 29,
        gpu: Some(gpu),
        storage: vec![volume],
        endpoints: Vec::new(),
    };
    let requirements = Requirements {
        attributes: vec![Attribute::new("region", "eu-west")],
        ..Requirements::default()
    };
    OrderDetail {
        spec: GroupSpec {
            name: "web".into(),
            requirements,
            units: vec![GroupUnit { id: 1, resources, count: 3 }],
            ceiling: Price::new(1 << 95).unwrap(),
        },
        created_at: 1_700_000_000,
        allow: vec!["souk1me".into()],
        refuse: vec!["souk1other".into()],
        excluded: vec!["souk1former".into()],
        reclamation: None,
        closes_at_block: None,
        absence_limit: None,
    }
}

fn bids() -> Vec<Bid> {
    let bid = |(order, (progress, why)): (u64, (BidProgress, Option<&str>))| Bid {
        order: OrderId(order),
        tenant: "souk1ann".into(),
        price: Price::new(1_000 + u128::from(order)).unwrap(),
        progress,
        decided_height: 12,
        attempt: u32::from(progress == BidProgress::Refused),
        why: why.map(str::to_owned),
    };
    let all = [
        (BidProgress::Sent, None),
        (BidProgress::Open, None),
        (BidProgress::Won, None),
        (BidProgress::Lost, None),
        (BidProgress::Releasing, Some("release/5/1")),
        (BidProgress::Refused, Some("order 6 is closed")),
    ];
    (1..).zip(all).map(bid).collect()
}

fn leases() -> Vec<Lease> {
    let lease = |order: u64, state, reason: Option<CloseReason>, clock| Lease {
        order: OrderId(order),
        group: group(order),
        tenant: "souk1ann".into(),
        price: Price::new(1_234).unwrap(),
        denom: if order == 1 { Denom::native("usouk") } else { Denom::Cw20("souk1token".into()) },
        account: AccountId(order),
        state,
        reason,
        created_at: 1_700_000_100,
        closed_at: reason.map(|_| 1_700_000_900),
        withdrawn_at: 1_700_000_500,
        clock,
        reclaim: None,
        absence_limit: None,
        paid_until: None,
    };
    let clock = |depleted: bool| AccountClock {
        remaining: if depleted { 0 } else { 1 << 120 },
        rate: Rate::from(Price::new(1_234).unwrap()),
        anchor: 1_700_000_500,
        depletion: depleted.then_some(1_700_000_900),
        depleted,
        closed: depleted,
        height: 42,
    };
    let (tenant, depleted) = (CloseReason::Tenant, CloseReason::InsufficientFunds);
    let reclaim = Some(Reclaim {
        reason: CloseReason::Decommission,
        deadline: 1_700_003_700,
        block: 450,
        ended: false,
    });
    vec![
        Lease { reclaim, ..lease(1, LeaseState::Active, None, Some(clock(false))) },
        Lease {
            absence_limit: Some(21_600),
            ..lease(2, LeaseState::InsufficientFunds, Some(depleted), Some(clock(true)))
        },
        Lease {
            absence_limit: Some(86_400),
            paid_until: Some(1_700_000_800),
            ..lease(3, LeaseState::Closed, Some(tenant), None)
        },
    ]
}

fn manifest(order: u64, salt: Option<Vec<u8>>) -> ManifestRow {
    ManifestRow {
        order: OrderId(order),
        manifest: r#"[{"name":"web","services":[{"env":["QUOTE=it's"]}]}]"#.into(),
        salt,
        commitment: [8; 32].into(),
        accepted_at: 1_700_000_200,
    }
}

fn decisions() -> Vec<DecisionRow> {
    let decision = |(order, verdict): (u64, Verdict)| DecisionRow {
        order: OrderId(order),
        height: 12,
        verdict,
        reason: format!("because of {order}"),
        tenant_reason: "capacity".into(),
        price: (verdict == Verdict::Bid).then(|| Price::new(1_001).unwrap()),
    };
    let all = [Verdict::Bid, Verdict::Pass, Verdict::Wait, Verdict::Refused];
    (1..).zip(all).map(decision).collect()
}

fn reservation() -> Reservation {
    let requests = Requests { cpu_milli: 1_500, memory: 1 << 29, ephemeral: 1 << 20, gpu: 2 };
    let plain =
        Placement { unit: 1, node: "node-1".into(), requests, volumes: Vec::new(), gpu: None };
    let gpu = GpuModel {
        vendor: "nvidia".into(),
        model: "h100".into(),
        memory: Some("80Gi".into()),
        interface: None,
        product: "NVIDIA-H100-80GB-HBM3".into(),
    };
    let full =
        Placement { volumes: vec![("beta2".into(), 1 << 30)], gpu: Some(gpu), ..plain.clone() };
    Reservation { order: OrderId(1), placements: vec![plain, full], ips: 1 }
}

pub fn pending() -> Vec<PendingRow> {
    let row = |kind, id, last_error: Option<&str>| PendingRow {
        kind,
        id,
        height: 0,
        attempts: u32::from(last_error.is_some()),
        last_error: last_error.map(str::to_owned),
    };
    vec![
        row(Pending::Order, 4, None),
        row(Pending::Deployment, 5, None),
        row(Pending::Account, 3, Some("timed out")),
    ]
}

pub fn items() -> Vec<OutboxItem> {
    let any = cosmrs::Any { type_url: "/cosmos.bank.v1beta1.MsgSend".into(), value: vec![1, 2] };
    let bid = OutboxItem::new("bid/1/0", vec![any.clone()]).meta("for 1001").presumes_height(12);
    vec![bid, OutboxItem::new("withdraw/1/5", vec![any.clone(), any])]
}

/// Two tenants share what a nonce reserves.
fn quoted() -> QuoteReservation {
    let quote = |tenant: &str, network: Option<&str>| OpenQuote {
        asker: Asker { address: "souk1bob".into(), network: network.map(str::to_owned) },
        tenant: tenant.into(),
    };
    QuoteReservation {
        nonce: 1_700_000_990_000_000,
        units: detail().spec.units,
        reservation: Reservation { order: UNUSED, ..reservation() },
        valid_until: 1_700_001_050,
        quotes: vec![quote("souk1ann", None), quote("souk1bob", Some("192.0.2.0/24"))],
    }
}
