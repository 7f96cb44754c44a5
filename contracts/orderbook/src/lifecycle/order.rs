//! An order with its deployment, and how orders are opened and closed.

use cosmwasm_std::{Addr, Storage};
use souk_api::orderbook::events::{OrderClosed, OrderOpened};
use souk_core::{AuctionPolicy, DeploymentId, GroupId, GroupSpec, OrderId, Rate, time::DAY};

use crate::{
    ContractError, Ctx,
    rules::{
        auction::{first_block, latest_close},
        reason::OrderEnd,
    },
    state::{
        bids,
        denoms::Terms,
        deployments::{self, Deployment},
        groups,
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

    /// The providers that alone may bid, if there are any: those of the day on which the order was opened.
    pub fn allow(&self) -> &[Addr] {
        self.order.lists.as_ref().map_or(&self.deployment.allow, |lists| &lists.allow)
    }

    /// The providers that may not, likewise.
    pub fn refuse(&self) -> &[Addr] {
        self.order.lists.as_ref().map_or(&self.deployment.refuse, |lists| &lists.refuse)
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

/// Opens an order that reserves its ceiling; counts it in the deployment, which the caller saves. The caller
/// looks before whether the account carries it, and reserves it there.
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
            from_block: first_block(closes_after, &params, ctx.height()),
            extensions: 0,
        }),
    };
    let order = Order {
        expires_at: now.saturating_add(params.order_lifetime),
        auction,
        excluded,
        reserved: Some(spec.ceiling.into()),
        ..leased(ctx, deployment, group, terms)
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
        closes_at: auction.map(|auction| auction.closing(&ctx.config, now).deadline().time),
    };
    orders::save(ctx.storage_mut(), id, &order)?;
    Ok(event)
}

/// An order that becomes a lease in the block in which it is made, and reserves nothing; counts it in the deployment.
/// The caller saves both.
pub fn leased(ctx: &Ctx, deployment: &mut Deployment, group: GroupId, terms: &Terms) -> Order {
    deployment.orders = deployment.orders.saturating_add(1);
    Order {
        group,
        take_bps: terms.take_bps,
        min_price: terms.min_price,
        created_at: ctx.now(),
        expires_at: ctx.now(),
        auction: None,
        excluded: Vec::new(),
        manifest_timeout: ctx.config.params.manifest_timeout,
        reserved: None,
        lists: None,
        absence: Some(deployment.absence()),
        status: OrderStatus::Open,
    }
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

/// What an order reserves in its deployment's account: nothing once it is not open. Orders of the first
/// release do not say it: of those auctions reserve their ceiling, the others nothing.
///
/// # Errors
/// If what its group asks for cannot be read.
pub fn reserved(storage: &dyn Storage, order: &Order) -> Result<Rate, ContractError> {
    match (&order.status, order.reserved) {
        (OrderStatus::Open, Some(reserved)) => Ok(reserved),
        (OrderStatus::Open, None) if order.auction.is_some() => {
            Ok(groups::spec(storage, order.group)?.ceiling.into())
        }
        _ => Ok(Rate::ZERO),
    }
}

/// Takes from an order that is about to end what it reserves, which the caller lets go in the account. It is
/// in the order no more, so that it is let go once.
///
/// # Errors
/// As [`reserved`].
pub fn take_reserved(storage: &dyn Storage, order: &mut Order) -> Result<Rate, ContractError> {
    let taken = reserved(storage, order)?;
    order.reserved = None;
    Ok(taken)
}

/// Records that an open order ended without a lease. Beside the event: what it had reserved, which the
/// caller lets go in the account.
///
/// # Errors
/// As [`reserved`].
pub fn close(
    storage: &mut dyn Storage,
    id: OrderId,
    order: &mut Order,
    end: OrderEnd,
) -> Result<(OrderClosed, Rate), ContractError> {
    let released = take_reserved(storage, order)?;
    order.status = OrderStatus::Closed;
    orders::save(storage, id, order)?;
    let GroupId { deployment, group } = order.group;
    let closed = OrderClosed { order: id, deployment, group, why: end.as_str().to_owned() };
    Ok((closed, released))
}
