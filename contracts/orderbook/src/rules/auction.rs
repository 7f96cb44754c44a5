//! When a binding auction closes. Pure.
//!
//! The close is at the latest of the time that the tenant chose (extensions included), as many
//! blocks as a slow chain makes in that time, and ten minutes after a pause, so that neither a halted
//! chain nor a halted market decides. What was over before the pause stays over: its bids are
//! known to all, and nobody may undercut them any more.

use souk_api::orderbook::{AFTER_PAUSE, EXTENSION, MAX_EXTENSIONS, Params};

use super::deadline::{Deadline, least_blocks};

/// What decides when an auction closes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Closing {
    /// The tenant's time, extensions included.
    pub closes_at: u64,
    /// The first block at which it can close.
    pub from_block: u64,
    /// The last pause.
    pub pause: Pause,
    /// How often it was extended.
    pub extensions: u8,
}

/// A time in which the market stood still, with the ten minutes after it. A pause that begins
/// within those of another goes on with it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Pause {
    /// When it began; 0 if there was none.
    pub from: u64,
    /// When the market was allowed to go on; before `from` while it is not.
    pub until: u64,
}

impl Pause {
    /// The pause that begins at `now`, given the one before.
    pub fn begin(self, now: u64) -> Self {
        let goes_on = self.from > 0 && now < self.until.saturating_add(AFTER_PAUSE);
        Self { from: if goes_on { self.from } else { now }, ..self }
    }
}

impl Closing {
    /// The first second at which it can close.
    pub fn time(&self) -> u64 {
        let Pause { from, until } = self.pause;
        if from == 0 || self.closes_at <= from {
            return self.closes_at;
        }
        self.closes_at.max(until.saturating_add(AFTER_PAUSE))
    }

    /// Whether it is over: no more bids, and it can be closed.
    pub fn is_over(&self, now: u64, height: u64) -> bool {
        now >= self.time() && height >= self.from_block
    }

    /// The tenant's time as a new lowest bid moves it: a minute later if the bid came in the
    /// last minute or after, ten times at most; and the first block, which leaves others as many blocks
    /// as a slow chain makes in a minute. `None` if nothing changes.
    pub fn extended(&self, slowest_block: u64, now: u64, height: u64) -> Option<Deadline> {
        let late = now.saturating_add(EXTENSION) > self.time();
        let again = self.extensions < MAX_EXTENSIONS;
        let extended = || {
            let time = self.time().max(now).saturating_add(EXTENSION);
            let Deadline { block, .. } = Deadline::after(EXTENSION, slowest_block, now, height);
            Deadline { time, block: block.max(self.from_block) }
        };
        (late && again).then(extended)
    }
}

/// The first block at which an auction can close that is opened at block `height` for `closes_after` seconds.
pub fn first_block(closes_after: u64, params: &Params, height: u64) -> u64 {
    let blocks = least_blocks(closes_after, params.slowest_block).max(params.min_auction_blocks);
    height.saturating_add(blocks)
}

/// The latest moment at which an auction closes if nothing is paused or halted: attestations
/// must outlive it.
pub fn latest_close(created_at: u64, closes_after: u64) -> u64 {
    let extensions = EXTENSION.saturating_mul(u64::from(MAX_EXTENSIONS));
    created_at.saturating_add(closes_after).saturating_add(extensions)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn closing() -> Closing {
        Closing { closes_at: 1_000, from_block: 50, pause: Pause::default(), extensions: 0 }
    }

    #[test]
    fn it_is_over_when_time_and_blocks_have_passed() {
        for (now, height, over) in
            [(999, 99, false), (1_000, 49, false), (1_000, 50, true), (u64::MAX, u64::MAX, true)]
        {
            assert_eq!(closing().is_over(now, height), over, "at {now}, block {height}");
        }
    }

    #[test]
    fn it_stays_open_for_ten_minutes_after_a_pause() {
        let paused = Closing { pause: Pause { from: 800, until: 900 }, ..closing() };
        assert!(!paused.is_over(1_499, 99));
        assert!(paused.is_over(1_500, 99));
        let long_ago = Closing { pause: Pause { from: 1, until: 2 }, ..closing() };
        assert_eq!(long_ago.time(), 1_000);
    }

    #[test]
    fn what_was_over_before_a_pause_stays_over() {
        for (from, time) in [(999, 2_600), (1_000, 1_000), (1_500, 1_000)] {
            let paused = Closing { pause: Pause { from, until: 2_000 }, ..closing() };
            assert_eq!(paused.time(), time, "paused at {from}");
        }
    }

    #[test]
    fn a_pause_within_ten_minutes_of_another_goes_on_with_it() {
        let first = Pause { from: 900, until: 1_200 };
        assert_eq!(first.begin(1_799), first);
        assert_eq!(first.begin(1_800), Pause { from: 1_800, until: 1_200 });
        assert_eq!(Pause::default().begin(5), Pause { from: 5, until: 0 });
    }

    #[test]
    fn a_new_lowest_bid_in_the_last_minute_moves_the_close_by_a_minute() {
        assert_eq!(closing().extended(9_000, 940, 48), None);
        let extended = |now, height| closing().extended(9_000, now, height);
        assert_eq!(extended(941, 48), Some(Deadline { time: 1_060, block: 55 }));
        assert_eq!(extended(999, 60), Some(Deadline { time: 1_060, block: 67 }));
    }

    #[test]
    fn an_auction_lasts_for_the_blocks_of_its_time_on_a_slow_chain_and_never_for_fewer_than_the_least()
     {
        let params =
            |slowest_block| Params { slowest_block, ..souk_api::defaults::orderbook_params() };
        for (closes_after, slowest_block, blocks) in
            [(300, 9_000, 34), (3_600, 9_000, 400), (10, 9_000, 3), (300, 1_500, 200), (0, 100, 3)]
        {
            let first = first_block(closes_after, &params(slowest_block), 1_000);
            assert_eq!(first, 1_000 + blocks, "{closes_after} s at {slowest_block} ms a block");
        }
    }

    #[test]
    fn a_bid_while_blocks_keep_it_open_leaves_others_a_minute() {
        // 20 blocks are still to come, or three.
        for (height, block) in [(30, 50), (47, 54)] {
            let extended = closing().extended(9_000, 5_000, height);
            assert_eq!(extended, Some(Deadline { time: 5_060, block }));
        }
    }

    #[test]
    fn it_moves_ten_times_at_most() {
        assert!(Closing { extensions: 9, ..closing() }.extended(9_000, 999, 50).is_some());
        assert!(Closing { extensions: 10, ..closing() }.extended(9_000, 999, 50).is_none());
    }

    #[test]
    fn the_latest_close_counts_every_extension() {
        assert_eq!(latest_close(1_000, 300), 1_900);
        assert_eq!(latest_close(u64::MAX, 300), u64::MAX);
    }
}
