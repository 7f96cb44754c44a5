//! Tables: each fact that decides, on its own.

use std::{collections::BTreeMap, path::Path};

use souk_api::published::{AttestationRecord, AttestedValue};
use souk_core::{
    Attribute, AuctionPolicy, Denom, DeploymentId, Endpoint, EndpointKind, Gpu, GroupId, GroupSeq,
    GroupSpec, GroupUnit, OrderId, Price, Requirements, Resources, SignedBy, Volume,
};

use super::*;
use crate::{
    config::Config,
    inventory::{GpuModel, Inventory, NodeState, Placement, Requests},
    store::{OrderDetail, OrderRow},
};

const GI: u64 = 1 << 30;
const ME: &str = "souk1qyqszqgpqyqszqgpqyqszqgpqyqszqgpswkvju";

fn config(more: &str) -> Config {
    let text = format!(
        r#"
[chain]
chain_id = "t"
rpc = ["http://127.0.0.1:1"]
prefix = "souk"
gas_price = "0usouk"
contracts = {{ orderbook = "{ME}", escrow = "{ME}", provider_registry = "{ME}", attestations = "{ME}" }}
[provider]
address = "{ME}"
key = {{ file = "k" }}
[store]
path = "s"
[cluster]
ingress_class = "nginx"
domain = "example.com"
[gateway]
listen = "127.0.0.1:0"
uri = "https://a"
certificate = "c"
key = "k"
[bidding]
{more}
[[bidding.rates]]
denom = "usouk"
cpu = 1000
memory = 100
storage = "0.5"
persistent = {{ beta3 = 3 }}
endpoint = 7
ip = 900
gpu_models = [
  {{ model = "h100", price = 50000 }},
  {{ model = "h100", memory = "94Gi", price = 60000 }},
]
"#
    );
    Config::from_toml(&text, Path::new(".")).unwrap()
}

fn group() -> GroupSpec {
    let resources = Resources {
        cpu_milli: 500,
        cpu_attributes: vec![],
        memory: GI,
        gpu: None,
        storage: vec![],
        endpoints: vec![],
    };
    GroupSpec {
        name: "web".into(),
        requirements: Requirements::default(),
        units: vec![GroupUnit { id: 1, resources, count: 2 }],
        ceiling: Price::new(10_000).unwrap(),
    }
}

/// Two replicas of half a core and a GiB.
const PRICE: u128 = 1_200;

fn order(spec: GroupSpec) -> OrderRow {
    OrderRow {
        id: OrderId(5),
        group: GroupId { deployment: DeploymentId(2), group: GroupSeq(1) },
        tenant: "souk1ann".into(),
        ceiling: spec.ceiling,
        denom: Denom::native("usouk"),
        auction: AuctionPolicy::TenantChoice {},
        expires_at: 10_000,
        closes_at: None,
        open: true,
        opened_height: 1,
        book_height: 1,
        detail: Some(OrderDetail {
            spec,
            created_at: 100,
            allow: vec![],
            refuse: vec![],
            excluded: vec![],
        }),
    }
}

fn binding(spec: GroupSpec) -> OrderRow {
    OrderRow {
        auction: AuctionPolicy::LowestPrice { closes_after: 900 },
        closes_at: Some(1_000),
        ..order(spec)
    }
}

fn detail(order: &mut OrderRow) -> &mut OrderDetail {
    order.detail.as_mut().unwrap()
}

/// Everything is well, and each test spoils one thing.
struct World {
    config: Config,
    provider: Option<ProviderFacts>,
    paused: bool,
    now: u64,
    min_prices: BTreeMap<Denom, Price>,
    attestations: BTreeMap<String, AttestationRecord>,
    inventory: Result<Inventory, String>,
    own_bid: Option<u128>,
    own_placements: Vec<Placement>,
    best: Option<BestBid>,
    open_for_tenant: u32,
}

fn world() -> World {
    let node = NodeState {
        name: "n".into(),
        arch: "amd64".into(),
        allocatable: Requests { cpu_milli: 8_000, memory: 64 * GI, ephemeral: 500 * GI, gpu: 0 },
        pods: 110,
        gpu: None,
        gpu_only: false,
        unfit: None,
    };
    let inventory = Inventory::new(&[node], &[], &[], &limits(&config("")));
    World {
        config: config(""),
        provider: Some(ProviderFacts {
            address: ME.into(),
            other_operator: None,
            claims: vec![Attribute::new("region", "eu")],
            maintenance: false,
            slots: 10,
            used: 3,
        }),
        paused: false,
        now: 500,
        min_prices: BTreeMap::new(),
        attestations: BTreeMap::new(),
        inventory: Ok(inventory),
        own_bid: None,
        own_placements: vec![],
        best: None,
        open_for_tenant: 0,
    }
}

impl World {
    fn decide(&self, order: &OrderRow) -> Decision {
        let facts = Facts {
            now: self.now,
            provider: self.provider.as_ref(),
            paused: self.paused,
            min_prices: &self.min_prices,
            attestations: &self.attestations,
            inventory: self.inventory.as_ref().map_err(String::as_str),
            own_bid: self.own_bid.map(|price| Price::new(price).unwrap()),
            own_placements: Some(self.own_placements.as_slice()),
            best: self.best.as_ref(),
            open_for_tenant: self.open_for_tenant,
        };
        decide(order, &self.config, &facts)
    }

    fn provider(&mut self) -> &mut ProviderFacts {
        self.provider.as_mut().unwrap()
    }

    fn rival(&mut self, price: u128) {
        let price = Price::new(price).unwrap();
        self.best = Some(BestBid { provider: "souk1rival".into(), price });
    }
}

fn price_of(decision: &Decision) -> Option<u128> {
    match decision {
        Decision::Bid { price, .. } | Decision::Lower { price } => Some(price.u128()),
        _ => None,
    }
}

#[test]
fn what_is_well_gets_a_bid_at_the_tables_price() {
    let decision = world().decide(&order(group()));
    assert_eq!(price_of(&decision), Some(PRICE), "{decision:?}");
}

type Spoil = fn(&mut World, &mut OrderRow);

#[test]
fn each_reason_for_no_bid_is_told_in_full_and_in_a_word() {
    let table: &[(&str, Coarse, Spoil)] = &[
        ("switched off", Coarse::NotBidding, |w, _| w.config = config("enabled = false")),
        ("not registered", Coarse::NotBidding, |w, _| w.provider = None),
        ("souk1other as the provider's operator", Coarse::NotBidding, |w, _| {
            w.provider().other_operator = Some("souk1other".into());
        }),
        ("maintenance", Coarse::NotBidding, |w, _| w.provider().maintenance = true),
        ("paused", Coarse::NotBidding, |w, _| w.paused = true),
        ("until 10000", Coarse::Over, |w, _| w.now = 10_001),
        ("until 400", Coarse::Over, |w, o| {
            *o = binding(group());
            o.closes_at = Some(400);
            w.now = 400;
        }),
        ("allows other", Coarse::TenantLists, |_, o| detail(o).allow = vec!["x".into()]),
        ("tenant refuses", Coarse::TenantLists, |_, o| detail(o).refuse = vec![ME.into()]),
        ("had the group", Coarse::TenantLists, |_, o| detail(o).excluded = vec![ME.into()]),
        ("no prices in uother", Coarse::Denom, |_, o| o.denom = Denom::native("uother")),
        ("region=us", Coarse::Attributes, |_, o| {
            detail(o).spec.requirements.attributes = vec![Attribute::new("region", "us")];
        }),
        ("attests nothing", Coarse::Attestations, |_, o| {
            detail(o).spec.requirements.signed_by.all_of = vec!["souk1aud".into()];
        }),
        ("none of the auditors", Coarse::Attestations, |_, o| {
            detail(o).spec.requirements.signed_by.any_of = vec!["souk1aud".into()];
        }),
        ("none of the GPUs", Coarse::Capabilities, |_, o| {
            let attributes = vec![Attribute::new("vendor/nvidia/model/h100", "true")];
            detail(o).spec.units[0].resources.gpu = Some(Gpu { units: 1, attributes });
        }),
        ("class beta1", Coarse::Capabilities, |w, o| {
            w.provider().claims = storage_claims("beta1");
            detail(o).spec.units[0].resources.storage = vec![volume("beta1")];
            w.inventory.as_mut().unwrap().persistent.insert("beta1".into(), None);
        }),
        ("storage class beta3", Coarse::Capacity, |w, o| {
            w.provider().claims = storage_claims("beta3");
            detail(o).spec.units[0].resources.storage = vec![volume("beta3")];
        }),
        ("no port endpoints", Coarse::Capabilities, |_, o| {
            let endpoint = Endpoint { kind: EndpointKind::RandomPort, sequence: 0 };
            detail(o).spec.units[0].resources.endpoints = vec![endpoint];
        }),
        ("ceiling is 1199", Coarse::Price, |_, o| o.ceiling = Price::new(1_199).unwrap()),
        ("no node has room", Coarse::Capacity, |_, o| detail(o).spec.units[0].count = 17),
        ("max_open_bids_per_tenant is 20", Coarse::Limits, |w, _| w.open_for_tenant = 20),
        ("backs 10", Coarse::Limits, |w, _| w.provider().used = 10),
        ("lowest worth bidding 1200", Coarse::Price, |w, o| {
            *o = binding(group());
            w.rival(1_200);
        }),
    ];
    for (part, coarse, spoil) in table {
        let (mut world, mut order) = (world(), order(group()));
        spoil(&mut world, &mut order);
        match world.decide(&order) {
            Decision::Pass(reason) => {
                assert!(reason.to_string().contains(part), "{part}: {reason}");
                assert_eq!(reason.coarse(), *coarse, "{part}");
                let told = reason.coarse().as_str();
                assert!(told.bytes().all(|b| !b.is_ascii_digit()), "figures in `{told}`");
            }
            other => panic!("{part}: {other:?}"),
        }
    }
}

fn volume(class: &str) -> Volume {
    let attributes = vec![Attribute::new("persistent", "true"), Attribute::new("class", class)];
    Volume { name: "data".into(), size: GI, attributes }
}

fn storage_claims(class: &str) -> Vec<Attribute> {
    let key = |key: &str| format!("capabilities/storage/1/{key}");
    vec![Attribute::new(key("class"), class), Attribute::new(key("persistent"), "true")]
}

#[test]
fn what_is_missing_for_a_decision_is_waited_for() {
    let mut order = order(group());
    let mut world = world();
    world.inventory = Err("watch is broken".into());
    let waiting = world.decide(&order);
    assert_eq!(waiting, Decision::Wait(Waiting::Cluster("watch is broken".into())));
    order.detail = None;
    assert_eq!(world.decide(&order), Decision::Wait(Waiting::Detail));
}

#[test]
fn in_a_binding_auction_attestations_must_outlive_its_latest_close() {
    let mut spec = group();
    spec.requirements.attributes = vec![Attribute::new("tier", "gold")];
    spec.requirements.signed_by = SignedBy { all_of: vec!["souk1aud".into()], any_of: vec![] };
    // Created at 100, closes after 900, and ten extensions of a minute.
    let latest = 100 + 900 + 600;
    let mut world = world();
    for (expires_at, free, bound) in
        [(501, true, false), (latest, true, false), (latest + 1, true, true), (500, false, false)]
    {
        let value = AttestedValue { key: "tier".into(), value: "gold".into(), expires_at };
        let record = AttestationRecord { v: 1, values: vec![value] };
        world.attestations = BTreeMap::from([("souk1aud".into(), record)]);
        let bids = |order: &OrderRow| price_of(&world.decide(order)).is_some();
        assert_eq!(bids(&order(spec.clone())), free, "free choice, until {expires_at}");
        assert_eq!(bids(&binding(spec.clone())), bound, "binding, until {expires_at}");
    }
}

#[test]
fn a_binding_auction_is_led_by_as_little_as_it_takes_and_never_below_the_floor() {
    let mut world = world();
    world.config = config("auction_floor_percent = 80");
    for (rival, expected) in [
        (None, Some(PRICE)),
        (Some(5_000), Some(PRICE)),
        (Some(1_200), Some(1_199)),
        (Some(1_000), Some(999)),
        (Some(961), Some(960)),
        (Some(960), None),
        (Some(1), None),
    ] {
        world.best = None;
        rival.into_iter().for_each(|price| world.rival(price));
        assert_eq!(price_of(&world.decide(&binding(group()))), expected, "rival at {rival:?}");
        // Where the tenant chooses, others' bids change nothing.
        assert_eq!(price_of(&world.decide(&order(group()))), Some(PRICE));
    }
}

#[test]
fn a_bid_is_lowered_by_a_hundredth_at_least_if_it_lost_the_lead_and_it_pays() {
    let mut world = world();
    world.config = config("auction_floor_percent = 80");
    for (own, rival, expected) in [
        (1_200, Some(1_300), None),
        (1_200, Some(1_199), Some(1_188)),
        (1_200, Some(1_200), Some(1_188)),
        (1_200, Some(1_000), Some(999)),
        (970, Some(969), Some(960)),
        (969, Some(968), None),
        (1_200, None, None),
    ] {
        world.own_bid = Some(own);
        world.best = None;
        rival.into_iter().for_each(|price| world.rival(price));
        let decision = world.decide(&binding(group()));
        assert_eq!(price_of(&decision), expected, "own {own}, rival {rival:?}: {decision:?}");
        assert_eq!(world.decide(&order(group())), Decision::Stay, "the tenant chooses");
    }
    world.own_bid = Some(1_200);
    world.rival(1_000);
    world.now = 1_000;
    assert_eq!(world.decide(&binding(group())), Decision::Stay, "the auction is over");
}

#[test]
fn a_price_is_never_below_the_markets_least() {
    let mut world = world();
    world.min_prices = BTreeMap::from([(Denom::native("usouk"), Price::new(3_000).unwrap())]);
    assert_eq!(price_of(&world.decide(&order(group()))), Some(3_000));
}

#[test]
fn a_price_is_the_tables_rounded_up_at_the_end() {
    let config = config("");
    let table = config.bidding.table(&Denom::native("usouk")).unwrap();
    let with = |change: fn(&mut Resources)| {
        let mut group = group();
        change(&mut group.units[0].resources);
        price(&group, &[], table).unwrap()
    };
    for (what, found, expected) in [
        ("plain", with(|_| ()), PRICE),
        ("three GiB of disk each", with(|r| r.storage = vec![plain(3 * GI)]), PRICE + 3),
        ("a fraction of disk", with(|r| r.storage = vec![plain(GI / 2)]), PRICE + 1),
        ("persistent", with(|r| r.storage = vec![volume("beta3")]), PRICE + 6),
        (
            "in memory",
            with(|r| {
                let attributes = vec![Attribute::new("class", "ram")];
                r.storage = vec![Volume { attributes, ..plain(GI) }];
            }),
            PRICE + 200,
        ),
        (
            "endpoints once for all replicas, an address once for its number",
            with(|r| {
                let of = |kind, sequence| Endpoint { kind, sequence };
                r.endpoints = vec![
                    of(EndpointKind::SharedHttp, 0),
                    of(EndpointKind::RandomPort, 0),
                    of(EndpointKind::LeasedIp, 1),
                    of(EndpointKind::LeasedIp, 1),
                    of(EndpointKind::LeasedIp, 2),
                ];
            }),
            PRICE + 14 + 1_800,
        ),
    ] {
        assert_eq!(found, expected, "{what}");
    }
}

fn plain(size: u64) -> Volume {
    Volume { name: "default".into(), size, attributes: vec![] }
}

#[test]
fn a_gpu_costs_what_its_most_exact_entry_says() {
    let config = config("");
    let table = config.bidding.table(&Denom::native("usouk")).unwrap();
    let gpu = |model: &str, memory: &str| GpuModel {
        vendor: "nvidia".into(),
        model: model.into(),
        memory: Some(memory.into()),
        interface: None,
        product: model.into(),
    };
    let cost = |model: &str, memory: &str| {
        let mut group = group();
        let attributes = vec![Attribute::new("vendor/nvidia/model/*", "true")];
        group.units[0].resources.gpu = Some(Gpu { units: 2, attributes });
        let placement = Placement {
            unit: 1,
            node: "n".into(),
            requests: Requests::default(),
            volumes: vec![],
            gpu: Some(gpu(model, memory)),
        };
        price(&group, &[placement], table)
    };
    assert_eq!(cost("h100", "80Gi"), Ok(PRICE + 4 * 50_000));
    assert_eq!(cost("h100", "94Gi"), Ok(PRICE + 4 * 60_000));
    assert!(matches!(cost("l4", "24Gi"), Err(NoRate::Gpu(_))));
}

#[test]
fn the_largest_group_at_the_highest_rates_does_not_overflow() {
    let highest = (1u128 << 96).to_string();
    let text = format!(
        "[[bidding.rates]]\ndenom = \"uhigh\"\ncpu = \"{highest}\"\nmemory = \"{highest}\"\nstorage = \"{highest}\""
    );
    let config = config(&text);
    let table = config.bidding.table(&Denom::native("uhigh")).unwrap();
    let mut group = group();
    group.units[0].count = 50;
    group.units[0].resources.cpu_milli = 384_000;
    group.units[0].resources.memory = 2 << 40;
    group.units[0].resources.storage = vec![plain(32 << 40); 8];
    assert!(price(&group, &[], table).unwrap() > 1 << 96);
}
