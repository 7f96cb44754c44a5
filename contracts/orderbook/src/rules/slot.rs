//! When a lease lets go of its provider's slot.

use souk_api::orderbook::TRIAL;
use souk_core::CloseReason;

/// Whether a lease that began at `created_at` and ended as `ended` says has let go of its slot
/// at `now`: it ended and began at least `slot_hold` ago, so that winning and not serving is
/// not free; or its tenant ended it within the trial, before it had to be served.
pub fn is_free(
    created_at: u64,
    ended: Option<(u64, CloseReason)>,
    now: u64,
    slot_hold: u64,
) -> bool {
    let Some((ended_at, reason)) = ended else { return false };
    let on_trial = ended_at < created_at.saturating_add(TRIAL);
    now >= created_at.saturating_add(slot_hold) || on_trial && reason == CloseReason::Tenant
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slot_is_free_after_its_hold_or_if_the_tenant_ended_the_trial() {
        let (tenant, provider) = (CloseReason::Tenant, CloseReason::Unstable);
        for (ended, now, free) in [
            (None, u64::MAX, false),
            (Some((1_299, tenant)), 1_299, true),
            (Some((1_300, tenant)), 1_300, false),
            (Some((1_299, provider)), 1_299, false),
            (Some((1_300, tenant)), 9_999, false),
            (Some((1_300, tenant)), 10_000, true),
            (Some((1_299, provider)), 10_000, true),
        ] {
            assert_eq!(is_free(1_000, ended, now, 9_000), free, "{ended:?} at {now}");
        }
    }
}
