//! Streams, until they are closed and paid.

use cosmwasm_std::{StdResult, Storage};
use cw_storage_plus::Map;
use souk_contract_std::Page;
use souk_core::AccountId;

use crate::{ContractError, rules::stream::Stream};

const STREAMS: Map<(u64, u64), Stream> = Map::new("s");

/// Whether there is such a stream, open or not yet paid in full.
pub fn has(storage: &dyn Storage, account: AccountId, stream: u64) -> bool {
    STREAMS.has(storage, (account.0, stream))
}

/// A stream.
///
/// # Errors
/// If there is none.
pub fn get(
    storage: &dyn Storage,
    account: AccountId,
    stream: u64,
) -> Result<Stream, ContractError> {
    let found = STREAMS.may_load(storage, (account.0, stream))?;
    found.ok_or(ContractError::NoStream { account, stream })
}

/// Saves a stream.
///
/// # Errors
/// If it cannot be written as JSON.
pub fn save(
    storage: &mut dyn Storage,
    account: AccountId,
    number: u64,
    stream: &Stream,
) -> StdResult<()> {
    STREAMS.save(storage, (account.0, number), stream)
}

/// Deletes a stream that is closed and paid in full.
pub fn remove(storage: &mut dyn Storage, account: AccountId, number: u64) {
    STREAMS.remove(storage, (account.0, number));
}

/// An account's streams by number.
///
/// # Errors
/// If an entry is stored in a form that cannot be read.
pub fn page(
    storage: &dyn Storage,
    account: AccountId,
    page: Page<u64>,
) -> StdResult<Vec<(u64, Stream)>> {
    page.within(STREAMS.prefix(account.0), storage)
}
