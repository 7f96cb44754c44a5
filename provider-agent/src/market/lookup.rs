//! Asks the orderbook itself about what the store does not know: a tenant may be faster than the
//! follower, and a store may have been lost.

use std::{sync::Arc, time::Duration};

use cosmwasm_std::HexBinary;
use futures::{FutureExt, future::BoxFuture};
use souk_client::market::{MarketError, if_present};
use souk_core::{DeploymentId, OrderId};
use tokio::sync::{Semaphore, SemaphorePermit};

use super::{Market, confirm};
use crate::model::{agreement::Agreement, audit::LeaseWord, interfaces::LeaseLookup};

/// Queries at once of each lookup: any wallet's token makes the gateway ask, and the nodes are the
/// agent's own way to the chain.
const AT_ONCE: usize = 8;
/// For this time a question waits for its turn.
const MAX_WAIT: Duration = Duration::from_secs(5);

/// Why the chain gives no answer.
#[derive(Debug, thiserror::Error)]
pub enum LookupError {
    /// Too many ask.
    #[error("too many questions wait for the chain")]
    Busy,
    /// The orderbook or its node.
    #[error(transparent)]
    Market(#[from] MarketError),
}

/// The orderbook on the chain, asked for one provider. Cheap to clone; clones have their queries at
/// once in common.
#[derive(Clone, Debug)]
pub struct ChainLookup {
    market: Market,
    running: Arc<Semaphore>,
}

impl ChainLookup {
    /// Asks the market's orderbook for the market's provider. What one lookup asks never delays another.
    pub fn new(market: Market) -> Self {
        Self { market, running: Arc::new(Semaphore::new(AT_ONCE)) }
    }

    async fn permit(&self) -> Result<SemaphorePermit<'_>, LookupError> {
        let turn = tokio::time::timeout(MAX_WAIT, self.running.acquire()).await;
        // Never closed, so only the time can fail.
        turn.ok().and_then(Result::ok).ok_or(LookupError::Busy)
    }

    /// Whether the chain has a lease of the provider for an order, active or ended.
    ///
    /// # Errors
    ///
    /// If the chain cannot be asked; that it has no such lease is an answer.
    pub async fn has_lease(&self, order: OrderId) -> Result<bool, LookupError> {
        let _permit = self.permit().await?;
        let lease = if_present(self.market.orderbook.lease(order).await)?;
        Ok(lease.is_some_and(|lease| lease.provider == self.market.provider()))
    }

    /// What a deployment's manifest must hash to, by the chain's newest state; 32 bytes.
    ///
    /// # Errors
    ///
    /// If the chain cannot be asked or does not know the deployment.
    pub async fn commitment(&self, deployment: DeploymentId) -> Result<HexBinary, LookupError> {
        let _permit = self.permit().await?;
        Ok(self.market.orderbook.deployment(deployment).await?.commitment)
    }

    /// The account that a deployment's tenant lets act for it, by the chain's newest state.
    ///
    /// # Errors
    ///
    /// If the chain cannot be asked; a deployment that it does not know has no delegate.
    pub async fn delegate(&self, deployment: DeploymentId) -> Result<Option<String>, LookupError> {
        let _permit = self.permit().await?;
        let deployment = if_present(self.market.orderbook.deployment(deployment).await)?;
        Ok(deployment.and_then(|deployment| deployment.delegate))
    }

    async fn has_active_lease(&self, order: OrderId) -> Option<bool> {
        let _permit = self.permit().await.ok()?;
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

#[cfg(test)]
mod tests {
    use souk_chain::{Client, ClientConfig};
    use tokio::net::TcpListener;

    use crate::config::Contracts;

    use super::*;

    /// A node that takes questions and answers none.
    async fn silent_node() -> (TcpListener, Market) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let nowhere = || "souk1book".to_owned();
        let contracts = Contracts {
            orderbook: nowhere(),
            escrow: nowhere(),
            provider_registry: nowhere(),
            attestations: nowhere(),
            fee_distributor: None,
        };
        let client = Client::new(ClientConfig::new("souk-test", [url])).unwrap();
        (listener, Market::new(client.query(), contracts, "souk1me"))
    }

    #[tokio::test]
    async fn what_visitors_ask_never_delays_the_agents_own_questions() {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let (_listener, market) = silent_node().await;
        let (agents, visitors) = (ChainLookup::new(market.clone()), ChainLookup::new(market));
        let many = (0..100).map(|order| visitors.has_lease(OrderId(order)));
        let many = futures::future::join_all(many);
        let asking = tokio::time::timeout(Duration::from_secs(1), many);
        let (asked, own) = tokio::join!(asking, async {
            tokio::time::sleep(Duration::from_millis(500)).await;
            tokio::time::timeout(Duration::from_millis(100), agents.permit()).await
        });
        assert!(asked.is_err(), "nobody was answered");
        assert!(matches!(own, Ok(Ok(_))), "{own:?}");
    }

    #[tokio::test]
    async fn a_question_waits_for_its_turn_for_a_bounded_time() {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let (_listener, market) = silent_node().await;
        let lookup = ChainLookup::new(market);
        let _all = lookup.running.acquire_many(8).await.unwrap();
        let answer = tokio::time::timeout(2 * MAX_WAIT, lookup.has_lease(OrderId(1))).await;
        assert!(matches!(answer, Ok(Err(LookupError::Busy))), "{answer:?}");
    }
}
