//! Reclaiming with notice: what a tenant asks for, and how far a reclaim has come.

use cosmwasm_schema::cw_serde;
use souk_core::CloseReason;

/// What a tenant asks for of providers that may take their machines back.
#[cw_serde]
#[derive(Copy, Eq)]
pub struct Reclamation {
    /// The shortest notice that it accepts, in seconds: an hour to 30 days.
    pub min_window: u64,
}

/// A lease's end that its provider announced.
#[cw_serde]
#[derive(Copy, Eq)]
pub struct ReclaimResponse {
    /// Why.
    pub reason: CloseReason,
    /// When it was announced.
    pub started_at: u64,
    /// From when on anyone can end the lease, in seconds since the epoch. It is paid in full until it ends.
    pub deadline: u64,
    /// Nor before this block.
    pub deadline_block: u64,
    /// Whether the lease ended by it.
    pub ended: bool,
    /// Whether it is void: nobody ended the lease by it within a day of its end, and the lease goes on.
    #[serde(default)]
    pub lapsed: bool,
}
