//! When a lease lets go of its provider's slot.

use souk_core::{CloseReason, slot::held_until};

/// Whether a lease that began at `created_at` and ended as `ended` says has let go of its slot
/// at `now`. One that runs never has.
pub fn is_free(
    created_at: u64,
    ended: Option<(u64, CloseReason)>,
    now: u64,
    slot_hold: u64,
) -> bool {
    ended.is_some_and(|ended| now >= held_until(created_at, ended, slot_hold))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slot_is_free_from_the_second_on_until_which_it_is_held() {
        let (tenant, provider) = (CloseReason::Tenant, CloseReason::Unstable);
        for (ended, now, free) in [
            (None, u64::MAX, false),
            (Some((1_300, tenant)), 1_599, false),
            (Some((1_300, tenant)), 1_600, true),
            (Some((1_300, provider)), 10_299, false),
            (Some((1_300, provider)), 10_300, true),
        ] {
            assert_eq!(is_free(1_000, ended, now, 9_000), free, "{ended:?} at {now}");
        }
    }
}
