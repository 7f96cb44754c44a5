//! Messages to the orderbook.

use cosmwasm_schema::cw_serde;
use cosmwasm_std::HexBinary;
use cw20::Cw20ReceiveMsg;
use souk_core::{
    Amount, Attribute, AuctionPolicy, BidId, CloseReason, Denom, DeploymentId, GroupSeq, GroupSpec,
    OrderId, Price, Rate,
};

use super::{Absence, Quote, Reclamation, Statement};
use crate::{Message, Permission};

/// Sets the orderbook up. The sender becomes its owner unless one is named.
#[cw_serde]
pub struct InstantiateMsg {
    /// The owner; the sender if none.
    pub owner: Option<String>,
    /// May stop new business; the owner if none.
    pub guardian: Option<String>,
    /// The escrow. Probed, like the next two.
    pub escrow: String,
    /// The provider registry.
    pub registry: String,
    /// The attestations.
    pub attestations: String,
    /// Denoms that deployments may be paid in; 16 at most.
    pub denoms: Vec<DenomConfig>,
    /// Times and counts.
    pub params: Params,
}

/// Migrates to the code's version; there is nothing to say.
#[cw_serde]
pub struct MigrateMsg {}

/// What holds for deployments paid in one denom.
#[cw_serde]
#[derive(Eq)]
pub struct DenomConfig {
    /// The denom.
    pub denom: Denom,
    /// Least ceiling and bid, in base units an hour.
    pub min_price: Price,
    /// Highest ceiling, in base units an hour.
    pub max_price: Price,
    /// Least deposit for each group.
    pub min_deposit: Amount,
    /// Fee on what providers earn, in hundredths of a per cent; fixed for an order when it
    /// is created. At most 5000.
    pub take_bps: u16,
    /// Whether the denom is taken no more: no order is opened in it. What is open goes on to its
    /// end; all that closes and pays out goes on. A message that leaves it out lists no denom again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delisted: Option<bool>,
}

/// Times in seconds and counts that hold for all denoms.
#[cw_serde]
#[derive(Copy, Eq)]
pub struct Params {
    /// Lifetime of an order, an hour to a week.
    pub order_lifetime: u64,
    /// Shortest time from an order's creation to the close of its auction, 10 s or more.
    pub min_auction: u64,
    /// Longest such time; less than the lifetime of an order.
    pub max_auction: u64,
    /// Blocks from an order's creation before its auction can close, however short it is.
    pub min_auction_blocks: u64,
    /// Time between marking a depleted deployment and ending it.
    pub end_grace: u64,
    /// Blocks between marking a deployment and ending it, however short the grace is.
    pub end_blocks: u64,
    /// How long a lease uses its slot after a close by its provider without notice. After its
    /// tenant's end it uses the slot for as long again as it ran, until this long after its
    /// beginning at most. After an end for lack of money or of a manifest it uses none.
    pub slot_hold: u64,
    /// From how long after a lease's beginning its provider may close it for want of a manifest, a
    /// minute to a day; until an hour later. Fixed for an order when it is created.
    pub manifest_timeout: u64,
    /// Time between marking a deployment whose groups all rest and ending it, an hour to a year.
    pub idle_grace: u64,
    /// How long a block takes that counts as slow, in milliseconds: for each chain one and a half times its
    /// usual block time; 100 to 600,000. An auction, its extensions, a grace and a notice also last as many blocks
    /// as go into them at that pace, so that a chain that stands still does not use them up.
    pub slowest_block: u64,
}

/// A deployment to create.
#[cw_serde]
pub struct NewDeployment {
    /// What the manifest must hash to: SHA-256 of salt and version, or the version; 32 bytes.
    pub commitment: HexBinary,
    /// The groups, 1 to 20.
    pub groups: Vec<GroupSpec>,
    /// How winners are found.
    pub auction: AuctionPolicy,
    /// A key for everyday actions, never money.
    #[serde(default)]
    pub delegate: Option<String>,
    /// How much the deployment may cost by what the delegate sends, as in [`ExecuteMsg::SetDelegate`].
    /// Orderbooks of the first release do not know the field, so it is not written unless it says something.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delegate_limit: Option<Rate>,
    /// If not empty, only these providers may bid; 16 at most.
    #[serde(default)]
    pub allow: Vec<String>,
    /// These providers may not bid; 16 at most.
    #[serde(default)]
    pub refuse: Vec<String>,
    /// The notice for which providers may take its leases back; none if they may not without a breach.
    /// Orderbooks of the first release do not know the field, so it is not written unless it says something.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reclamation: Option<Reclamation>,
    /// What holds when a provider is not seen any more; a day and nothing else if it says nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub absence: Option<Absence>,
}

/// A bid to place, or the new price of one that stands.
#[cw_serde]
#[derive(Eq)]
pub struct NewBid {
    /// The order.
    pub order: OrderId,
    /// Base units an hour.
    pub price: Price,
    /// As for [`ExecuteMsg::PlaceBid`]. That of a bid that stands stays; another one is refused.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub offer: Vec<Attribute>,
    /// As for [`ExecuteMsg::PlaceBid`], likewise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reclamation_window: Option<u64>,
}

/// The orderbook's messages.
#[cw_ownable::cw_ownable_execute]
#[cw_serde]
pub enum ExecuteMsg {
    /// Creates a deployment, opens an order for each group, and an escrow account with the
    /// coins sent.
    CreateDeployment(NewDeployment),
    /// Creates a deployment whose leases begin at once, at prices that providers signed for this tenant: all groups
    /// or none. No order takes bids. Opens the escrow account with the coins sent and begins to pay. The deployment
    /// must be one whose tenant chooses (`tenant_choice`).
    CreateWithQuotes {
        /// The deployment.
        deployment: NewDeployment,
        /// One for each group, in the order of the groups.
        quotes: Vec<Quote>,
    },
    /// Takes a price that a provider signed for the tenant of an open order. Not in a `lowest_price` auction.
    AcceptQuote {
        /// The order.
        order: OrderId,
        /// The price, for the order's group and terms.
        quote: Quote,
    },
    /// Changes what the manifest must hash to, and who may bid on orders that are opened from now on; what is
    /// not given stays. An open order keeps the lists that it was opened with. The lists are the tenant's
    /// alone to change.
    UpdateDeployment {
        /// The deployment.
        deployment: DeploymentId,
        /// The new commitment, 32 bytes.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        commitment: Option<HexBinary>,
        /// If given and not empty, only these providers may bid; if empty, all may. 16 at most.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        allow: Option<Vec<String>>,
        /// If given, these providers may not bid, and no others are refused. 16 at most.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        refuse: Option<Vec<String>>,
    },
    /// Ends a deployment: its orders, its leases, its account.
    CloseDeployment {
        /// The deployment.
        deployment: DeploymentId,
    },
    /// Names or removes the delegate, and says how much the deployment may cost by what it sends.
    SetDelegate {
        /// The deployment.
        deployment: DeploymentId,
        /// The delegate.
        delegate: Option<String>,
        /// The most that all leases of the deployment may cost together after the delegate's message, base
        /// units an hour. In a `lowest_price` deployment its open orders count with their ceilings. Without
        /// a limit the delegate accepts no bid, and puts no group out in a binding auction.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        limit: Option<Rate>,
    },
    /// Takes a bid. Not in a `lowest_price` auction.
    AcceptBid {
        /// The order.
        order: OrderId,
        /// Whose bid.
        provider: String,
        /// The bid's number. One that was withdrawn and placed again has another, and is refused.
        bid: BidId,
        /// The price that the tenant saw; a higher one is refused.
        max_price: Price,
    },
    /// Bids for a whole group. One open bid for each provider and order.
    PlaceBid {
        /// The order.
        order: OrderId,
        /// The bidder.
        provider: String,
        /// Base units an hour.
        price: Price,
        /// What the provider would give where the order leaves it open, such as the GPU
        /// model; 4 at most.
        #[serde(default)]
        offer: Vec<Attribute>,
        /// The notice that the provider would give before it took the lease back, in seconds: no less than
        /// the deployment asks for, 30 days at most. None if it asks for none.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reclamation_window: Option<u64>,
    },
    /// Places bids on several orders and lowers others, as by [`ExecuteMsg::PlaceBid`] and
    /// [`ExecuteMsg::LowerBid`]: a bid on an order on which the provider has one is lowered to the new price. One that
    /// is not taken is left out, with an event that says why and what stands instead (`bid_refused`), and the others go
    /// on.
    PlaceBids {
        /// The bidder.
        provider: String,
        /// The bids, 50 at most.
        bids: Vec<NewBid>,
    },
    /// Lowers a bid by at least 1 %. It goes to the back of its new price.
    LowerBid {
        /// The order.
        order: OrderId,
        /// The bidder.
        provider: String,
        /// Base units an hour.
        price: Price,
    },
    /// Takes an open bid back. Not in a `lowest_price` auction.
    WithdrawBid {
        /// The order.
        order: OrderId,
        /// The bidder.
        provider: String,
    },
    /// Ends a lease, by either side. After a provider's close the group is
    /// reopened without that provider, ten times in a day at most; after a tenant's close it is
    /// reopened as well, which counts as a start does (`StartGroup`). Beyond that it pauses. For want of a
    /// manifest a provider closes from `manifest_timeout` after the
    /// lease's beginning until an hour later: the group pauses where its tenant chose the provider,
    /// and is reopened without it after a binding auction, which counts as well. While the account
    /// is depleted the reason is always lack of funds.
    CloseLease {
        /// The lease.
        order: OrderId,
        /// Why, if a provider closes.
        reason: Option<CloseReason>,
        /// Whether the provider may not bid on the group any more, if its tenant closes. Orderbooks of
        /// the first release take no notice of the field.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        exclude: bool,
    },
    /// Announces that the provider takes a lease back, once and not before the lease ran for the notice that
    /// its bid offered. The lease goes on and is paid in full until the notice is over, in time and in
    /// blocks; for a day from then on anyone can end it (`EndReclaim`), then the notice is void. The provider may not
    /// bid on the group any more.
    StartReclaim {
        /// The lease.
        order: OrderId,
        /// Why: `unstable`, `decommission` or `unspecified`.
        reason: CloseReason,
    },
    /// Ends a lease whose notice is over, which is no breach. The group is reopened without the provider, as
    /// one of the ten times in a day; then it pauses. While the account is depleted the reason is lack of
    /// funds, as in `CloseLease`, and the group rests.
    EndReclaim {
        /// The lease.
        order: OrderId,
    },
    /// Ends a lease whose provider is absent: for the limit of the order's terms, in time and in blocks, it sent
    /// neither bid nor close nor heartbeat, the lease had begun and the market was not paused. From then on
    /// tenant and delegate may send this, after twice the limit anyone, or at once if the terms say so. It is no
    /// breach and takes no bond; the provider is paid until a quarter of the limit after it was last seen, what it
    /// earned since goes back to the account, and what was paid out stays paid. The provider may not bid on the
    /// group any more. The group rests, or is put out again if the terms say so, as one of the ten times in a
    /// day. While the account is depleted the reason is lack of funds, as in `CloseLease`, and the group rests.
    CloseAbsent {
        /// The lease.
        order: OrderId,
    },
    /// Says that a provider is there. Its agent sends it when the chain did not see it for a fifth of the shortest
    /// limit among its leases; also while the market is paused. What else shows that it is there: bids, bids that are
    /// taken back, and its own closes of leases.
    Heartbeat {
        /// The provider; it sends this itself, or its operator.
        provider: String,
        /// Its word that it was there. With it anyone may send this; it must be of the last hour, and newer than when
        /// the provider was last seen.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        statement: Option<Statement>,
    },
    /// Changes which providers may not bid on a group, for its orders from the next on. First `remove`,
    /// then `add`, in their order. Of more than 15 that its tenant names here, with a close or with a start the
    /// oldest may bid again; beside them stand the latest that left a lease, 16 in all.
    SetExcluded {
        /// The deployment.
        deployment: DeploymentId,
        /// The group.
        group: GroupSeq,
        /// Providers that may not bid from now on, 15 at most.
        #[serde(default)]
        add: Vec<String>,
        /// Providers that may bid again, whoever excluded them, 16 at most.
        #[serde(default)]
        remove: Vec<String>,
    },
    /// Ends the order or the lease of an open group, which then rests until it is started. Bids on the
    /// order are lost, also those of a `lowest_price` auction. One that rests for lack of funds is then its
    /// tenant's and delegate's alone to start.
    PauseGroup {
        /// The deployment.
        deployment: DeploymentId,
        /// The group.
        group: GroupSeq,
    },
    /// Opens a new order for a group that rests. If its tenant or delegate sends it, the reopenings of the
    /// day are forgotten. One that rests for lack of funds anyone may start if its tenant allows it. The
    /// account must not be depleted, must hold the denom's least deposit, and must carry the ceiling for the
    /// least runway, for ten minutes more if other leases of the deployment run. Ten times within a day at
    /// most, its tenant's closes of leases included. What led to a lease that was paid for at least the
    /// order's `manifest_timeout` does not count.
    StartGroup {
        /// The deployment.
        deployment: DeploymentId,
        /// The group.
        group: GroupSeq,
        /// Whether the provider of the group's latest lease may not bid on it any more. Not for another than
        /// tenant and delegate.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        without_last: bool,
    },
    /// Ends a group for good, with its order or lease; with the last one the deployment.
    CloseGroup {
        /// The deployment.
        deployment: DeploymentId,
        /// The group.
        group: GroupSeq,
    },
    /// Says whether anyone may start a group that rests for lack of funds, once there are some.
    SetAnyoneStarts {
        /// The deployment.
        deployment: DeploymentId,
        /// Whether anyone may; at first nobody but tenant and delegate.
        on: bool,
    },
    /// Closes a `lowest_price` auction that is over. Disqualified bids are deleted, `limit`
    /// at most in one message; then the lowest wins.
    CloseAuction {
        /// The order.
        order: OrderId,
        /// How many disqualified bids to go through at most, 1 to 50.
        limit: u32,
    },
    /// Ends an order whose lifetime is over; one whose auction has bids only a day later.
    ExpireOrder {
        /// The order.
        order: OrderId,
    },
    /// Marks a deployment that is depleted or whose groups all rest, and ends it if it was marked long
    /// enough ago.
    EndDeployment {
        /// The deployment.
        deployment: DeploymentId,
    },
    /// Frees slots of a provider: deletes its bids on orders that are no longer open and lets
    /// go of closed leases that are old enough. What cannot be released yet is skipped.
    ReleaseBids {
        /// The provider.
        provider: String,
        /// Orders, 50 at most.
        orders: Vec<OrderId>,
    },
    /// Deletes closed orders without bid records; with the last one, a closed deployment.
    /// What cannot be pruned yet is skipped.
    Prune {
        /// Orders, 50 at most.
        orders: Vec<OrderId>,
    },
    /// A cw20 token came; the hook says for what.
    Receive(Cw20ReceiveMsg),
    /// Changes the configuration; what is not given stays.
    UpdateConfig {
        /// The guardian.
        guardian: Option<String>,
        /// Denoms to add or change, for orders created from now on.
        denoms: Option<Vec<DenomConfig>>,
        /// Times and counts.
        params: Option<Params>,
    },
    /// Stops creation, bids, accepts, starting of groups, closing of auctions and ending.
    Pause {},
    /// Allows them again; auctions close ten minutes later at the earliest.
    Unpause {},
}

impl ExecuteMsg {
    /// The message by which a deployment gets a new commitment and nothing else changes.
    pub fn commit(deployment: DeploymentId, commitment: HexBinary) -> Self {
        let commitment = Some(commitment);
        Self::UpdateDeployment { deployment, commitment, allow: None, refuse: None }
    }
}

/// What a cw20 token's `send` carries to the orderbook.
#[cw_serde]
pub enum Cw20Hook {
    /// As [`ExecuteMsg::CreateDeployment`].
    CreateDeployment(NewDeployment),
    /// As [`ExecuteMsg::CreateWithQuotes`].
    CreateWithQuotes {
        /// The deployment.
        deployment: NewDeployment,
        /// One for each group, in the order of the groups.
        quotes: Vec<Quote>,
    },
}

impl Message for ExecuteMsg {
    fn permission(&self) -> Permission {
        match self {
            Self::CreateDeployment(_) | Self::CreateWithQuotes { .. } => Permission::Self_,
            Self::SetDelegate { .. } | Self::SetExcluded { .. } | Self::SetAnyoneStarts { .. } => {
                Permission::Tenant
            }
            Self::StartGroup { .. } => Permission::TenantOrAllowed,
            // Who may bid is the tenant's to say.
            Self::UpdateDeployment { allow, refuse, .. } if allow.is_some() || refuse.is_some() => {
                Permission::Tenant
            }
            Self::UpdateDeployment { .. }
            | Self::CloseDeployment { .. }
            | Self::PauseGroup { .. }
            | Self::CloseGroup { .. }
            | Self::AcceptBid { .. }
            | Self::AcceptQuote { .. } => Permission::TenantOrDelegate,
            Self::PlaceBid { .. }
            | Self::PlaceBids { .. }
            | Self::LowerBid { .. }
            | Self::WithdrawBid { .. }
            | Self::StartReclaim { .. } => Permission::Operator,
            Self::Heartbeat { statement: Some(_), .. } => Permission::Anyone,
            Self::Heartbeat { .. } => Permission::ProviderOrOperator,
            Self::CloseLease { .. } => Permission::TenantOrOperator,
            Self::CloseAuction { .. }
            | Self::EndReclaim { .. }
            | Self::CloseAbsent { .. }
            | Self::ExpireOrder { .. }
            | Self::EndDeployment { .. }
            | Self::ReleaseBids { .. }
            | Self::Prune { .. } => Permission::Anyone,
            Self::Receive(_) => Permission::Cw20,
            Self::UpdateConfig { .. } | Self::Unpause {} => Permission::Owner,
            Self::Pause {} => Permission::Guardian,
            // cw-ownable checks owner and pending owner itself.
            Self::UpdateOwnership(_) => Permission::Anyone,
        }
    }

    fn takes_coins(&self) -> bool {
        matches!(self, Self::CreateDeployment(_) | Self::CreateWithQuotes { .. })
    }

    fn is_new_business(&self) -> bool {
        matches!(
            self,
            Self::CreateDeployment(_)
                | Self::CreateWithQuotes { .. }
                | Self::AcceptQuote { .. }
                | Self::Receive(_)
                | Self::PlaceBid { .. }
                | Self::PlaceBids { .. }
                | Self::AcceptBid { .. }
                | Self::StartGroup { .. }
                | Self::CloseAuction { .. }
                | Self::EndDeployment { .. }
        )
    }
}
