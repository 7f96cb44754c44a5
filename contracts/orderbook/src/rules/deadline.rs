//! When a time is over that a chain may not sleep through: in seconds and in blocks. Pure.

/// The blocks that go into `seconds` if each takes `slowest_block` milliseconds, a part of one as a whole one.
pub fn least_blocks(seconds: u64, slowest_block: u64) -> u64 {
    // The settings allow no zero; one that stands there all the same counts as a block a second.
    if slowest_block == 0 {
        return seconds;
    }
    seconds.saturating_mul(1_000).div_ceil(slowest_block)
}

/// The end of such a time: both must have come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Deadline {
    /// Not before this second.
    pub time: u64,
    /// Nor before this block.
    pub block: u64,
}

impl Deadline {
    /// `seconds` after `now` and after block `height`.
    pub fn after(seconds: u64, slowest_block: u64, now: u64, height: u64) -> Self {
        let time = now.saturating_add(seconds);
        let block = height.saturating_add(least_blocks(seconds, slowest_block));
        Self { time, block }
    }

    /// Whether it has come.
    pub fn is_over(self, now: u64, height: u64) -> bool {
        now >= self.time && height >= self.block
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_has_come_when_the_time_and_the_blocks_have() {
        let deadline = Deadline::after(3_600, 9_000, 1_000, 50);
        assert_eq!(deadline, Deadline { time: 4_600, block: 450 });
        for (now, height, over) in [
            (4_599, 450, false),
            (4_600, 449, false),
            (4_600, 450, true),
            (u64::MAX, u64::MAX, true),
        ] {
            assert_eq!(deadline.is_over(now, height), over, "at {now}, block {height}");
        }
    }

    #[test]
    fn fast_chains_need_more_blocks_for_the_same_time() {
        for (slowest, blocks) in [(9_000, 400), (1_500, 2_400), (7_000, 515), (0, 3_600)] {
            assert_eq!(least_blocks(3_600, slowest), blocks, "{slowest}");
        }
        assert_eq!(least_blocks(u64::MAX, 100), u64::MAX.div_ceil(100));
        assert_eq!(Deadline::after(u64::MAX, 1, 5, 5).time, u64::MAX);
    }
}
