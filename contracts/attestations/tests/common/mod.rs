//! The attestations on a chain of their own.

#![allow(dead_code)]

use cosmwasm_schema::serde::de::DeserializeOwned;
use cosmwasm_std::{Addr, Coin, Event, HexBinary};
use cw_multi_test::{
    App, AppBuilder, AppResponse, BankKeeper, BankSudo, ContractWrapper, Executor, MockApiBech32,
    SudoMsg,
};
use souk_api::{
    attestations::{AttestationEvent, AttestationResponse, Evidence, ExecuteMsg, QueryMsg},
    defaults::{self, Roles},
    published::{self, AttestationRecord},
};
use souk_attestations::{ContractError, contract};
use souk_core::Attribute;

pub struct Fixture {
    pub app: App<BankKeeper, MockApiBech32>,
    pub code: u64,
    pub contract: Addr,
    pub owner: Addr,
    pub guardian: Addr,
}

impl Fixture {
    pub fn new() -> Self {
        let api = MockApiBech32::new("souk");
        let mut app = AppBuilder::new().with_api(api).build(|_, _, _| {});
        let [owner, guardian] = ["owner", "guardian"].map(|name| app.api().addr_make(name));
        let code = app.store_code(Box::new(
            ContractWrapper::new(contract::execute, contract::instantiate, contract::query)
                .with_migrate(contract::migrate),
        ));
        let roles = Roles { owner: Some(owner.to_string()), guardian: Some(guardian.to_string()) };
        let msg = defaults::attestations(roles);
        let admin = Some(owner.to_string());
        let contract =
            app.instantiate_contract(code, owner.clone(), &msg, &[], "att", admin).unwrap();
        Self { app, code, contract, owner, guardian }
    }

    pub fn someone(&self, name: &str) -> Addr {
        self.app.api().addr_make(name)
    }

    pub fn mint(&mut self, to: &Addr, amount: Coin) {
        let mint = BankSudo::Mint { to_address: to.to_string(), amount: vec![amount] };
        self.app.sudo(SudoMsg::Bank(mint)).unwrap();
    }

    pub fn send(&mut self, from: &Addr, msg: &ExecuteMsg) -> Result<AppResponse, ContractError> {
        self.send_with(from, msg, &[])
    }

    pub fn send_with(
        &mut self,
        from: &Addr,
        msg: &ExecuteMsg,
        coins: &[Coin],
    ) -> Result<AppResponse, ContractError> {
        let sent = self.app.execute_contract(from.clone(), self.contract.clone(), msg, coins);
        sent.map_err(|error| error.downcast().unwrap())
    }

    pub fn ask<T: DeserializeOwned>(&self, msg: &QueryMsg) -> T {
        self.app.wrap().query_wasm_smart(&self.contract, msg).unwrap()
    }

    pub fn show(&self, auditor: &Addr, provider: &Addr) -> AttestationResponse {
        let (auditor, provider) = (auditor.to_string(), provider.to_string());
        self.ask(&QueryMsg::Attestation { auditor, provider })
    }

    /// The record as the orderbook reads it.
    pub fn published(&self, auditor: &Addr, provider: &Addr) -> Option<AttestationRecord> {
        let key = published::attestation_key(auditor.as_str(), provider.as_str());
        published::read(&self.app.wrap(), self.contract.as_str(), key).unwrap()
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

    pub fn events(&self, response: &AppResponse) -> Vec<AttestationEvent> {
        let typed = |event: &Event| {
            AttestationEvent::from_chain(&event.ty, &event.attributes, self.contract.as_str())
        };
        response.events.iter().filter_map(typed).collect::<Result<_, _>>().unwrap()
    }
}

pub fn attributes(list: &[(&str, &str)]) -> Vec<Attribute> {
    list.iter().map(|(key, value)| Attribute::new(*key, *value)).collect()
}

pub fn attest(provider: &Addr, list: &[(&str, &str)], expires_at: u64) -> ExecuteMsg {
    attest_list(provider, attributes(list), expires_at)
}

pub fn attest_list(provider: &Addr, attributes: Vec<Attribute>, expires_at: u64) -> ExecuteMsg {
    ExecuteMsg::Attest { provider: provider.to_string(), attributes, expires_at, evidence: None }
}

pub fn evidence(byte: u8) -> Evidence {
    Evidence { hash: HexBinary::from([byte; 32]), uri: "https://auditor.example.com/report".into() }
}

pub fn revoke(provider: &Addr, keys: Option<&[&str]>) -> ExecuteMsg {
    let keys = keys.map(|keys| keys.iter().map(|key| (*key).to_owned()).collect());
    ExecuteMsg::Revoke { provider: provider.to_string(), keys }
}
