//! The attestations on a chain of their own.

#![allow(dead_code)]

use std::ops::{Deref, DerefMut};

use cosmwasm_schema::serde::de::DeserializeOwned;
use cosmwasm_std::{Addr, Coin, Event, HexBinary};
use cw_multi_test::AppResponse;
use souk_api::{
    attestations::{AttestationEvent, AttestationResponse, Evidence, ExecuteMsg, QueryMsg},
    defaults::{self, Roles},
    published::{self, AttestationRecord},
};
use souk_attestations::ContractError;
use souk_contract_std::testing::{Chain, who};
use souk_core::Attribute;

pub struct Fixture {
    chain: Chain,
    pub code: u64,
    pub contract: Addr,
    pub owner: Addr,
    pub guardian: Addr,
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
    pub fn new() -> Self {
        let mut chain = Chain::default();
        let (owner, guardian) = (who("owner"), who("guardian"));
        let code = chain.app.store_code(souk_contract_std::code!(souk_attestations));
        let roles = Roles { owner: None, guardian: Some(guardian.to_string()) };
        let contract = chain.set_up(code, &owner, &defaults::attestations(roles));
        Self { chain, code, contract, owner, guardian }
    }

    pub fn someone(&self, name: &str) -> Addr {
        who(name)
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
        let contract = self.contract.clone();
        self.execute(from, &contract, msg, coins)
    }

    pub fn ask<T: DeserializeOwned>(&self, msg: &QueryMsg) -> T {
        self.query(&self.contract, msg).unwrap()
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
