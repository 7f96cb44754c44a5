//! A pause, and when it ends. Pure.
//!
//! The owner's lasts until the owner ends it. The guardian's ends by itself after [`LONGEST`], and
//! the guardian cannot begin another one for as long: a guardian alone never stops a market for
//! good, and an owner that is there decides. What ended by itself is seen by the time; nothing is
//! written for it.

use souk_core::time::WEEK;

/// Seconds after which a guardian's pause ends by itself, and for which it cannot pause after that.
pub const LONGEST: u64 = WEEK;

/// A contract's last pause, as it is stored.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Pause {
    /// Whether new business was stopped and nobody allowed it again.
    pub on: bool,
    /// The second at which it ends or ended by itself, if the guardian began it; else 0.
    pub ends_at: u64,
}

/// When a pause begins or ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moment {
    /// The second.
    pub time: u64,
    /// The block's height; none if it ended by itself, between two blocks that did not look.
    pub block: Option<u64>,
}

impl Pause {
    /// Whether new business is stopped at `now`.
    pub fn is_on(self, now: u64) -> bool {
        self.on && (self.ends_at == 0 || now < self.ends_at)
    }

    /// When it ends by itself, if it is on at `now` and will.
    pub fn end(self, now: u64) -> Option<u64> {
        (self.is_on(now) && self.ends_at > 0).then_some(self.ends_at)
    }

    /// The second at which it ended by itself, if it did by `now`.
    pub fn ended(self, now: u64) -> Option<u64> {
        (self.on && !self.is_on(now)).then_some(self.ends_at)
    }

    /// What the guardian's pause makes of it at `now`; one that is on stays as it is.
    ///
    /// # Errors
    /// The second from which the guardian may pause again.
    pub fn by_guardian(self, now: u64) -> Result<Self, u64> {
        if self.is_on(now) {
            return Ok(self);
        }
        let again = self.ends_at.saturating_add(LONGEST);
        if self.ends_at > 0 && now < again {
            return Err(again);
        }
        Ok(Self { on: true, ends_at: now.saturating_add(LONGEST) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_guardians_pause_ends_by_itself_and_leaves_as_much_time_without_one() {
        let Ok(pause) = Pause::default().by_guardian(100) else { panic!("nothing was paused") };
        let ends_at = 100 + LONGEST;
        assert_eq!(pause.end(100), Some(ends_at));
        for (now, on) in [(100, true), (ends_at - 1, true), (ends_at, false), (u64::MAX, false)] {
            assert_eq!(pause.is_on(now), on, "{now}");
            assert_eq!(pause.ended(now), (!on).then_some(ends_at), "{now}");
        }
        assert_eq!(pause.by_guardian(ends_at - 1), Ok(pause), "it does not last longer for it");
        for now in [ends_at, ends_at + LONGEST - 1] {
            assert_eq!(pause.by_guardian(now), Err(ends_at + LONGEST), "{now}");
        }
        let again = pause.by_guardian(ends_at + LONGEST);
        assert_eq!(again, Ok(Pause { on: true, ends_at: ends_at + 2 * LONGEST }));
    }

    #[test]
    fn the_owners_pause_has_no_end_and_the_guardian_does_not_give_it_one() {
        let pause = Pause { on: true, ends_at: 0 };
        assert!(pause.is_on(u64::MAX) && pause.end(5).is_none() && pause.ended(u64::MAX).is_none());
        assert_eq!(pause.by_guardian(5), Ok(pause));
    }
}
