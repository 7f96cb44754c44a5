//! Compares the store with the chain, a page of orders and of own leases at a time and each page by
//! another endpoint: an event that was lost, or that one node made up, does not stay unnoticed. What differs is
//! asked of all endpoints before it changes anything.

mod findings;
mod unseen;

use std::{collections::BTreeSet, time::Duration};

use souk_api::orderbook::{LeaseResponse, LeaseState};
use souk_core::{AccountId, OrderId};
use tokio_util::sync::CancellationToken;

pub use findings::{Findings, FindingsState};

use super::{ChainError, Market, confirm, rebuild};
use crate::{
    model::{
        AccountClock, BidProgress, Cursor, Lease,
        agreement::Agreement,
        audit::{
            Difference, LeaseWord, OtherLimit, OtherReclaim, differences, other_limits,
            other_reclaims,
        },
        health::Reporter,
    },
    store::{
        Pending, Store, StoreError, Tx, bids, cursor, deployments, leases, orders, pending,
        reclaims,
    },
};

/// Own leases that are compared at once, at most.
const PAGE: u32 = 100;

/// The audit's task.
pub struct Auditor {
    /// The market.
    pub market: Market,
    /// The store.
    pub store: Store,
    /// Where differences are reported.
    pub findings: Findings,
    /// The time from one page to the next.
    pub interval: Duration,
    /// Where a comparison that fails is reported.
    pub health: Reporter,
}

/// What the store has of a range of own leases, after the block of `at`.
struct Stored {
    at: Cursor,
    leases: Vec<Lease>,
    /// The leases and accounts that the endpoints are asked about already.
    asked: BTreeSet<(Pending, u64)>,
}

impl Auditor {
    /// Compares until stopped.
    ///
    /// # Errors
    ///
    /// Only if the store fails.
    pub async fn run(self, stop: CancellationToken) -> Result<(), StoreError> {
        let mut after = None;
        // Counted apart: a page is compared with another endpoint in each pass.
        let (mut pass, mut page) = (0, 0);
        let mut orders = unseen::Compared::default();
        loop {
            tokio::select! {
                () = stop.cancelled() => return Ok(()),
                () = tokio::time::sleep(self.interval) => {}
            }
            let compared = match self.compare_orders(&mut orders, pass + page).await {
                Ok(()) => self.page(after, pass + page).await,
                Err(error) => Err(error),
            };
            self.health.follow(&compared);
            match compared {
                Ok(next) => {
                    (pass, page) = if next.is_none() { (pass + 1, 0) } else { (pass, page + 1) };
                    after = next;
                }
                Err(ChainError::Store(error)) => return Err(error),
                Err(error) => {
                    // The next endpoint's turn, so that one that does not answer holds up nothing.
                    pass += 1;
                    tracing::debug!(%error, "comparing with the chain failed, retrying")
                }
            }
        }
    }

    /// Compares the leases after one with the endpoint whose turn it is; returns the last that was
    /// compared, or none at the end.
    async fn page(
        &self,
        after: Option<OrderId>,
        turn: usize,
    ) -> Result<Option<OrderId>, ChainError> {
        let Some(mut stored) = self.store.read(move |sql| read(sql, after)).await? else {
            return Ok(None);
        };
        let each = self.market.each();
        let Some(one) = each.get(turn % each.len().max(1)) else { return Ok(None) };
        let one = one.at(stored.at.height);
        let mut listed = one.leases_after(after).await?;
        // Both lists are compared as far as both are complete.
        let full = stored.leases.len() == PAGE as usize;
        let end = match (listed.last(), stored.leases.last().filter(|_| full)) {
            (Some(listed), Some(stored)) => Some(listed.order.min(stored.order)),
            (Some(listed), None) => Some(listed.order),
            (None, Some(stored)) => Some(stored.order),
            (None, None) => None,
        };
        if let Some(end) = end {
            listed.retain(|lease| lease.order <= end);
            stored.leases.retain(|lease| lease.order <= end);
        }
        for difference in differences(&stored.leases, &listed) {
            self.judge(&stored, difference).await?;
        }
        for OtherReclaim { order, reclaim, by_time } in other_reclaims(&stored.leases, &listed) {
            if !by_time {
                let text = format!("the notice of lease {order} is not what events said");
                self.findings.differs(text);
            }
            let set = move |tx: &Tx<'_>| match reclaim {
                Some(reclaim) => reclaims::put(tx, order, &reclaim),
                None => reclaims::remove(tx, order),
            };
            self.store.write(set).await?;
        }
        self.compare_limits(&one, &stored, &listed).await?;
        self.compare_clocks(&one, &stored).await?;
        Ok(end)
    }

    async fn judge(&self, stored: &Stored, difference: Difference) -> Result<(), ChainError> {
        match difference {
            Difference::Ended(order) => {
                if stored.asked.contains(&(Pending::LeaseEnd, order.0)) {
                    return Ok(());
                }
                self.findings.differs(format!(
                    "lease {order} runs by the store and not by the chain; asking all endpoints"
                ));
                let height = stored.at.height;
                let add = move |tx: &Tx<'_>| pending::add(tx, Pending::LeaseEnd, order.0, height);
                Ok(self.store.write(add).await?)
            }
            Difference::Runs(order) => {
                let height = stored.at.height;
                match confirm::lease(&self.market, order, height).await {
                    Agreement::Agreed(LeaseWord::Active) => self.restore(order, height).await,
                    Agreement::Agreed(_) => Ok(()),
                    Agreement::Undecided(why) => {
                        self.findings
                            .differs(format!("lease {order} does not run by the store: {why}"));
                        Ok(())
                    }
                }
            }
        }
    }

    /// Takes up a lease that the chain has and the store has not, or has as ended.
    async fn restore(&self, order: OrderId, height: u64) -> Result<(), ChainError> {
        let market = self.market.at(height);
        let Some(lease) = market.own_lease(order).await? else { return Ok(()) };
        if !lease.state.runs() {
            return Ok(());
        }
        let detail = market.orderbook.order(order).await?;
        let put = move |tx: &Tx<'_>| {
            // What events said since then is newer.
            let is_newer = pending::has(tx, Pending::LeaseEnd, order.0)?;
            if is_newer || leases::is_active(tx, order)? {
                return Ok(false);
            }
            let at = cursor::get(tx)?.map_or(height, |now| now.height);
            if orders::get(tx, order)?.is_none() {
                let at = Cursor { height, time: 0 };
                orders::put(tx, &rebuild::order_row(&detail, at))?;
            }
            let row = rebuild::lease_row(&lease);
            leases::put(tx, &row)?;
            bids::set_progress(tx, order, BidProgress::Won, None)?;
            pending::add(tx, Pending::Account, row.account.0, at)?;
            if deployments::get(tx, row.group.deployment)?.is_none() {
                pending::add(tx, Pending::Deployment, row.group.deployment.0, at)?;
            }
            Ok(true)
        };
        if self.store.write::<_, StoreError, _>(put).await? {
            self.findings.differs(format!("lease {order} runs by the chain, taken up again"));
        }
        Ok(())
    }

    /// Of two limits for absence the shorter counts, whoever says it: heartbeats go on by it.
    async fn compare_limits(
        &self,
        one: &Market,
        stored: &Stored,
        listed: &[LeaseResponse],
    ) -> Result<(), ChainError> {
        for OtherLimit { order, found, known } in other_limits(&stored.leases, listed) {
            if let Some(known) = known {
                self.findings.differs(format!(
                    "the limit for absence of lease {order} is {found} s by {} and {known} s by others; the \
                     shorter counts",
                    one.endpoints()
                ));
            }
            self.store.write(move |tx| leases::shorten_limit(tx, order, found)).await?;
        }
        Ok(())
    }

    async fn compare_clocks(&self, one: &Market, stored: &Stored) -> Result<(), ChainError> {
        let mut seen = BTreeSet::new();
        for lease in stored.leases.iter().filter(|lease| lease.state == LeaseState::Active) {
            let Some(known) = &lease.clock else { continue };
            let asked = stored.asked.contains(&(Pending::Account, lease.account.0));
            if asked || !seen.insert(lease.account) {
                continue;
            }
            self.compare_clock(one, stored.at, lease.account, known).await?;
            self.compare_commitment(one, stored.at.height, lease.group.deployment).await?;
        }
        Ok(())
    }

    async fn compare_clock(
        &self,
        one: &Market,
        at: Cursor,
        account: AccountId,
        known: &AccountClock,
    ) -> Result<(), ChainError> {
        let found = rebuild::clock(&one.escrow.account(account).await?, at.height);
        if found.agrees_with(known, at.time) {
            return Ok(());
        }
        self.findings.differs(format!(
            "account {account} is {known} by the store and {found} by {}; asking all endpoints",
            one.endpoints()
        ));
        let add = move |tx: &Tx<'_>| pending::add(tx, Pending::Account, account.0, at.height);
        Ok(self.store.write(add).await?)
    }
}

fn read(sql: &rusqlite::Connection, after: Option<OrderId>) -> Result<Option<Stored>, StoreError> {
    let Some(at) = cursor::get(sql)? else { return Ok(None) };
    let leases = leases::after(sql, after, PAGE)?;
    let mut asked = BTreeSet::new();
    for lease in &leases {
        for key in [(Pending::LeaseEnd, lease.order.0), (Pending::Account, lease.account.0)] {
            if pending::has(sql, key.0, key.1)? {
                asked.insert(key);
            }
        }
    }
    Ok(Some(Stored { at, leases, asked }))
}
