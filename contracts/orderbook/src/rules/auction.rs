//! When a binding auction closes. Pure.
//!
//! The close is at the latest of the time that the tenant chose (extensions included), some
//! blocks after the order's creation, and ten minutes after a pause, so that neither a halted
//! chain nor a halted market decides. What was over before the pause stays over: its bids are
//! known to all, and nobody may undercut them any more.

use souk_api::orderbook::{AFTER_PAUSE, EXTENSION, MAX_EXTENSIONS};

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
    /// last minute or after, ten times at most. `None` if nothing changes.
    pub fn extended(&self, now: u64) -> Option<u64> {
        let late = now.saturating_add(EXTENSION) > self.time();
        let again = self.extensions < MAX_EXTENSIONS;
        (late && again).then(|| self.time().max(now).saturating_add(EXTENSION))
    }
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
        assert_eq!(closing().extended(940), None);
        assert_eq!(closing().extended(941), Some(1_060));
        assert_eq!(closing().extended(999), Some(1_060));
    }

    #[test]
    fn a_bid_while_blocks_keep_it_open_leaves_others_a_minute() {
        assert_eq!(closing().extended(5_000), Some(5_060));
    }

    #[test]
    fn it_moves_ten_times_at_most() {
        assert!(Closing { extensions: 9, ..closing() }.extended(999).is_some());
        assert!(Closing { extensions: 10, ..closing() }.extended(999).is_none());
    }

    #[test]
    fn the_latest_close_counts_every_extension() {
        assert_eq!(latest_close(1_000, 300), 1_900);
        assert_eq!(latest_close(u64::MAX, 300), u64::MAX);
    }
}
