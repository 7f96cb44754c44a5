//! A controller ends an account and its streams; what is left can be claimed.

use cosmwasm_std::Response;

use super::close_stream::end;
use crate::{ContractError, Ctx, controller, state::accounts};

/// Ends the account with exactly its open streams.
///
/// # Errors
/// If the list is anything else than the account's open streams.
pub fn close_account(
    ctx: &mut Ctx,
    local: u64,
    streams: &[u64],
) -> Result<Response, ContractError> {
    let mut account = controller::open_account(ctx, local)?;
    let open = account.record.streams;
    if u32::try_from(streams.len()) != Ok(open) {
        let (account, given) = (account.id, streams.len());
        return Err(ContractError::OtherStreams { account, open, given });
    }
    let mut response = Response::new();
    for number in streams {
        response = response.add_event(end(ctx.storage_mut(), &mut account, *number)?);
    }
    account.close();
    accounts::save(ctx.storage_mut(), &account)?;
    Ok(response.add_event(account.changed()))
}
