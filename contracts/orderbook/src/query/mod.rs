//! Answers for people, frontends, agents: one thing asked about a file.

pub mod bids;
pub mod deployments;
pub mod leases;
pub mod orders;
pub mod providers;

use cosmwasm_std::{Addr, Deps, Env, StdResult};
use souk_api::orderbook::{ConfigResponse, DenomConfig};
use souk_core::Denom;

use crate::{
    ContractError,
    ctx::View,
    state::{config::Config, denoms},
};

/// What a question is answered from.
pub struct Asked<'a> {
    deps: Deps<'a>,
    view: View<'a>,
}

impl<'a> Asked<'a> {
    /// The contract as it stands in a block.
    pub fn new(deps: Deps<'a>, env: &Env, config: &'a Config) -> Self {
        let view = View {
            storage: deps.storage,
            querier: deps.querier,
            config,
            now: env.block.time.seconds(),
            height: env.block.height,
        };
        Self { deps, view }
    }

    fn addr(&self, text: &str) -> StdResult<Addr> {
        self.deps.api.addr_validate(text)
    }
}

/// The configuration.
pub fn config(asked: &Asked) -> Result<ConfigResponse, ContractError> {
    let config = asked.view.config.clone();
    let denoms: Result<Vec<_>, ContractError> =
        denoms::all(asked.view.storage)?.into_iter().map(denom).collect();
    Ok(ConfigResponse {
        guardian: config.guardian.into(),
        escrow: config.escrow.into(),
        registry: config.registry.into(),
        attestations: config.attestations.into(),
        denoms: denoms?,
        params: config.params,
        paused: config.paused,
    })
}

fn denom((denom, terms): (String, denoms::Terms)) -> Result<DenomConfig, ContractError> {
    let unreadable =
        |_| ContractError::DenomNotAccepted { denom: denom.clone(), accepted: String::new() };
    Ok(DenomConfig {
        denom: denom.parse::<Denom>().map_err(unreadable)?,
        min_price: terms.min_price,
        max_price: terms.max_price,
        min_deposit: terms.min_deposit,
        take_bps: terms.take_bps,
    })
}

fn texts(addresses: Vec<Addr>) -> Vec<String> {
    addresses.into_iter().map(String::from).collect()
}
