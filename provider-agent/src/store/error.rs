//! The errors of the store.

use std::path::PathBuf;

use crate::model::MarketId;

/// An error of the store.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// SQLite's own.
    #[error("store: {0}")]
    Sql(#[from] rusqlite::Error),
    /// The file cannot be created or its mode cannot be set.
    #[error("store {path}: {error}; give `store.path` a place that this user can write")]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        error: std::io::Error,
    },
    /// The file may be read by others.
    #[error(
        "store {path} may be read by others (mode {mode:o}) and holds tenants' secrets; run `chmod 600 {path}`"
    )]
    Readable {
        /// The file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// A copy was not put back to the end.
    #[error(
        "{path} is half of a store: `souk-provider restore` did not end; run it again, or delete this file to begin without a store"
    )]
    Unfinished {
        /// The half.
        path: PathBuf,
    },
    /// The file was written by a newer program.
    #[error(
        "store {path} has version {found}, this program reads up to {known}; use the newer souk-provider"
    )]
    Newer {
        /// The file.
        path: PathBuf,
        /// Its version.
        found: i64,
        /// The version of this program.
        known: i64,
    },
    /// The store is of another market.
    #[error(
        "the store is of {found}, the configuration names {wanted}; give `store.path` another file for this market, or correct `chain.chain_id` and the addresses of the contracts"
    )]
    OtherMarket {
        /// The market that it was used for.
        found: MarketId,
        /// The market of the configuration.
        wanted: MarketId,
    },
    /// The store's thread is gone, which happens only while the process ends.
    #[error("store: stopped")]
    Stopped,
}
