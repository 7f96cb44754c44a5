//! Asking the orderbook itself, when a tenant is faster than the follower.

use cosmwasm_std::HexBinary;
use souk_api::orderbook::{DeploymentResponse, LeaseResponse, QueryMsg};
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

    /// What a deployment's manifest must hash to, by the chain's newest state.
    pub async fn commitment(&self, deployment: DeploymentId) -> Result<HexBinary, GatewayError> {
        let msg = QueryMsg::Deployment { deployment };
        let asked = self.queries.smart::<DeploymentResponse>(&self.address, &msg).await;
        Ok(asked.map_err(GatewayError::Chain)?.commitment)
    }
}
