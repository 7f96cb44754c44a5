//! Answers for people and frontends; contracts read the published record.

use cosmwasm_std::{Deps, StdResult};
use souk_api::{
    paging,
    registry::{ConfigResponse, ProviderResponse, ProvidersResponse, UnbondingResponse},
};
use souk_core::Amount;

use crate::{
    ContractError,
    state::{self, Provider},
};

/// The configuration.
pub fn config(deps: Deps) -> StdResult<ConfigResponse> {
    let config = state::config(deps.storage)?;
    Ok(ConfigResponse {
        guardian: config.guardian.into(),
        bond_denom: config.bond_denom,
        min_bond: config.min_bond,
        unbonding_period: config.unbonding_period,
        bond_per_slot: config.bond_per_slot,
        orderbook: config.orderbook.map(Into::into),
        slashers: config.slashers.into_iter().map(Into::into).collect(),
        paused: config.paused,
    })
}

/// One provider, also one that left.
pub fn provider(deps: Deps, provider: &str) -> Result<ProviderResponse, ContractError> {
    let address = deps.api.addr_validate(provider)?;
    let known = state::known(deps.storage, &address)?;
    known
        .map(describe)
        .ok_or_else(|| ContractError::NotRegistered { provider: provider.to_owned() })
}

/// Registered providers by address.
pub fn providers(
    deps: Deps,
    start_after: Option<String>,
    limit: Option<u32>,
) -> StdResult<ProvidersResponse> {
    let start = start_after.map(|address| deps.api.addr_validate(&address)).transpose()?;
    let page = state::page(deps.storage, start.as_ref(), paging::limit(limit))?;
    Ok(ProvidersResponse { providers: page.into_iter().map(describe).collect() })
}

fn describe(provider: Provider) -> ProviderResponse {
    let unbonding = (provider.unbonding > Amount::ZERO).then_some(UnbondingResponse {
        amount: provider.unbonding,
        claimable_at: provider.claimable_at,
    });
    let record = provider.record;
    ProviderResponse {
        provider: provider.address.into(),
        operator: record.operator,
        payee: record.payee,
        gateway: provider.gateway,
        contact: provider.contact,
        attributes: record.attributes,
        bond: record.bond,
        unbonding,
        slashes: record.slashes,
        maintenance: record.maintenance,
        registered: provider.registered,
    }
}
