//! A slasher takes part of a bond.

use cosmwasm_std::Response;
use souk_api::registry::events::Slashed;
use souk_core::Amount;

use super::{Ctx, bond_changed, check_text, pay};
use crate::{ContractError, state};

/// The bond goes first, then what unbonds; more than there is takes all. The count of
/// slashes rises, by which the orderbook disqualifies bids placed before.
pub fn slash(
    ctx: Ctx,
    provider: String,
    amount: Amount,
    recipient: String,
    reason: String,
) -> Result<Response, ContractError> {
    ctx.no_coins()?;
    check_text("the reason", &reason)?;
    if reason.trim().is_empty() {
        return Err(ContractError::Empty("the reason"));
    }
    let recipient = ctx.address(&recipient)?;
    let config = state::config(ctx.deps.storage)?;
    let address = ctx.address(&provider)?;
    let mut provider = state::known(ctx.deps.storage, &address)?
        .ok_or(ContractError::NotRegistered { provider })?;
    let mut stake = provider.stake();
    let available = Amount::new(stake.total())?;
    let taken = stake.slash(amount)?;
    if taken == Amount::ZERO {
        return Err(ContractError::NothingToSlash { provider: address, asked: amount, available });
    }
    let unbonding_slashed = stake.unbonding != provider.unbonding;
    provider.set_stake(stake, config.bond_per_slot);
    provider.record.slashes = provider.record.slashes.saturating_add(1);
    state::save_record(ctx.deps.storage, &provider)?;
    if unbonding_slashed {
        state::save_details(ctx.deps.storage, &provider)?;
    }
    let slashed = Slashed {
        provider: address.into(),
        amount: taken,
        recipient: recipient.to_string(),
        reason,
    };
    Ok(Response::new()
        .add_message(pay(&recipient, config.bond_denom, taken))
        .add_event(slashed)
        .add_event(bond_changed(&provider)))
}
