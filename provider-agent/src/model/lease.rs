//! An own lease and the clock of the account that pays it.

use std::fmt;

use souk_api::{escrow::events::AccountChanged, orderbook::LeaseState};
use souk_core::{AccountId, CloseReason, Denom, GroupId, OrderId, Price, Rate};

use super::Reclaim;

/// An own lease.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lease {
    /// Its number, which is that of its order.
    pub order: OrderId,
    /// The group that runs.
    pub group: GroupId,
    /// The tenant.
    pub tenant: String,
    /// Base units an hour.
    pub price: Price,
    /// The denom.
    pub denom: Denom,
    /// The escrow account that pays; its stream there has the order's number.
    pub account: AccountId,
    /// Its state on the chain; `active` also while it is being reclaimed.
    pub state: LeaseState,
    /// Why it ended.
    pub reason: Option<CloseReason>,
    /// Block time of its beginning.
    pub created_at: u64,
    /// Block time of its end.
    pub closed_at: Option<u64>,
    /// Block time at which its earnings were last withdrawn; at first, of its beginning.
    pub withdrawn_at: u64,
    /// The account's clock; none until it is known.
    pub clock: Option<AccountClock>,
    /// That the provider takes it back with notice. It is served as any other until it ended.
    pub reclaim: Option<Reclaim>,
    /// For how long the provider may not be seen before it counts as absent, in seconds; none if its order is older
    /// than that rule. The pay of as many last seconds is not paid out while it runs.
    pub absence_limit: Option<u64>,
    /// Until when it is paid at most, if the provider was absent when it ended; block time.
    pub paid_until: Option<u64>,
}

/// Whose lease it is, as its pods learn it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Owner<'a> {
    /// The tenant's address.
    pub tenant: &'a str,
    /// The group that runs.
    pub group: GroupId,
}

impl Lease {
    /// Whose it is.
    pub fn owner(&self) -> Owner<'_> {
        Owner { tenant: &self.tenant, group: self.group }
    }

    /// Whether its manifest may have come before the store had anything of it: it began before the store was
    /// last filled from the chain, new or put back.
    pub fn is_older_than_store(&self, taken_up: Option<u64>) -> bool {
        taken_up.is_some_and(|at| self.created_at <= at)
    }

    /// Whether the account pays for it at `block_time`. True while the account's clock is not known.
    pub fn is_funded_at(&self, block_time: u64) -> bool {
        self.clock.as_ref().is_none_or(|clock| !clock.is_depleted_at(block_time))
    }

    /// When its earnings are due to be withdrawn while it runs: `every` seconds after the last time. The first time
    /// is later by what is held back, so that a withdrawal pays for as long a time as the others.
    pub fn withdrawal_due(&self, every: u64) -> u64 {
        let first = self.absence_limit.map_or(0, |held| self.created_at.saturating_add(held));
        self.withdrawn_at.max(first).saturating_add(every)
    }

    /// Whether it has ended and all its earnings are withdrawn.
    pub fn is_paid(&self) -> bool {
        self.closed_at.is_some_and(|end| self.withdrawn_at > end)
    }

    /// When the account is depleted or was, if known.
    pub fn depletion(&self) -> Option<u64> {
        self.clock.as_ref().and_then(|clock| clock.depletion)
    }
}

/// The clock of an escrow account, by its latest event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountClock {
    /// The funds left at `anchor`, in base units times 3600.
    pub remaining: u128,
    /// Base units an hour.
    pub rate: Rate,
    /// Block time of the settlement.
    pub anchor: u64,
    /// When the account will be depleted, or was.
    pub depletion: Option<u64>,
    /// Whether the clock is stopped for lack of funds.
    pub depleted: bool,
    /// Whether the account is closed.
    pub closed: bool,
    /// Height of the state that says so.
    pub height: u64,
}

impl fmt::Display for AccountClock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.closed, self.depleted, self.depletion) {
            (true, ..) => f.write_str("closed"),
            (_, true, _) => f.write_str("depleted"),
            (_, _, Some(moment)) => write!(f, "depleted at {moment}, {} an hour", self.rate),
            (_, _, None) => write!(f, "not depleted, {} an hour", self.rate),
        }
    }
}

impl AccountClock {
    /// The clock in an event of block `height`.
    pub fn of_event(event: &AccountChanged, height: u64) -> Self {
        Self {
            remaining: event.remaining,
            rate: event.rate,
            anchor: event.anchor,
            depletion: event.depletion,
            depleted: event.depleted,
            closed: event.closed,
            height,
        }
    }

    /// Whether it pays for less time than the other one.
    pub fn ends_before(&self, other: &Self) -> bool {
        let end = |clock: &Self| match clock.depleted || clock.closed {
            true => 0,
            false => clock.depletion.unwrap_or(u64::MAX),
        };
        end(self) < end(other)
    }

    /// Whether both say the same of the account at `block_time`, however long ago each was settled.
    pub fn agrees_with(&self, other: &Self, block_time: u64) -> bool {
        let is_over = |clock: &Self| clock.closed || clock.is_depleted_at(block_time);
        match (is_over(self), is_over(other)) {
            (false, false) => (self.rate, self.depletion) == (other.rate, other.depletion),
            (this, that) => this == that,
        }
    }

    /// Whether the account is depleted at `block_time`.
    pub fn is_depleted_at(&self, block_time: u64) -> bool {
        self.depleted || self.depletion.is_some_and(|moment| moment <= block_time)
    }
}
