//! Asking the orderbook itself, when a tenant is faster than the follower.

use std::sync::Arc;

use cosmwasm_std::HexBinary;
use serde::de::DeserializeOwned;
use souk_api::orderbook::{
    DeploymentResponse, LeaseResponse, LeaseState, LeasesResponse, QueryMsg,
};
use souk_chain::{Queries, query::QueryError};
use souk_core::{DeploymentId, OrderId};
use tokio::sync::Semaphore;

use crate::gateway::GatewayError;

/// Questions at once: any wallet's token makes the gateway ask, and the nodes are the agent's
/// own way to the chain.
const AT_ONCE: usize = 8;

/// The orderbook on the chain.
#[derive(Clone, Debug)]
pub struct Book {
    queries: Queries,
    address: String,
    asking: Arc<Semaphore>,
}

impl Book {
    /// The orderbook at `address`.
    pub fn new(queries: Queries, address: impl Into<String>) -> Self {
        let asking = Arc::new(Semaphore::new(AT_ONCE));
        Self { queries, address: address.into(), asking }
    }

    async fn ask<T: DeserializeOwned>(&self, msg: &QueryMsg) -> Result<T, QueryError> {
        // Never closed, so it never fails.
        let _turn = self.asking.acquire().await;
        self.queries.smart(&self.address, msg).await
    }

    /// What a lease that the store does not have means: too early if the chain has it for
    /// this provider, nothing otherwise.
    pub async fn missing_lease(&self, order: OrderId, provider: &str) -> GatewayError {
        let msg = QueryMsg::Lease { order };
        match self.ask::<LeaseResponse>(&msg).await {
            Ok(lease) if lease.provider == provider => {
                GatewayError::TooEarly(format!("lease {order}"))
            }
            Ok(_) | Err(QueryError::Refused { .. } | QueryError::NotFound { .. }) => {
                GatewayError::NoLease(order)
            }
            Err(error) => GatewayError::Chain(error),
        }
    }

    /// Whether the chain has an active lease of `provider` for an order; none if it cannot be
    /// asked. The list of leases is asked, since its answer says of a lease that it is not there,
    /// where a refusal may have any other reason.
    pub async fn has_active_lease(&self, order: OrderId, provider: &str) -> Option<bool> {
        let msg = QueryMsg::Leases {
            provider: provider.to_owned(),
            start_after: order.0.checked_sub(1).map(OrderId),
            limit: Some(1),
        };
        let page = self.ask::<LeasesResponse>(&msg).await.ok()?;
        let active =
            |lease: &LeaseResponse| lease.order == order && lease.state == LeaseState::Active;
        Some(page.leases.iter().any(active))
    }

    /// What a deployment's manifest must hash to, by the chain's newest state.
    pub async fn commitment(&self, deployment: DeploymentId) -> Result<HexBinary, GatewayError> {
        let msg = QueryMsg::Deployment { deployment };
        let asked = self.ask::<DeploymentResponse>(&msg).await;
        Ok(asked.map_err(GatewayError::Chain)?.commitment)
    }
}
