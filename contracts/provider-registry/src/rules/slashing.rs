//! Slashes are bounded and noticed. Pure: amounts and seconds in, a decision out.
//!
//! A notice says how much will be taken, up to a share of what is at stake. After a delay it can be
//! carried out for a week; then it lapses. As long as it stands its amount stays at stake. After a
//! slash, a withdrawal or a lapse the provider has a time without notices, so that neither a share
//! is taken again at once nor coins are held back for ever.
//!
//! A small notice shields nobody: as long as it stands a greater one replaces it, of whichever slasher, up to
//! the share of what was at stake at first. Its delay begins again, and however often that happens, coins are
//! held one delay longer than by the first alone, and the last of them can be carried out for a day at least. Nor does one that is taken back: another can follow at once,
//! within the bounds of the first. Only who gave a notice takes it back, and nobody does once it replaced
//! another slasher's, or that one's would be gone. Any slasher carries it out.

use cosmwasm_schema::cw_serde;
use cosmwasm_std::Addr;
use souk_api::registry::Slashing;
use souk_core::{
    Amount,
    time::{DAY, WEEK},
};
use thiserror::Error;

/// Seconds for which a notice can be carried out.
pub const LAPSE: u64 = WEEK;

/// Seconds for which one that replaced another can be carried out at least.
pub const LEAST_LAPSE: u64 = DAY;

/// A slash that is noticed, and when the next one can be.
#[cw_serde]
#[derive(Default, Eq)]
pub struct Slate {
    /// The last notice, if it was not carried out. One that was withdrawn takes nothing any more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub notice: Option<Notice>,
    /// Before this second no notice is given that replaces none.
    pub free_at: u64,
}

/// A notice.
#[cw_serde]
#[derive(Eq)]
pub struct Notice {
    /// How much will be taken; nothing once it was withdrawn.
    pub amount: Amount,
    /// From when on it can be carried out.
    pub executable_at: u64,
    /// From when on it cannot any more.
    pub lapses_at: u64,
    /// When the greatest one that replaces it lapses.
    pub ends_by: u64,
    /// How much one that replaces it takes at most.
    pub most: Amount,
    /// The slasher that gave it.
    pub by: Addr,
    /// Whether it replaced another slasher's, so that it cannot be withdrawn.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub binding: bool,
    /// Why.
    pub reason: String,
}

/// A notice to give.
#[derive(Clone, Debug)]
pub struct NewNotice {
    /// The slasher.
    pub by: Addr,
    /// How much will be taken.
    pub amount: Amount,
    /// Why.
    pub reason: String,
}

/// What a notice or a slash breaks.
#[derive(Debug, Clone, Error, PartialEq, Eq)]
pub enum SlashError {
    /// Nothing to take.
    #[error("a slash of {asked} takes nothing: {staked} are at stake")]
    Nothing {
        /// What was asked for.
        asked: Amount,
        /// What there is.
        staked: u128,
    },
    /// More than one slash may take.
    #[error("a slash of {asked} is above {most}, the share of what is at stake that one may take")]
    AboveCap {
        /// What was asked for.
        asked: Amount,
        /// The most.
        most: u128,
    },
    /// There is a notice.
    #[error(
        "a slash of {amount} is noticed already, for second {executable_at}; it lapses at {lapses_at}, \
         and a greater one, up to {most}, replaces it if its delay is over a day before {ends_by}"
    )]
    Noticed {
        /// How much it takes.
        amount: Amount,
        /// How much one that replaces it takes at most.
        most: Amount,
        /// When that one lapses.
        ends_by: u64,
        /// From when on it can be carried out.
        executable_at: u64,
        /// When it lapses.
        lapses_at: u64,
    },
    /// The last one is not long enough ago.
    #[error("the next slash can be noticed at second {free_at}; it is {now}")]
    TooSoon {
        /// From when on.
        free_at: u64,
        /// The block's time.
        now: u64,
    },
    /// There is no notice.
    #[error("no slash is noticed, or the notice lapsed; send notice_slash first")]
    NotNoticed,
    /// Another amount than was noticed.
    #[error(
        "a slash of {noticed} is noticed, not of {asked}; look at the notice and its reason first"
    )]
    OtherAmount {
        /// What the notice says.
        noticed: Amount,
        /// What was asked for.
        asked: Amount,
    },
    /// Another slasher's notice.
    #[error("the notice is {by}'s to take back")]
    NotYours {
        /// The slasher that gave it.
        by: Addr,
    },
    /// It replaced another slasher's notice.
    #[error(
        "the notice replaced another slasher's and stands: carry it out, or let it lapse at {lapses_at}"
    )]
    Binding {
        /// When it lapses.
        lapses_at: u64,
    },
    /// Too early.
    #[error("the slash can be carried out at second {executable_at}; it is {now}")]
    TooEarly {
        /// From when on.
        executable_at: u64,
        /// The block's time.
        now: u64,
    },
}

impl Slate {
    /// Whether there is nothing to remember.
    pub fn is_clean(&self) -> bool {
        *self == Self::default()
    }

    /// The notice that stands at `now`.
    pub fn in_force(&self, now: u64) -> Option<&Notice> {
        self.notice.as_ref().filter(|notice| notice.takes() && now < notice.lapses_at)
    }

    /// The notice within whose bounds another is given at `now`: one that stands, or that was withdrawn and
    /// would stand.
    fn to_replace(&self, now: u64) -> Option<&Notice> {
        let notice = self.notice.as_ref().filter(|notice| now < notice.lapses_at)?;
        (notice.takes() || now < self.free_at).then_some(notice)
    }

    /// What it holds back from claims, in base units.
    pub fn held(&self, now: u64) -> u128 {
        self.in_force(now).map_or(0, |notice| notice.amount.u128())
    }

    /// Gives notice of at most a share of `staked`, all that is at stake, in base units; or replaces the notice
    /// that stands by a greater one. `now` in seconds.
    ///
    /// # Errors
    /// If one as great stands, if it is too soon after the last, or if the amount is nothing or too much.
    pub fn give(
        &mut self,
        new: NewNotice,
        staked: u128,
        bounds: Slashing,
        now: u64,
    ) -> Result<&Notice, SlashError> {
        let amount = new.amount;
        if amount == Amount::ZERO || staked == 0 {
            return Err(SlashError::Nothing { asked: amount, staked });
        }
        if let Some(before) = self.to_replace(now).cloned() {
            return self.replace(before, new, staked, bounds, now);
        }
        let lapsed = self.notice.as_ref().filter(|notice| notice.takes());
        let lapsed = lapsed.map_or(0, |notice| notice.lapses_at.saturating_add(bounds.period));
        let free_at = self.free_at.max(lapsed);
        if now < free_at {
            return Err(SlashError::TooSoon { free_at, now });
        }
        let share = staked.saturating_mul(bounds.cap_bps.into());
        let most = share.checked_div(10_000).unwrap_or(0);
        if amount.u128() > most {
            return Err(SlashError::AboveCap { asked: amount, most });
        }
        let NewNotice { by, reason, .. } = new;
        let executable_at = now.saturating_add(bounds.delay);
        let lapses_at = executable_at.saturating_add(LAPSE);
        let ends_by = lapses_at.saturating_add(bounds.delay);
        let most = Amount::saturating(most);
        let binding = false;
        let notice =
            Notice { amount, executable_at, lapses_at, ends_by, most, by, binding, reason };
        Ok(self.notice.insert(notice))
    }

    fn replace(
        &mut self,
        before: Notice,
        new: NewNotice,
        staked: u128,
        bounds: Slashing,
        now: u64,
    ) -> Result<&Notice, SlashError> {
        let NewNotice { by, amount, reason } = new;
        let executable_at = now.saturating_add(bounds.delay);
        let in_time = executable_at.saturating_add(LEAST_LAPSE) <= before.ends_by;
        if !in_time && !before.takes() {
            return Err(SlashError::TooSoon { free_at: self.free_at, now });
        }
        if !in_time || amount <= before.amount {
            let Notice { amount, executable_at, lapses_at, ends_by, most, .. } = before;
            return Err(SlashError::Noticed { amount, most, ends_by, executable_at, lapses_at });
        }
        let most = before.most.u128().min(staked);
        if amount.u128() > most {
            return Err(SlashError::AboveCap { asked: amount, most });
        }
        let lapses_at = executable_at.saturating_add(LAPSE).min(before.ends_by);
        let binding = before.binding || (before.takes() && before.by != by);
        let notice = Notice { amount, executable_at, lapses_at, by, binding, reason, ..before };
        Ok(self.notice.insert(notice))
    }

    /// Takes the notice out, to be carried out.
    ///
    /// # Errors
    /// If none stands, if it is too early, or if it says another amount.
    pub fn carry_out(
        &mut self,
        asked: Amount,
        bounds: Slashing,
        now: u64,
    ) -> Result<Notice, SlashError> {
        let notice = self.in_force(now).ok_or(SlashError::NotNoticed)?;
        let (noticed, executable_at) = (notice.amount, notice.executable_at);
        if asked != noticed {
            return Err(SlashError::OtherAmount { noticed, asked });
        }
        if now < executable_at {
            return Err(SlashError::TooEarly { executable_at, now });
        }
        self.free_at = now.saturating_add(bounds.period);
        self.notice.take().ok_or(SlashError::NotNoticed)
    }

    /// Takes the notice back; gives its amount. Until it would have lapsed another can be given within its bounds.
    ///
    /// # Errors
    /// If none stands, if it is another's, or if it replaced another's.
    pub fn withdraw(
        &mut self,
        by: &Addr,
        bounds: Slashing,
        now: u64,
    ) -> Result<Amount, SlashError> {
        let stands = self.notice.as_mut().filter(|notice| notice.takes() && now < notice.lapses_at);
        let notice = stands.ok_or(SlashError::NotNoticed)?;
        if notice.by != *by {
            return Err(SlashError::NotYours { by: notice.by.clone() });
        }
        if notice.binding {
            return Err(SlashError::Binding { lapses_at: notice.lapses_at });
        }
        self.free_at = now.saturating_add(bounds.period);
        Ok(std::mem::replace(&mut notice.amount, Amount::ZERO))
    }
}

impl Notice {
    /// Whether it takes anything: it was not withdrawn.
    fn takes(&self) -> bool {
        self.amount > Amount::ZERO
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TERMS: Slashing = Slashing { cap_bps: 2_500, period: 1_000, delay: 100 };

    fn amount(units: u128) -> Amount {
        Amount::saturating(units)
    }

    fn new(by: &str, units: u128) -> NewNotice {
        NewNotice { by: Addr::unchecked(by), amount: amount(units), reason: "why".into() }
    }

    fn give(slate: &mut Slate, units: u128, now: u64) -> Result<(), SlashError> {
        slate.give(new("sue", units), 400, TERMS, now).map(drop)
    }

    #[test]
    fn a_slash_takes_a_share_of_what_is_at_stake_at_most_rounded_down() {
        let mut slate = Slate::default();
        let above = SlashError::AboveCap { asked: amount(101), most: 100 };
        assert_eq!(give(&mut slate, 101, 5), Err(above));
        let nothing = SlashError::Nothing { asked: amount(0), staked: 400 };
        assert_eq!(give(&mut slate, 0, 5), Err(nothing));
        assert_eq!(give(&mut slate, 100, 5), Ok(()));
        let tiny = Slate::default().give(new("sue", 1), 3, TERMS, 5).map(drop);
        assert_eq!(tiny, Err(SlashError::AboveCap { asked: amount(1), most: 0 }));
    }

    #[test]
    fn a_notice_can_be_carried_out_from_its_delay_on_until_it_lapses_and_holds_until_then() {
        let mut slate = Slate::default();
        assert_eq!(give(&mut slate, 100, 1_000), Ok(()));
        let lapses_at = 1_100 + LAPSE;
        for (now, outcome, held) in [
            (1_000, Err(SlashError::TooEarly { executable_at: 1_100, now: 1_000 }), 100),
            (1_099, Err(SlashError::TooEarly { executable_at: 1_100, now: 1_099 }), 100),
            (1_100, Ok(100), 100),
            (lapses_at - 1, Ok(100), 100),
            (lapses_at, Err(SlashError::NotNoticed), 0),
        ] {
            let done = slate.clone().carry_out(amount(100), TERMS, now);
            let done = done.map(|notice| notice.amount.u128());
            assert_eq!((done, slate.held(now)), (outcome, held), "{now}");
        }
    }

    #[test]
    fn what_is_carried_out_is_what_the_notice_says() {
        let mut slate = Slate::default();
        assert_eq!(give(&mut slate, 100, 1_000), Ok(()));
        for units in [0, 99, 101] {
            let other = SlashError::OtherAmount { noticed: amount(100), asked: amount(units) };
            assert_eq!(slate.carry_out(amount(units), TERMS, 1_100), Err(other));
        }
        assert!(slate.carry_out(amount(100), TERMS, 1_100).is_ok());
    }

    #[test]
    fn one_notice_stands_at_a_time_and_the_next_waits_after_each_end_of_one() {
        let mut slate = Slate::default();
        assert_eq!(give(&mut slate, 100, 1_000), Ok(()));
        let noticed = give(&mut slate, 1, 1_050).unwrap_err();
        assert!(matches!(noticed, SlashError::Noticed { .. }), "{noticed}");

        let lapsed = 1_100 + LAPSE + 1_000;
        let soon = SlashError::TooSoon { free_at: lapsed, now: lapsed - 1 };
        assert_eq!(give(&mut slate.clone(), 1, lapsed - 1), Err(soon));
        assert_eq!(give(&mut slate.clone(), 1, lapsed), Ok(()));

        assert!(slate.carry_out(amount(100), TERMS, 1_200).is_ok());
        let soon = SlashError::TooSoon { free_at: 2_200, now: 2_199 };
        assert_eq!(give(&mut slate, 1, 2_199), Err(soon));
        assert_eq!(give(&mut slate, 1, 2_200), Ok(()));
    }

    #[test]
    fn one_that_is_withdrawn_shields_nobody_and_holds_nothing() {
        let (sue, tom) = (Addr::unchecked("sue"), Addr::unchecked("tom"));
        let mut slate = Slate::default();
        assert!(slate.give(new("tom", 100), 400, TERMS, 1_000).is_ok());
        assert_eq!(slate.withdraw(&tom, TERMS, 1_010), Ok(amount(100)));
        assert_eq!((slate.held(1_010), slate.in_force(1_010)), (0, None));
        assert_eq!(slate.withdraw(&tom, TERMS, 1_011), Err(SlashError::NotNoticed));
        let nothing = slate.clone().carry_out(Amount::ZERO, TERMS, 1_150);
        assert_eq!(nothing, Err(SlashError::NotNoticed));

        // Another at once, of what the first could take at most and no longer than its replacements.
        let above = SlashError::AboveCap { asked: amount(101), most: 100 };
        assert_eq!(give(&mut slate, 101, 1_012), Err(above));
        assert_eq!(give(&mut slate, 60, 1_012), Ok(()));
        let ends_by = 1_100 + LAPSE + 100;
        assert!(slate.notice.as_ref().is_some_and(|notice| notice.ends_by == ends_by));
        assert_eq!(slate.withdraw(&sue, TERMS, 1_020), Ok(amount(60)), "it replaced nothing");
        // A period after the last one's end the bounds are new.
        assert_eq!(give(&mut slate.clone(), 101, 2_019).map_err(drop), Err(()));
        assert!(slate.clone().give(new("sue", 101), 800, TERMS, 2_020).is_ok());
        // What nobody followed waits as after a slash.
        let late = 1_100 + LAPSE;
        assert_eq!(slate.withdraw(&sue, TERMS, 1_021), Err(SlashError::NotNoticed));
        assert_eq!(give(&mut slate, 1, late), Ok(()));
    }

    #[test]
    fn whoever_raises_anothers_notice_again_and_again_leaves_a_day_to_carry_it_out() {
        let mut slate = Slate::default();
        assert_eq!(give(&mut slate, 1, 1_000), Ok(()));
        let mut now = 1_000;
        for units in 2..=100 {
            // Just before it can be carried out.
            let Some(Notice { executable_at, .. }) = slate.notice else { panic!("none stands") };
            let step = (LAPSE / 60).max(executable_at - 1 - now);
            now += step;
            if slate.give(new("tom", units), 400, TERMS, now).is_err() {
                break;
            }
        }
        let Some(Notice { executable_at, lapses_at, .. }) = slate.notice else { panic!("gone") };
        assert!(executable_at + LEAST_LAPSE <= lapses_at, "{slate:?}");
    }

    #[test]
    fn one_that_is_withdrawn_late_is_followed_only_after_the_wait() {
        let tom = Addr::unchecked("tom");
        let mut slate = Slate::default();
        assert!(slate.give(new("tom", 100), 400, TERMS, 1_000).is_ok());
        let late = 1_100 + LAPSE - 1;
        assert_eq!(slate.withdraw(&tom, TERMS, late), Ok(amount(100)));
        let soon = SlashError::TooSoon { free_at: late + 1_000, now: late };
        assert_eq!(give(&mut slate, 1, late), Err(soon));
        assert_eq!(give(&mut slate, 1, late + 1_000), Ok(()));
    }

    #[test]
    fn nobody_ends_anothers_notice_by_a_greater_one_that_is_withdrawn() {
        let (sue, tom) = (Addr::unchecked("sue"), Addr::unchecked("tom"));
        let mut slate = Slate::default();
        assert_eq!(give(&mut slate, 50, 1_000), Ok(()));
        assert!(slate.give(new("tom", 60), 400, TERMS, 1_050).is_ok());
        let binding = |lapses_at| Err(SlashError::Binding { lapses_at });
        assert_eq!(slate.withdraw(&tom, TERMS, 1_060), binding(1_150 + LAPSE));
        // Nor by raising its own.
        assert!(slate.give(new("tom", 70), 400, TERMS, 1_070).is_ok());
        assert_eq!(slate.withdraw(&tom, TERMS, 1_080), binding(1_170 + LAPSE));
        // Raising one's own alone binds nobody.
        let mut own = Slate::default();
        for (units, now) in [(1, 1_000), (2, 1_001)] {
            assert_eq!(give(&mut own, units, now), Ok(()));
        }
        assert_eq!(own.withdraw(&sue, TERMS, 1_002), Ok(amount(2)));
        assert!(slate.carry_out(amount(70), TERMS, 1_170).is_ok());
    }

    #[test]
    fn a_small_notice_shields_nobody_from_a_greater_one() {
        let mut slate = Slate::default();
        assert_eq!(give(&mut slate, 1, 1_000), Ok(()));
        for (units, staked, most) in [(101, 400, 100), (81, 80, 80)] {
            let above = SlashError::AboveCap { asked: amount(units), most };
            let refused = slate.give(new("tom", units), staked, TERMS, 1_050).map(drop);
            assert_eq!(refused, Err(above), "the share of what was at stake at first");
        }
        // What came in since does not count.
        let notice = slate.give(new("tom", 100), 4_000, TERMS, 1_050);
        let times = notice.map(|notice| (notice.executable_at, notice.lapses_at));
        assert_eq!(times, Ok((1_150, 1_150 + LAPSE)));
        let not_yours = SlashError::NotYours { by: Addr::unchecked("tom") };
        assert_eq!(slate.withdraw(&Addr::unchecked("sue"), TERMS, 1_060), Err(not_yours));
        assert!(slate.carry_out(amount(100), TERMS, 1_150).is_ok());
    }

    #[test]
    fn however_often_a_notice_is_raised_it_holds_one_delay_longer_at_most() {
        let mut slate = Slate::default();
        assert_eq!(give(&mut slate, 1, 1_000), Ok(()));
        let ends_by = 1_100 + LAPSE + 100;
        for step in 2..=60_u64 {
            let units = u128::from(step);
            let before = slate.clone();
            let now = 1_000 + (LAPSE + 200) / 60 * step;
            match give(&mut slate, units, now) {
                Ok(()) => assert!(slate.held(ends_by - 1) <= units),
                Err(_) => assert_eq!(slate, before),
            }
            assert_eq!(slate.held(ends_by), 0, "raised to {units}");
        }
        assert!(matches!(slate.notice, Some(Notice { lapses_at, .. }) if lapses_at == ends_by));
    }
}
