//! Time on chain: whole seconds since the Unix epoch, as `u64`.

/// Seconds in an hour, the unit in which prices are quoted.
pub const HOUR: u64 = 3_600;
/// Seconds in a day.
pub const DAY: u64 = 24 * HOUR;
/// Seconds in a week.
pub const WEEK: u64 = 7 * DAY;
/// A moment further away than this (a century) counts as never.
pub const HORIZON: u64 = 100 * 365 * DAY;
/// Seconds of the block that SDL prices refer to.
pub const SDL_BLOCK: u64 = 6;
/// SDL blocks in an hour: what a price for each block is multiplied by.
pub const SDL_BLOCKS_PER_HOUR: u128 = (HOUR / SDL_BLOCK) as u128;

/// For fields that are left out at zero.
#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
pub fn is_zero(value: &u64) -> bool {
    *value == 0
}
