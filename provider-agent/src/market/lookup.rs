//! Asks the orderbook itself about what the store does not know: a tenant may be faster than the
//! follower, and a store may have been lost.

use std::sync::Arc;

use cosmwasm_std::HexBinary;
use futures::{FutureExt, future::BoxFuture};
use serde::de::DeserializeOwned;
use souk_api::orderbook::{
    DeploymentResponse, LeaseResponse, LeaseState, LeasesResponse, QueryMsg,
};
use souk_chain::{Queries, query::QueryError};
use souk_core::{DeploymentId, OrderId};
use tokio::sync::Semaphore;

use crate::model::interfaces::LeaseLookup;

/// Queries at once: any wallet's token makes the gateway ask, and the nodes are the agent's
/// own way to the chain.
const AT_ONCE: usize = 8;

/// The orderbook on the chain, asked for one provider. Cheap to clone.
#[derive(Clone, Debug)]
pub struct ChainLookup {
    queries: Queries,
    orderbook: String,
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
        Self { queries, orderbook: orderbook.into(), provider: provider.into(), running }
    }

    async fn ask<T: DeserializeOwned>(&self, msg: &QueryMsg) -> Result<T, QueryError> {
        // Never closed, so it never fails.
        let _permit = self.running.acquire().await;
        self.queries.smart(&self.orderbook, msg).await
    }

    /// Whether the chain has a lease of the provider for an order, active or ended.
    ///
    /// # Errors
    ///
    /// If the chain cannot be asked; that it has no such lease is an answer.
    pub async fn has_lease(&self, order: OrderId) -> Result<bool, QueryError> {
        match self.ask::<LeaseResponse>(&QueryMsg::Lease { order }).await {
            Ok(lease) => Ok(lease.provider == self.provider),
            Err(QueryError::Refused { .. } | QueryError::NotFound { .. }) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// What a deployment's manifest must hash to, by the chain's newest state; 32 bytes.
    ///
    /// # Errors
    ///
    /// If the chain cannot be asked or does not know the deployment.
    pub async fn commitment(&self, deployment: DeploymentId) -> Result<HexBinary, QueryError> {
        let found: DeploymentResponse = self.ask(&QueryMsg::Deployment { deployment }).await?;
        Ok(found.commitment)
    }

    /// The list of leases is asked, since its answer says that a lease is not there, where a
    /// refusal may have any other reason.
    async fn has_active_lease(&self, order: OrderId) -> Option<bool> {
        let msg = QueryMsg::Leases {
            provider: self.provider.clone(),
            start_after: order.0.checked_sub(1).map(OrderId),
            limit: Some(1),
        };
        let page: LeasesResponse = self.ask(&msg).await.ok()?;
        let active =
            |lease: &LeaseResponse| lease.order == order && lease.state == LeaseState::Active;
        Some(page.leases.iter().any(active))
    }
}

impl LeaseLookup for ChainLookup {
    fn is_active(&self, order: OrderId) -> BoxFuture<'_, Option<bool>> {
        self.has_active_lease(order).boxed()
    }
}
