//! The embedded chain with the suite on it: what `souk devnet` and the demonstration start.

use std::time::Duration;

use anyhow::Result;
use cosmwasm_std::coins;
use souk_api::defaults::DENOM;
use souk_chain::{Client, SecretKey};
use souk_devchain::{Devchain, Handle, suite};

use crate::{
    network::{NameMap, Network},
    suite::{Codes, Terms, instantiate_all},
    wallet::Wallet,
};

/// The bech32 prefix of its addresses.
pub const PREFIX: &str = "souk";

/// How to start it.
#[derive(Debug)]
pub struct Plan {
    /// The chain's id.
    pub chain_id: String,
    /// Where the RPC listens; port 0 takes a free one.
    pub bind: std::net::SocketAddr,
    /// Real time between blocks.
    pub block_time: Duration,
    /// The key that puts the suite up and owns it; it gets coins.
    pub owner: SecretKey,
    /// Where the community pool's part goes.
    pub pool: String,
    /// Further accounts with their coins, in base units.
    pub accounts: Vec<(String, u128)>,
}

/// A running chain with the suite on it.
pub struct Devnet {
    /// The chain; it stops when this is dropped.
    pub chain: Handle,
    /// How to reach chain and suite.
    pub network: Network,
}

/// Coins of the owner at the start, in base units: a million.
pub const OWNER_COINS: u128 = 1_000_000_000_000;

/// Starts the chain and puts the suite up.
pub async fn start(plan: Plan) -> Result<Devnet> {
    let owner = plan.owner.address(PREFIX)?;
    let mut builder = Devchain::builder()
        .chain_id(&plan.chain_id)
        .prefix(PREFIX)
        .block_time(plan.block_time)
        .bind(plan.bind)
        .account(owner, coins(OWNER_COINS, DENOM));
    for (address, amount) in &plan.accounts {
        builder = builder.account(address, coins(*amount, DENOM));
    }
    let chain = suite::with_codes(builder).start().await?;
    let mut network = Network {
        name: plan.chain_id.clone(),
        chain_id: plan.chain_id,
        rpc: vec![chain.rpc_url()],
        prefix: PREFIX.to_owned(),
        denom: DENOM.to_owned(),
        gas_price: format!("0.025{DENOM}").parse()?,
        contracts: None,
        map: NameMap::default(),
    };
    let wallet = Wallet::new(Client::new(network.client_config())?, plan.owner, &network)?;
    let codes = Codes {
        escrow: suite::ESCROW,
        orderbook: suite::ORDERBOOK,
        registry: suite::PROVIDER_REGISTRY,
        attestations: suite::ATTESTATIONS,
        fee_distributor: suite::FEE_DISTRIBUTOR,
    };
    let terms = Terms { pool: plan.pool, ..Terms::new(DENOM, &wallet.address) };
    network.contracts = Some(instantiate_all(&wallet, codes, &terms).await?);
    Ok(Devnet { chain, network })
}
