//! A provider takes what has unbonded.

use cosmwasm_std::Response;
use souk_api::registry::events::UnbondedClaimed;
use souk_contract_std::pay;
use souk_core::Denom;

use crate::{ContractError, Ctx, orderbook, state::providers};

/// Pays what has unbonded, less what bids and leases still use and what a noticed slash will take;
/// that stays pending. Works after deregistration, too.
///
/// # Errors
/// If nothing unbonds, if it is too early, or if all of it is in use or noticed.
pub fn claim_unbonded(ctx: &mut Ctx) -> Result<Response, ContractError> {
    let mut provider = providers::known(ctx.storage(), ctx.sender())?;
    let used = orderbook::used_slots(ctx, &provider.address)?;
    let mut stake = provider.stake();
    let held = provider.slate.held(ctx.now());
    let amount = stake.claim(ctx.now(), used, ctx.config.bond_per_slot, held)?;
    provider.set_stake(stake, ctx.config.bond_per_slot);
    providers::save_details(ctx.storage_mut(), &provider)?;
    let denom = Denom::native(ctx.config.bond_denom.clone());
    let address = provider.address.as_str();
    Ok(Response::new()
        .add_messages(pay::pay(&denom, address, amount)?)
        .add_event(UnbondedClaimed { provider: address.to_owned(), amount })
        .add_event(provider.bond_changed()))
}
