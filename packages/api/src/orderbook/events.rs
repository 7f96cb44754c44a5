//! Events of the orderbook.

use souk_core::{
    AuctionPolicy, BidId, CloseReason, Denom, DeploymentId, GroupSeq, OrderId, Price, Rate,
};

use super::GroupState;
use crate::admin::events;

events! {
    /// The orderbook's events.
    enum OrderbookEvent of "souk_orderbook";

    /// A deployment was created.
    DeploymentCreated = "souk_orderbook_deployment_created" {
        /// The deployment.
        deployment: DeploymentId,
        /// Its tenant.
        tenant: String,
        /// What the manifest must hash to, as hex.
        commitment: String,
        /// How many groups it has.
        groups: u32,
        /// What it is paid in.
        denom: Denom,
    }
    /// A deployment's manifest must hash to something else from now on.
    DeploymentUpdated = "souk_orderbook_deployment_updated" {
        /// The deployment.
        deployment: DeploymentId,
        /// The new commitment, as hex.
        commitment: String,
    }
    /// Who may bid on a deployment's orders from the next on was changed.
    ListsSet = "souk_orderbook_lists_set" {
        /// The deployment.
        deployment: DeploymentId,
        /// If there are any, only these may bid; with commas, absent if all may.
        allow: Option<String>,
        /// These may not bid; with commas, absent if there are none.
        refuse: Option<String>,
    }
    /// A deployment was marked, since it is depleted or all its groups rest.
    DeploymentMarked = "souk_orderbook_deployment_marked" {
        /// The deployment.
        deployment: DeploymentId,
        /// When its money was used up; now, if it has money and nothing to pay for.
        depleted_since: u64,
        /// From when it can be ended.
        endable_at: u64,
    }
    /// A deployment ended.
    DeploymentClosed = "souk_orderbook_deployment_closed" {
        /// The deployment.
        deployment: DeploymentId,
        /// Why.
        reason: CloseReason,
    }
    /// The delegate changed.
    DelegateSet = "souk_orderbook_delegate_set" {
        /// The deployment.
        deployment: DeploymentId,
        /// The delegate; absent if none.
        delegate: Option<String>,
        /// How much the deployment may cost after what that one sends, base units an hour; absent if it
        /// accepts no bid.
        limit: Option<Rate>,
    }
    /// Whether anyone may start a deployment's groups that rest for lack of funds changed.
    AnyoneStartsSet = "souk_orderbook_anyone_starts_set" {
        /// The deployment.
        deployment: DeploymentId,
        /// Whether anyone may.
        on: bool,
    }
    /// A group changed its state.
    GroupChanged = "souk_orderbook_group_changed" {
        /// The deployment.
        deployment: DeploymentId,
        /// The group.
        group: GroupSeq,
        /// Its state from now on.
        state: GroupState,
    }
    /// An order takes bids.
    OrderOpened = "souk_orderbook_order_opened" {
        /// The order.
        order: OrderId,
        /// The deployment.
        deployment: DeploymentId,
        /// The group.
        group: GroupSeq,
        /// The tenant.
        tenant: String,
        /// The highest price, in base units an hour.
        ceiling: Price,
        /// What it is paid in.
        denom: Denom,
        /// How the winner is found.
        auction: AuctionPolicy,
        /// Its last second.
        expires_at: u64,
        /// When its auction closes.
        closes_at: Option<u64>,
    }
    /// An order ended without a lease.
    OrderClosed = "souk_orderbook_order_closed" {
        /// The order.
        order: OrderId,
        /// The deployment.
        deployment: DeploymentId,
        /// The group.
        group: GroupSeq,
        /// In a word: `expired`, `no_bids`, `insufficient_funds`, `group_paused`, `group_closed` or
        /// `deployment_closed`.
        why: String,
    }
    /// A bid was placed.
    BidPlaced = "souk_orderbook_bid_placed" {
        /// The order.
        order: OrderId,
        /// The bid.
        bid: BidId,
        /// The bidder.
        provider: String,
        /// Base units an hour.
        price: Price,
    }
    /// A bid of several was not taken.
    BidRefused = "souk_orderbook_bid_refused" {
        /// The order.
        order: OrderId,
        /// The bidder.
        provider: String,
        /// Base units an hour.
        price: Price,
        /// Why, in words.
        why: String,
        /// The price of the provider's bid on the order that stands as it was; absent if there is none.
        stands_at: Option<Price>,
    }
    /// A bid was lowered.
    BidLowered = "souk_orderbook_bid_lowered" {
        /// The order.
        order: OrderId,
        /// The bid.
        bid: BidId,
        /// The bidder.
        provider: String,
        /// Base units an hour.
        price: Price,
    }
    /// A bid was taken back.
    BidWithdrawn = "souk_orderbook_bid_withdrawn" {
        /// The order.
        order: OrderId,
        /// The bid.
        bid: BidId,
        /// The bidder.
        provider: String,
    }
    /// A bid was deleted when its auction closed.
    BidDisqualified = "souk_orderbook_bid_disqualified" {
        /// The order.
        order: OrderId,
        /// The bid.
        bid: BidId,
        /// The bidder.
        provider: String,
        /// Why.
        why: String,
    }
    /// Slots of a provider were freed.
    BidsReleased = "souk_orderbook_bids_released" {
        /// The provider.
        provider: String,
        /// How many.
        count: u32,
    }
    /// An auction closes later because of a late lowest bid.
    AuctionExtended = "souk_orderbook_auction_extended" {
        /// The order.
        order: OrderId,
        /// When it closes.
        closes_at: u64,
        /// Nor before this block. Orderbooks of the first release do not say it.
        closes_at_block: Option<u64>,
    }
    /// A bid or a quote became a lease.
    LeaseCreated = "souk_orderbook_lease_created" {
        /// The lease, by its order.
        order: OrderId,
        /// The deployment.
        deployment: DeploymentId,
        /// The group.
        group: GroupSeq,
        /// The tenant.
        tenant: String,
        /// The winner.
        provider: String,
        /// Base units an hour.
        price: Price,
        /// The denom.
        denom: Denom,
        /// The quote's nonce, if it came of one.
        nonce: Option<u64>,
        /// What the quote's provider gives where the group left it open, as JSON of a list of attributes; absent if
        /// it is nothing, or if the lease came of a bid, whose record has it.
        offer: Option<String>,
    }
    /// A lease ended.
    LeaseClosed = "souk_orderbook_lease_closed" {
        /// The lease, by its order.
        order: OrderId,
        /// The deployment.
        deployment: DeploymentId,
        /// The group.
        group: GroupSeq,
        /// Who ran it.
        provider: String,
        /// Why.
        reason: CloseReason,
        /// Whether the provider ended it without notice.
        breach: bool,
        /// `true` if the provider may not bid on the group from now on; absent otherwise.
        excluded: Option<bool>,
        /// `true` if its provider took it back and the notice was over; absent otherwise.
        notice: Option<bool>,
        /// The second after which its provider has earned nothing, since it was not seen for longer; absent if it was
        /// not absent. What was paid out before, and what was earned before the account's clock last started again,
        /// stays: the escrow's `stream_closed` says what was earned.
        paid_until: Option<u64>,
    }
    /// A provider said that it is there.
    ProviderSeen = "souk_orderbook_provider_seen" {
        /// The provider.
        provider: String,
        /// When.
        at: u64,
    }
    /// A provider announced that it takes a lease back. It may not bid on the group from now on.
    LeaseReclaiming = "souk_orderbook_lease_reclaiming" {
        /// The lease, by its order.
        order: OrderId,
        /// The deployment.
        deployment: DeploymentId,
        /// The group.
        group: GroupSeq,
        /// Who runs it.
        provider: String,
        /// Why.
        reason: CloseReason,
        /// When it was announced.
        started_at: u64,
        /// From when on anyone can end it.
        deadline: u64,
        /// Nor before this block.
        deadline_block: u64,
    }
    /// Other providers than before may not bid on a group, from its next order on.
    ExcludedSet = "souk_orderbook_excluded_set" {
        /// The deployment.
        deployment: DeploymentId,
        /// The group.
        group: GroupSeq,
        /// Their addresses with commas between; absent if there are none.
        providers: Option<String>,
    }
    /// Records of an order were deleted.
    OrderPruned = "souk_orderbook_order_pruned" {
        /// The order.
        order: OrderId,
    }
}
