//! An order with its deployment, and how orders are opened and closed.

use cosmwasm_std::{Addr, StdResult, Storage};
use souk_api::orderbook::{
    GroupState,
    events::{GroupChanged, OrderClosed, OrderOpened},
};
use souk_core::{AuctionPolicy, DeploymentId, GroupId, GroupSpec, OrderId, Rate, time::DAY};

use crate::{
    ContractError, Ctx,
    rules::{auction::latest_close, reason::OrderEnd},
    state::{
        bids,
        denoms::Terms,
        deployments::{self, Deployment},
        groups::{self, Group},
        orders::{self, Auction, Order, OrderStatus},
    },
};

/// For this long, in seconds, an auction that has bids must be closed instead: it does not get
/// stale. What nobody could close by then (the orderbook or the escrow is paused) lets its bids go.
const CLOSABLE: u64 = DAY;

/// An order with what it belongs to.
pub struct LoadedOrder {
    /// The order's number.
    pub id: OrderId,
    /// The order.
    pub order: Order,
    /// Its deployment.
    pub deployment: Deployment,
}

impl LoadedOrder {
    /// Loads an order and its deployment.
    pub fn load(storage: &dyn Storage, id: OrderId) -> Result<Self, ContractError> {
        let order = orders::get(storage, id)?;
        let deployment = deployments::get(storage, order.group.deployment)?;
        Ok(Self { id, order, deployment })
    }

    /// The deployment's number.
    pub fn deployment_id(&self) -> DeploymentId {
        self.order.group.deployment
    }

    /// What the order asks for.
    pub fn spec(&self, storage: &dyn Storage) -> Result<GroupSpec, ContractError> {
        groups::spec(storage, self.order.group)
    }

    /// Until when attestations must last: the latest regular close of a binding auction,
    /// else now.
    pub fn binding_until(&self, now: u64) -> u64 {
        match self.deployment.auction {
            AuctionPolicy::LowestPrice { closes_after } => {
                now.max(latest_close(self.order.created_at, closes_after))
            }
            AuctionPolicy::TenantChoice {} => now,
        }
    }

    /// The moment at which attestations count when a binding auction is closed: no later
    /// than they had to last when the bids were placed.
    pub fn settled_at(&self, now: u64) -> u64 {
        match self.deployment.auction {
            AuctionPolicy::LowestPrice { closes_after } => {
                now.min(latest_close(self.order.created_at, closes_after))
            }
            AuctionPolicy::TenantChoice {} => now,
        }
    }

    /// Lets go of what was reserved for a binding auction. `true` if there was anything.
    pub fn unreserve(&mut self, spec: &GroupSpec) -> bool {
        let binds = self.order.auction.is_some();
        if binds {
            let reserved = self.deployment.reserved;
            self.deployment.reserved = reserved.saturating_sub(spec.ceiling.into());
        }
        binds
    }
}

/// An order to open.
pub struct NewOrder<'a> {
    /// Its number.
    pub id: OrderId,
    /// For which group.
    pub group: GroupId,
    /// What that asks for.
    pub spec: &'a GroupSpec,
    /// Least price and fee.
    pub terms: &'a Terms,
    /// Who may not bid because it had the group.
    pub excluded: Vec<Addr>,
}

/// Opens an order; counts it and its reserve in the deployment, which the caller saves.
pub fn open(
    ctx: &mut Ctx,
    deployment: &mut Deployment,
    new: NewOrder,
) -> Result<OrderOpened, ContractError> {
    let NewOrder { id, group, spec, terms, excluded } = new;
    let (now, params) = (ctx.now(), ctx.config.params);
    let auction = match deployment.auction {
        AuctionPolicy::TenantChoice {} => None,
        AuctionPolicy::LowestPrice { closes_after } => Some(Auction {
            closes_at: now.saturating_add(closes_after),
            from_block: ctx.height().saturating_add(params.min_auction_blocks),
            extensions: 0,
        }),
    };
    if auction.is_some() {
        let ceiling = Rate::from(spec.ceiling);
        deployment.reserved = deployment.reserved.checked_add(ceiling)?;
    }
    deployment.orders = deployment.orders.saturating_add(1);
    let order = Order {
        group,
        take_bps: terms.take_bps,
        min_price: terms.min_price,
        created_at: now,
        expires_at: now.saturating_add(params.order_lifetime),
        auction,
        excluded,
        manifest_timeout: params.manifest_timeout,
        status: OrderStatus::Open,
    };
    let event = OrderOpened {
        order: id,
        deployment: group.deployment,
        group: group.group,
        tenant: deployment.tenant.to_string(),
        ceiling: spec.ceiling,
        denom: deployment.denom.clone(),
        auction: deployment.auction,
        expires_at: order.expires_at,
        closes_at: auction.map(|auction| auction.closing(&ctx.config).time()),
    };
    orders::save(ctx.storage_mut(), id, &order)?;
    Ok(event)
}

/// Refuses unless anyone may record that an order's lifetime is over.
///
/// # Errors
/// If it is not open, if its lifetime is not over, or if its auction has bids and can still be closed.
pub fn check_expired(ctx: &Ctx, id: OrderId, order: &Order) -> Result<(), ContractError> {
    order.must_be_open(id)?;
    let (now, expires_at) = (ctx.now(), order.expires_at);
    if !order.is_expired(now) {
        return Err(ContractError::OrderNotExpired { order: id, expires_at, now });
    }
    let expires_at = expires_at.saturating_add(CLOSABLE);
    if order.auction.is_some() && now <= expires_at && bids::any(ctx.storage(), id) {
        return Err(ContractError::AuctionHasBids { order: id, expires_at });
    }
    Ok(())
}

/// Records that an open order ended without a lease.
pub fn close(
    storage: &mut dyn Storage,
    id: OrderId,
    order: &mut Order,
    end: OrderEnd,
) -> StdResult<OrderClosed> {
    order.status = OrderStatus::Closed;
    orders::save(storage, id, order)?;
    let GroupId { deployment, group } = order.group;
    Ok(OrderClosed { order: id, deployment, group, why: end.as_str().to_owned() })
}

/// Lets a group wait after its order ended.
pub fn rest_group(
    storage: &mut dyn Storage,
    id: GroupId,
    end: OrderEnd,
) -> Result<GroupChanged, ContractError> {
    let group = groups::get(storage, id)?;
    Ok(set_group(storage, id, group, end.group_state())?)
}

/// Saves a group in a new state.
pub fn set_group(
    storage: &mut dyn Storage,
    id: GroupId,
    mut group: Group,
    state: GroupState,
) -> StdResult<GroupChanged> {
    group.set_state(state);
    groups::save(storage, id, &group)?;
    Ok(GroupChanged { deployment: id.deployment, group: id.group, state })
}
