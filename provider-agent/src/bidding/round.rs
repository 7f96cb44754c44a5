//! One look at all open orders.

use super::{
    Decision, Facts, act, decide, knowledge::Knowledge, restore, run::Deps, settle, stock::Stock,
};
use crate::{
    chain::ChainError,
    inventory::Inventory,
    store::{
        BidProgress, BidRow, Cursor, LeaseRow, OrderRow, ReservationRow, StoreError, bids, cursor,
        leases, orders, reservations,
    },
};

/// What the store says at one moment.
pub(super) struct Snapshot {
    pub at: Cursor,
    pub orders: Vec<OrderRow>,
    pub leases: Vec<LeaseRow>,
    pub bids: Vec<BidRow>,
    pub reservations: Vec<ReservationRow>,
}

/// Takes a snapshot; none before the first block.
pub(super) fn snapshot(sql: &rusqlite::Connection) -> Result<Option<Snapshot>, StoreError> {
    let Some(at) = cursor::get(sql)? else { return Ok(None) };
    Ok(Some(Snapshot {
        at,
        orders: orders::open(sql)?,
        leases: leases::active(sql)?,
        bids: bids::all(sql)?,
        reservations: reservations::all(sql)?,
    }))
}

impl Snapshot {
    fn bid_on(&self, order: &OrderRow) -> Option<&BidRow> {
        self.bids.iter().find(|bid| bid.order == order.id)
    }

    /// Orders without bid, those in a binding auction whose bid may be lowered, and those whose
    /// bid was refused for a reason that may be gone.
    fn is_to_be_judged(&self, order: &OrderRow) -> bool {
        match self.bid_on(order) {
            None => true,
            Some(bid) => match bid.progress {
                BidProgress::Open => order.closes_at.is_some(),
                BidProgress::Refused => settle::may_try_again(bid, self.at),
                _ => false,
            },
        }
    }
}

/// What the round knows and what it has promised so far.
struct Round<'a> {
    deps: &'a Deps,
    snapshot: &'a Snapshot,
    knowledge: &'a mut Knowledge,
    stock: Stock,
    reserved: Vec<ReservationRow>,
    inventory: Option<Inventory>,
    /// Bids that are open or on their way, new ones included.
    live: Vec<BidRow>,
    /// The chain was asked of bond and registration in this round.
    fresh: bool,
}

/// Decides on every order that needs it.
pub(super) async fn round(
    deps: &Deps,
    snapshot: &Snapshot,
    knowledge: &mut Knowledge,
) -> Result<(), ChainError> {
    knowledge.refresh(deps, snapshot).await?;
    let stock = Stock::new(deps);
    let reserved = restore::restore(deps, snapshot, &stock).await?;
    let live = snapshot.bids.iter().filter(|bid| bid.progress.is_live()).cloned().collect();
    let inventory = stock.left(&reserved);
    let mut round =
        Round { deps, snapshot, knowledge, stock, reserved, inventory, live, fresh: false };
    for order in snapshot.orders.iter().filter(|order| snapshot.is_to_be_judged(order)) {
        match round.order(order).await {
            // What one order is refused says nothing of the others; trouble with the nodes does.
            Err(error) if error.is_refusal() => {
                tracing::warn!(order = %order.id, %error, "an order cannot be judged at present");
            }
            other => other?,
        }
    }
    Ok(())
}

impl Round<'_> {
    async fn order(&mut self, order: &OrderRow) -> Result<(), ChainError> {
        self.knowledge.learn(self.deps, order, self.snapshot.at).await?;
        let mut decision = self.decide(order);
        if matches!(decision, Decision::Bid { .. }) && !self.fresh {
            // A bid is decided by what the chain says now of bond and registration.
            self.knowledge.refresh_provider(self.deps, self.snapshot).await?;
            self.fresh = true;
            decision = self.decide(order);
        }
        let before = self.snapshot.bid_on(order);
        let again = before.is_some_and(|bid| bid.progress == BidProgress::Refused);
        if again
            && matches!(decision, Decision::Bid { .. })
            && !self.deps.market.eligible(order.id).await?.eligible
        {
            return Ok(());
        }
        let made = act::act(self.deps, self.snapshot.at, order, decision).await?;
        let Some(made) = made else { return Ok(()) };
        self.live.push(made.bid);
        self.reserved.push(made.reservation);
        self.inventory = self.stock.left(&self.reserved);
        if let Some(provider) = &mut self.knowledge.provider {
            provider.used = provider.used.saturating_add(1);
        }
        Ok(())
    }

    fn decide(&self, order: &OrderRow) -> Decision {
        let own = self.snapshot.bid_on(order).filter(|bid| bid.progress.is_live());
        let reservation = self.reserved.iter().find(|row| row.order == order.id);
        let for_tenant = self.live.iter().filter(|bid| bid.tenant == order.tenant).count();
        let facts = Facts {
            now: self.snapshot.at.time,
            provider: self.knowledge.provider.as_ref(),
            paused: self.knowledge.paused,
            min_prices: &self.knowledge.min_prices,
            attestations: &self.knowledge.attestations,
            inventory: self.inventory.as_ref().ok_or(self.stock.trouble()),
            own_bid: own.map(|bid| bid.price),
            own_placements: reservation.map(|row| row.placements.as_slice()),
            best: self.knowledge.best(order.id),
            open_for_tenant: u32::try_from(for_tenant).unwrap_or(u32::MAX),
        };
        decide(order, &self.deps.config, &facts)
    }
}
