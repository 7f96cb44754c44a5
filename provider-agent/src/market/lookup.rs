//! Asks the orderbook itself about what the store does not know: a tenant may be faster than the
//! follower, and a store may have been lost.

use std::sync::Arc;

use cosmwasm_std::HexBinary;
use futures::{FutureExt, future::BoxFuture};
use souk_api::orderbook::LeaseState;
use souk_chain::Queries;
use souk_client::market::{MarketError, Orderbook};
use souk_core::{DeploymentId, OrderId};
use tokio::sync::{Semaphore, SemaphorePermit};

use crate::model::interfaces::LeaseLookup;

/// Queries at once: any wallet's token makes the gateway ask, and the nodes are the agent's
/// own way to the chain.
const AT_ONCE: usize = 8;

/// The orderbook on the chain, asked for one provider. Cheap to clone.
#[derive(Clone, Debug)]
pub struct ChainLookup {
    orderbook: Orderbook,
    provider: String,
    running: Arc<Semaphore>,
}

impl ChainLookup {
    /// Asks the orderbook at that address for a provider.
    pub fn new(
        queries: Queries,
        orderbook: impl Into<String>,
        provider: impl Into<String>,
    ) -> Self {
        let running = Arc::new(Semaphore::new(AT_ONCE));
        Self { orderbook: Orderbook::new(queries, orderbook), provider: provider.into(), running }
    }

    async fn permit(&self) -> Option<SemaphorePermit<'_>> {
        // Never closed, so it never fails.
        self.running.acquire().await.ok()
    }

    /// Whether the chain has a lease of the provider for an order, active or ended.
    ///
    /// # Errors
    ///
    /// If the chain cannot be asked; that it has no such lease is an answer.
    pub async fn has_lease(&self, order: OrderId) -> Result<bool, MarketError> {
        let _permit = self.permit().await;
        match self.orderbook.lease(order).await {
            Ok(lease) => Ok(lease.provider == self.provider),
            Err(error) if error.is_refusal() => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// What a deployment's manifest must hash to, by the chain's newest state; 32 bytes.
    ///
    /// # Errors
    ///
    /// If the chain cannot be asked or does not know the deployment.
    pub async fn commitment(&self, deployment: DeploymentId) -> Result<HexBinary, MarketError> {
        let _permit = self.permit().await;
        Ok(self.orderbook.deployment(deployment).await?.commitment)
    }

    async fn has_active_lease(&self, order: OrderId) -> Option<bool> {
        let _permit = self.permit().await;
        let lease = self.orderbook.lease_of(order, &self.provider).await.ok()?;
        Some(lease.is_some_and(|lease| lease.state == LeaseState::Active))
    }
}

impl LeaseLookup for ChainLookup {
    fn is_active(&self, order: OrderId) -> BoxFuture<'_, Option<bool>> {
        self.has_active_lease(order).boxed()
    }
}
