//! Each provider's book: slots in use and history. Published under
//! [`souk_api::published::provider_stats_key`]; key and bytes are part of the interface.

use cosmwasm_std::{Addr, StdError, StdResult, Storage};
use cw_storage_plus::Map;
use souk_api::published::{ProviderStats, VERSION, namespace};
use souk_core::CloseReason;

const BOOKS: Map<&Addr, ProviderStats> = Map::new(namespace::PROVIDER_STATS);

/// A provider's book; an empty one if it never bid.
pub fn get(storage: &dyn Storage, provider: &Addr) -> StdResult<ProviderStats> {
    Ok(BOOKS.may_load(storage, provider)?.unwrap_or_default())
}

/// Saves it.
pub fn save(storage: &mut dyn Storage, provider: &Addr, book: ProviderStats) -> StdResult<()> {
    BOOKS.save(storage, provider, &ProviderStats { v: VERSION, ..book })
}

/// One more slot in use.
pub fn use_slot(book: &mut ProviderStats) -> StdResult<()> {
    let full = || StdError::generic_err("no provider has so many slots");
    book.used = book.used.checked_add(1).ok_or_else(full)?;
    Ok(())
}

/// Fewer slots in use.
pub fn free_slots(storage: &mut dyn Storage, provider: &Addr, count: u32) -> StdResult<()> {
    let mut book = get(storage, provider)?;
    book.used = book.used.saturating_sub(count);
    save(storage, provider, book)
}

/// A lease began; its bid's slot goes on being used.
pub fn lease_won(storage: &mut dyn Storage, provider: &Addr) -> StdResult<()> {
    let mut book = get(storage, provider)?;
    book.won = book.won.saturating_add(1);
    book.active = book.active.saturating_add(1);
    save(storage, provider, book)
}

/// How a lease ended, for the book.
#[derive(Clone, Copy, Debug)]
pub struct LeaseEnd {
    /// Why.
    pub reason: CloseReason,
    /// By the provider without notice.
    pub breach: bool,
    /// Whether its slot is free with it.
    pub frees_slot: bool,
}

/// A lease ended.
pub fn lease_ended(storage: &mut dyn Storage, provider: &Addr, end: LeaseEnd) -> StdResult<()> {
    let mut book = get(storage, provider)?;
    book.active = book.active.saturating_sub(1);
    let counts = CloseReason::ALL.into_iter().zip(book.closed.iter_mut());
    for (_, count) in counts.filter(|(reason, _)| *reason == end.reason) {
        *count = count.saturating_add(1);
    }
    if end.breach {
        book.breaches = book.breaches.saturating_add(1);
    }
    if end.frees_slot {
        book.used = book.used.saturating_sub(1);
    }
    save(storage, provider, book)
}
