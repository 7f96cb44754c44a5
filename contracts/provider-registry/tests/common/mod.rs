//! A registry on a chain of its own, with a book beside it whose records a test writes.

#![allow(dead_code)]

use cosmwasm_std::{
    Addr, Binary, Coin, Deps, DepsMut, Empty, Env, Event, HexBinary, MessageInfo, Response,
    StdError, StdResult, coin, to_json_vec,
};
use cw_multi_test::{
    App, AppBuilder, AppResponse, BankKeeper, BankSudo, ContractWrapper, Executor, MockApiBech32,
    SudoMsg,
};
use souk_api::{
    defaults::{self, DENOM, Roles},
    published::{self, ProviderRecord, ProviderStats, names},
    registry::{Contact, ExecuteMsg, Gateway, ProviderResponse, QueryMsg, RegistryEvent},
};
use souk_core::{Amount, Attribute};
use souk_provider_registry::{ContractError, contract};

/// 1 SOUK in base units.
pub const SOUK: u128 = 1_000_000;
/// What everyone who pays has at the start.
pub const PURSE: u128 = 1_000 * SOUK;

pub struct World {
    pub app: App<BankKeeper, MockApiBech32>,
    pub code: u64,
    pub registry: Addr,
    pub book: Addr,
    pub owner: Addr,
    pub guardian: Addr,
    pub slasher: Addr,
}

/// The book's code: stores what a test tells it under raw keys.
fn book_code() -> ContractWrapper<(Binary, Binary), String, Empty, StdError, StdError, StdError> {
    fn instantiate(d: DepsMut, _: Env, _: MessageInfo, name: String) -> StdResult<Response> {
        cw2::set_contract_version(d.storage, name, "0.1.0")?;
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
    fn query(_: Deps, _: Env, _: Empty) -> StdResult<Binary> {
        Ok(Binary::default())
    }
    ContractWrapper::new(execute, instantiate, query)
}

impl World {
    /// A registry with the default configuration and no orderbook yet.
    pub fn new() -> Self {
        let api = MockApiBech32::new("souk");
        let mut app = AppBuilder::new().with_api(api).build(|_, _, _| {});
        let [owner, guardian, slasher] =
            ["owner", "guardian", "slasher"].map(|name| app.api().addr_make(name));
        let code = app.store_code(Box::new(
            ContractWrapper::new(contract::execute, contract::instantiate, contract::query)
                .with_migrate(contract::migrate),
        ));
        let roles = Roles { owner: Some(owner.to_string()), guardian: Some(guardian.to_string()) };
        let msg = defaults::registry(roles, vec![slasher.to_string()]);
        let admin = Some(owner.to_string());
        let registry =
            app.instantiate_contract(code, owner.clone(), &msg, &[], "registry", admin).unwrap();
        let book_code = app.store_code(Box::new(book_code()));
        let name = names::ORDERBOOK;
        let book =
            app.instantiate_contract(book_code, owner.clone(), &name, &[], "book", None).unwrap();
        Self { app, code, registry, book, owner, guardian, slasher }
    }

    /// The same, with the book linked.
    pub fn linked() -> Self {
        let mut world = Self::new();
        let msg = defaults::link_registry(world.book.to_string());
        world.send(&world.owner.clone(), &msg).unwrap();
        world
    }

    /// Someone without coins.
    pub fn someone(&self, name: &str) -> Addr {
        self.app.api().addr_make(name)
    }

    /// Someone with a purse.
    pub fn payer(&mut self, name: &str) -> Addr {
        let address = self.someone(name);
        self.mint(&address, coin(PURSE, DENOM));
        address
    }

    pub fn mint(&mut self, to: &Addr, amount: Coin) {
        let mint = BankSudo::Mint { to_address: to.to_string(), amount: vec![amount] };
        self.app.sudo(SudoMsg::Bank(mint)).unwrap();
    }

    /// Someone with a purse who has registered with so many SOUK of bond.
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
        let sent = self.app.execute_contract(from.clone(), self.registry.clone(), msg, coins);
        sent.map_err(|error| error.downcast().unwrap())
    }

    /// Says what the book shows of a provider's slots.
    pub fn stats_show_used(&mut self, provider: &Addr, used: u32) {
        let record = ProviderStats { v: published::VERSION, used, ..ProviderStats::default() };
        let key = Binary::from(published::provider_stats_key(provider.as_str()));
        let entry = (key, Binary::from(to_json_vec(&record).unwrap()));
        let (owner, book) = (self.owner.clone(), self.book.clone());
        self.app.execute_contract(owner, book, &entry, &[]).unwrap();
    }

    pub fn now(&self) -> u64 {
        self.app.block_info().time.seconds()
    }

    pub fn pass(&mut self, seconds: u64) {
        self.app.update_block(|block| {
            block.height += 1;
            block.time = block.time.plus_seconds(seconds);
        });
    }

    /// What an account holds of the bond denom.
    pub fn balance(&self, of: &Addr) -> u128 {
        self.app.wrap().query_balance(of, DENOM).unwrap().amount.u128()
    }

    pub fn show(&self, provider: &Addr) -> ProviderResponse {
        let msg = QueryMsg::Provider { provider: provider.to_string() };
        self.app.wrap().query_wasm_smart(&self.registry, &msg).unwrap()
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

pub fn slash(provider: &Addr, units: u128, recipient: &Addr) -> ExecuteMsg {
    ExecuteMsg::Slash {
        provider: provider.to_string(),
        amount: amount(units),
        recipient: recipient.to_string(),
        reason: "took the workload down on purpose".into(),
    }
}
