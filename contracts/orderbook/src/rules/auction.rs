//! When a binding auction closes. Pure.
//!
//! The close is at the latest of the time that the tenant chose (extensions included), as many
//! blocks as a slow chain makes in that time, and ten minutes after a pause with as many blocks, so that
//! neither a halted chain nor a halted market decides. What was over before the pause stays over: its bids are
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
    /// Milliseconds of a slow block.
    pub slowest_block: u64,
    /// How often it was extended.
    pub extensions: u8,
}

/// A time in which the market stood still, with the ten minutes after it. A pause that begins
/// within those of another goes on with it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Pause {
    /// When it began; 0 if there was none.
    pub from: u64,
    /// In which block; 0 if it is not known.
    pub from_block: u64,
    /// When the market was last allowed to go on, or paused again so soon that it counts as one.
    pub until: u64,
    /// In which block. Of a pause that ended by itself: the one at which a slow chain is by then.
    pub until_block: u64,
}

impl Pause {
    /// Until when auctions that outlive it stay open at least.
    fn aftermath(self, slowest_block: u64) -> Deadline {
        Deadline::after(AFTER_PAUSE, slowest_block, self.until, self.until_block)
    }

    /// The pause that begins at `now`, in block `height`, given the one before.
    pub fn begin(self, slowest_block: u64, now: u64, height: u64) -> Self {
        if self.from > 0 && !self.aftermath(slowest_block).is_over(now, height) {
            return Self { until: now, until_block: height, ..self };
        }
        Self { from: now, from_block: height, ..self }
    }

    /// Whether `deadline` had come before.
    fn is_after(&self, deadline: Deadline) -> bool {
        let known = self.from_block > 0;
        self.from == 0
            || (deadline.time <= self.from && (!known || deadline.block <= self.from_block))
    }
}

impl Closing {
    /// The first second and the first block at which it can close.
    pub fn deadline(&self) -> Deadline {
        let own = Deadline { time: self.closes_at, block: self.from_block };
        if self.pause.is_after(own) {
            return own;
        }
        let after = self.pause.aftermath(self.slowest_block);
        Deadline { time: own.time.max(after.time), block: own.block.max(after.block) }
    }

    /// Whether it is over: no more bids, and it can be closed.
    pub fn is_over(&self, now: u64, height: u64) -> bool {
        self.deadline().is_over(now, height)
    }

    /// The deadline as a new lowest bid moves it that comes in its last minute or after, ten times at most: others
    /// have another minute, and as many blocks as a slow chain makes in one. `None` if they have both anyway.
    pub fn extended(&self, now: u64, height: u64) -> Option<Deadline> {
        let Deadline { time, block } = self.deadline();
        let minute = Deadline::after(EXTENSION, self.slowest_block, now, height);
        // At its usual pace a chain makes half as many blocks again as a slow one.
        let usual = least_blocks(EXTENSION.saturating_mul(3) / 2, self.slowest_block);
        let late = minute.time > time && height.saturating_add(usual) > block;
        let again = self.extensions < MAX_EXTENSIONS;
        (late && again).then(|| {
            let time = time.max(now).saturating_add(EXTENSION);
            Deadline { time, block: minute.block.max(block) }
        })
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
        Closing {
            closes_at: 1_000,
            from_block: 50,
            pause: Pause::default(),
            extensions: 0,
            slowest_block: 9_000,
        }
    }

    #[test]
    fn it_is_over_when_time_and_blocks_have_passed() {
        for (now, height, over) in
            [(999, 99, false), (1_000, 49, false), (1_000, 50, true), (u64::MAX, u64::MAX, true)]
        {
            assert_eq!(closing().is_over(now, height), over, "at {now}, block {height}");
        }
    }

    /// A pause from block 30 to block 40.
    fn paused(from: u64, until: u64) -> Closing {
        let pause = Pause { from, from_block: 30, until, until_block: 40 };
        Closing { pause, ..closing() }
    }

    #[test]
    fn it_stays_open_for_ten_minutes_after_a_pause_and_for_as_many_blocks() {
        // 67 blocks of nine seconds.
        for (now, height, over) in
            [(1_499, 999, false), (1_500, 106, false), (1_500, 107, true), (u64::MAX, 106, false)]
        {
            assert_eq!(paused(800, 900).is_over(now, height), over, "at {now}, block {height}");
        }
        let long_ago = Closing { from_block: 200, ..paused(1, 2) };
        assert_eq!(long_ago.deadline(), Deadline { time: 1_000, block: 200 });
    }

    #[test]
    fn what_was_over_before_a_pause_stays_over() {
        let over = |from, from_block| {
            let closing = Closing { from_block, ..paused(from, 2_000) };
            closing.deadline() == Deadline { time: 1_000, block: from_block }
        };
        assert!(over(1_000, 30) && over(1_500, 30));
        // Its time alone, or its blocks alone.
        assert!(!over(1_000, 31) && !over(999, 30));
        // The first release did not note blocks.
        let pause = Pause { from: 1_000, until: 2_000, ..Pause::default() };
        let old = Closing { pause, ..closing() };
        assert_eq!(old.deadline(), Deadline { time: 1_000, block: 50 });
    }

    #[test]
    fn a_pause_within_ten_minutes_of_another_goes_on_with_it() {
        let first = Pause { from: 900, from_block: 90, until: 1_200, until_block: 120 };
        // 67 blocks of nine seconds are ten minutes.
        for (now, height) in [(1_799, 999), (9_999, 186)] {
            let joined = Pause { until: now, until_block: height, ..first };
            assert_eq!(first.begin(9_000, now, height), joined);
        }
        let another = Pause { from: 1_800, from_block: 187, ..first };
        assert_eq!(first.begin(9_000, 1_800, 187), another);
        let begun = Pause { from: 5, from_block: 2, ..Pause::default() };
        assert_eq!(Pause::default().begin(9_000, 5, 2), begun);
    }

    #[test]
    fn a_new_lowest_bid_in_the_last_minute_moves_the_close_by_a_minute() {
        assert_eq!(closing().extended(940, 48), None);
        assert_eq!(closing().extended(941, 40), None, "blocks leave others time enough");
        let extended = |now, height| closing().extended(now, height);
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
    fn a_bid_while_blocks_keep_it_open_moves_it_only_if_they_leave_others_less_than_a_minute() {
        // 7 blocks of nine seconds are a minute, and 10 of six.
        for (height, block) in [(30, None), (40, None), (41, Some(50)), (47, Some(54))] {
            let extended = closing().extended(5_000, height);
            assert_eq!(extended, block.map(|block| Deadline { time: 5_060, block }), "{height}");
        }
    }

    #[test]
    fn it_moves_ten_times_at_most() {
        assert!(Closing { extensions: 9, ..closing() }.extended(999, 50).is_some());
        assert!(Closing { extensions: 10, ..closing() }.extended(999, 50).is_none());
    }

    #[test]
    fn the_latest_close_counts_every_extension() {
        assert_eq!(latest_close(1_000, 300), 1_900);
        assert_eq!(latest_close(u64::MAX, 300), u64::MAX);
    }
}
