//! Slashes are bounded and noticed. Pure: amounts and seconds in, a decision out.
//!
//! A notice says how much will be taken, up to a share of what is at stake. After a delay it can be
//! carried out for a week; then it lapses. As long as it stands its amount stays at stake. After a
//! slash, a withdrawal or a lapse the provider has a time without notices, so that neither a share
//! is taken again at once nor coins are held back for ever.

use cosmwasm_schema::cw_serde;
use souk_api::registry::Slashing;
use souk_core::{Amount, time::WEEK};
use thiserror::Error;

/// Seconds for which a notice can be carried out.
pub const LAPSE: u64 = WEEK;

/// A slash that is noticed, and when the next one can be.
#[cw_serde]
#[derive(Default, Eq)]
pub struct Slate {
    /// The last notice, if it was neither carried out nor withdrawn.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub notice: Option<Notice>,
    /// Before this second no other notice is given.
    pub free_at: u64,
}

/// A notice.
#[cw_serde]
#[derive(Eq)]
pub struct Notice {
    /// How much will be taken.
    pub amount: Amount,
    /// From when on it can be carried out.
    pub executable_at: u64,
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
    #[error("a slash is noticed already, for second {executable_at}; it lapses at {lapses_at}")]
    Noticed {
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
    /// Too early.
    #[error("the slash can be carried out at second {executable_at}; it is {now}")]
    TooEarly {
        /// From when on.
        executable_at: u64,
        /// The block's time.
        now: u64,
    },
}

impl Notice {
    /// From when on it cannot be carried out any more.
    pub fn lapses_at(&self) -> u64 {
        self.executable_at.saturating_add(LAPSE)
    }
}

impl Slate {
    /// Whether there is nothing to remember.
    pub fn is_clean(&self) -> bool {
        *self == Self::default()
    }

    /// The notice that stands at `now`.
    pub fn in_force(&self, now: u64) -> Option<&Notice> {
        self.notice.as_ref().filter(|notice| now < notice.lapses_at())
    }

    /// What it holds back from claims, in base units.
    pub fn held(&self, now: u64) -> u128 {
        self.in_force(now).map_or(0, |notice| notice.amount.u128())
    }

    /// Gives notice, of at most a share of what is at `staked`.
    ///
    /// # Errors
    /// If one stands, if it is too soon after the last, or if the amount is nothing or too much.
    pub fn give(
        &mut self,
        amount: Amount,
        reason: String,
        staked: u128,
        terms: Slashing,
        now: u64,
    ) -> Result<&Notice, SlashError> {
        if let Some(notice) = self.in_force(now) {
            let (executable_at, lapses_at) = (notice.executable_at, notice.lapses_at());
            return Err(SlashError::Noticed { executable_at, lapses_at });
        }
        let lapsed = self
            .notice
            .as_ref()
            .map_or(0, |notice| notice.lapses_at().saturating_add(terms.period));
        let free_at = self.free_at.max(lapsed);
        if now < free_at {
            return Err(SlashError::TooSoon { free_at, now });
        }
        let share = staked.saturating_mul(terms.cap_bps.into());
        let most = share.checked_div(10_000).unwrap_or(0);
        if amount == Amount::ZERO || staked == 0 {
            return Err(SlashError::Nothing { asked: amount, staked });
        }
        if amount.u128() > most {
            return Err(SlashError::AboveCap { asked: amount, most });
        }
        let executable_at = now.saturating_add(terms.delay);
        Ok(self.notice.insert(Notice { amount, executable_at, reason }))
    }

    /// Takes the notice out, to be carried out.
    ///
    /// # Errors
    /// If none stands, or if it is too early.
    pub fn carry_out(&mut self, terms: Slashing, now: u64) -> Result<Notice, SlashError> {
        let executable_at = self.in_force(now).ok_or(SlashError::NotNoticed)?.executable_at;
        if now < executable_at {
            return Err(SlashError::TooEarly { executable_at, now });
        }
        self.withdraw(terms, now)
    }

    /// Takes the notice back.
    ///
    /// # Errors
    /// If none stands.
    pub fn withdraw(&mut self, terms: Slashing, now: u64) -> Result<Notice, SlashError> {
        self.in_force(now).ok_or(SlashError::NotNoticed)?;
        self.free_at = now.saturating_add(terms.period);
        self.notice.take().ok_or(SlashError::NotNoticed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TERMS: Slashing = Slashing { cap_bps: 2_500, period: 1_000, delay: 100 };

    fn amount(units: u128) -> Amount {
        Amount::saturating(units)
    }

    fn give(slate: &mut Slate, units: u128, now: u64) -> Result<(), SlashError> {
        slate.give(amount(units), "why".into(), 400, TERMS, now).map(drop)
    }

    #[test]
    fn a_slash_takes_a_share_of_what_is_at_stake_at_most_rounded_down() {
        let mut slate = Slate::default();
        let above = SlashError::AboveCap { asked: amount(101), most: 100 };
        assert_eq!(give(&mut slate, 101, 5), Err(above));
        let nothing = SlashError::Nothing { asked: amount(0), staked: 400 };
        assert_eq!(give(&mut slate, 0, 5), Err(nothing));
        assert_eq!(give(&mut slate, 100, 5), Ok(()));
        let tiny = Slate::default().give(amount(1), "why".into(), 3, TERMS, 5).map(drop);
        assert_eq!(tiny, Err(SlashError::AboveCap { asked: amount(1), most: 0 }));
    }

    #[test]
    fn a_notice_can_be_carried_out_from_its_delay_on_until_it_lapses_and_holds_until_then() {
        let mut slate = Slate::default();
        give(&mut slate, 100, 1_000).unwrap();
        let lapses_at = 1_100 + LAPSE;
        for (now, outcome, held) in [
            (1_000, Err(SlashError::TooEarly { executable_at: 1_100, now: 1_000 }), 100),
            (1_099, Err(SlashError::TooEarly { executable_at: 1_100, now: 1_099 }), 100),
            (1_100, Ok(100), 100),
            (lapses_at - 1, Ok(100), 100),
            (lapses_at, Err(SlashError::NotNoticed), 0),
        ] {
            let done = slate.clone().carry_out(TERMS, now).map(|notice| notice.amount.u128());
            assert_eq!((done, slate.held(now)), (outcome, held), "{now}");
        }
    }

    #[test]
    fn one_notice_stands_at_a_time_and_the_next_waits_after_each_end_of_one() {
        let noticed = SlashError::Noticed { executable_at: 1_100, lapses_at: 1_100 + LAPSE };
        let mut slate = Slate::default();
        give(&mut slate, 100, 1_000).unwrap();
        assert_eq!(give(&mut slate, 1, 1_050), Err(noticed));

        let lapsed = 1_100 + LAPSE + 1_000;
        let soon = SlashError::TooSoon { free_at: lapsed, now: lapsed - 1 };
        assert_eq!(give(&mut slate.clone(), 1, lapsed - 1), Err(soon));
        assert_eq!(give(&mut slate.clone(), 1, lapsed), Ok(()));

        for end in [Slate::carry_out, Slate::withdraw] {
            let mut slate = slate.clone();
            end(&mut slate, TERMS, 1_200).unwrap();
            let soon = SlashError::TooSoon { free_at: 2_200, now: 2_199 };
            assert_eq!(give(&mut slate, 1, 2_199), Err(soon));
            assert_eq!(give(&mut slate, 1, 2_200), Ok(()));
        }
    }
}
