//! The market as a client sees it: typed questions to the five contracts.
//!
//! Each contract has its type and its file. What they answer are the types of `souk-api`; why they
//! do not answer is a [`MarketError`].

mod any;
mod attestations;
mod bids;
mod distribution;
mod escrow;
mod fees;
mod instance;
mod orderbook;
mod page;
mod registry;

use souk_chain::{Client, Queries, rpc::RpcError};

use crate::{contracts::Contracts, error::Error, network::Network};

pub use crate::error::{MarketError, if_present};

pub use any::{Ownership, config, identity, ownership};
pub use attestations::Attestations;
pub use bids::{BidsPage, OwnBid};
pub use escrow::Escrow;
pub use fees::FeeDistributor;
pub use orderbook::Orderbook;
pub use registry::Registry;

/// The five contracts on one network. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Market {
    /// The network.
    pub network: Network,
    /// The contracts' addresses.
    pub contracts: Contracts,
    /// The chain.
    pub client: Client,
    /// Orders, bids, leases.
    pub orderbook: Orderbook,
    /// Accounts, streams, deposits.
    pub escrow: Escrow,
    /// Providers.
    pub registry: Registry,
    /// What auditors attest.
    pub attestations: Attestations,
    /// Where fees go.
    pub fees: FeeDistributor,
    queries: Queries,
}

impl Market {
    /// Connects to nothing yet.
    ///
    /// # Errors
    /// If the network names no contracts, or no endpoint that can be used.
    pub fn new(network: Network) -> Result<Self, Error> {
        let contracts = network.contracts()?.clone();
        let client = Client::new(network.client_config())?;
        let queries = client.query();
        Ok(Self::of(network, contracts, client, queries))
    }

    fn of(network: Network, contracts: Contracts, client: Client, queries: Queries) -> Self {
        Self {
            orderbook: Orderbook::new(queries.clone(), &contracts.orderbook),
            escrow: Escrow::new(queries.clone(), &contracts.escrow),
            registry: Registry::new(queries.clone(), &contracts.registry),
            attestations: Attestations::new(queries.clone(), &contracts.attestations),
            fees: FeeDistributor::new(queries.clone(), &contracts.fee_distributor),
            network,
            contracts,
            client,
            queries,
        }
    }

    /// The same market as it was after block `height`.
    #[must_use]
    pub fn at(&self, height: u64) -> Self {
        let Self { network, contracts, client, queries, .. } = self.clone();
        Self::of(network, contracts, client, queries.at(height))
    }

    /// The chain's own questions.
    pub fn chain(&self) -> &Queries {
        &self.queries
    }

    /// Height and time of the newest block, Unix seconds.
    ///
    /// # Errors
    /// If no endpoint answers.
    pub async fn now(&self) -> Result<(u64, u64), RpcError> {
        let status = self.client.status().await?;
        Ok((status.height, status.time.map_or(0, |time| time.seconds)))
    }
}
