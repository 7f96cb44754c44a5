//! Pages of lists.

/// Entries in a page if none are asked for.
pub const DEFAULT_LIMIT: u32 = 30;
/// Entries in a page at most.
pub const MAX_LIMIT: u32 = 100;

/// How many entries to return.
pub fn limit(asked: Option<u32>) -> usize {
    let limit = asked.unwrap_or(DEFAULT_LIMIT).clamp(1, MAX_LIMIT);
    usize::try_from(limit).unwrap_or(1)
}
