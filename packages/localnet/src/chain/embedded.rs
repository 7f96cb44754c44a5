//! An embedded chain with the contracts on it.

use std::{net::SocketAddr, time::Duration};

use anyhow::Result;
use cosmwasm_std::coins;
use souk_api::{defaults::DENOM, orderbook::SLOWEST_BLOCK_RANGE};
use souk_chain::{Client, SecretKey};
use souk_client::{
    contracts::Terms,
    instantiate,
    network::{NameMap, Network},
    wallet::Wallet,
};
use souk_devchain::{Devchain, Handle};

use super::codes;

/// The bech32 prefix of its addresses.
pub const PREFIX: &str = "souk";

/// Coins of the contracts' owner at the start, in base units: a million SOUK.
pub const OWNER_COINS: u128 = 1_000_000_000_000;

/// How to start it.
#[derive(Debug)]
pub struct EmbeddedConfig {
    /// The chain's id.
    pub chain_id: String,
    /// Where the RPC listens; port 0 takes a free one.
    pub listen: SocketAddr,
    /// Real time between blocks.
    pub block_time: Duration,
    /// The key that deploys the contracts and owns them; it gets [`OWNER_COINS`].
    pub owner: SecretKey,
    /// The address that gets the community pool's part of the fees.
    pub pool: String,
    /// Further addresses with their coins, in base units.
    pub accounts: Vec<(String, u128)>,
}

/// An embedded chain that runs, with the contracts on it.
pub struct EmbeddedChain {
    /// The chain; it stops when this is dropped.
    pub handle: Handle,
    /// How to reach chain and contracts.
    pub network: Network,
}

impl EmbeddedChain {
    /// Starts the chain and deploys the contracts.
    ///
    /// # Errors
    /// If the address to listen at is taken, or the contracts cannot be deployed.
    pub async fn start(config: EmbeddedConfig) -> Result<Self> {
        let owner = config.owner.address(PREFIX)?;
        let mut builder = Devchain::builder()
            .chain_id(&config.chain_id)
            .prefix(PREFIX)
            .block_time(config.block_time)
            .bind(config.listen)
            .account(owner, coins(OWNER_COINS, DENOM));
        for (address, amount) in &config.accounts {
            builder = builder.account(address, coins(*amount, DENOM));
        }
        let handle = codes::with_codes(builder).start().await?;
        let mut network = Network {
            name: config.chain_id.clone(),
            chain_id: config.chain_id,
            rpc: vec![handle.rpc_url()],
            prefix: PREFIX.to_owned(),
            denom: DENOM.to_owned(),
            gas_price: format!("0.025{DENOM}").parse()?,
            slowest_block: None,
            contracts: None,
            map: NameMap::default(),
        };
        let wallet = Wallet::new(Client::new(network.client_config())?, config.owner, &network)?;
        let mut terms = Terms { pool: config.pool, ..Terms::new(DENOM, &wallet.address) };
        // Its time is moved by hand, and no blocks come with that.
        terms.orderbook.slowest_block = *SLOWEST_BLOCK_RANGE.end();
        network.contracts = Some(instantiate::all(&wallet, codes::ids(), &terms).await?);
        Ok(Self { handle, network })
    }
}
