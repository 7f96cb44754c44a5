//! The market as a client sees it: typed questions to the five contracts.

mod distribution;
mod escrow;
mod orderbook;
mod providers;

use serde::{Serialize, de::DeserializeOwned};
use souk_chain::{Client, Queries, query::QueryError, rpc::RpcError};

use crate::{
    error::Error,
    network::{Contracts, Network},
};

/// Entries asked for in one page.
const PAGE: u32 = souk_api::paging::MAX_LIMIT;

/// The suite on one network. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Market {
    /// The chain.
    pub client: Client,
    /// The network.
    pub network: Network,
    /// The suite's addresses.
    pub contracts: Contracts,
    queries: Queries,
}

/// Why a market cannot be asked.
#[derive(Debug, thiserror::Error)]
pub enum MarketError {
    /// The network file names no contracts.
    #[error(transparent)]
    Network(#[from] Error),
    /// The endpoints cannot be used.
    #[error(transparent)]
    Rpc(#[from] RpcError),
}

impl Market {
    /// Connects to nothing yet.
    pub fn new(network: Network) -> Result<Self, MarketError> {
        let contracts = network.contracts()?.clone();
        let client = Client::new(network.client_config())?;
        let queries = client.query();
        Ok(Self { client, network, contracts, queries })
    }

    /// The same market as it was after block `height`.
    #[must_use]
    pub fn at(&self, height: u64) -> Self {
        Self { queries: self.queries.at(height), ..self.clone() }
    }

    /// The chain's own questions.
    pub fn chain(&self) -> &Queries {
        &self.queries
    }

    /// Height and time of the newest block, Unix seconds.
    pub async fn now(&self) -> Result<(u64, u64), RpcError> {
        let status = self.client.status().await?;
        Ok((status.height, status.time.map_or(0, |time| time.seconds)))
    }

    async fn ask<R: DeserializeOwned>(
        &self,
        contract: &str,
        msg: &impl Serialize,
    ) -> Result<R, QueryError> {
        self.queries.smart(contract, msg).await
    }
}
