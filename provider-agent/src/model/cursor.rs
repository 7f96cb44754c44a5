//! A point of the chain: a block's height and time.

/// The last block whose events are in the store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cursor {
    /// Its height.
    pub height: u64,
    /// Its time in whole seconds, as contracts see it.
    pub time: u64,
}
