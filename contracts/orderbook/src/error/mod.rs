//! What can go wrong, with the values that made it wrong.

mod absence;
mod delegate;
mod quote;
mod reclaim;
mod shortfall;

pub use absence::AbsenceError;
pub use delegate::DelegateError;
pub use quote::QuoteError;
pub use reclaim::ReclaimError;
pub use shortfall::Shortfall;

use cosmwasm_std::Addr;
use souk_api::{
    orderbook::{GroupState, LeaseState, OrderState},
    published::PublishedError,
};
use souk_contract_std::CommonError;
use souk_core::{
    Amount, BidId, CloseReason, DeploymentId, GroupId, OrderId, Price, attributes::AttributeError,
    ids::AccountIdError, limits::LimitError, matching::Mismatch,
};
use thiserror::Error;

/// The orderbook's errors.
#[derive(Debug, Error, PartialEq)]
pub enum ContractError {
    /// What can go wrong in every contract.
    #[error(transparent)]
    Common(#[from] CommonError),
    /// A record of another contract.
    #[error(transparent)]
    Published(#[from] PublishedError),
    /// A group that is too large, too small or malformed.
    #[error(transparent)]
    Limit(#[from] LimitError),
    /// An attribute of an offer.
    #[error("offer: {0}")]
    Offer(#[from] AttributeError),
    /// More deployments than account numbers.
    #[error(transparent)]
    AccountId(#[from] AccountIdError),
    /// What an absent provider, or one that is not, breaks.
    #[error(transparent)]
    Absence(#[from] AbsenceError),
    /// What a delegate may not let its deployment cost.
    #[error(transparent)]
    Delegate(#[from] DelegateError),
    /// What a quote breaks.
    #[error(transparent)]
    Quote(#[from] QuoteError),
    /// What a provider that takes a lease back breaks.
    #[error(transparent)]
    Reclaim(#[from] ReclaimError),

    /// The configuration's form.
    #[error("{field} is {value}; {rule}")]
    InvalidSetting {
        /// What was set.
        field: &'static str,
        /// To what.
        value: String,
        /// What holds for it.
        rule: &'static str,
    },
    /// The escrow does not know this contract as a controller.
    #[error("escrow {escrow} does not list this orderbook as a controller; its owner must add it")]
    NotAController {
        /// The escrow.
        escrow: Addr,
    },
    /// An escrow that knows less than this contract says.
    #[error(
        "escrow {0} is of older code and would pass over what this orderbook sends; migrate it first"
    )]
    OldEscrow(Addr),
    /// The registry's bonds back the slots of another orderbook.
    #[error(
        "registry {registry} belongs to orderbook {orderbook}: a bond cannot back two; set up a \
         registry for this one"
    )]
    RegistryOfAnother {
        /// The registry.
        registry: Addr,
        /// The orderbook that it names.
        orderbook: String,
    },
    /// The registry's bonds back nobody's slots yet.
    #[error(
        "registry {0} names no orderbook, so that its bonds could back the slots of several; its owner \
         links this one first (update_config with `orderbook`)"
    )]
    RegistryOfNone(Addr),
    /// The escrow has no such account.
    #[error("the escrow has no account for deployment {0}")]
    NoAccount(DeploymentId),

    /// A denom that was accepted before.
    #[error("{0} is delisted: no order is opened in it; close, and deploy in another denom")]
    DenomDelisted(String),
    /// A denom that deployments cannot be paid in.
    #[error("denom {denom} is not accepted; accepted are {accepted}")]
    DenomNotAccepted {
        /// What came.
        denom: String,
        /// What may come.
        accepted: String,
    },
    /// Too small a deposit.
    #[error("deposit {sent} is below {needed}, the least for {groups} group(s)")]
    DepositTooSmall {
        /// What came.
        sent: Amount,
        /// What must come.
        needed: Amount,
        /// For how many groups.
        groups: usize,
    },
    /// A commitment that is not a SHA-256.
    #[error("the commitment has {0} bytes; it is a SHA-256 hash of 32")]
    Commitment(usize),
    /// The same commitment again.
    #[error("the deployment has that commitment already")]
    SameCommitment,
    /// An update that changes nothing.
    #[error("nothing is to be changed of deployment {0}: give a commitment, `allow` or `refuse`")]
    NothingToUpdate(DeploymentId),
    /// A ceiling outside the denom's range.
    #[error("group `{group}`: ceiling {ceiling} is outside {min} to {max}, the range of the denom")]
    Ceiling {
        /// The group's name.
        group: String,
        /// Its ceiling.
        ceiling: Price,
        /// The denom's least price.
        min: Price,
        /// The denom's highest price.
        max: Price,
    },
    /// An auction too short or too long.
    #[error("closes_after is {closes_after} s; an auction lasts {min} to {max} s")]
    AuctionLength {
        /// What was asked.
        closes_after: u64,
        /// The least.
        min: u64,
        /// The most.
        max: u64,
    },
    /// A count outside its range.
    #[error("limit is {limit}, allowed is 1 to {max}")]
    LimitRange {
        /// What was asked.
        limit: u32,
        /// The most.
        max: u32,
    },

    /// No such deployment.
    #[error("deployment {0} does not exist")]
    DeploymentNotFound(DeploymentId),
    /// It ended.
    #[error("deployment {0} is closed")]
    DeploymentClosed(DeploymentId),
    /// No such group.
    #[error("group {0} does not exist")]
    GroupNotFound(GroupId),
    /// No such order.
    #[error("order {0} is not there; an absent order is closed")]
    OrderNotFound(OrderId),
    /// It takes nothing more.
    #[error("order {order} is {state}, not open")]
    OrderNotOpen {
        /// The order.
        order: OrderId,
        /// Its state.
        state: OrderState,
    },
    /// Its lifetime is over.
    #[error("order {order} expired at {expired_at}")]
    OrderExpired {
        /// The order.
        order: OrderId,
        /// Its last second.
        expired_at: u64,
    },
    /// Its lifetime is not over.
    #[error("order {order} lives until {expires_at}, it is {now}")]
    OrderNotExpired {
        /// The order.
        order: OrderId,
        /// Its last second.
        expires_at: u64,
        /// The time now.
        now: u64,
    },
    /// It has a lease or had one, or has none yet.
    #[error("order {0} has no lease")]
    NoLease(OrderId),
    /// The lease ended.
    #[error("lease {order} is {state} already")]
    LeaseNotActive {
        /// The lease.
        order: OrderId,
        /// Its state.
        state: LeaseState,
    },

    /// The auction takes no more bids.
    #[error("the auction of order {order} closed at {closed_at}")]
    AuctionOver {
        /// The order.
        order: OrderId,
        /// When.
        closed_at: u64,
    },
    /// The auction still runs.
    #[error(
        "the auction of order {order} closes at {closes_at} and at block {closes_at_block}, it is {now} at block {height}"
    )]
    AuctionRuns {
        /// The order.
        order: OrderId,
        /// Not before this second.
        closes_at: u64,
        /// Nor before this block.
        closes_at_block: u64,
        /// The time now.
        now: u64,
        /// The block now.
        height: u64,
    },
    /// A binding auction decides by itself.
    #[error(
        "order {0} is a lowest_price auction: it binds, bids can be lowered but neither withdrawn nor accepted by hand"
    )]
    AuctionBinds(OrderId),
    /// An auction that has bids is closed, and expires only if nobody could close it for long.
    #[error(
        "the auction of order {order} has bids; close it with CloseAuction, or expire it after {expires_at} if it cannot be closed"
    )]
    AuctionHasBids {
        /// The order.
        order: OrderId,
        /// The last second in which it can only be closed.
        expires_at: u64,
    },
    /// Not an auction that closes.
    #[error("order {0} is not a lowest_price auction; its tenant accepts a bid")]
    NoAuction(OrderId),

    /// The bidder is not in the registry.
    #[error("provider {0} is not registered")]
    NotRegistered(Addr),
    /// By its own wish.
    #[error("provider {0} is in maintenance and takes no new orders")]
    InMaintenance(Addr),
    /// The tenant named others.
    #[error("the tenant allows bids of named providers alone, {0} is none of them")]
    NotAllowed(Addr),
    /// The tenant named it.
    #[error("the tenant refuses bids of provider {0}")]
    Refused(Addr),
    /// It had the group and closed it, or its tenant does not want it any more.
    #[error("provider {0} is excluded from this group")]
    Excluded(Addr),
    /// Below the denom's least price.
    #[error("price {price} is below {min}, the least for this denom")]
    PriceBelowMinimum {
        /// The bid.
        price: Price,
        /// The least.
        min: Price,
    },
    /// Below what the provider itself works for.
    #[error("price {price} is below {least}, the provider's own floor for this group")]
    PriceBelowFloor {
        /// The bid.
        price: Price,
        /// The least, in base units an hour.
        least: u128,
    },
    /// The provider has floors, and none in this denom.
    #[error("the provider has price floors, but none in {denom}: it does not bid in it")]
    NoFloor {
        /// The order's denom.
        denom: String,
    },
    /// Above what the tenant would pay.
    #[error("price {price} is above the order's ceiling of {ceiling} {denom} an hour")]
    PriceAboveCeiling {
        /// The bid.
        price: Price,
        /// The ceiling.
        ceiling: Price,
        /// The denom.
        denom: String,
    },
    /// No slot is free.
    #[error(
        "all {slots} slots that a bond of {bond} backs are in use ({used}); release lost bids or bond more"
    )]
    BondExhausted {
        /// Slots in use.
        used: u32,
        /// Slots that the bond backs.
        slots: u32,
        /// The bond.
        bond: Amount,
    },
    /// Attributes, attestations or capabilities.
    #[error(transparent)]
    Mismatch(#[from] Mismatch),
    /// One open bid for each provider and order.
    #[error("provider {provider} has a bid of {price} on order {order} already; lower it instead")]
    BidExists {
        /// The order.
        order: OrderId,
        /// The bidder.
        provider: Addr,
        /// Its bid.
        price: Price,
    },
    /// No such bid.
    #[error("provider {provider} has no bid on order {order}")]
    BidNotFound {
        /// The order.
        order: OrderId,
        /// The provider.
        provider: Addr,
    },
    /// Too small a step.
    #[error(
        "price {price} is not at least 1 % below the bid of {current}; at most {most} would be"
    )]
    NotLowered {
        /// The new price.
        price: Price,
        /// The bid's price.
        current: Price,
        /// The highest price that would do.
        most: u128,
    },
    /// The bid was withdrawn and placed again since the tenant saw it.
    #[error(
        "the bid of {provider} is number {bid} by now, not {seen}; look at its price and what it offers, and accept that number"
    )]
    OtherBid {
        /// The bidder.
        provider: Addr,
        /// Its bid.
        bid: BidId,
        /// The bid that was to be accepted.
        seen: BidId,
    },
    /// The bid's price is above what the tenant would pay.
    #[error("the bid's price is {price}, above the {max_price} that was to be accepted")]
    PriceChanged {
        /// The bid.
        price: Price,
        /// What the tenant saw.
        max_price: Price,
    },
    /// Something happened to the bidder since its bid.
    #[error("the bid of {provider} does not count any more: {why}")]
    Disqualified {
        /// The bidder.
        provider: Addr,
        /// Why.
        why: String,
    },
    /// A reason that this side may not give.
    #[error(
        "reason `{0}` is not this side's to give; a provider gives unstable, decommission, unspecified or manifest_timeout, a tenant none"
    )]
    ReasonNotAllowed(CloseReason),

    /// The group is paused already, or closed.
    #[error(
        "group {group} is {state}; only one that is open or rests for lack of funds can be paused"
    )]
    NotPausable {
        /// The group.
        group: GroupId,
        /// Its state.
        state: GroupState,
    },
    /// The group has an order or a lease, or is closed for good.
    #[error(
        "group {group} is {state}; only one that rests (paused, insufficient_funds) can be started"
    )]
    GroupNotResting {
        /// The group.
        group: GroupId,
        /// Its state.
        state: GroupState,
    },
    /// The group is closed for good.
    #[error("group {0} is closed already")]
    GroupClosed(GroupId),
    /// Others start what rests for lack of funds alone.
    #[error("group {0} does not rest for lack of funds; its tenant or delegate can start it")]
    TenantsToStart(GroupId),
    /// The account is depleted.
    #[error("the account of deployment {0} is depleted; deposit first")]
    StillDepleted(DeploymentId),
    /// The account would not last for the orders that are to be opened.
    #[error(
        "the account does not carry what it would pay and reserve: it has {0}; deposit the difference or ask for less"
    )]
    NotCarried(Shortfall),
    /// The account lost the cover of an order that is open.
    #[error("order {order} takes no bids while its account has {short}; its tenant must deposit")]
    NoCover {
        /// The order.
        order: OrderId,
        /// What is missing.
        short: Shortfall,
    },
    /// Less in the account than a new deployment would need.
    #[error(
        "the account has {has}, and to start group {group} it takes {needed}, the least deposit of its denom; deposit more"
    )]
    LeastDepositMissing {
        /// The group.
        group: GroupId,
        /// What is there, in base units.
        has: u128,
        /// What must be there.
        needed: Amount,
    },
    /// Each start costs providers a bid.
    #[error(
        "group {group} was put out again {max} times within a day, by starts and by its tenant's closes; it can be started again at {from}"
    )]
    StartsUsedUp {
        /// The group.
        group: GroupId,
        /// How often it can be.
        max: u8,
        /// From when on it can be again.
        from: u64,
    },

    /// Providers exclude nobody.
    #[error("only the tenant of lease {0} can exclude its provider; close it without `exclude`")]
    NotYoursToExclude(OrderId),
    /// Who starts another's group excludes nobody from it.
    #[error(
        "only tenant and delegate can start group {0} without its last provider; start it without `without_last`"
    )]
    TenantsToExclude(GroupId),
    /// Too early or too late to close for want of a manifest.
    #[error(
        "lease {order} can be closed for manifest_timeout from {from} to {until}, it is {now}; later give another reason"
    )]
    ManifestWindow {
        /// The lease.
        order: OrderId,
        /// The first second.
        from: u64,
        /// The last one.
        until: u64,
        /// The time now.
        now: u64,
    },

    /// An order is open or a lease is paid.
    #[error("deployment {deployment} is in use: {}", .depletion.map_or_else(|| "it has an open order".to_owned(), |at| format!("its money lasts until {at}")))]
    InUse {
        /// The deployment.
        deployment: DeploymentId,
        /// When its money will be used up, if it is being paid.
        depletion: Option<u64>,
    },
    /// Marked not long enough ago.
    #[error(
        "deployment {deployment} was marked; it can be ended at {endable_at}, from block {endable_at_block} on"
    )]
    NotEndable {
        /// The deployment.
        deployment: DeploymentId,
        /// Not before this second.
        endable_at: u64,
        /// Nor before this block.
        endable_at_block: u64,
    },
}

souk_contract_std::from_common!(ContractError);
