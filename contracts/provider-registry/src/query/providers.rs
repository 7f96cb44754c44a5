//! Providers with everything that is known of them.

use cosmwasm_std::StdResult;
use souk_api::registry::{ProviderResponse, ProvidersResponse, UnbondingResponse};
use souk_contract_std::Page;
use souk_core::Amount;

use crate::{
    ContractError, View,
    state::providers::{self, Provider},
};

/// One provider, also one that left.
pub fn provider(view: &View, provider: &str) -> Result<ProviderResponse, ContractError> {
    let address = view.address(provider)?;
    Ok(describe(providers::known(view.storage, &address)?))
}

/// Registered providers by address.
pub fn providers(
    view: &View,
    start_after: Option<String>,
    limit: Option<u32>,
) -> StdResult<ProvidersResponse> {
    let start_after = start_after.map(|address| view.address(&address)).transpose()?;
    let page = providers::page(view.storage, Page::new(start_after.as_ref(), limit))?;
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
