//! When the agent says that its provider is there, when it keeps silent, and what that costs. Pure.

use souk_api::orderbook::Absence;
use souk_core::{
    absence::{MAX_LIMIT, MIN_LIMIT, heartbeat_every, paid_for},
    time::DAY,
};

use super::Cursor;

/// For how long the operator's coins must last at least, in seconds of heartbeats, at the configured price of gas.
const WEEK: u64 = 7 * DAY;
/// Of the time from one heartbeat to the next, after which part one that did not arrive is sent again, and the
/// endpoints are asked again when they last saw the provider.
const QUARTERS: u64 = 4;
/// Block time jumps by more than this, in seconds, only where the chain halted or was not followed.
const HALT: u64 = 600;

/// What is known of when the chain saw the provider.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Seen {
    /// When it was last seen, block time, and the height of the state that says so; none if that was not asked yet.
    pub at: Option<Cursor>,
    /// The block at which the last heartbeat was queued.
    pub beat: Option<Cursor>,
}

/// The limit of an order's terms, in seconds. What a node says beyond what the chain takes is made up: no more
/// heartbeats follow from it than from the shortest, and no fewer than from the longest.
pub fn limit_of(absence: &Absence) -> u64 {
    absence.limit.clamp(MIN_LIMIT, MAX_LIMIT)
}

/// Whether as many seconds as `wait` went by since a moment; a moment that is to come is a lie, and long ago.
fn is_past(moment: u64, wait: u64, now: u64) -> bool {
    now.checked_sub(moment).is_none_or(|since| since >= wait)
}

/// For how long what endpoints say of it counts, in seconds, where the shortest limit is `limit`.
pub fn asked_for(limit: u64) -> u64 {
    heartbeat_every(limit) / QUARTERS
}

/// When the chain last saw the provider, where the endpoints say `said`, and `by_events` is what events say of it by
/// the time at which they answered. One that came meanwhile may be made up: a heartbeat too many costs less than one
/// too few.
pub fn last_seen(by_events: Option<u64>, said: u64) -> u64 {
    by_events.map_or(said, |at| at.min(said))
}

/// The input of [`decide`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Input {
    /// Block time.
    pub now: u64,
    /// The shortest limit of the leases that run, in seconds; none if none of them has one.
    pub limit: Option<u64>,
    /// When the chain last saw the provider.
    pub seen: u64,
    /// When the last heartbeat was queued.
    pub beat: Option<u64>,
    /// Whether it is not in a block yet.
    pub in_flight: bool,
    /// For how long nothing of what is paid runs, in seconds.
    pub standstill: u64,
}

/// What to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    /// Nothing, until the provider was not seen for longer.
    Wait,
    /// Send a heartbeat.
    Send,
    /// Send none, since nothing of what is paid runs.
    Stop,
}

/// Whether nothing of what is paid runs for so long that the provider does not say any more that it is there.
pub fn is_silent(limit: u64, standstill: u64) -> bool {
    standstill > heartbeat_every(limit)
}

/// Whether a heartbeat is due.
pub fn decide(input: &Input) -> Decision {
    let Some(limit) = input.limit else { return Decision::Wait };
    let every = heartbeat_every(limit);
    if is_silent(limit, input.standstill) {
        return Decision::Stop;
    }
    let is_late = input.beat.is_none_or(|beat| is_past(beat, asked_for(limit), input.now));
    match is_past(input.seen, every, input.now) && is_late && !input.in_flight {
        true => Decision::Send,
        false => Decision::Wait,
    }
}

/// For how many seconds the provider was not seen, if it is so long that pay is being lost with a limit of `limit`.
pub fn unseen(limit: u64, seen: u64, now: u64) -> Option<u64> {
    let unseen = now.saturating_sub(seen);
    (unseen > paid_for(limit)).then_some(unseen)
}

/// Since when nothing of what is paid runs, as far as it was seen.
#[derive(Debug, Default)]
pub struct Standstill {
    since: Option<u64>,
    looked: Option<u64>,
}

impl Standstill {
    /// Records what is seen at a block of this time: whether any pod runs, or that none has to. While the cluster
    /// does not answer that is not known. Returns for how long none runs, in seconds; 0 while that is not known.
    pub fn record(&mut self, now: u64, runs: Option<bool>) -> u64 {
        let before = self.looked.replace(now);
        if before.is_some_and(|before| now.abs_diff(before) > HALT) {
            self.since = None;
        }
        match runs {
            Some(true) => self.since = None,
            Some(false) => return now.saturating_sub(*self.since.get_or_insert(now)),
            None => {}
        }
        0
    }
}

/// What the operator has for heartbeats, and what one costs; base units of the chain's fees.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Purse {
    /// The operator's balance.
    pub balance: u128,
    /// The fee of a heartbeat at the present price of gas, above 0.
    pub fee: u128,
    /// At the configured price, to which a raised one falls again.
    pub usual: u128,
}

/// What heartbeats cost that the balance does not pay for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Short {
    /// What they cost.
    pub wanted: u128,
    /// Whether these are those of a day at the present price, and not those of a week at the usual one.
    pub of_a_day: bool,
}

impl Purse {
    /// How many heartbeats it pays for.
    pub fn heartbeats(&self) -> u64 {
        u64::try_from(self.balance / self.fee.max(1)).unwrap_or(u64::MAX)
    }

    /// What it is short of at a limit of `limit`: a week of heartbeats at the usual price, or a day of them at the
    /// present one. A price that was raised for one transaction says little of a week.
    pub fn is_short_of(&self, limit: u64) -> Option<Short> {
        let of = |time: u64, fee: u128| {
            fee.saturating_mul(u128::from(time.div_ceil(heartbeat_every(limit).max(1))))
        };
        let (week, day) = (of(WEEK, self.fee.min(self.usual)), of(DAY, self.fee));
        let short = Short { wanted: week.max(day), of_a_day: day > week };
        (self.balance < short.wanted).then_some(short)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use souk_core::absence::DEFAULT_LIMIT;

    use super::*;

    /// Seen at 100,000; a heartbeat is due each 4,320 s.
    const INPUT: Input = Input {
        now: 104_319,
        limit: Some(MIN_LIMIT),
        seen: 100_000,
        beat: None,
        in_flight: false,
        standstill: 0,
    };

    #[test]
    fn a_heartbeat_is_due_once_nothing_was_seen_for_a_fifth_of_the_shortest_limit() {
        let due = Input { now: 104_320, ..INPUT };
        for (what, input, decision) in [
            ("seen a moment before", INPUT, Decision::Wait),
            ("a fifth later", due, Decision::Send),
            ("of a day", Input { limit: Some(DEFAULT_LIMIT), ..due }, Decision::Wait),
            ("never seen", Input { seen: 0, ..due }, Decision::Send),
            ("without a lease that asks for it", Input { limit: None, ..due }, Decision::Wait),
            ("one is on its way", Input { in_flight: true, ..due }, Decision::Wait),
            ("one was just sent", Input { beat: Some(104_000), ..due }, Decision::Wait),
            ("it did not arrive", Input { beat: Some(103_240), ..due }, Decision::Send),
            ("sent in a time to come", Input { beat: Some(u64::MAX), ..due }, Decision::Send),
            ("seen in a time to come", Input { seen: u64::MAX, ..due }, Decision::Send),
            ("nothing runs for a fifth", Input { standstill: 4_320, ..due }, Decision::Send),
            ("and longer", Input { standstill: 4_321, ..due }, Decision::Stop),
        ] {
            assert_eq!(decide(&input), decision, "{what}");
        }
    }

    #[test]
    fn an_event_that_came_while_the_endpoints_were_asked_makes_nobody_seen() {
        assert_eq!(last_seen(Some(104_000), 100_000), 100_000);
        assert_eq!(last_seen(Some(100_000), 104_000), 100_000);
        assert_eq!(last_seen(None, 100_000), 100_000);
    }

    #[test]
    fn pay_is_being_lost_after_a_quarter_of_the_limit() {
        assert_eq!(unseen(MIN_LIMIT, 100_000, 105_400), None);
        assert_eq!(unseen(MIN_LIMIT, 100_000, 105_401), Some(5_401));
        assert_eq!(unseen(MIN_LIMIT, 100_000, 0), None);
    }

    #[test]
    fn nothing_stands_still_by_what_is_not_seen_and_no_halt_of_the_chain_adds_to_it() {
        let mut standstill = Standstill::default();
        assert_eq!(standstill.record(1_000, Some(false)), 0);
        assert_eq!(standstill.record(1_600, Some(false)), 600);
        assert_eq!(standstill.record(1_700, None), 0, "the cluster does not answer");
        assert_eq!(standstill.record(1_800, Some(false)), 800, "nor did anything run before");
        assert_eq!(standstill.record(2_000, Some(true)), 0);
        assert_eq!(standstill.record(2_100, Some(false)), 0);
        assert_eq!(standstill.record(2_701, Some(false)), 0, "the chain halted");
        assert_eq!(standstill.record(2_801, Some(false)), 100);
        assert_eq!(standstill.record(100, Some(false)), 0, "a time that went back");
    }

    #[test]
    fn coins_are_short_if_they_do_not_last_a_week() {
        let purse = |balance| Purse { balance, fee: 100, usual: 100 };
        let week = |wanted| Some(Short { wanted, of_a_day: false });
        assert_eq!(purse(13_999).is_short_of(MIN_LIMIT), week(14_000));
        assert_eq!(purse(14_000).is_short_of(MIN_LIMIT), None);
        assert_eq!(purse(3_500).is_short_of(DEFAULT_LIMIT), None, "35 at a day");
        assert_eq!(purse(3_499).heartbeats(), 34);
        let most = Purse { balance: u128::MAX, fee: 0, usual: 0 };
        assert_eq!((most.heartbeats(), most.is_short_of(MIN_LIMIT)), (u64::MAX, None));
    }

    #[test]
    fn a_price_that_was_raised_makes_coins_short_only_if_they_do_not_last_a_day() {
        // 140 heartbeats a week, 20 a day.
        let raised = |fee| Purse { balance: 14_000, fee, usual: 100 };
        assert_eq!(raised(700).is_short_of(MIN_LIMIT), None);
        let day = Some(Short { wanted: 14_020, of_a_day: true });
        assert_eq!(raised(701).is_short_of(MIN_LIMIT), day);
        assert_eq!(raised(50).is_short_of(MIN_LIMIT), None, "below the usual one");
    }

    proptest! {
        #[test]
        fn whatever_arrives_there_is_neither_silence_for_much_longer_than_a_fifth_nor_a_storm(
            limit in MIN_LIMIT..=MAX_LIMIT, steps in proptest::collection::vec((1u64..120, any::<bool>()), 1..400),
        ) {
            // Each heartbeat arrives or not; time goes on in blocks.
            let mut input = Input { now: 1_000_000, limit: Some(limit), seen: 1_000_000, ..INPUT };
            let mut sent = Vec::new();
            for (seconds, arrives) in steps {
                input.now += seconds * limit / 20_000;
                if decide(&input) == Decision::Send {
                    prop_assert!(input.now - input.seen >= heartbeat_every(limit));
                    sent.push(input.now);
                    input.beat = Some(input.now);
                    if arrives {
                        input.seen = input.now;
                    }
                }
            }
            for pair in sent.windows(2) {
                prop_assert!(pair[1] - pair[0] >= asked_for(limit), "no storm");
            }
            let late = heartbeat_every(limit) + asked_for(limit) + limit / 100;
            let last = sent.last().copied().unwrap_or(1_000_000);
            prop_assert!(input.now - input.seen.max(last) <= late);
        }
    }
}
