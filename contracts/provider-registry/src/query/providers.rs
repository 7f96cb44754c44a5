//! Providers with everything that is known of them.

use cosmwasm_std::{HexBinary, StdResult};
use souk_api::registry::{NoticeResponse, ProviderResponse, ProvidersResponse, UnbondingResponse};
use souk_contract_std::Page;
use souk_core::Amount;

use crate::{
    ContractError, View,
    state::providers::{self, Provider},
};

/// One provider, also one that left.
pub fn provider(view: &View, provider: &str) -> Result<ProviderResponse, ContractError> {
    let address = view.address(provider)?;
    Ok(describe(providers::known(view.storage, &address)?, view.now()))
}

/// Registered providers by address.
pub fn providers(
    view: &View,
    start_after: Option<String>,
    limit: Option<u32>,
) -> StdResult<ProvidersResponse> {
    let start_after = start_after.map(|address| view.address(&address)).transpose()?;
    let page = providers::page(view.storage, Page::new(start_after.as_ref(), limit))?;
    let described = page.into_iter().map(|provider| describe(provider, view.now()));
    Ok(ProvidersResponse { providers: described.collect() })
}

/// With the gateway and the floors of this moment.
fn describe(provider: Provider, now: u64) -> ProviderResponse {
    let (gateway, next_gateway) = provider.gateway_at(now);
    let (gateway, next_gateway) = (gateway.clone(), next_gateway.cloned());
    let (floors, next_floors) = provider.floors_at(now);
    let notice = provider.slate.in_force(now).map(|notice| NoticeResponse {
        amount: notice.amount,
        executable_at: notice.executable_at,
        lapses_at: notice.lapses_at,
        reason: notice.reason.clone(),
    });
    let unbonding = (provider.unbonding > Amount::ZERO).then_some(UnbondingResponse {
        amount: provider.unbonding,
        claimable_at: provider.claimable_at,
    });
    let record = provider.record;
    ProviderResponse {
        provider: provider.address.into(),
        operator: record.operator,
        payee: record.payee,
        gateway,
        next_gateway,
        floors,
        next_floors,
        contact: provider.contact,
        attributes: record.attributes,
        bond: record.bond,
        unbonding,
        notice,
        slashes: record.slashes,
        maintenance: record.maintenance,
        quote_key: record.quote_key.map(|key| HexBinary::from(key.as_slice())),
        registered: provider.registered,
    }
}
