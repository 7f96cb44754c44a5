//! A slasher says that part of a bond will be taken.

use cosmwasm_std::Response;
use souk_api::registry::events::SlashNoticed;
use souk_contract_std::limits;
use souk_core::Amount;

use crate::{ContractError, Ctx, rules::slashing::NewNotice, state::providers};

/// From now on the amount stays at stake, until the notice is carried out, withdrawn or lapses. It replaces a
/// smaller one that stands.
///
/// # Errors
/// If no reason is given, if nobody is set to get the coins, if one as great stands or one ended not long ago,
/// or if the amount is nothing or above the share that is allowed.
pub fn notice_slash(
    ctx: &mut Ctx,
    provider: &str,
    amount: Amount,
    reason: String,
) -> Result<Response, ContractError> {
    limits::check_text("the reason", &reason)?;
    if reason.trim().is_empty() {
        return Err(ContractError::Empty("the reason"));
    }
    if ctx.config.slash_receiver.is_none() {
        return Err(ContractError::NoSlashReceiver);
    }
    let mut provider = providers::known(ctx.storage(), &ctx.address(provider)?)?;
    let (staked, bounds, now) = (provider.stake().total(), ctx.config.slashing, ctx.now());
    let new = NewNotice { by: ctx.sender().clone(), amount, reason };
    let notice = provider.slate.give(new, staked, bounds, now)?;
    let noticed = SlashNoticed {
        provider: provider.address.to_string(),
        amount,
        executable_at: notice.executable_at,
        lapses_at: notice.lapses_at,
        reason: notice.reason.clone(),
    };
    providers::save_details(ctx.storage_mut(), &provider)?;
    Ok(Response::new().add_event(noticed))
}
