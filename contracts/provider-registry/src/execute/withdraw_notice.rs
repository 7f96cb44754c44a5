//! A slasher takes its notice back.

use cosmwasm_std::Response;
use souk_api::registry::events::NoticeWithdrawn;

use crate::{ContractError, Ctx, state::providers};

/// Nothing is taken, and the amount can be claimed again. Another notice can be given at once within the
/// bounds of this one; with bounds of its own it is as long until the next as after a slash.
///
/// # Errors
/// If no notice stands, if it is another slasher's, or if it replaced another slasher's.
pub fn withdraw_notice(ctx: &mut Ctx, provider: &str) -> Result<Response, ContractError> {
    let mut provider = providers::known(ctx.storage(), &ctx.address(provider)?)?;
    let amount = provider.slate.withdraw(ctx.sender(), ctx.config.slashing, ctx.now())?;
    providers::save_details(ctx.storage_mut(), &provider)?;
    let provider = provider.address.into_string();
    Ok(Response::new().add_event(NoticeWithdrawn { provider, amount }))
}
