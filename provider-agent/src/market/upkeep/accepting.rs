//! Since when tenants can accept bids: not in a pause of orderbook or escrow, and not while the chain halts.

/// Seconds of block time after which it is asked again whether the market is paused.
const ASK: u64 = 60;

/// Block time jumps by more than this, in seconds, only where the chain halted.
const HALT: u64 = 600;

/// Since when, by block time. Not stored: a bid that is taken back a little early costs its tenant nothing but that
/// provider.
#[derive(Debug, Default)]
pub(super) struct Accepting {
    since: u64,
    seen: Option<u64>,
    asked: Option<u64>,
}

impl Accepting {
    /// Records a block of this time; whether it is to be asked if the market is paused.
    pub fn record(&mut self, time: u64) -> bool {
        if self.seen.is_some_and(|seen| time.saturating_sub(seen) > HALT) {
            self.since = time;
        }
        self.seen = Some(time);
        self.asked.is_none_or(|asked| time.saturating_sub(asked) >= ASK)
    }

    /// Records whether the market was paused at that time.
    pub fn answered(&mut self, time: u64, paused: bool) {
        self.asked = Some(time);
        if paused {
            self.since = time;
        }
    }

    /// The first second from which on they could all the time; 0 if nothing else is known.
    pub fn since(&self) -> u64 {
        self.since
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_time_of_pauses_and_halts_is_none_in_which_a_bid_could_be_accepted() {
        let mut accepting = Accepting::default();
        assert!(accepting.record(1_000), "nothing is known yet");
        accepting.answered(1_000, false);
        assert_eq!((accepting.record(1_059), accepting.since()), (false, 0));
        assert!(accepting.record(1_060));
        accepting.answered(1_060, true);
        assert_eq!(accepting.since(), 1_060);
        assert!(accepting.record(1_120));
        accepting.answered(1_120, false);
        assert_eq!(
            accepting.since(),
            1_060,
            "it counts from the last time that the pause was seen"
        );
        accepting.record(1_720);
        assert_eq!(accepting.since(), 1_060, "blocks may be slow");
        accepting.record(2_321);
        assert_eq!(accepting.since(), 2_321);
    }
}
