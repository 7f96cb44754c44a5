//! `souk admin` against the embedded chain, as an administrator runs it: by the program.
#![allow(clippy::unwrap_used)]

mod deploying;
mod differing;
mod document;
mod fixture;
mod launching;
mod migrating;
mod proposing;
mod resuming;
mod unsigned;
