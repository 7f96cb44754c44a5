//! A sealed copy of what a provider loses with its machine: configuration, keys and the store.
//!
//! The copy is a tar archive under a passphrase, in the format of age: `age -d` opens it as well. The store
//! in it is consistent, also while the agent runs.

mod archive;
mod begun;
mod error;
mod files;
mod read;
mod write;

pub use error::BackupError;
pub use files::Role;
pub use read::{Restored, restore};
pub use write::{Saved, back_up};
