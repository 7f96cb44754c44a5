//! A slasher takes part of a bond.

use cosmwasm_std::Response;
use souk_api::registry::events::Slashed;
use souk_contract_std::{limits, pay};
use souk_core::{Amount, Denom};

use crate::{ContractError, Ctx, state::providers};

/// The bond goes first, then what unbonds; more than there is takes all. The count of
/// slashes rises, by which the orderbook disqualifies bids placed before.
///
/// # Errors
/// If there is nothing to take, if no reason is given, or if an address is not valid on this chain.
pub fn slash(
    ctx: &mut Ctx,
    provider: &str,
    amount: Amount,
    recipient: &str,
    reason: String,
) -> Result<Response, ContractError> {
    limits::check_text("the reason", &reason)?;
    if reason.trim().is_empty() {
        return Err(ContractError::Empty("the reason"));
    }
    let recipient = ctx.address(recipient)?;
    let mut provider = providers::known(ctx.storage(), &ctx.address(provider)?)?;
    let mut stake = provider.stake();
    let available = Amount::new(stake.total())?;
    let taken = stake.slash(amount)?;
    if taken == Amount::ZERO {
        let provider = provider.address;
        return Err(ContractError::NothingToSlash { provider, asked: amount, available });
    }
    let unbonding_slashed = stake.unbonding != provider.unbonding;
    provider.set_stake(stake, ctx.config.bond_per_slot);
    provider.record.slashes = provider.record.slashes.saturating_add(1);
    providers::save_record(ctx.storage_mut(), &provider)?;
    if unbonding_slashed {
        providers::save_details(ctx.storage_mut(), &provider)?;
    }
    let denom = Denom::native(ctx.config.bond_denom.clone());
    let slashed = Slashed {
        provider: provider.address.to_string(),
        amount: taken,
        recipient: recipient.to_string(),
        reason,
    };
    Ok(Response::new()
        .add_messages(pay::pay(&denom, recipient.as_str(), taken)?)
        .add_event(slashed)
        .add_event(provider.bond_changed()))
}
