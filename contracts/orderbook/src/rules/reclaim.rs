//! What holds for taking a lease back with notice. Pure.

use souk_core::{
    CloseReason,
    reclaim::{MAX_WINDOW, MIN_WINDOW, is_window},
};

use crate::ReclaimError;

/// Checks a notice that a tenant asks for.
///
/// # Errors
/// If it is shorter or longer than one may be.
pub fn check_window(seconds: u64) -> Result<(), ReclaimError> {
    if is_window(seconds) {
        return Ok(());
    }
    Err(ReclaimError::WindowRange { seconds, min: MIN_WINDOW, max: MAX_WINDOW })
}

/// Checks the notice that a bid offers against the one that its order asks for. A bid names one if and
/// only if the order does: what the tenant did not ask for is no term of its lease.
///
/// # Errors
/// If one is missing, not asked for, shorter than asked for, or too long.
pub fn check_offer(asked: Option<u64>, offered: Option<u64>) -> Result<(), ReclaimError> {
    match (asked, offered) {
        (None, None) => Ok(()),
        (None, Some(_)) => Err(ReclaimError::NotAsked),
        (Some(min), None) => Err(ReclaimError::WindowMissing { min }),
        (Some(min), Some(seconds)) if (min..=MAX_WINDOW).contains(&seconds) => Ok(()),
        (Some(min), Some(seconds)) => {
            Err(ReclaimError::WindowRange { seconds, min, max: MAX_WINDOW })
        }
    }
}

/// Checks the reason of a reclaim: want of a manifest has a close of its own.
///
/// # Errors
/// If a provider does not reclaim for it.
pub fn check_reason(reason: CloseReason) -> Result<(), ReclaimError> {
    match reason {
        CloseReason::Unstable | CloseReason::Decommission | CloseReason::Unspecified => Ok(()),
        CloseReason::Tenant | CloseReason::ManifestTimeout | CloseReason::InsufficientFunds => {
            Err(ReclaimError::Reason(reason))
        }
    }
}

/// The first second in which a lease that began at `created_at` can be reclaimed: it runs for the length of
/// one notice before, so that with the notice its tenant has it for two at least.
pub fn startable_from(created_at: u64, window: u64) -> u64 {
    created_at.saturating_add(window)
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: u64 = 3_600;

    #[test]
    fn a_bid_offers_a_notice_where_the_order_asks_for_one_and_nowhere_else() {
        assert_eq!(check_offer(None, None), Ok(()));
        assert_eq!(check_offer(None, Some(HOUR)), Err(ReclaimError::NotAsked));
        let missing = ReclaimError::WindowMissing { min: 2 * HOUR };
        assert_eq!(check_offer(Some(2 * HOUR), None), Err(missing));
        for (seconds, fine) in [
            (2 * HOUR - 1, false),
            (2 * HOUR, true),
            (720 * HOUR, true),
            (720 * HOUR + 1, false),
            (u64::MAX, false),
        ] {
            assert_eq!(check_offer(Some(2 * HOUR), Some(seconds)).is_ok(), fine, "{seconds}");
        }
    }

    #[test]
    fn a_provider_reclaims_for_a_reason_of_its_own_and_not_for_want_of_a_manifest() {
        let fine = CloseReason::ALL.into_iter().filter(|reason| check_reason(*reason).is_ok());
        let own = [CloseReason::Unstable, CloseReason::Decommission, CloseReason::Unspecified];
        assert_eq!(fine.collect::<Vec<_>>(), own);
    }

    #[test]
    fn a_lease_runs_for_the_length_of_a_notice_before_it_can_be_reclaimed() {
        assert_eq!(startable_from(1_000, HOUR), 4_600);
        assert_eq!(startable_from(u64::MAX, HOUR), u64::MAX);
    }
}
