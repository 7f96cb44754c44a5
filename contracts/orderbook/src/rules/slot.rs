//! When a lease lets go of its provider's slot.

use souk_core::{
    CloseReason,
    slot::{held_until, held_until_after_notice},
};

/// Whether a lease that began at `created_at` and ended as `ended` says, `by_notice` or not, has let go of its
/// slot at `now`. One that runs never has.
pub fn is_free(
    created_at: u64,
    ended: Option<(u64, CloseReason)>,
    by_notice: bool,
    now: u64,
    slot_hold: u64,
) -> bool {
    ended.is_some_and(|(at, reason)| {
        let until = match by_notice {
            true => held_until_after_notice(created_at, at, slot_hold),
            false => held_until(created_at, (at, reason), slot_hold),
        };
        now >= until
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slot_is_free_from_the_second_on_until_which_it_is_held() {
        let (tenant, provider) = (CloseReason::Tenant, CloseReason::Unstable);
        for (ended, by_notice, now, free) in [
            (None, false, u64::MAX, false),
            (Some((1_300, tenant)), false, 1_599, false),
            (Some((1_300, tenant)), false, 1_600, true),
            (Some((1_300, provider)), false, 10_299, false),
            (Some((1_300, provider)), false, 10_300, true),
            (Some((1_300, provider)), true, 1_599, false),
            (Some((1_300, provider)), true, 1_600, true),
        ] {
            let found = is_free(1_000, ended, by_notice, now, 9_000);
            assert_eq!(found, free, "{ended:?} at {now}, by notice: {by_notice}");
        }
    }
}
