//! Asks the orderbook itself about what the store does not know: a tenant may be faster than the
//! follower, and a store may have been lost.

use std::sync::Arc;

use cosmwasm_std::HexBinary;
use futures::{FutureExt, future::BoxFuture};
use souk_client::market::MarketError;
use souk_core::{DeploymentId, OrderId};
use tokio::sync::{Semaphore, SemaphorePermit};

use super::{Market, confirm};
use crate::model::{agreement::Agreement, audit::LeaseWord, interfaces::LeaseLookup};

/// Queries at once: any wallet's token makes the gateway ask, and the nodes are the agent's
/// own way to the chain.
const AT_ONCE: usize = 8;

/// The orderbook on the chain, asked for one provider. Cheap to clone.
#[derive(Clone, Debug)]
pub struct ChainLookup {
    market: Market,
    running: Arc<Semaphore>,
}

impl ChainLookup {
    /// Asks the market's orderbook for the market's provider.
    pub fn new(market: Market) -> Self {
        Self { market, running: Arc::new(Semaphore::new(AT_ONCE)) }
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
        match self.market.orderbook.lease(order).await {
            Ok(lease) => Ok(lease.provider == self.market.provider()),
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
        Ok(self.market.orderbook.deployment(deployment).await?.commitment)
    }

    async fn has_active_lease(&self, order: OrderId) -> Option<bool> {
        let _permit = self.permit().await;
        // A namespace without a lease in the store is deleted by this answer.
        match confirm::lease(&self.market, order, 0).await {
            Agreement::Agreed(word) => Some(word == LeaseWord::Active),
            Agreement::Undecided(why) => {
                tracing::warn!(lease = %order, why, "lease without a row in the store not confirmed, kept");
                None
            }
        }
    }
}

impl LeaseLookup for ChainLookup {
    fn is_active(&self, order: OrderId) -> BoxFuture<'_, Option<bool>> {
        self.has_active_lease(order).boxed()
    }
}
