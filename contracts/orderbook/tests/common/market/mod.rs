//! A market on a chain of its own: the real escrow, registry and attestations around the
//! orderbook, and what the tests do with it.

#![allow(dead_code)]

mod actions;
mod log;
mod queries;
mod quoting;
mod values;

use std::{cell::Cell, collections::BTreeMap};

use cosmwasm_schema::serde::{Serialize, de::DeserializeOwned};
use cosmwasm_std::{Addr, Coin, Event, HexBinary, StdError, coins};
use cw_multi_test::{
    App, AppBuilder, AppResponse, BankKeeper, BankSudo, Executor, MockApiBech32, SudoMsg,
};
use souk_api::{
    TypedEvent, attestations,
    defaults::{self, DENOM, Foundations, Roles},
    escrow,
    event::of_contract,
    orderbook::{
        BidResponse, BidsResponse, DeploymentResponse, EligibilityResponse, ExecuteMsg,
        InstantiateMsg, LeaseResponse, NewDeployment, OrderResponse, ProviderStatsResponse,
        QueryMsg,
    },
    registry,
};
use souk_contract_std::testing::{PREFIX, who};
use souk_core::{
    AccountId, Amount, Attribute, AuctionPolicy, BidId, CloseReason, Denom, DeploymentId, GroupSeq,
    GroupSpec, GroupUnit, OrderId, Price, PriceFloor, Rate, Requirements, Resources, SignedBy,
    Volume,
};
use souk_orderbook::ContractError;

use crate::meter::Meter;

pub use actions::GroupAction;
pub use log::Record;
pub use quoting::{Asked, quote_key};
pub use values::*;

/// A deposit that lasts for a year of the prices used here.
pub const PLENTY: u128 = 1_000_000_000;
/// Base units of bond for a slot.
pub const SLOT: u128 = defaults::BOND_PER_SLOT;

/// A chain that counts gas.
pub type Chain = App<BankKeeper, MockApiBech32, Meter>;

pub struct Market {
    pub app: Chain,
    pub owner: Addr,
    pub guardian: Addr,
    pub slasher: Addr,
    pub collector: Addr,
    pub escrow: Addr,
    pub registry: Addr,
    pub attestations: Addr,
    pub orderbook: Addr,
    pub orderbook_code: u64,
    /// What was minted so far: nothing may be lost of it.
    pub minted: u128,
    /// What was sent, if a test keeps books.
    pub log: Option<Vec<Record>>,
    /// How many prices were quoted.
    quotes: Cell<u64>,
}

impl Market {
    pub fn new() -> Self {
        Self::with(|_| ())
    }

    /// A market whose registry does not know the orderbook.
    pub fn unlinked() -> Self {
        Self::deploy_contracts(|_| ())
    }

    /// A market whose orderbook is set up a little differently.
    pub fn with(change: impl FnOnce(&mut InstantiateMsg)) -> Self {
        let mut market = Self::deploy_contracts(change);
        let link = defaults::link_registry(market.orderbook.to_string());
        let (owner, registry) = (market.owner.clone(), market.registry.clone());
        market.call(&owner, &registry, &link, 0).unwrap();
        market
    }

    fn deploy_contracts(change: impl FnOnce(&mut InstantiateMsg)) -> Self {
        let api = MockApiBech32::new(PREFIX);
        let builder = AppBuilder::new().with_api(api).with_storage(Meter::default());
        let mut app = builder.build(|_, _, _| {});
        let [owner, guardian, slasher, collector] =
            ["owner", "guardian", "slasher", "collector"].map(who);
        let roles = || Roles { owner: None, guardian: Some(guardian.to_string()) };

        let code = app.store_code(souk_contract_std::code!(souk_attestations));
        let attestations = put(&mut app, code, &owner, &defaults::attestations(roles()));
        let code = app.store_code(souk_contract_std::code!(souk_provider_registry));
        // Slashes and changes of providers take no time here.
        let msg = registry::InstantiateMsg {
            slashing: registry::Slashing { cap_bps: 10_000, period: 0, delay: 0 },
            slash_receiver: Some(collector.to_string()),
            change_delay: 0,
            ..defaults::registry(roles(), vec![slasher.to_string()])
        };
        let registry = put(&mut app, code, &owner, &msg);
        let code = app.store_code(souk_contract_std::code!(souk_escrow));
        let escrow = put(&mut app, code, &owner, &defaults::escrow(roles(), collector.to_string()));
        let orderbook_code = app.store_code(souk_contract_std::code!(souk_orderbook));
        let on = Foundations {
            escrow: escrow.to_string(),
            registry: registry.to_string(),
            attestations: attestations.to_string(),
        };
        let mut msg = defaults::orderbook(roles(), on);
        change(&mut msg);
        let orderbook = put(&mut app, orderbook_code, &owner, &msg);
        let link = defaults::link_escrow(orderbook.to_string());
        app.execute_contract(owner.clone(), escrow.clone(), &link, &[]).unwrap();
        Self {
            app,
            owner,
            guardian,
            slasher,
            collector,
            escrow,
            registry,
            attestations,
            orderbook,
            orderbook_code,
            minted: 0,
            log: None,
            quotes: Cell::new(0),
        }
    }

    /// The address of someone called so.
    pub fn who(&self, name: &str) -> Addr {
        who(name)
    }

    /// The operator key of a provider of that name.
    pub fn operator(&self, name: &str) -> Addr {
        self.who(&format!("{name}-operator"))
    }

    /// Who is paid for a provider of that name.
    pub fn payee(&self, name: &str) -> Addr {
        self.who(&format!("{name}-payee"))
    }

    pub fn now(&self) -> u64 {
        self.app.block_info().time.seconds()
    }

    /// One block later, by `seconds`.
    pub fn pass(&mut self, seconds: u64) -> &mut Self {
        self.blocks(1, seconds)
    }

    /// `blocks` later, by `seconds` in all.
    pub fn blocks(&mut self, blocks: u64, seconds: u64) -> &mut Self {
        self.app.update_block(|block| {
            block.height += blocks;
            block.time = block.time.plus_seconds(seconds);
        });
        self
    }

    /// `seconds` later, on a chain at its usual pace: a block each six seconds.
    pub fn lapse(&mut self, seconds: u64) -> &mut Self {
        self.blocks(seconds.div_ceil(6).max(defaults::MIN_AUCTION_BLOCKS), seconds)
    }

    pub fn mint(&mut self, to: &Addr, units: u128) {
        let (to_address, amount) = (to.to_string(), coins(units, DENOM));
        self.app.sudo(SudoMsg::Bank(BankSudo::Mint { to_address, amount })).unwrap();
        self.minted += units;
    }

    pub fn balance(&self, of: &Addr) -> u128 {
        self.app.wrap().query_balance(of, DENOM).unwrap().amount.u128()
    }
}

impl Default for Market {
    fn default() -> Self {
        Self::new()
    }
}

fn put<M: Serialize>(app: &mut Chain, code: u64, owner: &Addr, msg: &M) -> Addr {
    let admin = Some(owner.to_string());
    app.instantiate_contract(code, owner.clone(), msg, &[], "part of the market", admin).unwrap()
}
