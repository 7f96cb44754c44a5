//! An own lease and the clock of the account that pays it.

use souk_api::{escrow::events::AccountChanged, orderbook::LeaseState};
use souk_core::{AccountId, CloseReason, Denom, GroupId, OrderId, Price, Rate};

/// An own lease.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lease {
    /// Its number, which is its order's.
    pub order: OrderId,
    /// The group that runs.
    pub group: GroupId,
    /// The tenant.
    pub owner: String,
    /// Base units an hour.
    pub price: Price,
    /// The denom.
    pub denom: Denom,
    /// The escrow account that pays; its stream there has the order's number.
    pub account: AccountId,
    /// Its state on the chain.
    pub state: LeaseState,
    /// Why it ended.
    pub reason: Option<CloseReason>,
    /// Block time of its beginning.
    pub created_at: u64,
    /// Block time of its end.
    pub closed_at: Option<u64>,
    /// Block time at which its earnings were last seen to be paid; at first, of its beginning.
    pub withdrawn_at: u64,
    /// The account's clock; none for an instant until it is learned.
    pub clock: Option<AccountClock>,
}

impl Lease {
    /// Whether it is paid for at `block_time`. Judged by the chain's own figures; while they
    /// are not known the benefit of the doubt is the tenant's.
    pub fn is_funded_at(&self, block_time: u64) -> bool {
        self.clock.as_ref().is_none_or(|clock| !clock.is_dry_at(block_time))
    }

    /// Whether it has ended and its stream was seen since to owe nothing.
    pub fn is_paid(&self) -> bool {
        self.closed_at.is_some_and(|end| self.withdrawn_at > end)
    }

    /// The moment at which the money is used up or was, if any is foreseen.
    pub fn depletion(&self) -> Option<u64> {
        self.clock.as_ref().and_then(|clock| clock.depletion)
    }
}

/// The clock of an escrow account, as its latest event says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountClock {
    /// What was left at `anchor`, in base units times 3600.
    pub remaining: u128,
    /// Base units an hour.
    pub rate: Rate,
    /// Block time of the settlement.
    pub anchor: u64,
    /// When the money will be used up, or was.
    pub depletion: Option<u64>,
    /// Whether the clock stands for lack of money.
    pub dry: bool,
    /// Whether the account is closed.
    pub closed: bool,
    /// Height of the state that says so.
    pub height: u64,
}

impl AccountClock {
    /// As an event says.
    pub fn of_event(event: &AccountChanged, height: u64) -> Self {
        Self {
            remaining: event.remaining,
            rate: event.rate,
            anchor: event.anchor,
            depletion: event.depletion,
            dry: event.dry,
            closed: event.closed,
            height,
        }
    }

    /// Whether the money is used up at `block_time`.
    pub fn is_dry_at(&self, block_time: u64) -> bool {
        self.dry || self.depletion.is_some_and(|moment| moment <= block_time)
    }
}
