//! Each provider's stats: slots in use and history. Published under
//! [`souk_api::published::provider_stats_key`]; key and bytes are part of the interface.

use cosmwasm_std::{Addr, StdError, StdResult, Storage};
use cw_storage_plus::Map;
use souk_api::published::{ProviderStats, VERSION, namespace};
use souk_core::CloseReason;

const STATS: Map<&Addr, ProviderStats> = Map::new(namespace::PROVIDER_STATS);

/// A provider's stats; empty ones if it never bid.
///
/// # Errors
/// If they are stored in a form that cannot be read.
pub fn get(storage: &dyn Storage, provider: &Addr) -> StdResult<ProviderStats> {
    Ok(STATS.may_load(storage, provider)?.unwrap_or_default())
}

/// Saves it.
///
/// # Errors
/// If they cannot be written as JSON.
pub fn save(storage: &mut dyn Storage, provider: &Addr, stats: ProviderStats) -> StdResult<()> {
    STATS.save(storage, provider, &ProviderStats { v: VERSION, ..stats })
}

/// One more slot in use.
///
/// # Errors
/// If the count is at its largest.
pub fn use_slot(stats: &mut ProviderStats) -> StdResult<()> {
    let full = || StdError::generic_err("more slots in use than can be counted");
    stats.used = stats.used.checked_add(1).ok_or_else(full)?;
    Ok(())
}

/// It was seen at the second `at`, which is known from block `height` on.
pub fn see(stats: &mut ProviderStats, at: u64, height: u64) {
    stats.seen = (at, height);
}

/// Fewer slots in use.
///
/// # Errors
/// If the stats are stored in a form that cannot be read.
pub fn free_slots(storage: &mut dyn Storage, provider: &Addr, count: u32) -> StdResult<()> {
    let mut stats = get(storage, provider)?;
    stats.used = stats.used.saturating_sub(count);
    save(storage, provider, stats)
}

/// A lease began; its slot is in use already.
pub fn win_lease(stats: &mut ProviderStats) {
    stats.won = stats.won.saturating_add(1);
    stats.active = stats.active.saturating_add(1);
}

/// How a lease ended, for the stats.
#[derive(Clone, Copy, Debug)]
pub struct LeaseEnd {
    /// Why.
    pub reason: CloseReason,
    /// By the provider without notice.
    pub breach: bool,
    /// Whether its slot is free with it.
    pub frees_slot: bool,
    /// Whether its provider was absent and lost pay or the lease for it.
    pub absence: bool,
}

/// A lease ended.
pub fn count_end(stats: &mut ProviderStats, end: LeaseEnd) {
    stats.active = stats.active.saturating_sub(1);
    let counts = CloseReason::ALL.into_iter().zip(stats.closed.iter_mut());
    for (_, count) in counts.filter(|(reason, _)| *reason == end.reason) {
        *count = count.saturating_add(1);
    }
    if end.breach {
        stats.breaches = stats.breaches.saturating_add(1);
    }
    if end.frees_slot {
        stats.used = stats.used.saturating_sub(1);
    }
    if end.absence {
        stats.absences = stats.absences.saturating_add(1);
    }
}
