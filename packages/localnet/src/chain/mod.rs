//! The chain that a market runs on: an embedded one, or one that runs already.

pub mod codes;
mod embedded;
mod periods;

use std::{fmt, time::Duration};

use anyhow::{Context as _, Result};
use souk_api::defaults::DENOM;
use souk_chain::{Client, Coin, SecretKey, tx};
use souk_client::{Error, market::Market, network::Network, wallet::Wallet};
use souk_devchain::Handle;

pub use embedded::{EmbeddedChain, EmbeddedConfig, OWNER_COINS, PREFIX};
pub use periods::Periods;

/// How often the chain is asked whether its time has come.
const POLL: Duration = Duration::from_millis(100);
/// Blocks after a moment, by which everyone who follows the chain has seen it.
const SETTLING_BLOCKS: u64 = 2;

/// Which chain a market runs on.
pub enum ChainKind {
    /// An embedded chain that is started for it.
    Embedded {
        /// The chain's id.
        chain_id: String,
        /// Real time between blocks.
        block_time: Duration,
    },
    /// An embedded chain that runs already.
    Running {
        /// The chain.
        chain: Box<EmbeddedChain>,
        /// A key with coins, from which all accounts are funded.
        funds: SecretKey,
    },
    /// A chain outside of this process, with the contracts on it.
    External {
        /// How to reach it, with the contracts' addresses.
        network: Box<Network>,
        /// A key with coins, from which all accounts are funded.
        funds: SecretKey,
    },
}

impl fmt::Debug for ChainKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Embedded { chain_id, .. } => write!(f, "embedded chain {chain_id}"),
            Self::Running { chain, .. } => write!(f, "embedded chain {}", chain.network.chain_id),
            Self::External { network, .. } => write!(f, "chain {}", network.chain_id),
        }
    }
}

/// A chain that runs, with the contracts on it.
pub struct Chain {
    /// How to reach it, with the contracts' addresses.
    pub network: Network,
    /// The embedded chain, if it is one.
    embedded: Option<Handle>,
}

impl ChainKind {
    /// The bech32 prefix of its addresses.
    pub fn prefix(&self) -> &str {
        match self {
            Self::Embedded { .. } | Self::Running { .. } => PREFIX,
            Self::External { network, .. } => &network.prefix,
        }
    }

    /// The denom of its deposits.
    pub fn denom(&self) -> &str {
        match self {
            Self::Embedded { .. } => DENOM,
            Self::Running { chain, .. } => &chain.network.denom,
            Self::External { network, .. } => &network.denom,
        }
    }

    /// Whether it runs in this process, so that its time can be moved.
    pub fn is_embedded(&self) -> bool {
        !matches!(self, Self::External { .. })
    }

    /// Starts the chain if it does not run yet, and gives each address its coins, in base units.
    ///
    /// # Errors
    /// If the network names no contracts, or the funds do not suffice.
    pub async fn open(self, accounts: Vec<(String, u128)>) -> Result<Chain> {
        let (network, embedded, funds) = match self {
            Self::Embedded { chain_id, block_time } => {
                let config = EmbeddedConfig {
                    chain_id,
                    listen: ([127, 0, 0, 1], 0).into(),
                    block_time,
                    owner: SecretKey::generate(),
                    pool: SecretKey::generate().address(PREFIX)?,
                    accounts,
                };
                let EmbeddedChain { handle, network } = EmbeddedChain::start(config).await?;
                return Ok(Chain { network, embedded: Some(handle) });
            }
            Self::Running { chain, funds } => (chain.network, Some(chain.handle), funds),
            Self::External { network, funds } => (*network, None, funds),
        };
        network.contracts()?;
        fund(&network, funds, &accounts).await?;
        Ok(Chain { network, embedded })
    }
}

/// Sends each address its coins, in one transaction.
async fn fund(network: &Network, funds: SecretKey, accounts: &[(String, u128)]) -> Result<()> {
    let client = Client::new(network.client_config())?;
    let wallet = Wallet::new(client.clone(), funds, network)?;
    let needed: u128 = accounts.iter().map(|(_, amount)| amount).sum();
    let held = client.query().balance(&wallet.address, &network.denom).await?;
    if held <= needed {
        let reason = format!(
            "it has {held}{denom}, and more than {needed}{denom} are needed for {count} accounts and gas",
            denom = network.denom,
            count = accounts.len(),
        );
        return Err(Error::input(format!("funds of {}", wallet.address), reason).into());
    }
    let send = |(address, amount): &(String, u128)| {
        tx::send(&wallet.address, address, &[Coin::new(*amount, network.denom.clone())])
    };
    let messages = accounts.iter().filter(|(_, amount)| *amount > 0).map(send).collect();
    wallet.send("funding the accounts", messages).await?;
    Ok(())
}

impl Chain {
    /// Whether its time can be moved; else it passes by itself.
    pub fn is_embedded(&self) -> bool {
        self.embedded.is_some()
    }

    /// Lets seconds of chain time pass, by moving it or by waiting. Returns when everyone who
    /// follows the chain can have seen it.
    pub async fn pass(&self, market: &Market, seconds: u64) -> Result<()> {
        match &self.embedded {
            Some(handle) => {
                handle.advance(seconds).await?;
            }
            None => {
                let (_, start) = market.now().await?;
                let moment = start.saturating_add(seconds);
                while market.now().await?.1 < moment {
                    tokio::time::sleep(POLL).await;
                }
            }
        }
        let (height, _) = market.now().await?;
        while market.now().await?.0 < height + SETTLING_BLOCKS {
            tokio::time::sleep(POLL).await;
        }
        Ok(())
    }

    /// How long the steps of a scenario take on it.
    ///
    /// # Errors
    /// If time passes by itself and the escrow's minimal runway is too long to wait for.
    pub async fn periods(&self, market: &Market) -> Result<Periods> {
        if self.is_embedded() {
            return Ok(Periods::MOVED);
        }
        Periods::in_real_time(&self.network.name, market.escrow.config().await?.min_runway)
    }

    /// All coins of the market's denom, from the bank of one block.
    pub async fn coins(&self, market: &Market) -> Result<Coins> {
        let denom = &market.network.denom;
        let (height, _) = market.now().await?;
        // A node announces a block before its application has the state after it.
        let bank = market.chain().at(height.saturating_sub(1).max(1));
        let owners = bank.denom_owners(denom).await.context("counting all coins")?;
        Ok(Coins {
            supply: bank.supply(denom).await?,
            balances: owners.iter().map(|(_, amount)| amount).sum(),
            accounts: owners.len(),
        })
    }

    /// Stops an embedded chain.
    pub async fn stop(self) {
        if let Some(handle) = self.embedded {
            handle.stop().await;
        }
    }
}

/// The coins of one denom, counted in two ways, in base units.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Coins {
    /// The bank's supply.
    pub supply: u128,
    /// The sum of the balances of all accounts: keys, contracts, the chain's modules.
    pub balances: u128,
    /// How many accounts those are.
    pub accounts: usize,
}
