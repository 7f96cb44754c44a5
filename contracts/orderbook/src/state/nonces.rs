//! Which quotes were used: their nonces by provider.

use cosmwasm_std::{Addr, Empty, Storage};
use cw_storage_plus::Map;

use crate::{ContractError, QuoteError};

const USED: Map<(&Addr, u64), Empty> = Map::new("q");

/// Uses a nonce.
///
/// # Errors
/// [`QuoteError::Used`], or if it cannot be written as JSON.
pub fn take(storage: &mut dyn Storage, provider: &Addr, nonce: u64) -> Result<(), ContractError> {
    if USED.has(storage, (provider, nonce)) {
        return Err(QuoteError::Used { provider: provider.clone(), nonce }.into());
    }
    Ok(USED.save(storage, (provider, nonce), &Empty {})?)
}

/// Forgets a nonce, whose quotes cannot be used any more.
pub fn forget(storage: &mut dyn Storage, provider: &Addr, nonce: u64) {
    USED.remove(storage, (provider, nonce));
}
