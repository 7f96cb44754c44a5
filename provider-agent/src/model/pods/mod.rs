//! What a pod's status says of it: what ended it or keeps it from running, and which failed pods are
//! kept for their reason.

mod advice;
mod failed;
mod trouble;

#[cfg(test)]
mod tests;

pub use failed::{FailedPod, KEPT, KEPT_FOR, failed_at, to_delete};
pub use trouble::{one_line, trouble};
