//! A provider leaves.

use cosmwasm_std::Response;
use souk_api::registry::events::Deregistered;

use super::{Ctx, bond_changed, used};
use crate::{ContractError, state};

/// Everything unbonds and the published record is deleted. Refused while bids or leases
/// use slots: a binding bid could be escaped by leaving, and without a record nobody could
/// close the provider's leases for it.
pub fn deregister(ctx: Ctx) -> Result<Response, ContractError> {
    ctx.no_coins()?;
    let config = state::config(ctx.deps.storage)?;
    let mut provider = state::registered(ctx.deps.storage, &ctx.info.sender)?;
    let used = used::slots(ctx.deps.as_ref(), &config, &provider.address)?;
    if used > 0 {
        return Err(ContractError::SlotsInUse { used });
    }
    let mut stake = provider.stake();
    stake.unbond_all(ctx.now().saturating_add(config.unbonding_period))?;
    provider.set_stake(stake, config.bond_per_slot);
    provider.registered = false;
    state::save(ctx.deps.storage, &provider)?;
    let left = Deregistered { provider: provider.address.to_string() };
    Ok(Response::new().add_event(left).add_event(bond_changed(&provider)))
}
