//! Asking the orderbook itself, when a tenant is faster than the follower.

use cosmwasm_std::HexBinary;
use souk_api::orderbook::{DeploymentResponse, LeaseResponse, LeaseState, QueryMsg};
use souk_chain::{Queries, query::QueryError};
use souk_core::{DeploymentId, OrderId};

use super::GatewayError;

/// The orderbook on the chain.
#[derive(Clone, Debug)]
pub struct Book {
    queries: Queries,
    address: String,
}

impl Book {
    /// The orderbook at `address`.
    pub fn new(queries: Queries, address: impl Into<String>) -> Self {
        Self { queries, address: address.into() }
    }

    /// What a lease that the store does not have means: too early if the chain has it for
    /// this provider, nothing otherwise.
    pub async fn missing_lease(&self, order: OrderId, provider: &str) -> GatewayError {
        let msg = QueryMsg::Lease { order };
        match self.queries.smart::<LeaseResponse>(&self.address, &msg).await {
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
    /// asked.
    pub async fn has_active_lease(&self, order: OrderId, provider: &str) -> Option<bool> {
        let msg = QueryMsg::Lease { order };
        match self.queries.smart::<LeaseResponse>(&self.address, &msg).await {
            Ok(lease) => Some(lease.provider == provider && lease.state == LeaseState::Active),
            Err(QueryError::Refused { .. } | QueryError::NotFound { .. }) => Some(false),
            Err(_) => None,
        }
    }

    /// What a deployment's manifest must hash to, by the chain's newest state.
    pub async fn commitment(&self, deployment: DeploymentId) -> Result<HexBinary, GatewayError> {
        let msg = QueryMsg::Deployment { deployment };
        let asked = self.queries.smart::<DeploymentResponse>(&self.address, &msg).await;
        Ok(asked.map_err(GatewayError::Chain)?.commitment)
    }
}
