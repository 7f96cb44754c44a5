//! How long a lease that ended still uses its provider's slot.

use crate::CloseReason;

/// The first second at which a lease has let go of its slot, in seconds since the epoch; `hold` is
/// the orderbook's `slot_hold`, in seconds.
///
/// - Ended by its tenant: for as long again as the lease ran, until `hold` after its beginning at
///   most. Using a slot for some time costs half of that time at the provider's own price.
/// - Ended by its provider without notice: `hold` after its end, so that winning and not serving
///   is not free.
/// - Ended for lack of money or for want of a manifest: at its end. The provider is not to blame.
pub fn held_until(created_at: u64, ended: (u64, CloseReason), hold: u64) -> u64 {
    let (ended_at, reason) = ended;
    match reason {
        CloseReason::InsufficientFunds | CloseReason::ManifestTimeout => ended_at,
        CloseReason::Tenant => held_until_after_notice(created_at, ended_at, hold),
        CloseReason::Unstable | CloseReason::Decommission | CloseReason::Unspecified => {
            ended_at.saturating_add(hold)
        }
    }
}

/// As [`held_until`] for a lease that its provider ended when the notice was over: as after its tenant's end,
/// for as long again as it ran.
pub fn held_until_after_notice(created_at: u64, ended_at: u64, hold: u64) -> u64 {
    let ran = ended_at.saturating_sub(created_at);
    ended_at.saturating_add(ran).min(created_at.saturating_add(hold))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn after_its_tenants_end_a_lease_holds_its_slot_as_long_as_it_ran_and_no_longer_than_the_hold()
    {
        for (ended_at, free_at) in [
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
            let ended = (ended_at, CloseReason::Tenant);
            assert_eq!(held_until(1_000, ended, 9_000), free_at, "{ended_at}");
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
            assert_eq!(held_until(1_000, (50_000, reason), 9_000), free_at, "{reason}");
        }
        let breach = (u64::MAX, CloseReason::Unstable);
        assert_eq!(held_until(1_000, breach, 9_000), u64::MAX);
    }
}
