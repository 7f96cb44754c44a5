//! Tables: each input that decides, on its own.

use std::{collections::BTreeMap, path::Path};

use souk_api::published::{AttestationRecord, AttestedValue};
use souk_core::{
    Attribute, AuctionPolicy, Denom, DeploymentId, Endpoint, EndpointKind, Gpu, GroupId, GroupSeq,
    GroupSpec, GroupUnit, OrderId, Price, Requirements, Resources, SignedBy, Volume,
};

use super::*;
use crate::{
    config::Config,
    model::{
        Order, OrderDetail,
        placement::{GpuModel, Inventory, Limits, NodeGpus, NodeState, Placement, Requests},
    },
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

fn order(spec: GroupSpec) -> Order {
    Order {
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
        bids_height: 1,
        detail: Some(OrderDetail {
            spec,
            created_at: 100,
            allow: vec![],
            refuse: vec![],
            excluded: vec![],
        }),
    }
}

fn binding(spec: GroupSpec) -> Order {
    Order {
        auction: AuctionPolicy::LowestPrice { closes_after: 900 },
        closes_at: Some(1_000),
        ..order(spec)
    }
}

fn detail(order: &mut Order) -> &mut OrderDetail {
    order.detail.as_mut().unwrap()
}

/// Everything is well, and each test spoils one thing.
struct Fixture {
    config: Config,
    provider: Option<ProviderState>,
    paused: bool,
    now: u64,
    min_prices: BTreeMap<Denom, Price>,
    attestations: Attestations,
    inventory: Result<Inventory, String>,
    own_bid: Option<u128>,
    own_placements: Vec<Placement>,
    best: Option<BestBid>,
    open_for_tenant: u32,
}

/// Nobody attests anything.
fn nobody() -> Attestations {
    let mut nobody = Attestations::default();
    nobody.set_list([], true);
    nobody
}

fn fixture() -> Fixture {
    let node = NodeState {
        name: "n".into(),
        arch: "amd64".into(),
        allocatable: Requests { cpu_milli: 8_000, memory: 64 * GI, ephemeral: 500 * GI, gpu: 0 },
        pods: 110,
        gpu: None,
        gpus: NodeGpus::default(),
        gpu_only: false,
        unfit: None,
    };
    let inventory = Inventory::new(&[node], &[], &[], &Limits::of(&config("")));
    Fixture {
        config: config(""),
        provider: Some(ProviderState {
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
        attestations: nobody(),
        inventory: Ok(inventory),
        own_bid: None,
        own_placements: vec![],
        best: None,
        open_for_tenant: 0,
    }
}

impl Fixture {
    fn decide(&self, order: &Order) -> Decision {
        let input = DecisionInput {
            now: self.now,
            provider: self.provider.as_ref(),
            paused: self.paused,
            min_prices: &self.min_prices,
            attestations: &self.attestations,
            inventory: self.inventory.as_ref().map_err(String::as_str),
            own_bid: self.own_bid.map(|price| Price::new(price).unwrap()),
            own_placements: Some(self.own_placements.as_slice()),
            best: self.best.as_ref().map_or(LowestBid::Nobody, LowestBid::Of),
            open_for_tenant: self.open_for_tenant,
        };
        decide(order, &self.config, &input)
    }

    fn provider(&mut self) -> &mut ProviderState {
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
    let decision = fixture().decide(&order(group()));
    assert_eq!(price_of(&decision), Some(PRICE), "{decision:?}");
}

type Spoil = fn(&mut Fixture, &mut Order);

#[test]
fn each_reason_for_no_bid_has_its_full_text_and_one_for_the_tenant() {
    let table: &[(&str, TenantReason, Spoil)] = &[
        ("switched off", TenantReason::NotBidding, |w, _| w.config = config("enabled = false")),
        ("not registered", TenantReason::NotBidding, |w, _| w.provider = None),
        ("souk1other as the provider's operator", TenantReason::NotBidding, |w, _| {
            w.provider().other_operator = Some("souk1other".into());
        }),
        ("maintenance", TenantReason::NotBidding, |w, _| w.provider().maintenance = true),
        ("paused", TenantReason::NotBidding, |w, _| w.paused = true),
        ("until 10000", TenantReason::Over, |w, _| w.now = 10_001),
        ("until 400", TenantReason::Over, |w, o| {
            *o = binding(group());
            o.closes_at = Some(400);
            w.now = 400;
        }),
        ("allows other", TenantReason::TenantLists, |_, o| detail(o).allow = vec!["x".into()]),
        ("tenant refuses", TenantReason::TenantLists, |_, o| detail(o).refuse = vec![ME.into()]),
        ("had the group", TenantReason::TenantLists, |_, o| detail(o).excluded = vec![ME.into()]),
        ("no prices in uother", TenantReason::Denom, |_, o| o.denom = Denom::native("uother")),
        ("region=us", TenantReason::Attributes, |_, o| {
            detail(o).spec.requirements.attributes = vec![Attribute::new("region", "us")];
        }),
        ("attests nothing", TenantReason::Attestations, |_, o| {
            detail(o).spec.requirements.signed_by.all_of = vec!["souk1aud".into()];
        }),
        ("none of the auditors", TenantReason::Attestations, |_, o| {
            detail(o).spec.requirements.signed_by.any_of = vec!["souk1aud".into()];
        }),
        ("none of the GPUs", TenantReason::Capabilities, |_, o| {
            let attributes = vec![Attribute::new("vendor/nvidia/model/h100", "true")];
            detail(o).spec.units[0].resources.gpu = Some(Gpu { units: 1, attributes });
        }),
        ("class beta1", TenantReason::Capabilities, |w, o| {
            w.provider().claims = storage_claims("beta1");
            detail(o).spec.units[0].resources.storage = vec![volume("beta1")];
            w.inventory.as_mut().unwrap().persistent.insert("beta1".into(), None);
        }),
        ("storage class beta3", TenantReason::Capacity, |w, o| {
            w.provider().claims = storage_claims("beta3");
            detail(o).spec.units[0].resources.storage = vec![volume("beta3")];
        }),
        ("no port endpoints", TenantReason::Capabilities, |_, o| {
            let endpoint = Endpoint { kind: EndpointKind::RandomPort, sequence: 0 };
            detail(o).spec.units[0].resources.endpoints = vec![endpoint];
        }),
        ("ceiling is 1199", TenantReason::Price, |_, o| o.ceiling = Price::new(1_199).unwrap()),
        ("no node has room", TenantReason::Capacity, |_, o| detail(o).spec.units[0].count = 17),
        ("max_open_bids_per_tenant is 20", TenantReason::Limits, |w, _| w.open_for_tenant = 20),
        ("backs 10", TenantReason::Limits, |w, _| w.provider().used = 10),
        ("lowest worth bidding 1200", TenantReason::Price, |w, o| {
            *o = binding(group());
            w.rival(1_200);
        }),
    ];
    for (part, tenant_reason, spoil) in table {
        let (mut fixture, mut order) = (fixture(), order(group()));
        spoil(&mut fixture, &mut order);
        match fixture.decide(&order) {
            Decision::Pass(reason) => {
                assert!(reason.to_string().contains(part), "{part}: {reason}");
                assert_eq!(reason.for_tenant(), *tenant_reason, "{part}");
                let shown = reason.for_tenant().as_str();
                assert!(shown.bytes().all(|b| !b.is_ascii_digit()), "numbers in `{shown}`");
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
    let mut fixture = fixture();
    fixture.inventory = Err("watch is broken".into());
    let waiting = fixture.decide(&order);
    assert_eq!(waiting, Decision::Wait(WaitReason::Cluster("watch is broken".into())));
    order.detail = None;
    assert_eq!(fixture.decide(&order), Decision::Wait(WaitReason::Detail));
}

#[test]
fn in_a_binding_auction_attestations_must_outlive_its_latest_close() {
    let mut spec = group();
    spec.requirements.attributes = vec![Attribute::new("tier", "gold")];
    spec.requirements.signed_by = SignedBy { all_of: vec!["souk1aud".into()], any_of: vec![] };
    // Created at 100, closes after 900, and ten extensions of a minute.
    let latest = 100 + 900 + 600;
    let mut fixture = fixture();
    for (expires_at, free, bound) in
        [(501, true, false), (latest, true, false), (latest + 1, true, true), (500, false, false)]
    {
        let value = AttestedValue { key: "tier".into(), value: "gold".into(), expires_at };
        let record = AttestationRecord { v: 1, values: vec![value] };
        fixture.attestations.set_list([("souk1aud".into(), record)], true);
        let bids = |order: &Order| price_of(&fixture.decide(order)).is_some();
        assert_eq!(bids(&order(spec.clone())), free, "free choice, until {expires_at}");
        assert_eq!(bids(&binding(spec.clone())), bound, "binding, until {expires_at}");
    }
}

#[test]
fn a_binding_auction_is_led_by_as_little_as_it_takes_and_never_below_the_floor() {
    let mut fixture = fixture();
    fixture.config = config("auction_floor_percent = 80");
    for (rival, expected) in [
        (None, Some(PRICE)),
        (Some(5_000), Some(PRICE)),
        (Some(1_200), Some(1_199)),
        (Some(1_000), Some(999)),
        (Some(961), Some(960)),
        (Some(960), None),
        (Some(1), None),
    ] {
        fixture.best = None;
        rival.into_iter().for_each(|price| fixture.rival(price));
        assert_eq!(price_of(&fixture.decide(&binding(group()))), expected, "rival at {rival:?}");
        // Where the tenant chooses, others' bids change nothing.
        assert_eq!(price_of(&fixture.decide(&order(group()))), Some(PRICE));
    }
}

#[test]
fn a_bid_is_lowered_by_a_hundredth_at_least_if_it_lost_the_lead_and_it_pays() {
    let mut fixture = fixture();
    fixture.config = config("auction_floor_percent = 80");
    for (own, rival, expected) in [
        (1_200, Some(1_300), None),
        (1_200, Some(1_199), Some(1_188)),
        (1_200, Some(1_200), Some(1_188)),
        (1_200, Some(1_000), Some(999)),
        (970, Some(969), Some(960)),
        (969, Some(968), None),
        (1_200, None, None),
    ] {
        fixture.own_bid = Some(own);
        fixture.best = None;
        rival.into_iter().for_each(|price| fixture.rival(price));
        let decision = fixture.decide(&binding(group()));
        assert_eq!(price_of(&decision), expected, "own {own}, rival {rival:?}: {decision:?}");
        assert_eq!(fixture.decide(&order(group())), Decision::Stay, "the tenant chooses");
    }
    fixture.own_bid = Some(1_200);
    fixture.rival(1_000);
    fixture.now = 1_000;
    assert_eq!(fixture.decide(&binding(group())), Decision::Stay, "the auction is over");
}

#[test]
fn a_price_is_never_below_the_markets_least() {
    let mut fixture = fixture();
    fixture.min_prices = BTreeMap::from([(Denom::native("usouk"), Price::new(3_000).unwrap())]);
    assert_eq!(price_of(&fixture.decide(&order(group()))), Some(3_000));
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
fn a_price_may_name_a_gpu_as_any_of_the_markets_names_does() {
    let text = "[[rates]]\ndenom = \"usouk\"\ncpu = 1\nmemory = 1\nstorage = 1\n\
        gpu_models = [{ model = \"rtxpro6000\", price = 5 }, { model = \"pro6000se\", price = 7 }]";
    let bidding: crate::config::Bidding = toml::from_str(text).unwrap();
    let price = |product: &str| {
        let gpu = GpuModel {
            vendor: "nvidia".into(),
            model: "rtxpro6000".into(),
            memory: None,
            interface: None,
            product: product.into(),
        };
        gpu_rate(&bidding.rates[0], &gpu).map(|rate| rate.billionths() / 1_000_000_000)
    };
    assert_eq!(price("NVIDIA-RTX-PRO-6000-Blackwell-Server-Edition"), Some(7));
    assert_eq!(price("NVIDIA-RTX-PRO-6000-Blackwell-Workstation-Edition"), Some(5));
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

#[test]
fn an_order_costs_a_question_only_once_everything_that_is_free_speaks_for_a_bid() {
    let spoils: &[Spoil] = &[
        |w, _| w.config = config("enabled = false"),
        |w, _| w.provider().maintenance = true,
        |w, _| w.paused = true,
        |_, o| detail(o).refuse = vec![ME.into()],
        |_, o| o.denom = Denom::native("uother"),
        |_, o| o.ceiling = Price::new(1_199).unwrap(),
        |_, o| detail(o).spec.units[0].count = 17,
        |w, _| w.open_for_tenant = 20,
        |w, _| w.provider().used = 10,
        |_, o| {
            let attributes = vec![Attribute::new("vendor/nvidia/model/h100", "true")];
            detail(o).spec.units[0].resources.gpu = Some(Gpu { units: 1, attributes });
        },
    ];
    let named = |order: &mut Order| {
        let auditors = ["souk1b", "souk1a", "souk1b"].map(str::to_owned).to_vec();
        detail(order).spec.requirements.signed_by =
            SignedBy { all_of: auditors, any_of: vec!["souk1c".into()] };
    };
    for spoil in spoils {
        let (mut fixture, mut order) = (fixture(), binding(group()));
        fixture.attestations = Attestations::default();
        named(&mut order);
        spoil(&mut fixture, &mut order);
        assert!(
            matches!(fixture.decide(&order), Decision::Pass(_)),
            "{:?}",
            fixture.decide(&order)
        );
    }
    let (mut fixture, mut order) = (fixture(), order(group()));
    fixture.attestations = Attestations::default();
    named(&mut order);
    let auditors = ["souk1a", "souk1b", "souk1c"].map(str::to_owned).to_vec();
    let questions = Questions { auditors, lowest_bid: false };
    assert_eq!(fixture.decide(&order), Decision::Ask(questions));
    // Of three, one is known to attest nothing: the others need not be asked.
    fixture.attestations.set("souk1b", None);
    let reason = fixture.decide(&order);
    assert!(matches!(reason, Decision::Pass(Reason::Mismatch(_))), "{reason:?}");
}
