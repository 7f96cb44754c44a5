//! The agent's clock, for what must not be deleted early.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// By how much a clock may gain in all without being doubted: small corrections while it runs.
const TOLERANCE: Duration = Duration::from_secs(60);

/// Seconds since 1970, by the machine's clock.
pub fn unix_time() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

/// The machine's clock without its steps forward while this process runs. One that is set, or that was
/// stopped with its machine, ends no time early: until the next start only the seconds count that went by.
#[derive(Clone, Copy, Debug)]
pub struct SteadyClock {
    wall: u64,
    start: Instant,
}

impl SteadyClock {
    /// Begins with the time of the machine's clock.
    pub fn start() -> Self {
        Self { wall: unix_time(), start: Instant::now() }
    }

    /// Seconds since 1970.
    pub fn now(&self) -> u64 {
        self.believed(unix_time(), self.start.elapsed())
    }

    fn believed(&self, wall: u64, elapsed: Duration) -> u64 {
        wall.min(self.wall.saturating_add(elapsed.saturating_add(TOLERANCE).as_secs()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_forward_is_not_believed_and_one_back_is() {
        let clock = SteadyClock { wall: 1_000_000, start: Instant::now() };
        let after = |wall: u64, seconds: u64| clock.believed(wall, Duration::from_secs(seconds));
        assert_eq!(after(1_000_500, 500), 1_000_500);
        assert_eq!(after(1_000_530, 500), 1_000_530, "a small correction");
        assert_eq!(after(9_000_000, 500), 1_000_560);
        assert_eq!(after(7, 500), 7);
    }
}
