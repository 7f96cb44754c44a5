//! A registry on a chain of its own, with an orderbook beside it whose records a test writes.

#![allow(dead_code)]

use std::ops::{Deref, DerefMut};

use cosmwasm_schema::cw_serde;
use cosmwasm_std::{
    Addr, Binary, Coin, Deps, DepsMut, Env, Event, HexBinary, MessageInfo, Response, StdError,
    StdResult, coin, to_json_binary, to_json_vec,
};
use cw_multi_test::{AppResponse, ContractWrapper};
use souk_api::{
    defaults::{self, DENOM, Roles},
    orderbook,
    published::{self, ProviderRecord, ProviderStats, names},
    registry::{Contact, ExecuteMsg, Gateway, ProviderResponse, QueryMsg, RegistryEvent, Slashing},
};
use souk_contract_std::testing::{Chain, who};
use souk_core::{Amount, Attribute, PriceFloor};
use souk_provider_registry::ContractError;

/// 1 SOUK in base units.
pub const SOUK: u128 = 1_000_000;
/// What everyone who pays has at the start.
pub const PURSE: u128 = 1_000 * SOUK;

pub struct Fixture {
    chain: Chain,
    pub code: u64,
    pub registry: Addr,
    pub orderbook: Addr,
    pub orderbook_code: u64,
    pub owner: Addr,
    pub guardian: Addr,
    pub slasher: Addr,
}

/// What the orderbook answers when it is asked for its configuration.
#[cw_serde]
struct OrderbookConfig {
    registry: String,
}

/// The orderbook's code: stores what a test gives it under raw keys. Set up with its name and the registry that
/// it counts on.
fn orderbook_code() -> ContractWrapper<
    (Binary, Binary),
    (String, String),
    orderbook::QueryMsg,
    StdError,
    StdError,
    StdError,
> {
    fn instantiate(
        d: DepsMut,
        _: Env,
        _: MessageInfo,
        (name, registry): (String, String),
    ) -> StdResult<Response> {
        cw2::set_contract_version(d.storage, name, "0.1.0")?;
        d.storage.set(b"registry", registry.as_bytes());
        Ok(Response::new())
    }
    fn execute(
        d: DepsMut,
        _: Env,
        _: MessageInfo,
        (key, value): (Binary, Binary),
    ) -> StdResult<Response> {
        d.storage.set(&key, &value);
        Ok(Response::new())
    }
    fn query(d: Deps, _: Env, _: orderbook::QueryMsg) -> StdResult<Binary> {
        let registry = d.storage.get(b"registry").unwrap_or_default();
        to_json_binary(&OrderbookConfig { registry: String::from_utf8(registry).unwrap() })
    }
    ContractWrapper::new(execute, instantiate, query)
}

impl Deref for Fixture {
    type Target = Chain;

    fn deref(&self) -> &Chain {
        &self.chain
    }
}

impl DerefMut for Fixture {
    fn deref_mut(&mut self) -> &mut Chain {
        &mut self.chain
    }
}

impl Fixture {
    /// A registry with the default configuration and no orderbook yet.
    pub fn new() -> Self {
        let mut chain = Chain::default();
        let [owner, guardian, slasher] = ["owner", "guardian", "slasher"].map(who);
        let code = chain.app.store_code(souk_contract_std::code!(souk_provider_registry));
        let roles = Roles { owner: None, guardian: Some(guardian.to_string()) };
        let registry =
            chain.set_up(code, &owner, &defaults::registry(roles, vec![slasher.to_string()]));
        let orderbook_code = chain.app.store_code(Box::new(orderbook_code()));
        let orderbook = chain.set_up(orderbook_code, &owner, &(names::ORDERBOOK, &registry));
        Self { chain, code, registry, orderbook, orderbook_code, owner, guardian, slasher }
    }

    /// The same, with the orderbook linked.
    pub fn linked() -> Self {
        let mut fixture = Self::new();
        let msg = defaults::link_registry(fixture.orderbook.to_string());
        fixture.send(&fixture.owner.clone(), &msg).unwrap();
        fixture
    }

    /// The same, where a slash takes anything without delay, for `victim`.
    pub fn unbounded() -> Self {
        let mut fixture = Self::linked();
        let slashing = Slashing { cap_bps: 10_000, period: 0, delay: 0 };
        let victim = fixture.someone("victim").to_string();
        let owner = fixture.owner.clone();
        let msg = change(|c| (c.slashing, c.slash_receiver) = (Some(slashing), Some(victim)));
        fixture.send(&owner, &msg).unwrap();
        fixture
    }

    /// The slasher takes this much at once, where it may.
    pub fn take(&mut self, provider: &Addr, units: u128) -> Result<AppResponse, ContractError> {
        let slasher = self.slasher.clone();
        self.send(&slasher, &notice(provider, units))?;
        self.send(&slasher, &slash(provider, units))
    }

    /// Someone without coins.
    pub fn someone(&self, name: &str) -> Addr {
        who(name)
    }

    /// Someone with a purse.
    pub fn payer(&mut self, name: &str) -> Addr {
        let address = self.someone(name);
        self.mint(&address, coin(PURSE, DENOM));
        address
    }

    /// Someone with a purse who has registered with `souk` SOUK of bond.
    pub fn provider(&mut self, name: &str, souk: u128) -> Addr {
        let address = self.payer(name);
        let operator = self.operator(name);
        self.pay(&address, &register(&operator), souk * SOUK).unwrap();
        address
    }

    /// The operator key of the provider of that name.
    pub fn operator(&self, name: &str) -> Addr {
        self.someone(&format!("{name}-operator"))
    }

    /// Lets time pass.
    pub fn pass(&mut self, seconds: u64) -> &mut Self {
        self.chain.pass(seconds);
        self
    }

    /// Sends a message without coins.
    pub fn send(&mut self, from: &Addr, msg: &ExecuteMsg) -> Result<AppResponse, ContractError> {
        self.send_with(from, msg, &[])
    }

    /// Sends a message with base units of the bond denom.
    pub fn pay(
        &mut self,
        from: &Addr,
        msg: &ExecuteMsg,
        units: u128,
    ) -> Result<AppResponse, ContractError> {
        self.send_with(from, msg, &[coin(units, DENOM)])
    }

    pub fn send_with(
        &mut self,
        from: &Addr,
        msg: &ExecuteMsg,
        coins: &[Coin],
    ) -> Result<AppResponse, ContractError> {
        let registry = self.registry.clone();
        self.execute(from, &registry, msg, coins)
    }

    /// Sets how many slots of a provider the orderbook shows in use.
    pub fn set_used_slots(&mut self, provider: &Addr, used: u32) {
        let record = ProviderStats { v: published::VERSION, used, ..ProviderStats::default() };
        let key = Binary::from(published::provider_stats_key(provider.as_str()));
        let entry = (key, Binary::from(to_json_vec(&record).unwrap()));
        let (owner, orderbook) = (self.owner.clone(), self.orderbook.clone());
        self.execute::<_, StdError>(&owner, &orderbook, &entry, &[]).unwrap();
    }

    /// What an account holds of the bond denom.
    pub fn balance(&self, of: &Addr) -> u128 {
        self.balance_in(of, DENOM)
    }

    pub fn show(&self, provider: &Addr) -> ProviderResponse {
        let msg = QueryMsg::Provider { provider: provider.to_string() };
        self.query(&self.registry, &msg).unwrap()
    }

    /// The record as the orderbook reads it.
    pub fn published(&self, provider: &Addr) -> Option<ProviderRecord> {
        let key = published::provider_key(provider.as_str());
        published::read(&self.app.wrap(), self.registry.as_str(), key).unwrap()
    }

    /// The registry's typed events in a response.
    pub fn events(&self, response: &AppResponse) -> Vec<RegistryEvent> {
        let typed = |event: &Event| {
            RegistryEvent::from_chain(&event.ty, &event.attributes, self.registry.as_str())
        };
        response.events.iter().filter_map(typed).collect::<Result<_, _>>().unwrap()
    }
}

pub fn amount(units: u128) -> Amount {
    Amount::new(units).unwrap()
}

pub fn gateway() -> Gateway {
    Gateway {
        uri: "https://provider.example.com:8443".into(),
        pins: vec![HexBinary::from([7; 32])],
    }
}

/// A registration that is fine.
pub fn register(operator: &Addr) -> ExecuteMsg {
    ExecuteMsg::Register {
        payee: None,
        operator: operator.to_string(),
        gateway: gateway(),
        attributes: vec![Attribute::new("region", "eu-west")],
        contact: Contact { email: "ops@example.com".into(), website: String::new() },
    }
}

pub fn unbond(units: u128) -> ExecuteMsg {
    ExecuteMsg::Unbond { amount: amount(units) }
}

pub fn notice(provider: &Addr, units: u128) -> ExecuteMsg {
    ExecuteMsg::NoticeSlash {
        provider: provider.to_string(),
        amount: amount(units),
        reason: "took the workload down on purpose".into(),
    }
}

pub fn slash(provider: &Addr, units: u128) -> ExecuteMsg {
    ExecuteMsg::Slash { provider: provider.to_string(), amount: amount(units) }
}

pub fn set_gateway(provider: &Addr, gateway: Gateway) -> ExecuteMsg {
    ExecuteMsg::SetGateway { provider: provider.to_string(), gateway }
}

pub fn set_floors(provider: &Addr, floors: &[PriceFloor]) -> ExecuteMsg {
    ExecuteMsg::SetFloors { provider: provider.to_string(), floors: floors.to_vec() }
}

/// What a change of the configuration changes.
#[derive(Default)]
pub struct Changes {
    pub guardian: Option<String>,
    pub orderbook: Option<String>,
    pub min_bond: Option<Amount>,
    pub slashers: Option<Vec<String>>,
    pub slashing: Option<Slashing>,
    pub slash_receiver: Option<String>,
    pub change_delay: Option<u64>,
}

/// The owner's message that changes it.
pub fn change(what: impl FnOnce(&mut Changes)) -> ExecuteMsg {
    let mut changes = Changes::default();
    what(&mut changes);
    let Changes { guardian, orderbook, min_bond, slashers, slashing, slash_receiver, change_delay } =
        changes;
    ExecuteMsg::UpdateConfig {
        guardian,
        orderbook,
        min_bond,
        slashers,
        slashing,
        slash_receiver,
        change_delay,
    }
}
