//! A controller ends an account and its streams; what is left can be claimed.

use cosmwasm_std::Response;

use super::close_stream::end;
use crate::{ContractError, Ctx, controller, state::accounts};

/// Ends the account with exactly its open streams, some of them with what they had earned by a second.
///
/// # Errors
/// If the list is anything else than the account's open streams, or if such a second is said of another one.
pub fn close_account(
    ctx: &mut Ctx,
    local: u64,
    streams: &[u64],
    not_after: &[(u64, u64)],
) -> Result<Response, ContractError> {
    let mut account = controller::open_account(ctx, local)?;
    let open = account.record.streams;
    if u32::try_from(streams.len()) != Ok(open) {
        let (account, given) = (account.id, streams.len());
        return Err(ContractError::OtherStreams { account, open, given });
    }
    if let Some((stream, _)) = not_after.iter().find(|(stream, _)| !streams.contains(stream)) {
        return Err(ContractError::NoStream { account: account.id, stream: *stream });
    }
    let second = |number: &u64| {
        let found = not_after.iter().find(|(stream, _)| stream == number);
        found.map(|(_, second)| *second)
    };
    // Each as the account stands now: what one gives back must not change what another has earned.
    let readings: Vec<(u64, u64)> =
        streams.iter().map(|number| (*number, account.reading(second(number)))).collect();
    let mut response = Response::new();
    for (number, reading) in readings {
        let (closed, _) = end(ctx.storage_mut(), &mut account, number, reading)?;
        response = response.add_event(closed);
    }
    account.close();
    accounts::save(ctx.storage_mut(), &account)?;
    Ok(response.add_event(account.changed()))
}
