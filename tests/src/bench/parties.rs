//! A tenant and its providers: what they do in the market, and the gas of it.

use anyhow::{Context as _, Result};
use souk_api::orderbook::OrderbookEvent;
use souk_client::events::of_orderbook;
use souk_core::{AccountId, DeploymentId, OrderId};

use super::{Account, Done, Fixture};

/// A bid, in base units an hour; the first by a unit lower than the next.
pub const PRICE: u128 = 500_000;
/// What goes into an account for each group.
pub const DEPOSIT: u128 = 10_000_000;

/// A deployment.
pub struct Deployment {
    /// Its number.
    pub id: DeploymentId,
    /// Its account.
    pub account: AccountId,
    /// The orders of its groups.
    pub orders: Vec<OrderId>,
    /// What its creation used.
    pub gas: u64,
}

/// Reads what was created.
///
/// # Errors
/// If nothing was.
pub async fn created(fixture: &Fixture, done: &Done) -> Result<Deployment> {
    let events = of_orderbook(&done.events, &fixture.contracts.orderbook);
    let mut orders = Vec::new();
    let mut id = None;
    for event in events {
        match event {
            OrderbookEvent::DeploymentCreated(created) => id = Some(created.deployment),
            OrderbookEvent::OrderOpened(opened) => orders.push(opened.order),
            OrderbookEvent::LeaseCreated(lease) => orders.push(lease.order),
            _ => {}
        }
    }
    let id = id.context("no deployment was created")?;
    let market = souk_client::market::Market::new(fixture.network.clone())?;
    let account = market.orderbook.deployment(id).await?.account;
    Ok(Deployment { id, account, orders, gas: done.gas })
}

/// A tenant and its providers.
#[derive(Clone, Copy)]
pub struct Parties<'a> {
    /// Where they are.
    pub fixture: &'a Fixture,
    /// Who deploys.
    pub tenant: &'a Account,
    /// Who bids; the first wins.
    pub providers: &'a [Account],
}

impl Parties<'_> {
    /// A deployment of `groups` groups with `units` units each.
    ///
    /// # Errors
    /// If the chain refuses it.
    pub async fn create(&self, groups: usize, units: u32) -> Result<Deployment> {
        let deposit = DEPOSIT * groups as u128;
        let message = self.tenant.create(self.fixture, groups, units, deposit);
        created(self.fixture, &self.fixture.one(self.tenant, vec![message]).await?).await
    }

    /// `count` bids on an order, the first the lowest; their gas in the order of arrival.
    ///
    /// # Errors
    /// If the chain refuses one.
    pub async fn bids(&self, order: OrderId, count: usize) -> Result<Vec<u64>> {
        let bid = |(at, provider): (usize, &Account)| {
            provider.bid(self.fixture, order, PRICE + at as u128)
        };
        let bidders = self.providers.iter().take(count);
        let txs = bidders.enumerate().map(|(at, provider)| (provider, vec![bid((at, provider))]));
        let batch = self.fixture.all(txs.collect()).await?;
        Ok(batch.done.iter().map(|done| done.gas).collect())
    }

    /// Accepts the first provider's bid; gives the gas.
    ///
    /// # Errors
    /// If the chain refuses it.
    pub async fn accept(&self, order: OrderId) -> Result<u64> {
        let provider = &self.providers[0];
        let message = self.tenant.accept(self.fixture, order, provider, PRICE).await?;
        Ok(self.fixture.one(self.tenant, vec![message]).await?.gas)
    }

    /// A deployment whose groups are all let.
    ///
    /// # Errors
    /// If the chain refuses a step.
    pub async fn leased(&self, groups: usize) -> Result<Deployment> {
        let deployment = self.create(groups, 1).await?;
        let provider = &self.providers[0];
        let orders = &deployment.orders;
        let bids = orders.iter().map(|order| provider.bid(self.fixture, *order, PRICE));
        self.fixture.one(provider, bids.collect()).await?;
        let accepts = self.tenant.accept_all(self.fixture, orders, provider, PRICE).await?;
        self.fixture.one(self.tenant, accepts).await?;
        Ok(deployment)
    }

    /// Closes a deployment; gives the gas.
    ///
    /// # Errors
    /// If the chain refuses it.
    pub async fn close(&self, deployment: &Deployment) -> Result<u64> {
        let message = self.tenant.close(self.fixture, deployment.id);
        Ok(self.fixture.one(self.tenant, vec![message]).await?.gas)
    }

    /// Withdraws what the first order's lease earned, which has ended; gives the gas.
    ///
    /// # Errors
    /// If the chain refuses it.
    pub async fn withdraw(&self, deployment: &Deployment) -> Result<u64> {
        let message = self.tenant.withdraw(self.fixture, deployment.account, deployment.orders[0]);
        Ok(self.fixture.one(self.tenant, vec![message]).await?.gas)
    }
}
