//! How long a lease that ended still uses its provider's slot.

use crate::CloseReason;

/// How a lease ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ended {
    /// When, in seconds since the epoch.
    pub at: u64,
    /// Why.
    pub reason: CloseReason,
    /// Whether it ended without a breach whatever the reason is: by its provider's notice, or since its provider
    /// was absent.
    pub without_breach: bool,
}

/// The first second at which a lease has let go of its slot, in seconds since the epoch; `hold` is
/// the orderbook's `slot_hold`, in seconds.
///
/// - Ended by its tenant, by its provider when the notice was over, or since its provider was absent: for as
///   long again as the lease ran, until `hold` after its beginning at most. Using a slot for some time costs
///   half of that time at the provider's own price.
/// - Ended by its provider without notice: `hold` after its end, so that winning and not serving
///   is not free.
/// - Ended for lack of money or for want of a manifest: at its end. The provider is not to blame.
pub fn held_until(created_at: u64, ended: Ended, hold: u64) -> u64 {
    let Ended { at, reason, without_breach } = ended;
    let breach = match reason {
        CloseReason::InsufficientFunds | CloseReason::ManifestTimeout => return at,
        CloseReason::Tenant => false,
        CloseReason::Unstable | CloseReason::Decommission | CloseReason::Unspecified => {
            !without_breach
        }
    };
    if breach {
        return at.saturating_add(hold);
    }
    let ran = at.saturating_sub(created_at);
    at.saturating_add(ran).min(created_at.saturating_add(hold))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn after_its_tenants_end_or_a_notice_a_slot_is_held_as_long_as_the_lease_ran_within_the_hold() {
        for (at, free_at) in [
            (1_000, 1_000),
            (1_001, 1_002),
            (1_300, 1_600),
            (5_499, 9_998),
            (5_500, 10_000),
            (5_501, 10_000),
            (10_000, 10_000),
            // What ends later than that is free at its end: it was free before.
            (99_000, 10_000),
        ] {
            for (reason, without_breach) in [
                (CloseReason::Tenant, false),
                (CloseReason::Tenant, true),
                (CloseReason::Unstable, true),
                (CloseReason::Decommission, true),
                (CloseReason::Unspecified, true),
            ] {
                let ended = Ended { at, reason, without_breach };
                assert_eq!(held_until(1_000, ended, 9_000), free_at, "{ended:?}");
            }
        }
    }

    #[test]
    fn after_a_breach_it_is_held_from_the_end_on_and_without_the_providers_fault_not_at_all() {
        for reason in CloseReason::ALL {
            let free_at = match reason {
                CloseReason::Tenant => continue,
                CloseReason::InsufficientFunds | CloseReason::ManifestTimeout => 50_000,
                _ => 59_000,
            };
            let ended = Ended { at: 50_000, reason, without_breach: false };
            assert_eq!(held_until(1_000, ended, 9_000), free_at, "{reason}");
        }
        let breach = Ended { at: u64::MAX, reason: CloseReason::Unstable, without_breach: false };
        assert_eq!(held_until(1_000, breach, 9_000), u64::MAX);
    }
}
