//! That a lease is taken back by its provider.

use souk_api::orderbook::ReclaimResponse;

use super::duration;

/// Why, and for how long it runs at least; `now` is the newest block's time.
pub fn reclaim(reclaim: &ReclaimResponse, now: u64) -> String {
    let ReclaimResponse { reason, deadline, deadline_block, lapsed, .. } = reclaim;
    if *lapsed {
        return format!(
            "its provider gave notice ({reason}) and nobody ended it by that within a day: the notice is void"
        );
    }
    let runs = match deadline.saturating_sub(now) {
        0 => {
            "anyone can end it, unless a pause of the market that goes on puts that off".to_owned()
        }
        rest => format!("it runs for {} at least", duration(rest)),
    };
    format!("its provider takes it back ({reason}), {runs}, not before block {deadline_block}")
}

#[cfg(test)]
mod tests {
    use souk_core::CloseReason;

    use super::*;

    #[test]
    fn it_says_why_and_how_much_of_the_notice_is_left() {
        let known = ReclaimResponse {
            reason: CloseReason::Decommission,
            started_at: 1_000,
            deadline: 4_600,
            deadline_block: 450,
            ended: false,
            lapsed: false,
        };
        let void = reclaim(&ReclaimResponse { lapsed: true, ..known }, 99_000);
        assert!(void.ends_with("the notice is void"), "{void}");
        for (now, part) in [
            (1_000, "(decommission), it runs for 1 h at least, not before block 450"),
            (
                4_600,
                "(decommission), anyone can end it, unless a pause of the market that goes on puts that off, not before block 450",
            ),
        ] {
            assert!(reclaim(&known, now).ends_with(part), "{}", reclaim(&known, now));
        }
    }
}
