//! Every write to an object: create, update, patch, apply, delete. One file a verb.

mod create;
mod delete;
mod patch;
mod scale;
mod update;
mod write;

pub use delete::{DeleteOptions, Deleted, Propagation};
pub use patch::Patch;
pub use write::{FieldValidation, WriteOptions, Written};
