//! When a provider is absent, and until when it is paid then. Pure.

use souk_api::orderbook::{Absence, AbsenceResponse};
use souk_core::absence::{MAX_LIMIT, MIN_LIMIT, anyones_limit, is_limit, paid_for};

use super::{auction::Pause, deadline::Deadline};
use crate::AbsenceError;

/// Checks the limit that a tenant asks for.
///
/// # Errors
/// If it is shorter or longer than one may be.
pub fn check(asked: Absence) -> Result<(), AbsenceError> {
    let seconds = asked.limit;
    if is_limit(seconds) {
        return Ok(());
    }
    Err(AbsenceError::LimitRange { seconds, min: MIN_LIMIT, max: MAX_LIMIT })
}

/// For how long the provider of a lease was not seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unseen {
    terms: Absence,
    slowest_block: u64,
    /// From when on it counts: seconds and blocks.
    since: (u64, u64),
}

impl Unseen {
    /// Since the later of two moments, each a second and a block: when the provider was last seen, and when the
    /// lease began.
    pub fn since(terms: Absence, slowest_block: u64, moments: [(u64, u64); 2]) -> Self {
        let none = Self { terms, slowest_block, since: (0, 0) };
        moments.into_iter().fold(none, Self::and_since)
    }

    /// Nor before another moment. The latest of both counts, of the seconds and of the blocks: a word that was
    /// passed on is of an earlier second than its block, and a block that is not known is 0 and decides nothing.
    pub fn and_since(self, (time, block): (u64, u64)) -> Self {
        let since = (self.since.0.max(time), self.since.1.max(block));
        Self { since, ..self }
    }

    /// Whether its tenant could close as absent already when the last pause began: what was over stays over. Of a
    /// pause whose block is not known nothing was.
    pub fn was_absent_before(&self, pause: Pause) -> bool {
        pause.from > 0 && self.closable(false).is_over(pause.from, pause.from_block)
    }

    /// When the lease can be closed as absent, by its tenant and its delegate or by anyone.
    pub fn closable(&self, by_anyone: bool) -> Deadline {
        let Absence { limit, anyone_closes, .. } = self.terms;
        let late = by_anyone && !anyone_closes;
        let limit = if late { anyones_limit(limit) } else { limit };
        let (time, block) = self.since;
        Deadline::after(limit, self.slowest_block, time, block)
    }

    /// Until when the provider is paid at most, if it is absent at `now`.
    pub fn paid_until(&self, now: u64, height: u64) -> Option<u64> {
        self.closable(false).is_over(now, height).then_some(self.latest_pay())
    }

    /// As queries show it.
    pub fn describe(&self, now: u64, height: u64) -> AbsenceResponse {
        let (from, anyone) = (self.closable(false), self.closable(true));
        AbsenceResponse {
            since: self.since.0,
            from: from.time,
            from_block: from.block,
            anyone_from: anyone.time,
            anyone_from_block: anyone.block,
            absent: from.is_over(now, height),
            paid_until: self.latest_pay(),
        }
    }

    fn latest_pay(&self) -> u64 {
        self.since.0.saturating_add(paid_for(self.terms.limit))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SIX_HOURS: Absence = Absence { limit: 21_600, anyone_closes: false, reopens: false };

    fn unseen(terms: Absence, moments: [(u64, u64); 2]) -> Unseen {
        Unseen::since(terms, 9_000, moments)
    }

    #[test]
    fn it_counts_from_the_latest_of_all_moments() {
        for moments in [[(50_000, 100), (20_000, 10)], [(10_000, 5), (50_000, 100)]] {
            let unseen = unseen(SIX_HOURS, moments).and_since((30_000, 50));
            assert_eq!(unseen.closable(false), Deadline { time: 71_600, block: 2_500 });
        }
        // The end of a pause whose block nobody noted.
        let unseen = unseen(SIX_HOURS, [(10_000, 5), (20_000, 10)]).and_since((50_000, 0));
        assert_eq!(unseen.closable(false), Deadline { time: 71_600, block: 2_410 });
    }

    #[test]
    fn who_was_absent_when_a_pause_began_was_so_in_time_and_blocks() {
        let unseen = unseen(SIX_HOURS, [(100_000, 100), (0, 0)]);
        for (from, from_block, absent) in [
            (0, 0, false),
            (121_599, 2_500, false),
            (121_600, 2_499, false),
            (121_600, 0, false),
            (121_600, 2_500, true),
        ] {
            let pause = Pause { from, from_block, until: 130_000, until_block: 3_000 };
            assert_eq!(unseen.was_absent_before(pause), absent, "{from}, block {from_block}");
        }
    }

    #[test]
    fn neither_time_nor_blocks_alone_make_absent() {
        let unseen = unseen(SIX_HOURS, [(100_000, 100), (0, 0)]);
        for (now, height, absent) in [
            (121_599, 2_500, false),
            (121_600, 2_499, false),
            (121_600, 2_500, true),
            (u64::MAX, 2_499, false),
            (u64::MAX, u64::MAX, true),
        ] {
            let paid_until = unseen.paid_until(now, height);
            assert_eq!(paid_until, absent.then_some(105_400), "at {now}, block {height}");
            assert_eq!(unseen.describe(now, height).absent, absent, "at {now}, block {height}");
        }
    }

    #[test]
    fn others_wait_twice_as_long_unless_the_tenant_lets_them() {
        let moments = [(100_000, 100), (0, 0)];
        let others = unseen(SIX_HOURS, moments).closable(true);
        assert_eq!(others, Deadline { time: 143_200, block: 4_900 });
        let lets = Absence { anyone_closes: true, ..SIX_HOURS };
        let unseen = unseen(lets, moments);
        assert_eq!(unseen.closable(true), unseen.closable(false));
    }

    #[test]
    fn a_limit_that_is_too_short_or_too_long_is_refused_with_its_value() {
        for (limit, fine) in
            [(21_599, false), (21_600, true), (2_592_000, true), (2_592_001, false)]
        {
            let checked = check(Absence { limit, ..SIX_HOURS });
            let refused = AbsenceError::LimitRange { seconds: limit, min: 21_600, max: 2_592_000 };
            assert_eq!(checked, if fine { Ok(()) } else { Err(refused) }, "{limit}");
        }
    }
}
