//! One pass over all open orders.

use super::{
    act,
    chain_cache::ChainCache,
    deps::Deps,
    outcome, restore,
    snapshot::{ClusterState, Snapshot},
};
use crate::{
    market::ChainError,
    model::{
        Bid, BidProgress, Order,
        bidding::{Decision, DecisionInput, decide},
        placement::{Inventory, Limits, Reservation},
    },
};

/// Whether an order needs a decision: it has no bid, its bid in a binding auction may be lowered, or
/// its bid was refused for a reason that may be gone.
fn needs_decision(snapshot: &Snapshot, order: &Order) -> bool {
    match snapshot.bid_on(order) {
        None => true,
        Some(bid) => match bid.progress {
            BidProgress::Open => order.closes_at.is_some(),
            BidProgress::Refused => outcome::may_retry(bid, snapshot.at),
            _ => false,
        },
    }
}

fn left(
    cluster: &ClusterState,
    reserved: &[Reservation],
    limits: &Limits,
) -> Result<Inventory, String> {
    cluster.as_ref().map(|cluster| cluster.left(reserved, limits)).map_err(Clone::clone)
}

/// The input of all decisions of a round, and what it has promised so far.
struct Round<'a> {
    deps: &'a Deps,
    snapshot: &'a Snapshot,
    cache: &'a mut ChainCache,
    cluster: ClusterState,
    limits: Limits,
    reserved: Vec<Reservation>,
    inventory: Result<Inventory, String>,
    /// Bids that are open or on their way, new ones included.
    live: Vec<Bid>,
    /// Whether bond and registration were queried in this round.
    fresh: bool,
}

/// Decides on every order that needs it.
pub(super) async fn round(
    deps: &Deps,
    snapshot: &Snapshot,
    cache: &mut ChainCache,
) -> Result<(), ChainError> {
    cache.refresh(deps, snapshot).await?;
    let cluster = deps.cluster.snapshot();
    let reserved = restore::restore(deps, snapshot, &cluster).await?;
    let live = snapshot.bids.iter().filter(|bid| bid.progress.is_live()).cloned().collect();
    let limits = Limits::of(&deps.config).without_kept(&snapshot.kept);
    let inventory = left(&cluster, &reserved, &limits);
    let mut round =
        Round { deps, snapshot, cache, cluster, limits, reserved, inventory, live, fresh: false };
    for order in snapshot.orders.iter().filter(|order| needs_decision(snapshot, order)) {
        match round.order(order).await {
            // A refusal concerns one order; a node that does not answer concerns all.
            Err(error) if error.is_refusal() => {
                tracing::warn!(order = %order.id, %error, "deciding on an order failed, retrying");
            }
            other => other?,
        }
    }
    Ok(())
}

impl Round<'_> {
    async fn order(&mut self, order: &Order) -> Result<(), ChainError> {
        self.cache.load_for(self.deps, order, self.snapshot.at).await?;
        let mut decision = self.decide(order);
        if matches!(decision, Decision::Bid { .. }) && !self.fresh {
            // Before a bid is sent, bond and registration are queried again.
            self.cache.refresh_provider(self.deps, self.snapshot).await?;
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
        self.inventory = left(&self.cluster, &self.reserved, &self.limits);
        if let Some(provider) = &mut self.cache.provider {
            provider.used = provider.used.saturating_add(1);
        }
        Ok(())
    }

    fn decide(&self, order: &Order) -> Decision {
        let own = self.snapshot.bid_on(order).filter(|bid| bid.progress.is_live());
        let reservation = self.reserved.iter().find(|row| row.order == order.id);
        let for_tenant = self.live.iter().filter(|bid| bid.tenant == order.tenant).count();
        let input = DecisionInput {
            now: self.snapshot.at.time,
            provider: self.cache.provider.as_ref(),
            paused: self.cache.paused,
            min_prices: &self.cache.min_prices,
            attestations: &self.cache.attestations,
            inventory: self.inventory.as_ref().map_err(String::as_str),
            own_bid: own.map(|bid| bid.price),
            own_placements: reservation.map(|row| row.placements.as_slice()),
            best: self.cache.best(order.id),
            open_for_tenant: u32::try_from(for_tenant).unwrap_or(u32::MAX),
        };
        decide(order, &self.deps.config, &input)
    }
}
