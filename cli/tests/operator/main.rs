//! `souk operator` against the embedded chain, as an operator runs it: by the program.
#![allow(clippy::unwrap_used)]

mod deploying;
mod differing;
mod document;
mod migrating;
mod resuming;
mod stage;
mod unsigned;
