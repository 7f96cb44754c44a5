//! A controller ends an account and its streams; what is left can be claimed.

use cosmwasm_std::Response;

use super::{Ctx, stream_close};
use crate::{ContractError, state};

/// Ends the account with exactly its open streams.
pub fn close_account(
    ctx: &mut Ctx,
    local: u64,
    streams: &[u64],
) -> Result<Response, ContractError> {
    let mut account = ctx.own_open_account(local)?;
    let open = account.record.streams;
    if u32::try_from(streams.len()) != Ok(open) {
        let (account, given) = (account.id, streams.len());
        return Err(ContractError::OtherStreams { account, open, given });
    }
    let mut response = Response::new();
    for number in streams {
        let closed = stream_close::end(ctx.deps.storage, &mut account, *number)?;
        response = response.add_event(closed);
    }
    account.close();
    state::save_account(ctx.deps.storage, &account)?;
    Ok(response.add_event(account.changed()))
}
