//! Gas: what storage, calls and bytes cost, and a meter with a limit.
//!
//! Contracts run natively here, so their computation costs nothing and storage is counted by the SDK's tariff.
//! The result is an estimate of what a real chain would charge, good for limits and fees in tests, not a measurement.

use std::cell::Cell;

/// Entering a contract that the transaction has not entered yet.
pub const ENTER_CONTRACT: u64 = 60_000;
/// Entering a code that this transaction has loaded already, and replies.
pub const ENTER_LOADED_CONTRACT: u64 = 2_000;
/// Looking up whether a code is pinned, and the little computing that a small message takes.
pub const FIND_CONTRACT: u64 = 1_400;
/// What a write of an account costs the SDK beside the record: its index, read and written again. Measured on wasmd.
pub const ACCOUNT_INDEX: u64 = 9_400;
/// The same of a balance.
pub const BALANCE_INDEX: u64 = 4_600;
/// A byte of the transaction.
pub const TX_BYTE: u64 = 10;
/// Verifying a secp256k1 signature.
pub const SIGNATURE: u64 = 1_000;
/// A byte of uploaded code.
pub const CODE_BYTE: u64 = 3;
/// What a smart query may use, as wasmd's default.
pub const SMART_QUERY_LIMIT: u64 = 3_000_000;
/// Storage tariff: flat costs of an access, and by the byte.
pub mod storage {
    /// A read, found or not.
    pub const READ: u64 = 1_000;
    /// A byte of key and value that is read.
    pub const READ_BYTE: u64 = 3;
    /// A write.
    pub const WRITE: u64 = 2_000;
    /// A byte of key and value that is written.
    pub const WRITE_BYTE: u64 = 30;
    /// A delete.
    pub const DELETE: u64 = 1_000;
    /// A step of an iterator.
    pub const NEXT: u64 = 30;
    /// Asking whether a key exists.
    pub const HAS: u64 = 1_000;
}

/// Unwinds a transaction that has used up its gas; caught where the transaction is run.
#[derive(Debug)]
pub struct OutOfGas {
    /// What was being done.
    pub doing: &'static str,
}

/// Counts gas up to a limit.
#[derive(Debug)]
pub struct GasMeter {
    limit: u64,
    used: Cell<u64>,
}

impl GasMeter {
    /// A meter that unwinds with [`OutOfGas`] past `limit`.
    pub fn limited(limit: u64) -> Self {
        Self { limit, used: Cell::new(0) }
    }

    /// A meter that only counts.
    pub fn unlimited() -> Self {
        Self::limited(u64::MAX)
    }

    /// Adds `amount`; unwinds when that passes the limit.
    pub fn consume(&self, amount: u64, doing: &'static str) {
        let used = self.used.get().saturating_add(amount);
        self.used.set(used);
        if used > self.limit {
            // Not a panic: the panic hook stays silent, as this is an ordinary way for a transaction to end.
            std::panic::resume_unwind(Box::new(OutOfGas { doing }));
        }
    }

    /// Gas used so far; may be above the limit by the last step.
    pub fn used(&self) -> u64 {
        self.used.get()
    }

    /// The limit.
    pub fn limit(&self) -> u64 {
        self.limit
    }

    /// What is left below the limit.
    pub fn left(&self) -> u64 {
        self.limit.saturating_sub(self.used.get())
    }
}
