//! Chain time: real time by default, which can be scaled, jumped forward, or moved by a fixed step a block.

use std::time::{Duration, Instant};

/// Nanoseconds in a second.
pub const SECOND: u64 = 1_000_000_000;

/// The least that a block's time lies after the one before, as in CometBFT.
const LEAST_STEP: u64 = 1_000_000;

/// When blocks are made, and how their time moves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Timing {
    /// A block each `every` of real time; its time follows the clock.
    Timer {
        /// Real time between blocks.
        every: Duration,
    },
    /// Blocks only when asked for; each is `step` of chain time after the one before.
    OnDemand {
        /// Chain time between blocks.
        step: Duration,
    },
}

/// Finds the time of the next block.
#[derive(Debug)]
pub struct Clock {
    timing: Timing,
    /// Chain seconds for each real second, in thousandths.
    scale_milli: u64,
    anchor: Instant,
    anchor_ns: u64,
    /// Jumps that the next block makes on top.
    jump_ns: u64,
    /// The next block's time, if it is given.
    next_ns: Option<u64>,
}

impl Clock {
    /// A clock that shows `start_ns` now.
    pub fn new(timing: Timing, start_ns: u64) -> Self {
        Self {
            timing,
            scale_milli: 1_000,
            anchor: Instant::now(),
            anchor_ns: start_ns,
            jump_ns: 0,
            next_ns: None,
        }
    }

    /// How blocks are made.
    pub fn timing(&self) -> Timing {
        self.timing
    }

    fn running_ns(&self) -> u64 {
        let real = u64::try_from(self.anchor.elapsed().as_nanos()).unwrap_or(u64::MAX);
        let scaled = u128::from(real) * u128::from(self.scale_milli) / 1_000;
        self.anchor_ns.saturating_add(u64::try_from(scaled).unwrap_or(u64::MAX))
    }

    /// Makes the next block's time jump forward.
    pub fn advance(&mut self, by_ns: u64) {
        self.jump_ns = self.jump_ns.saturating_add(by_ns);
    }

    /// Sets how fast chain time runs against real time, in thousandths; time shown does not jump.
    pub fn set_scale(&mut self, scale_milli: u64) {
        self.anchor_ns = self.running_ns();
        self.anchor = Instant::now();
        self.scale_milli = scale_milli;
    }

    /// Sets the time of the next block, nanoseconds since 1970; for a chain that repeats another's blocks.
    pub fn set_next(&mut self, at_ns: u64) {
        self.next_ns = Some(at_ns);
    }

    /// The time of the block after one at `last_ns`; uses up jumps, or the time that was set.
    pub fn next_block_time(&mut self, last_ns: u64) -> u64 {
        if let Some(given) = self.next_ns.take() {
            return given.max(last_ns.saturating_add(LEAST_STEP));
        }
        let jump = std::mem::take(&mut self.jump_ns);
        self.anchor_ns = self.anchor_ns.saturating_add(jump);
        match self.timing {
            Timing::Timer { .. } => self.running_ns().max(last_ns.saturating_add(LEAST_STEP)),
            Timing::OnDemand { step } => {
                let step = u64::try_from(step.as_nanos()).unwrap_or(u64::MAX);
                let step = step.max(LEAST_STEP);
                last_ns.saturating_add(step).saturating_add(jump)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn on_demand_time_moves_by_the_step_and_the_jump() {
        let step = Duration::from_secs(5);
        let mut clock = Clock::new(Timing::OnDemand { step }, 100 * SECOND);
        assert_eq!(clock.next_block_time(100 * SECOND), 105 * SECOND);
        clock.advance(60 * SECOND);
        assert_eq!(clock.next_block_time(105 * SECOND), 170 * SECOND);
        assert_eq!(clock.next_block_time(170 * SECOND), 175 * SECOND);
    }

    #[test]
    fn a_time_that_was_set_is_the_next_blocks_and_goes_never_back() {
        let step = Duration::from_secs(5);
        let mut clock = Clock::new(Timing::OnDemand { step }, 100 * SECOND);
        clock.set_next(101 * SECOND + 7);
        assert_eq!(clock.next_block_time(100 * SECOND), 101 * SECOND + 7);
        assert_eq!(clock.next_block_time(101 * SECOND + 7), 106 * SECOND + 7);
        clock.set_next(1);
        assert_eq!(clock.next_block_time(200 * SECOND), 200 * SECOND + LEAST_STEP);
    }

    #[test]
    fn time_never_stands_still() {
        let every = Duration::from_millis(1);
        let mut clock = Clock::new(Timing::Timer { every }, 0);
        clock.set_scale(0);
        let last = 5 * SECOND;
        assert_eq!(clock.next_block_time(last), last + LEAST_STEP);
    }

    #[test]
    fn a_jump_of_a_running_clock_stays() {
        let every = Duration::from_millis(1);
        let mut clock = Clock::new(Timing::Timer { every }, 0);
        clock.set_scale(0);
        clock.advance(100 * SECOND);
        let first = clock.next_block_time(0);
        assert!(first >= 100 * SECOND);
        assert!(clock.next_block_time(first) > first);
    }
}
