//! The contracts on both chains, with short times, and its messages.

use cosmwasm_std::HexBinary;
use serde::Serialize;
use souk_api::{
    attestations,
    defaults::{self, Foundations, Roles},
    escrow, fees,
    orderbook::{self, OrderbookEvent},
    registry,
};
use souk_chain::{
    Any, Coin,
    rpc::TxResult,
    tx::{Instantiate, execute, instantiate, store_code},
};
use souk_client::events;
use souk_core::{
    AccountId, Amount, Attribute, AuctionPolicy, BidId, Denom, DeploymentId, GroupSpec, GroupUnit,
    OrderId, Price, Requirements, Resources, Volume,
};
use souk_tests::tools;

use crate::{
    accounts::{DENOM, Who},
    pair::{CONTRACTS, Outcome, Pair, address},
    tx::Tx,
};

/// The contracts' addresses.
#[derive(Clone, Debug)]
pub struct Contracts {
    pub attestations: String,
    pub registry: String,
    pub fees: String,
    pub escrow: String,
    pub orderbook: String,
}

impl Contracts {
    pub fn all(&self) -> [&String; 5] {
        [&self.attestations, &self.registry, &self.fees, &self.escrow, &self.orderbook]
    }
}

/// Codes as they are uploaded, in the order of [`CONTRACTS`].
const ATTESTATIONS: u64 = 1;
const REGISTRY: u64 = 2;
const FEES: u64 = 3;
const ESCROW: u64 = 4;
const ORDERBOOK: u64 = 5;

/// Uploads everything, instantiates and links it, as an operator does.
pub async fn deploy_contracts(pair: &mut Pair) -> Contracts {
    let owner = address(Who::Owner);
    for (artifact, _) in CONTRACTS {
        let upload = store_code(&owner, tools::packed_wasm(artifact).unwrap());
        play_one(pair, Tx::new(Who::Owner, vec![upload]).gas(20_000_000)).await;
    }
    let roles = Roles::default;
    let attestations =
        make(pair, ATTESTATIONS, "attestations", &defaults::attestations(roles())).await;
    let registry = registry::InstantiateMsg {
        unbonding_period: 2,
        slashing: registry::Slashing { cap_bps: 5_000, period: 2, delay: 0 },
        slash_receiver: Some(address(Who::Bob)),
        change_delay: 2,
        ..defaults::registry(roles(), vec![owner.clone()])
    };
    let registry = make(pair, REGISTRY, "registry", &registry).await;
    let fees = fees::InstantiateMsg {
        unstaking_period: 2,
        ..defaults::fee_distributor(roles(), address(Who::Bob))
    };
    let fees = make(pair, FEES, "fees", &fees).await;
    let escrow =
        escrow::InstantiateMsg { min_runway: 2, ..defaults::escrow(roles(), fees.clone()) };
    let escrow = make(pair, ESCROW, "escrow", &escrow).await;
    let on = Foundations {
        escrow: escrow.clone(),
        registry: registry.clone(),
        attestations: attestations.clone(),
    };
    let mut instantiate = defaults::orderbook(roles(), on);
    instantiate.params = orderbook::Params {
        min_auction: 10,
        end_grace: 2,
        end_blocks: 3,
        slot_hold: 2,
        manifest_timeout: 60,
        idle_grace: 3_600,
        ..instantiate.params
    };
    let orderbook = make(pair, ORDERBOOK, "orderbook", &instantiate).await;
    let contracts = Contracts { attestations, registry, fees, escrow, orderbook };
    let links = vec![
        contracts.send(
            Who::Owner,
            &contracts.escrow,
            &defaults::link_escrow(contracts.orderbook.clone()),
        ),
        contracts.send(
            Who::Owner,
            &contracts.registry,
            &defaults::link_registry(contracts.orderbook.clone()),
        ),
    ];
    play_one(pair, Tx::new(Who::Owner, links)).await;
    contracts
}

/// Plays one that must succeed.
pub async fn play_one(pair: &mut Pair, tx: Tx) -> TxResult {
    let outcome = pair.play(std::slice::from_ref(&tx)).await.remove(0);
    match outcome {
        Outcome::Included(result) if result.code == 0 => result,
        other => panic!("{tx:?} was to succeed: {other:?}"),
    }
}

async fn make(pair: &mut Pair, code_id: u64, label: &str, msg: &impl Serialize) -> String {
    let admin = Some(address(Who::Owner));
    let what = Instantiate { code_id, label: label.to_owned(), admin, ..Instantiate::default() };
    let message = instantiate(&address(Who::Owner), &what, msg).unwrap();
    let result = play_one(pair, Tx::new(Who::Owner, vec![message])).await;
    attribute(&result, "instantiate", "_contract_address").unwrap()
}

/// The orders that a transaction opened, with their deployments.
pub fn opened(result: &TxResult, contracts: &Contracts) -> Vec<(OrderId, DeploymentId)> {
    let opened = |event| match event {
        OrderbookEvent::OrderOpened(opened) => Some((opened.order, opened.deployment)),
        _ => None,
    };
    let events = events::of_orderbook(&result.events, &contracts.orderbook);
    events.into_iter().filter_map(opened).collect()
}

/// The bids that a transaction placed: whose, on which order.
pub fn placed(result: &TxResult, contracts: &Contracts) -> Vec<((OrderId, String), BidId)> {
    let placed = |event| match event {
        OrderbookEvent::BidPlaced(placed) => Some(((placed.order, placed.provider), placed.bid)),
        _ => None,
    };
    let events = events::of_orderbook(&result.events, &contracts.orderbook);
    events.into_iter().filter_map(placed).collect()
}

/// The first value of such an attribute.
fn attribute(result: &TxResult, event: &str, key: &str) -> Option<String> {
    let mut events = result.events.iter().filter(|one| one.ty == event);
    events.find_map(|event| event.attribute(key)).map(str::to_owned)
}

pub fn price(value: u128) -> Price {
    Price::new(value.max(1)).unwrap()
}

pub fn amount(value: u128) -> Amount {
    Amount::new(value).unwrap()
}

impl Contracts {
    /// A message to one of the contracts.
    pub fn send(&self, who: Who, contract: &str, msg: &impl Serialize) -> Any {
        execute(&address(who), contract, msg, &[]).unwrap()
    }

    /// The same with coins of the contracts' denom.
    pub fn pay(&self, who: Who, contract: &str, msg: &impl Serialize, coins: u128) -> Any {
        execute(&address(who), contract, msg, &[Coin::new(coins, DENOM)]).unwrap()
    }

    pub fn to_orderbook(&self, who: Who, msg: &orderbook::ExecuteMsg) -> Any {
        self.send(who, &self.orderbook, msg)
    }

    pub fn register(&self, who: Who, operator: Who, bond: u128) -> Any {
        let msg = registry::ExecuteMsg::Register {
            payee: Some(address(who)),
            operator: address(operator),
            gateway: registry::Gateway { uri: "https://p.example.com:8443".into(), pins: vec![] },
            attributes: vec![Attribute::new("region", "eu-west")],
            contact: registry::Contact::default(),
        };
        self.pay(who, &self.registry, &msg, bond)
    }

    pub fn attest(&self, provider: Who, value: &str, expires_at: u64) -> Any {
        let msg = attestations::ExecuteMsg::Attest {
            provider: address(provider),
            attributes: vec![Attribute::new("region", value)],
            expires_at,
            evidence: None,
        };
        self.send(Who::Auditor, &self.attestations, &msg)
    }

    pub fn deploy(
        &self,
        who: Who,
        groups: Vec<GroupSpec>,
        auction: AuctionPolicy,
        coins: u128,
    ) -> Any {
        let new = orderbook::NewDeployment {
            commitment: HexBinary::from([7u8; 32]),
            groups,
            auction,
            delegate: None,
            delegate_limit: None,
            allow: vec![],
            refuse: vec![],
            reclamation: None,
            absence: None,
        };
        self.pay(who, &self.orderbook, &orderbook::ExecuteMsg::CreateDeployment(new), coins)
    }

    pub fn bid(&self, who: Who, provider: Who, order: u64, value: u128) -> Any {
        let msg = orderbook::ExecuteMsg::PlaceBid {
            order: OrderId(order),
            provider: address(provider),
            price: price(value),
            offer: vec![],
            reclamation_window: None,
        };
        self.to_orderbook(who, &msg)
    }

    pub fn accept(&self, who: Who, order: u64, provider: Who, bid: u64, most: u128) -> Any {
        let msg = orderbook::ExecuteMsg::AcceptBid {
            order: OrderId(order),
            provider: address(provider),
            bid: BidId(bid),
            max_price: price(most),
        };
        self.to_orderbook(who, &msg)
    }

    pub fn close(&self, who: Who, deployment: u64) -> Any {
        let deployment = DeploymentId(deployment);
        self.to_orderbook(who, &orderbook::ExecuteMsg::CloseDeployment { deployment })
    }

    pub fn release(&self, who: Who, provider: Who, orders: &[u64]) -> Any {
        let orders = orders.iter().map(|order| OrderId(*order)).collect();
        let provider = address(provider);
        self.to_orderbook(who, &orderbook::ExecuteMsg::ReleaseBids { provider, orders })
    }

    pub fn deposit(&self, who: Who, account: u64, coins: u128) -> Any {
        let msg = escrow::ExecuteMsg::Deposit { account: AccountId(account) };
        self.pay(who, &self.escrow, &msg, coins)
    }

    pub fn escrow(&self, who: Who, msg: &escrow::ExecuteMsg) -> Any {
        self.send(who, &self.escrow, msg)
    }
}

pub fn native() -> Denom {
    Denom::native(DENOM)
}

/// A group that every provider of these tests can serve.
pub fn group(name: &str, ceiling: u128) -> GroupSpec {
    const MI: u64 = 1 << 20;
    let volume = Volume { name: "default".into(), size: 1_024 * MI, attributes: vec![] };
    let resources = Resources {
        cpu_milli: 1_000,
        cpu_attributes: vec![],
        memory: 512 * MI,
        gpu: None,
        storage: vec![volume],
        endpoints: vec![],
    };
    GroupSpec {
        name: name.into(),
        requirements: Requirements {
            attributes: vec![Attribute::new("region", "eu-west")],
            ..Requirements::default()
        },
        units: vec![GroupUnit { id: 1, resources, count: 1 }],
        ceiling: price(ceiling),
    }
}
