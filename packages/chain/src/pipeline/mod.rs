//! The transaction pipeline: one actor owns a key and sends what is in a durable outbox, each
//! item at most once.
//!
//! # What is stored, and why
//! - An item (its messages under a `dedup_key` that is used once and for all) is enqueued in the
//!   SQLite transaction that also holds the caller's state change, so that neither is without
//!   the other.
//! - An attempt (signed bytes, hash, sequence, timeout height) is stored before the bytes are
//!   handed to any node, so that after a restart the same bytes are broadcast again, and not a
//!   second transaction.
//!
//! # When is it safe to sign again
//! A chain executes one transaction for each sequence. An attempt is given up only when the
//! account's sequence, read at a known height, proves that it was not executed and never will
//! be: its timeout height has passed with its sequence unused, or its sequence was used by a
//! transaction that is not it (every block in which it could be was read). An attempt that the
//! very first node refused, so that no node holds it, is given up at once. [`decide`] holds this
//! rule.
//!
//! Batches: many items go in one transaction, in the order of their enqueueing. A batch that
//! fails is narrowed until the failing message is the first; that item is then failed with the
//! chain's reason and the others go on. [`verdict`] holds that rule.

mod actor;
mod batch;
mod config;
pub mod decide;
mod error;
mod handle;
mod lock;
pub(crate) mod observe;
mod open;
mod outbox;
mod schema;
mod send;
mod shared;
mod status;
mod store;
#[cfg(test)]
mod stored;
pub mod verdict;

pub use actor::Pipeline;
pub use config::PipelineConfig;
pub use error::PipelineError;
pub use handle::PipelineHandle;
pub use lock::DatabaseLock;
pub use outbox::{Enqueued, Failure, FailureKind, ItemState, Outbox, OutboxItem, OutcomeRecord};
pub use status::PipelineStatus;

/// The points at which tests stop the process, in the order in which an item passes them.
pub const FAILPOINTS: &[&str] = &[
    "outbox::after_enqueue",
    "outbox::after_commit",
    "outbox::after_simulate",
    "outbox::after_sign",
    "outbox::after_store",
    "outbox::after_broadcast",
    "outbox::after_inclusion",
    "outbox::after_record",
];
