//! What a pod's status says of it: what ended it or keeps it from running, and which failed pods are
//! kept for their reason.

mod advice;
mod failed;
mod failure;

#[cfg(test)]
mod tests;

pub use failed::{FailedPod, KEPT, KEPT_FOR, failed_at, to_delete};
pub use failure::{failure, one_line};
