//! What slashers may take.

use cosmwasm_std::Addr;
use souk_api::{
    defaults::{SLASH_DELAY, SLASH_PERIOD},
    registry::NoticeResponse,
};
use souk_provider_registry::rules::slashing::LAPSE;

use crate::{Step, at_stake, common::Fixture};

/// What a slasher may take by now, by a bookkeeping that knows neither notices nor claims: when
/// each provider was noticed and slashed, and of how much.
#[derive(Default)]
pub struct Slasher {
    pub notice: Option<NoticeResponse>,
    /// The last end of a notice.
    ended_at: Option<u64>,
    /// When one that was withdrawn would have lapsed: until then another has its bounds.
    withdrawn: Option<u64>,
    /// What was at stake at the first of the notices that replaced one another, and when they are over.
    first: (u128, u64),
}

impl Slasher {
    /// What the notice that stands at `now` holds back.
    pub fn held(&self, now: u64) -> u128 {
        let in_force = self.notice.as_ref().filter(|notice| now < notice.lapses_at);
        in_force.map_or(0, |notice| notice.amount.u128())
    }

    /// Holds a step that went well against it.
    pub fn check(&mut self, fixture: &Fixture, provider: &Addr, before: u128, step: &Step) {
        let now = fixture.now();
        let staked = at_stake(fixture, provider);
        match step {
            Step::Notice(_) => {
                let notice = fixture.show(provider).notice.unwrap();
                let free = self.ended_at.is_none_or(|ended| now >= ended + SLASH_PERIOD);
                let withdrawn = self.withdrawn.take().filter(|lapses| now < *lapses);
                if let Some(other) = self.notice.take().filter(|one| now < one.lapses_at) {
                    assert!(notice.amount > other.amount, "a greater one replaces it");
                } else if free {
                    self.first = (before, now + 2 * SLASH_DELAY + LAPSE);
                } else {
                    assert!(withdrawn.is_some(), "it follows one that was withdrawn");
                }
                assert!(notice.amount.u128() * 10_000 <= self.first.0 * 2_500);
                assert_eq!(notice.executable_at, now + SLASH_DELAY);
                assert!(notice.lapses_at <= self.first.1, "held one delay longer at most");
                assert!(notice.executable_at < notice.lapses_at);
                self.ended_at = Some(notice.lapses_at);
                self.notice = Some(notice);
            }
            Step::Slash => {
                let notice = self.notice.take().unwrap();
                assert!((notice.executable_at..notice.lapses_at).contains(&now));
                assert_eq!(before - staked, notice.amount.u128(), "all of it, and no more");
                self.ended_at = Some(now);
            }
            Step::Withdraw => {
                self.withdrawn = Some(self.notice.take().unwrap().lapses_at);
                self.ended_at = Some(now);
                assert_eq!(staked, before);
            }
            Step::Claim => {
                let in_force = self.notice.as_ref().filter(|notice| now < notice.lapses_at);
                let held = in_force.map_or(0, |notice| notice.amount.u128());
                assert!(staked >= held, "{held} are held");
            }
            _ => assert!(staked >= before, "only claims and slashes take anything out"),
        }
    }
}
