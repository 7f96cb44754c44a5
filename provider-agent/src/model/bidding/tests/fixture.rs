//! An order that gets a bid, and all that the decision is made of, to be spoiled.

use std::{collections::BTreeMap, path::Path};

use souk_core::{
    Attribute, AuctionPolicy, Denom, DeploymentId, GroupId, GroupSeq, GroupSpec, GroupUnit,
    OrderId, Price, Requirements, Resources, Volume,
};

use super::super::*;
use crate::{
    config::Config,
    model::{
        Order, OrderDetail,
        placement::{Inventory, Limits, NodeGpus, NodeState, Placement, Requests},
    },
};

pub(super) const GI: u64 = 1 << 30;
pub(super) const ME: &str = "souk1qyqszqgpqyqszqgpqyqszqgpqyqszqgpswkvju";

pub(super) fn config(more: &str) -> Config {
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

pub(super) fn group() -> GroupSpec {
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
pub(super) const PRICE: u128 = 1_200;

pub(super) fn order(spec: GroupSpec) -> Order {
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
            reclamation: None,
            closes_at_block: None,
            absence_limit: None,
        }),
    }
}

pub(super) fn binding(spec: GroupSpec) -> Order {
    Order {
        auction: AuctionPolicy::LowestPrice { closes_after: 900 },
        closes_at: Some(1_000),
        ..order(spec)
    }
}

pub(super) fn detail(order: &mut Order) -> &mut OrderDetail {
    order.detail.as_mut().unwrap()
}

/// Everything is well, and each test spoils one thing.
pub(super) struct Fixture {
    pub(super) config: Config,
    pub(super) provider: Option<ProviderState>,
    pub(super) paused: bool,
    pub(super) short_of_coins: Option<&'static str>,
    pub(super) now: u64,
    pub(super) min_prices: BTreeMap<Denom, Price>,
    pub(super) attestations: Attestations,
    pub(super) inventory: Result<Inventory, String>,
    pub(super) own_bid: Option<u128>,
    pub(super) own_placements: Vec<Placement>,
    pub(super) best: Option<BestBid>,
    pub(super) open_for_tenant: u32,
    pub(super) height: u64,
    /// Whether the orderbook was asked if it would take a bid, and why not.
    pub(super) asked: bool,
    pub(super) refusal: Option<String>,
}

/// Nobody attests anything.
pub(super) fn nobody() -> Attestations {
    let mut nobody = Attestations::default();
    nobody.set_list([], true);
    nobody
}

pub(super) fn fixture() -> Fixture {
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
            floors: None,
            maintenance: false,
            quote_key: None,
            slots: 10,
            used: 3,
        }),
        paused: false,
        short_of_coins: None,
        now: 500,
        min_prices: BTreeMap::new(),
        attestations: nobody(),
        inventory: Ok(inventory),
        own_bid: None,
        own_placements: vec![],
        best: None,
        open_for_tenant: 0,
        height: 1,
        asked: false,
        refusal: None,
    }
}

impl Fixture {
    pub(super) fn decide(&self, order: &Order) -> Decision {
        let input = DecisionInput {
            now: self.now,
            height: self.height,
            eligible: match &self.refusal {
                _ if !self.asked => Eligible::Unknown,
                Some(why) => Eligible::No(why),
                None => Eligible::Yes,
            },
            provider: self.provider.as_ref(),
            paused: self.paused,
            short_of_coins: self.short_of_coins,
            min_prices: &self.min_prices,
            attestations: &self.attestations,
            inventory: self.inventory.as_ref().map_err(String::as_str),
            quotes_out: None,
            shared: None,
            own_bid: self.own_bid.map(|price| Price::new(price).unwrap()),
            own_placements: Some(self.own_placements.as_slice()),
            best: self.best.as_ref().map_or(LowestBid::Nobody, LowestBid::Of),
            open_for_tenant: self.open_for_tenant,
        };
        decide(order, &self.config, &input)
    }

    pub(super) fn provider(&mut self) -> &mut ProviderState {
        self.provider.as_mut().unwrap()
    }

    pub(super) fn rival(&mut self, price: u128) {
        let price = Price::new(price).unwrap();
        self.best = Some(BestBid { provider: "souk1rival".into(), price });
    }
}

pub(super) fn price_of(decision: &Decision) -> Option<u128> {
    match decision {
        Decision::Bid { price, .. } | Decision::Lower { price } => Some(price.u128()),
        _ => None,
    }
}

pub(super) fn volume(class: &str) -> Volume {
    let attributes = vec![Attribute::new("persistent", "true"), Attribute::new("class", class)];
    Volume { name: "data".into(), size: GI, attributes }
}

pub(super) fn storage_claims(class: &str) -> Vec<Attribute> {
    let key = |key: &str| format!("capabilities/storage/1/{key}");
    vec![Attribute::new(key("class"), class), Attribute::new(key("persistent"), "true")]
}
