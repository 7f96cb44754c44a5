//! What the orderbook is asked.

use cosmwasm_schema::{QueryResponses, cw_serde, serde::Deserialize};
use cosmwasm_std::HexBinary;
use souk_core::{
    AccountId, Attribute, AuctionPolicy, BidId, CloseReason, Denom, DeploymentId, GroupId,
    GroupSeq, GroupSpec, OrderId, Price, Rate,
};

use super::{
    Absence, AbsenceResponse, BidState, DenomConfig, DeploymentState, GroupState, LeaseState,
    OrderState, Params, ReclaimResponse, Reclamation, first_idle_grace, first_manifest_timeout,
    first_slowest_block,
};

/// The orderbook's queries.
#[cw_ownable::cw_ownable_query]
#[cw_serde]
#[derive(QueryResponses)]
pub enum QueryMsg {
    /// The configuration.
    #[returns(ConfigResponse)]
    Config {},
    /// A deployment with its groups.
    #[returns(DeploymentResponse)]
    Deployment {
        /// The deployment.
        deployment: DeploymentId,
    },
    /// Deployments by number, those of one tenant if one is given.
    #[returns(DeploymentsResponse)]
    Deployments {
        /// Whose.
        tenant: Option<String>,
        /// The last of the page before.
        start_after: Option<DeploymentId>,
        /// Entries at most.
        limit: Option<u32>,
    },
    /// An order with what it asks for.
    #[returns(OrderResponse)]
    Order {
        /// The order.
        order: OrderId,
    },
    /// Orders by number, in any state.
    #[returns(OrdersResponse)]
    Orders {
        /// The last of the page before.
        start_after: Option<OrderId>,
        /// Entries at most.
        limit: Option<u32>,
    },
    /// One provider's bid.
    #[returns(BidResponse)]
    Bid {
        /// The order.
        order: OrderId,
        /// The bidder.
        provider: String,
    },
    /// An order's bids. Of a `lowest_price` auction the lowest first and the earlier before the later; where the
    /// tenant chooses by bidder, and whoever wants them by price reads all pages.
    #[returns(BidsResponse)]
    Bids {
        /// The order.
        order: OrderId,
        /// Price and position of the last of the page before, in an auction.
        start_after: Option<(Price, u64)>,
        /// The last bidder of the page before, where the tenant chooses. Orderbooks of before the field list those
        /// by price, too: whoever gives both goes on with either.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        after: Option<String>,
        /// Entries at most.
        limit: Option<u32>,
    },
    /// A lease.
    #[returns(LeaseResponse)]
    Lease {
        /// The lease, by its order.
        order: OrderId,
    },
    /// A provider's leases by number, closed ones too until they are pruned.
    #[returns(LeasesResponse)]
    Leases {
        /// The provider.
        provider: String,
        /// The last of the page before.
        start_after: Option<OrderId>,
        /// Entries at most.
        limit: Option<u32>,
    },
    /// Whether a provider could bid on an order now, and if not, why: the same checks that
    /// a bid goes through, price aside.
    #[returns(EligibilityResponse)]
    Eligible {
        /// The order.
        order: OrderId,
        /// The provider.
        provider: String,
    },
    /// A provider's slots and history.
    #[returns(ProviderStatsResponse)]
    ProviderStats {
        /// The provider.
        provider: String,
    },
}

/// The configuration.
#[cw_serde]
pub struct ConfigResponse {
    /// May stop new business.
    pub guardian: String,
    /// The escrow.
    pub escrow: String,
    /// The provider registry.
    pub registry: String,
    /// The attestations.
    pub attestations: String,
    /// Denoms that deployments may be paid in.
    pub denoms: Vec<DenomConfig>,
    /// Times and counts. What an orderbook of the first release does not have is read as its default.
    #[serde(deserialize_with = "ParamsOfAnyRelease::deserialize")]
    #[schemars(with = "Params")]
    pub params: Params,
    /// Whether new business is stopped.
    pub paused: bool,
    /// When that ends by itself, in seconds: a guardian's pause after a week; the owner's does not.
    pub pause_ends: Option<u64>,
}

/// [`Params`] in an answer, which may come from an orderbook of the first release or of a later one.
#[derive(Deserialize)]
#[serde(crate = "cosmwasm_schema::serde", remote = "Params")]
struct ParamsOfAnyRelease {
    order_lifetime: u64,
    min_auction: u64,
    max_auction: u64,
    min_auction_blocks: u64,
    end_grace: u64,
    end_blocks: u64,
    slot_hold: u64,
    #[serde(default = "first_manifest_timeout")]
    manifest_timeout: u64,
    #[serde(default = "first_idle_grace")]
    idle_grace: u64,
    #[serde(default = "first_slowest_block")]
    slowest_block: u64,
}

/// A deployment.
#[cw_serde]
pub struct DeploymentResponse {
    /// Its number.
    pub id: DeploymentId,
    /// Its tenant.
    pub tenant: String,
    /// The key for everyday actions.
    pub delegate: Option<String>,
    /// How much all leases may cost together after what that one sends, base units an hour; none if it accepts
    /// no bid.
    #[serde(default)]
    pub delegate_limit: Option<Rate>,
    /// What the manifest must hash to.
    pub commitment: HexBinary,
    /// What it is paid in.
    pub denom: Denom,
    /// How winners are found.
    pub auction: AuctionPolicy,
    /// Its state.
    pub state: DeploymentState,
    /// Its escrow account.
    pub account: AccountId,
    /// When it was created.
    pub created_at: u64,
    /// When it was marked for its end, if the mark still holds as far as the orderbook knows.
    pub marked_at: Option<u64>,
    /// That mark, and when the deployment can be ended by it.
    #[serde(default)]
    pub mark: Option<MarkResponse>,
    /// Whether anyone may start a group of it that rests for lack of funds.
    #[serde(default)]
    pub anyone_starts: bool,
    /// The notice for which providers may take its leases back.
    #[serde(default)]
    pub reclamation: Option<Reclamation>,
    /// What holds when a provider of its orders to come is not seen any more.
    #[serde(default)]
    pub absence: Absence,
    /// If not empty, only these may bid on its orders to come.
    #[serde(default)]
    pub allow: Vec<String>,
    /// These may not bid on its orders to come.
    #[serde(default)]
    pub refuse: Vec<String>,
    /// Its groups.
    pub groups: Vec<GroupResponse>,
}

/// The mark of a deployment that anyone may end.
#[cw_serde]
#[derive(Copy, Eq)]
pub struct MarkResponse {
    /// The moment at which its money was used up; none if it was marked because all its groups rest.
    pub depleted_since: Option<u64>,
    /// When it was marked.
    pub at: u64,
    /// From when on it can be ended, if it is still depleted or idle then.
    pub endable_at: u64,
    /// Nor before this block.
    pub endable_at_block: u64,
}

/// A group.
#[cw_serde]
pub struct GroupResponse {
    /// Its place in the deployment.
    pub seq: GroupSeq,
    /// Its state.
    pub state: GroupState,
    /// What it asks for.
    pub spec: GroupSpec,
    /// Its latest order.
    pub order: OrderId,
    /// That order's state.
    pub order_state: OrderState,
    /// Providers that may not bid again: those that left a lease, then those that the tenant named, of each
    /// the oldest first.
    pub excluded: Vec<String>,
    /// How often it was reopened within the last day after providers left; at ten it pauses instead.
    #[serde(default)]
    pub rounds: u32,
    /// How often it was put out again within the last day by starts and by its tenant's closes, ten times
    /// at most.
    #[serde(default)]
    pub starts: u32,
}

/// A page of deployments.
#[cw_serde]
pub struct DeploymentsResponse {
    /// By number.
    pub deployments: Vec<DeploymentResponse>,
}

/// An order.
#[cw_serde]
pub struct OrderResponse {
    /// Its number.
    pub id: OrderId,
    /// The group it is for.
    pub group: GroupId,
    /// The tenant.
    pub tenant: String,
    /// What it asks for.
    pub spec: GroupSpec,
    /// What it is paid in.
    pub denom: Denom,
    /// Fee in hundredths of a per cent.
    pub take_bps: u16,
    /// How the winner is found.
    pub auction: AuctionPolicy,
    /// Its state, time considered: an order past its end is closed.
    pub state: OrderState,
    /// When it was created.
    pub created_at: u64,
    /// Its last second.
    pub expires_at: u64,
    /// When its auction closes, extensions included.
    pub closes_at: Option<u64>,
    /// Nor before this block, so that a chain that stands still decides no auction.
    #[serde(default)]
    pub closes_at_block: Option<u64>,
    /// From how many seconds after its lease's beginning that may be closed for want of a manifest.
    #[serde(default = "first_manifest_timeout")]
    pub manifest_timeout: u64,
    /// The notice for which its provider may take the lease back: a bid offers as much or more.
    #[serde(default)]
    pub reclamation: Option<Reclamation>,
    /// What holds when its lease's provider is not seen any more; none in orders that are older than the rule.
    #[serde(default)]
    pub absence: Option<Absence>,
    /// What it reserves in its deployment's account while it is open, base units an hour; also past its end,
    /// until that is recorded.
    #[serde(default)]
    pub reserved: Rate,
    /// If not empty, only these may bid.
    pub allow: Vec<String>,
    /// These may not.
    pub refuse: Vec<String>,
    /// Nor these, who had the group before.
    pub excluded: Vec<String>,
}

/// A page of orders.
#[cw_serde]
pub struct OrdersResponse {
    /// By number.
    pub orders: Vec<OrderResponse>,
}

/// A bid.
#[cw_serde]
pub struct BidResponse {
    /// Its number.
    pub id: BidId,
    /// The order.
    pub order: OrderId,
    /// The bidder.
    pub provider: String,
    /// Base units an hour.
    pub price: Price,
    /// Its place among bids of one price; with the price, the cursor.
    pub position: u64,
    /// What the provider would give where the order leaves it open.
    pub offer: Vec<Attribute>,
    /// The notice that the provider would give before it took the lease back, in seconds.
    #[serde(default)]
    pub reclamation_window: Option<u64>,
    /// When it was placed.
    pub placed_at: u64,
    /// Its state.
    pub state: BidState,
}

/// A page of bids.
#[cw_serde]
pub struct BidsResponse {
    /// By price, or by bidder where the tenant chooses.
    pub bids: Vec<BidResponse>,
}

/// A lease.
#[cw_serde]
pub struct LeaseResponse {
    /// Its number, which is its order's.
    pub order: OrderId,
    /// The group that runs.
    pub group: GroupId,
    /// The tenant.
    pub tenant: String,
    /// Who runs it.
    pub provider: String,
    /// Base units an hour.
    pub price: Price,
    /// The denom.
    pub denom: Denom,
    /// Its escrow account; its stream there has the order's number.
    pub account: AccountId,
    /// Its state.
    pub state: LeaseState,
    /// When it began.
    pub created_at: u64,
    /// From how many seconds after its beginning its provider may close it for want of a manifest.
    #[serde(default = "first_manifest_timeout")]
    pub manifest_timeout: u64,
    /// When it ended.
    pub closed_at: Option<u64>,
    /// Why it ended.
    pub reason: Option<CloseReason>,
    /// The notice after which its provider may take it back, in seconds; none if it may not without a breach.
    #[serde(default)]
    pub reclamation_window: Option<u64>,
    /// Whether its provider announced that, and until when the lease runs.
    #[serde(default)]
    pub reclaim: Option<ReclaimResponse>,
    /// What holds when its provider is not seen any more; none in leases that are older than the rule.
    #[serde(default)]
    pub absence: Option<Absence>,
    /// How long that one may still not be seen, while the lease runs and the market is not paused.
    #[serde(default)]
    pub unseen: Option<AbsenceResponse>,
    /// The second after which its provider has earned nothing, if it was absent when the lease ended; but for what was
    /// paid out before and what was earned before the account's clock last started again.
    #[serde(default)]
    pub paid_until: Option<u64>,
    /// The nonce of the quote that it came of; none if it came of a bid.
    #[serde(default)]
    pub nonce: Option<u64>,
    /// What that quote's provider gives where the group left it open, such as the GPU model.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub offer: Vec<Attribute>,
}

/// A page of leases.
#[cw_serde]
pub struct LeasesResponse {
    /// By number.
    pub leases: Vec<LeaseResponse>,
}

/// Whether a provider could bid.
#[cw_serde]
pub struct EligibilityResponse {
    /// Whether it could.
    pub eligible: bool,
    /// If not, the error that a bid would get.
    pub reason: Option<String>,
}

/// A provider's slots and history.
#[cw_serde]
pub struct ProviderStatsResponse {
    /// The provider.
    pub provider: String,
    /// Slots that its bond backs.
    pub slots: u32,
    /// Slots in use.
    pub used: u32,
    /// Leases won.
    pub won: u64,
    /// Leases that run.
    pub active: u32,
    /// Leases closed, by reason.
    pub closed: Vec<(CloseReason, u64)>,
    /// Closes by the provider without notice.
    pub breaches: u64,
    /// When it was last seen by a message of its own; 0 if it was not.
    #[serde(default)]
    pub seen_at: u64,
    /// At which block.
    #[serde(default)]
    pub seen_block: u64,
    /// Leases that ended since it was absent.
    #[serde(default)]
    pub absences: u64,
}

#[cfg(test)]
mod tests {
    use cosmwasm_std::{StdResult, from_json, to_json_string};

    use super::*;
    use crate::orderbook::ExecuteMsg;

    #[test]
    fn the_configuration_of_an_orderbook_of_the_first_release_is_read() -> StdResult<()> {
        let old = r#"{"guardian":"g","escrow":"e","registry":"r","attestations":"a","denoms":[],"params":{"order_lifetime":86400,"min_auction":30,"max_auction":3600,"min_auction_blocks":3,"end_grace":3600,"end_blocks":10,"slot_hold":86400},"paused":false}"#;
        let config: ConfigResponse = from_json(old)?;
        let Params { slot_hold, manifest_timeout, idle_grace, slowest_block, .. } = config.params;
        assert_eq!((slot_hold, manifest_timeout, idle_grace), (86_400, 300, 30 * 86_400));
        assert_eq!(slowest_block, 9_000);
        let again: ConfigResponse = from_json(to_json_string(&config)?)?;
        assert_eq!(again, config);
        // A later release may have more of them, which stops no program of this one.
        let later = old.replace(r#""slot_hold""#, r#""later":1,"slot_hold""#);
        assert_eq!(from_json::<ConfigResponse>(later)?, config);
        // A message says all of them: what is left out must not be reset.
        let (_, params) = old.split_once(r#""params":"#).unwrap_or_default();
        let (params, _) = params.split_once(r#","paused""#).unwrap_or_default();
        assert!(params.starts_with('{') && from_json::<Params>(params).is_err(), "{params}");
        Ok(())
    }

    #[test]
    fn a_lease_can_be_closed_on_an_orderbook_that_cannot_exclude_anybody() -> StdResult<()> {
        let close = |exclude| ExecuteMsg::CloseLease { order: OrderId(7), reason: None, exclude };
        let text = to_json_string(&close(false))?;
        assert_eq!(text, r#"{"close_lease":{"order":7,"reason":null}}"#);
        assert_eq!(from_json::<ExecuteMsg>(&text)?, close(false));
        assert_eq!(from_json::<ExecuteMsg>(to_json_string(&close(true))?)?, close(true));
        Ok(())
    }

    #[test]
    fn without_a_notice_messages_are_those_that_the_first_release_knows() -> StdResult<()> {
        let old = r#"{"place_bid":{"order":7,"provider":"p","price":"1","offer":[]}}"#;
        assert_eq!(to_json_string(&from_json::<ExecuteMsg>(old)?)?, old);
        let old = r#"{"create_deployment":{"commitment":"07","groups":[],"auction":{"tenant_choice":{}},"delegate":null,"allow":[],"refuse":[]}}"#;
        assert_eq!(to_json_string(&from_json::<ExecuteMsg>(old)?)?, old);
        Ok(())
    }
}
