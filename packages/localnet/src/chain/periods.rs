//! How long the steps of a scenario take in chain time.

use anyhow::{Result, ensure};
use souk_core::time::{DAY, HOUR};

/// Below this many seconds real time has too few blocks for a step.
const SHORTEST_STEP: u64 = 15;
/// The longest minimal runway, in seconds, with which a scenario can run in real time.
const LONGEST_RUNWAY: u64 = 60;

/// Seconds of chain time.
#[derive(Clone, Copy, Debug)]
pub struct Periods {
    /// Coins stream for this long at a time; at least the escrow's minimal runway.
    pub step: u64,
    /// An account stays depleted for this long: shorter than the market's grace, after which anybody, and every
    /// agent, ends its deployment.
    pub pause: u64,
    /// Stakers claim this long after a distribution.
    pub drip: u64,
}

impl Periods {
    /// On a chain whose time can be moved.
    pub const MOVED: Self = Self { step: HOUR, pause: HOUR / 2, drip: 8 * DAY };

    /// On the chain of a network whose time passes by itself, by the escrow's minimal runway in
    /// seconds.
    ///
    /// # Errors
    /// If the runway is so long that nobody would wait for it.
    pub fn in_real_time(network: &str, min_runway: u64) -> Result<Self> {
        ensure!(
            min_runway <= LONGEST_RUNWAY,
            "accounts must last {min_runway} s on {network}, and the scenario waits for that several times; deploy contracts with a min_runway of at most {LONGEST_RUNWAY} s"
        );
        let step = min_runway.max(SHORTEST_STEP);
        Ok(Self { step, pause: step, drip: step })
    }

    /// What a rate an hour comes to in a number of steps, rounded up.
    pub fn cost(&self, rate: u128, steps: u128) -> u128 {
        (rate * u128::from(self.step) * steps).div_ceil(u128::from(HOUR))
    }
}

#[cfg(test)]
mod tests {
    use souk_api::defaults::END_GRACE;

    use super::*;

    #[test]
    fn a_deployment_whose_account_is_depleted_for_the_pause_is_not_ended_for_that() {
        let pause = Periods::MOVED.pause;
        assert!(pause <= END_GRACE / 2, "{pause}");
    }
}
