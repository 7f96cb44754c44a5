//! Answers that are repeated for a while without asking again.

use std::{
    collections::HashMap,
    time::{Duration, Instant},
};

use parking_lot::Mutex;
use souk_core::OrderId;

use crate::cluster::workloads::DryRunError;

/// The last answer for each lease that is still repeated.
#[derive(Default)]
pub struct Remembered(Mutex<HashMap<OrderId, Answer>>);

struct Answer {
    /// Identifies the manifest.
    manifest: u64,
    until: Instant,
    why: DryRunError,
}

impl Remembered {
    /// The answer to a manifest, if it is to be repeated.
    pub fn answer(&self, order: OrderId, manifest: u64, now: Instant) -> Option<DryRunError> {
        let mut all = self.0.lock();
        all.retain(|_, one| one.until > now);
        all.get(&order).filter(|one| one.manifest == manifest).map(|one| one.why.clone())
    }

    /// Repeats an answer for a time.
    pub fn repeat(&self, order: OrderId, manifest: u64, why: &DryRunError, until: Instant) {
        let why = why.clone();
        self.0.lock().insert(order, Answer { manifest, until, why });
    }
}

/// How long an answer is repeated: a refusal since it stays the same, and that none came since the next
/// attempt would hold a turn as long again.
pub fn repeated_for(why: &DryRunError) -> Option<Duration> {
    match why {
        DryRunError::Refused(_) | DryRunError::HostInUse(_) => Some(Duration::from_secs(10)),
        DryRunError::Late { .. } => Some(Duration::from_secs(LATE)),
        DryRunError::Held(_)
        | DryRunError::Unavailable(_)
        | DryRunError::Busy(_)
        | DryRunError::Crowded => None,
    }
}

/// Seconds for which it is repeated that no answer came.
pub const LATE: u64 = 30;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_answered_is_repeated_for_that_manifest_until_its_time_is_over() {
        let (remembered, now) = (Remembered::default(), Instant::now());
        let late = DryRunError::Late { seconds: 18, again: LATE };
        let time = repeated_for(&late).unwrap();
        assert_eq!(time, Duration::from_secs(30));
        remembered.repeat(OrderId(1), 7, &late, now + time);
        let nearly = now + time - Duration::from_millis(1);
        assert_eq!(remembered.answer(OrderId(1), 7, nearly), Some(late));
        assert_eq!(remembered.answer(OrderId(1), 8, nearly), None, "another manifest is tried");
        assert_eq!(remembered.answer(OrderId(2), 7, nearly), None);
        assert_eq!(remembered.answer(OrderId(1), 7, now + time), None);
        assert!(remembered.0.lock().is_empty(), "it is forgotten");
    }

    #[test]
    fn what_may_be_over_at_any_moment_is_asked_again() {
        for why in [
            DryRunError::Unavailable("connection refused".into()),
            DryRunError::Busy(OrderId(1)),
            DryRunError::Crowded,
        ] {
            assert_eq!(repeated_for(&why), None, "{why:?}");
        }
    }
}
