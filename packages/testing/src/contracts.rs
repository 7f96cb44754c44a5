//! The five contracts, instantiated in order and linked.

use cosmwasm_std::Addr;
use cw_multi_test::{ContractWrapper, Executor};
use serde::Serialize;
use souk_api::{
    attestations,
    defaults::{self, Foundations, Roles},
    escrow, fees, orderbook, registry,
};

use crate::Chain;

/// Code ids, for migrations and second instances.
#[derive(Clone, Copy, Debug)]
pub struct Codes {
    /// The attestations' code.
    pub attestations: u64,
    /// The registry's code.
    pub registry: u64,
    /// The fee distributor's code.
    pub fees: u64,
    /// The escrow's code.
    pub escrow: u64,
    /// The orderbook's code.
    pub orderbook: u64,
}

/// The contracts' addresses.
#[derive(Clone, Debug)]
pub struct Contracts {
    /// Their code ids.
    pub codes: Codes,
    /// The attestations.
    pub attestations: Addr,
    /// The provider registry.
    pub registry: Addr,
    /// The fee distributor.
    pub fees: Addr,
    /// The escrow.
    pub escrow: Addr,
    /// The orderbook.
    pub orderbook: Addr,
}

/// How to instantiate the contracts; addresses of contracts are filled in on the way.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The attestations.
    pub attestations: attestations::InstantiateMsg,
    /// The provider registry.
    pub registry: registry::InstantiateMsg,
    /// The fee distributor.
    pub fees: fees::InstantiateMsg,
    /// The escrow; the fee collector becomes the fee distributor.
    pub escrow: escrow::InstantiateMsg,
    /// The orderbook; escrow, registry and attestations become those of this market.
    pub orderbook: orderbook::InstantiateMsg,
}

impl Settings {
    /// The defaults, with these accounts in their roles.
    pub fn new(owner: &Addr, guardian: &Addr, slasher: &Addr, pool: &Addr) -> Self {
        let roles =
            || Roles { owner: Some(owner.to_string()), guardian: Some(guardian.to_string()) };
        let on = Foundations {
            escrow: String::new(),
            registry: String::new(),
            attestations: String::new(),
        };
        Self {
            attestations: defaults::attestations(roles()),
            // Tests that are not about them need no delays.
            registry: registry::InstantiateMsg {
                slashing: registry::Slashing { cap_bps: 10_000, period: 0, delay: 0 },
                change_delay: 0,
                ..defaults::registry(roles(), vec![slasher.to_string()])
            },
            fees: defaults::fee_distributor(roles(), pool.to_string()),
            escrow: defaults::escrow(roles(), String::new()),
            orderbook: defaults::orderbook(roles(), on),
        }
    }
}

macro_rules! code {
    ($krate:ident) => {
        Box::new(
            ContractWrapper::new(
                $krate::contract::execute,
                $krate::contract::instantiate,
                $krate::contract::query,
            )
            .with_migrate($krate::contract::migrate),
        )
    };
}

impl Contracts {
    /// Stores the codes, instantiates the contracts in the order in which they need one
    /// another and links the two that need the orderbook. `owner` is also their admin.
    pub fn instantiate(chain: &mut Chain, owner: &Addr, mut settings: Settings) -> Self {
        let app = &mut chain.app;
        let codes = Codes {
            attestations: app.store_code(code!(souk_attestations)),
            registry: app.store_code(code!(souk_provider_registry)),
            fees: app.store_code(code!(souk_fee_distributor)),
            escrow: app.store_code(code!(souk_escrow)),
            orderbook: app.store_code(code!(souk_orderbook)),
        };
        let mut make =
            |label, code, msg: &dyn ErasedMsg| instantiate(chain, label, code, owner, msg);
        let attestations = make("attestations", codes.attestations, &settings.attestations);
        let registry = make("registry", codes.registry, &settings.registry);
        let fees = make("fee-distributor", codes.fees, &settings.fees);
        settings.escrow.fee_collector = fees.to_string();
        let escrow = make("escrow", codes.escrow, &settings.escrow);
        settings.orderbook.escrow = escrow.to_string();
        settings.orderbook.registry = registry.to_string();
        settings.orderbook.attestations = attestations.to_string();
        let orderbook = make("orderbook", codes.orderbook, &settings.orderbook);

        let linked = chain
            .execute(owner, &escrow, &defaults::link_escrow(orderbook.to_string()), &[])
            .and_then(|_| {
                let link = defaults::link_registry(orderbook.to_string());
                chain.execute(owner, &registry, &link, &[])
            });
        linked.unwrap_or_else(|error| panic!("the contracts cannot be linked: {error:#}"));
        Self { codes, attestations, registry, fees, escrow, orderbook }
    }
}

/// A message of any of the contracts.
trait ErasedMsg {
    fn json(&self) -> serde_json::Value;
}

impl<T: Serialize> ErasedMsg for T {
    fn json(&self) -> serde_json::Value {
        serde_json::to_value(self).unwrap_or_else(|error| panic!("{error}"))
    }
}

fn instantiate(
    chain: &mut Chain,
    label: &str,
    code: u64,
    owner: &Addr,
    msg: &dyn ErasedMsg,
) -> Addr {
    let admin = Some(owner.to_string());
    let made = chain.app.instantiate_contract(code, owner.clone(), &msg.json(), &[], label, admin);
    let address = made.unwrap_or_else(|error| panic!("no {label}: {error:#}"));
    chain.remember(label, &address);
    address
}
