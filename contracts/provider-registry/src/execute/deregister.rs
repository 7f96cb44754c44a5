//! A provider leaves.

use cosmwasm_std::Response;
use souk_api::registry::events::Deregistered;

use crate::{ContractError, Ctx, orderbook, state::providers};

/// Everything unbonds and the published record is deleted. Refused while bids or leases
/// use slots: a binding bid could be escaped by leaving, and without a record nobody could
/// close the provider's leases for it.
///
/// # Errors
/// If slots are in use, or if the sender is not registered (any more).
pub fn deregister(ctx: &mut Ctx) -> Result<Response, ContractError> {
    let mut provider = providers::registered(ctx.storage(), ctx.sender())?;
    let used = orderbook::used_slots(ctx, &provider.address)?;
    if used > 0 {
        return Err(ContractError::SlotsInUse { used });
    }
    let mut stake = provider.stake();
    stake.unbond_all(ctx.now().saturating_add(ctx.config.unbonding_period))?;
    provider.set_stake(stake, ctx.config.bond_per_slot);
    provider.registered = false;
    providers::save(ctx.storage_mut(), &provider)?;
    let left = Deregistered { provider: provider.address.to_string() };
    Ok(Response::new().add_event(left).add_event(provider.bond_changed()))
}
