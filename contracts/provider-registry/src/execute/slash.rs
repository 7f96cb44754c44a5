//! A slasher takes part of a bond, as it was noticed.

use cosmwasm_std::Response;
use souk_api::registry::events::Slashed;
use souk_contract_std::pay;
use souk_core::{Amount, Denom};

use crate::{ContractError, Ctx, state::providers};

/// The bond goes first, then what unbonds. The count of slashes rises, by which the orderbook
/// disqualifies bids placed before. The coins go to the receiver that is set by now.
///
/// # Errors
/// If no notice stands, if it is too early or says another amount, or if nobody is set to get the coins.
pub fn slash(ctx: &mut Ctx, provider: &str, asked: Amount) -> Result<Response, ContractError> {
    let recipient = ctx.config.slash_receiver.clone().ok_or(ContractError::NoSlashReceiver)?;
    let mut provider = providers::known(ctx.storage(), &ctx.address(provider)?)?;
    let notice = provider.slate.carry_out(asked, ctx.config.slashing, ctx.now())?;
    let mut stake = provider.stake();
    let amount = stake.slash(notice.amount)?;
    provider.set_stake(stake, ctx.config.bond_per_slot);
    provider.record.slashes = provider.record.slashes.saturating_add(1);
    providers::save(ctx.storage_mut(), &provider)?;
    let denom = Denom::native(ctx.config.bond_denom.clone());
    let slashed = Slashed {
        provider: provider.address.to_string(),
        amount,
        recipient: recipient.to_string(),
        reason: notice.reason,
    };
    Ok(Response::new()
        .add_messages(pay::pay(&denom, recipient.as_str(), amount)?)
        .add_event(slashed)
        .add_event(provider.bond_changed()))
}
