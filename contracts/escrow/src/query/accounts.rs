//! Accounts as they stand at the block's time.

use souk_api::escrow::AccountResponse;
use souk_core::AccountId;

use crate::{ContractError, View, state::accounts};

/// One of them.
pub fn account(view: &View, id: AccountId) -> Result<AccountResponse, ContractError> {
    let account = accounts::settled(view.storage, id, view.now())?;
    let (balance, withdrawable) = (account.balance(), account.withdrawable(view.config.min_runway));
    let depletion = account.clock().depletion();
    let record = account.record;
    Ok(AccountResponse {
        id,
        tenant: record.tenant,
        denom: record.denom,
        clock: record.clock,
        balance,
        withdrawable,
        reserved: record.reserved,
        depletion,
        streams: record.streams,
        deposits: record.deposits,
        closed: record.closed,
    })
}
