//! A provider says that it is there, or somebody passes its word on.

use cosmwasm_std::{Addr, Response};
use souk_api::{
    orderbook::{Statement, events::ProviderSeen},
    published::ProviderStats,
};
use souk_core::presence::{self, Market};

use crate::{AbsenceError, ContractError, Ctx, neighbours::registry, state::provider_stats};

/// It is seen now. Others' messages never count, and a pause stops nobody from being there.
///
/// # Errors
/// If it has no lease that runs: there is nothing that it could be absent from.
pub fn heartbeat(ctx: &mut Ctx, provider: &Addr) -> Result<Response, ContractError> {
    let stats = with_leases(ctx, provider)?;
    let at = ctx.now();
    see(ctx, provider, stats, at)
}

/// It was there when it said so: for one whose own messages reach no node. A word that was passed on before, or is
/// older than what is known, says nothing new, and one of more than an hour ago is not heard: its blocks count from
/// this one on, so that many that were kept would keep one that is gone from being absent.
///
/// # Errors
/// If it has no lease that runs, no key, or if the word is not its own, from the future, old or not new.
pub fn pass_on(ctx: &mut Ctx, provider: &str, said: &Statement) -> Result<Response, ContractError> {
    let provider = ctx.address(provider)?;
    let stats = with_leases(ctx, &provider)?;
    let (issued_at, now, seen_at) = (said.issued_at, ctx.now(), stats.seen.0);
    if issued_at > now {
        return Err(AbsenceError::FromTheFuture { issued_at, now }.into());
    }
    if now.saturating_sub(issued_at) > presence::LIFETIME {
        let lifetime = presence::LIFETIME;
        return Err(AbsenceError::Stale { issued_at, lifetime, now }.into());
    }
    if issued_at <= seen_at {
        return Err(AbsenceError::NotNew { provider, issued_at, seen_at }.into());
    }
    let key = registry::get(&ctx.view(), &provider)?.quote_key;
    let key = key.ok_or_else(|| AbsenceError::NoQuoteKey(provider.clone()))?;
    let market =
        Market { chain_id: &ctx.env.block.chain_id, orderbook: ctx.env.contract.address.as_str() };
    let bytes = presence::statement(market, provider.as_str(), issued_at);
    let signed = ctx.deps.api.ed25519_verify(&bytes, &said.signature, &key);
    if !signed.is_ok_and(|signed| signed) {
        return Err(AbsenceError::NotItsWord { provider, issued_at }.into());
    }
    see(ctx, &provider, stats, issued_at)
}

fn with_leases(ctx: &Ctx, provider: &Addr) -> Result<ProviderStats, ContractError> {
    let stats = provider_stats::get(ctx.storage(), provider)?;
    if stats.active == 0 {
        return Err(AbsenceError::NoLeases(provider.clone()).into());
    }
    Ok(stats)
}

fn see(
    ctx: &mut Ctx,
    provider: &Addr,
    mut stats: ProviderStats,
    at: u64,
) -> Result<Response, ContractError> {
    provider_stats::see(&mut stats, at, ctx.height());
    provider_stats::save(ctx.storage_mut(), provider, stats)?;
    Ok(Response::new().add_event(ProviderSeen { provider: provider.to_string(), at }))
}
