//! Decides on the orders whose turn it is.

use std::{collections::BTreeMap, time::Instant};

use super::{
    act, chain_cache::ChainCache, deps::Deps, known::Known, outcome, questions, turns::Turns,
};
use crate::{
    market::ChainError,
    model::{
        Bid, BidProgress, Cursor, Order,
        bidding::{Cause, Decision, DecisionInput, Questions, decide},
        placement::Inventory,
        work_queue::End,
    },
    store::DecisionRow,
};

/// Orders that are judged in one round, at most: what came meanwhile is seen to in between.
const MAX_JUDGED: usize = 256;

/// The input of all decisions of a round, and what it has promised so far.
pub(super) struct Round<'a> {
    pub deps: &'a Deps,
    pub at: Cursor,
    pub known: &'a mut Known,
    pub cache: &'a mut ChainCache,
    pub turns: &'a mut Turns,
    pub inventory: &'a mut Result<Inventory, String>,
    /// Own bids that hold slots and signed quotes, by tenant.
    holding: BTreeMap<String, u32>,
    /// Why the operator's coins do not last, if they do not.
    short: Option<String>,
    /// Until when quotes may be out of which the store does not know, if there may be any.
    quotes_out: Option<u64>,
    /// Whether bond and registration were asked for in this round.
    fresh: bool,
    decided: Vec<DecisionRow>,
}

impl<'a> Round<'a> {
    pub fn new(
        deps: &'a Deps,
        at: Cursor,
        known: &'a mut Known,
        cache: &'a mut ChainCache,
        turns: &'a mut Turns,
        inventory: &'a mut Result<Inventory, String>,
        quotes_out: Option<u64>,
    ) -> Self {
        let mut holding: BTreeMap<String, u32> = BTreeMap::new();
        for bid in known.bids().filter(|bid| bid.progress.holds_slot()) {
            *holding.entry(bid.tenant.clone()).or_default() += 1;
        }
        for quote in known.quotes().open().flat_map(|one| &one.quotes) {
            *holding.entry(quote.tenant.clone()).or_default() += 1;
        }
        let decided = Vec::new();
        let short = deps.heartbeats.borrow().short.clone();
        Self {
            deps,
            at,
            known,
            cache,
            turns,
            inventory,
            holding,
            short,
            quotes_out,
            fresh: false,
            decided,
        }
    }

    /// Judges the orders whose turn it is; true if there are more.
    pub async fn judge(mut self) -> Result<bool, ChainError> {
        let now = Instant::now();
        let mut asking: Vec<(Order, Questions)> = Vec::new();
        let mut judged = 0;
        let mut failed = Ok(());
        while judged < MAX_JUDGED
            && failed.is_ok()
            && let Some(taken) = self.turns.queue.take(now)
        {
            judged += 1;
            let order = self.known.order(taken.key).filter(|order| self.needs_decision(order));
            let Some(order) = order.cloned() else {
                self.turns.unanswered.forget(taken.key);
                self.turns.queue.finish(taken.key, End::Done, now);
                continue;
            };
            match self.decide(&order) {
                Decision::Ask(questions) => asking.push((order, questions)),
                decision => failed = self.settle(&order, decision).await,
            }
        }
        // What is free is on disk before the chain is asked for the rest.
        self.record().await?;
        let mut unanswered = BTreeMap::new();
        if failed.is_ok() {
            unanswered = questions::ask(self.deps, self.cache, self.at.height, &asking).await;
            let asked = asking.iter().map(|(order, _)| order.id);
            self.turns.unanswered.asked(asked, &unanswered);
        }
        for (order, _) in asking {
            if let Some(error) = unanswered.get(&order.id) {
                tracing::warn!(order = %order.id, error, "asking the chain failed, retrying");
            }
            let decision = match failed.is_ok() && !unanswered.contains_key(&order.id) {
                true => self.decide(&order),
                false => Decision::Ask(Questions::default()),
            };
            match decision {
                // Not answered; or of more auditors than answers are kept some are forgotten again.
                Decision::Ask(_) => {
                    self.turns.queue.finish(order.id, End::Failed, Instant::now());
                }
                decision => failed = self.settle(&order, decision).await,
            }
        }
        // Whatever failed, what was decided is written, and each order is back in the queue.
        self.record().await?;
        failed?;
        Ok(judged == MAX_JUDGED)
    }

    /// Whether an order needs a decision: it has no bid, its bid in a binding auction may be lowered, or
    /// its bid was refused for a reason that may be gone.
    fn needs_decision(&self, order: &Order) -> bool {
        match self.known.bid(order.id) {
            None => true,
            Some(bid) => match bid.progress {
                BidProgress::Open => order.closes_at.is_some(),
                BidProgress::Refused => outcome::may_retry(bid, self.at),
                _ => false,
            },
        }
    }

    /// Carries a decision out and gives the order back to the queue.
    async fn settle(&mut self, order: &Order, decision: Decision) -> Result<(), ChainError> {
        self.turns.unanswered.forget(order.id);
        let end = match self.carry_out(order, decision).await {
            Ok(end) => end,
            // A refusal concerns one order; a node that does not answer concerns all.
            Err(error) if error.is_refusal() => {
                tracing::warn!(order = %order.id, %error, "deciding on an order failed, retrying");
                End::Failed
            }
            Err(error) => {
                self.turns.queue.finish(order.id, End::Failed, Instant::now());
                return Err(error);
            }
        };
        self.turns.queue.finish(order.id, end, Instant::now());
        Ok(())
    }

    async fn carry_out(
        &mut self,
        order: &Order,
        mut decision: Decision,
    ) -> Result<End, ChainError> {
        if matches!(decision, Decision::Bid { .. }) && !self.fresh {
            // Before a bid is sent, bond and registration are asked for again.
            if self.cache.refresh_provider(self.deps, self.known).await? {
                self.turns.wake(Cause::Provider);
            }
            self.fresh = true;
            decision = self.decide(order);
        }
        let before = self.known.bid(order.id);
        let again = before.is_some_and(|bid| bid.progress == BidProgress::Refused);
        if again
            && matches!(decision, Decision::Bid { .. })
            && !self.deps.market.eligible(order.id).await?.eligible
        {
            // Asked again, later and later.
            return Ok(End::Failed);
        }
        match &decision {
            Decision::Pass(reason) => self.turns.parked.park(order.id, reason.causes()),
            Decision::Wait(reason) => self.turns.parked.park(order.id, reason.causes()),
            _ => {}
        }
        if let Some(row) = act::recorded(self.at, order.id, &decision) {
            self.note(row);
            return Ok(End::Done);
        }
        if self.deps.idle.borrow().is_some() {
            // Decided again when something may be sent.
            return Ok(End::Failed);
        }
        let made = act::act(self.deps, self.at, order, decision).await?;
        let Some(made) = made else { return Ok(End::Done) };
        self.turns.forget_recorded(order.id);
        *self.holding.entry(made.bid.tenant.clone()).or_default() += 1;
        if let Ok(inventory) = &mut self.inventory {
            inventory.reserve(&made.reservation);
        }
        self.known.add(made.bid);
        self.known.reserve(made.reservation);
        if let Some(provider) = &mut self.cache.provider {
            provider.used = provider.used.saturating_add(1);
        }
        Ok(End::Done)
    }

    fn note(&mut self, row: DecisionRow) {
        if self.turns.note(row.order, format!("{} {}", row.verdict, row.reason)) {
            self.decided.push(row);
        }
    }

    /// Writes the decisions so far, all in one transaction.
    async fn record(&mut self) -> Result<(), ChainError> {
        let rows = std::mem::take(&mut self.decided);
        if !rows.is_empty() {
            act::record(self.deps, rows).await?;
        }
        Ok(())
    }

    fn decide(&self, order: &Order) -> Decision {
        let own = self.known.bid(order.id).filter(|bid| bid.progress.is_live());
        let reservation = self.known.reservation(order.id);
        let terms = self.cache.terms();
        let input = DecisionInput {
            now: self.at.time,
            height: self.at.height,
            eligible: self.cache.eligible(order.id, self.at.height),
            provider: self.cache.provider.as_ref(),
            paused: terms.paused,
            short_of_coins: self.short.as_deref(),
            min_prices: &terms.min_prices,
            attestations: &self.cache.attestations,
            inventory: self.inventory.as_ref().map_err(String::as_str),
            quotes_out: self.quotes_out,
            shared: None,
            own_bid: own.map(|bid| bid.price),
            own_placements: reservation.map(|row| row.placements.as_slice()),
            best: self.cache.best(order),
            open_for_tenant: self.holding.get(&order.tenant).copied().unwrap_or(0),
        };
        decide(order, &self.deps.config, &input)
    }
}

/// How many own bids that hold slots and signed quotes there are for a tenant.
pub(super) fn holding(known: &Known, tenant: &str) -> u32 {
    let of = |bid: &&Bid| bid.progress.holds_slot() && bid.tenant == tenant;
    let bids = u32::try_from(known.bids().filter(of).count()).unwrap_or(u32::MAX);
    bids.saturating_add(known.quotes().for_tenant(tenant))
}
