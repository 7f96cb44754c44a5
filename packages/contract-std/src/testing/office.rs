//! What the owner and the guardian of a contract may do, by a bookkeeping of its own.

#![allow(clippy::arithmetic_side_effects)]

use cosmwasm_std::Addr;
use cw_ownable::Action;
use souk_core::time::WEEK;

use super::{Life, who};

/// One message of the administration.
#[derive(Clone, Debug, PartialEq)]
pub enum Act {
    /// Stops new business.
    Pause,
    /// Allows it again.
    Unpause,
    /// Offers, takes or gives up the ownership.
    Own(Action),
}

/// Who owns and who guards a contract, and whether it is paused.
#[derive(Clone, Debug)]
pub struct Office {
    owner: Option<Addr>,
    offered: Option<Addr>,
    guardian: Addr,
    /// When the last pause began and when it ended or will.
    pause: Option<(u64, u64)>,
    /// Whether its end was the owner's to say.
    endless: bool,
    /// From when on the guardian may pause.
    guardian_from: u64,
}

impl Office {
    /// Of `owner` and `guardian`.
    pub fn new(owner: &Addr, guardian: &Addr) -> Self {
        let (owner, guardian) = (Some(owner.clone()), guardian.clone());
        let (offered, pause, endless, guardian_from) = (None, None, false, 0);
        Self { owner, offered, guardian, pause, endless, guardian_from }
    }

    /// The owner; a stranger if there is none.
    pub fn owner(&self) -> Addr {
        self.owner.clone().unwrap_or_else(|| who("stranger"))
    }

    /// Whether new business is stopped.
    pub fn is_paused(&self, now: u64) -> bool {
        self.pause.is_some_and(|(_, end)| now < end)
    }

    /// Somebody's next message: mostly of who may send it.
    pub fn any(&self, life: &mut Life) -> (Addr, Act) {
        let heirs = ["owner", "heir"].map(who);
        let any = [self.owner(), self.guardian.clone(), who("stranger"), who("heir")];
        let by = |n: u64| match n {
            0..5 => any[0].clone(),
            5..8 => any[1].clone(),
            8..10 => any[2].clone(),
            _ => any[3].clone(),
        };
        let sender = by(life.below(12));
        match life.below(8) {
            0 => (by(4 + life.below(2)), Act::Pause),
            1..=3 => (self.owner(), Act::Unpause),
            4 => (sender, if life.below(2) == 0 { Act::Pause } else { Act::Unpause }),
            5 => {
                let heir = heirs.iter().find(|heir| Some(*heir) != self.owner.as_ref());
                let new_owner = heir.map(Addr::to_string).unwrap_or_default();
                let offer = Action::TransferOwnership { new_owner, expiry: None };
                (if life.below(4) == 0 { sender } else { self.owner() }, Act::Own(offer))
            }
            6 => (self.offered.clone().unwrap_or(sender), Act::Own(Action::AcceptOwnership)),
            _ => (sender, Act::Own(Action::AcceptOwnership)),
        }
    }

    /// Whether a message goes well at `now`, and what it changes.
    pub fn act(&mut self, now: u64, by: &Addr, act: &Act) -> bool {
        let is_owner = self.owner.as_ref() == Some(by);
        match act {
            Act::Pause if is_owner => {
                let from = self.pause.filter(|(_, end)| now < *end).map_or(now, |(from, _)| from);
                (self.pause, self.endless, self.guardian_from) = (Some((from, u64::MAX)), true, 0);
                true
            }
            Act::Pause if *by == self.guardian => {
                let fine = self.is_paused(now) || now >= self.guardian_from;
                if fine && !self.is_paused(now) {
                    (self.pause, self.endless) = (Some((now, now + WEEK)), false);
                    self.guardian_from = now + 2 * WEEK;
                }
                fine
            }
            Act::Unpause if is_owner => {
                (self.pause, self.endless, self.guardian_from) = (None, false, 0);
                true
            }
            Act::Pause | Act::Unpause => false,
            Act::Own(Action::TransferOwnership { new_owner, .. }) if is_owner => {
                self.offered = Some(Addr::unchecked(new_owner));
                true
            }
            Act::Own(Action::AcceptOwnership) if self.offered.as_ref() == Some(by) => {
                self.owner = self.offered.take();
                true
            }
            Act::Own(Action::RenounceOwnership) if is_owner && !self.is_paused(now) => {
                (self.owner, self.offered) = (None, None);
                true
            }
            Act::Own(_) => false,
        }
    }

    /// When a pause ends by itself, if one does.
    pub fn ends(&self, now: u64) -> Option<u64> {
        self.pause.filter(|(_, end)| !self.endless && now < *end).map(|(_, end)| end)
    }
}

/// An [`Act`] as a message of a contract.
#[macro_export]
macro_rules! message_of {
    ($act:expr, $msg:ident) => {
        match $act {
            $crate::testing::Act::Pause => $msg::Pause {},
            $crate::testing::Act::Unpause => $msg::Unpause {},
            $crate::testing::Act::Own(action) => $msg::UpdateOwnership(action.clone()),
        }
    };
}
