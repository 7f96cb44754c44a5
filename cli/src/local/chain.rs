//! The chain that a market runs on: the embedded one, or one that is there already.

use std::{fmt, time::Duration};

use anyhow::{Context as _, Result, ensure};
use souk_chain::{Client, Coin, SecretKey, tx};
use souk_core::time::{DAY, HOUR};
use souk_devchain::Handle;

use crate::{
    devnet::{self, Devnet, PREFIX},
    error::CliError,
    market::Market,
    network::Network,
    wallet::Wallet,
};

/// How often the chain is asked whether its time has come.
const POLL: Duration = Duration::from_millis(100);
/// Blocks after a moment, by which everyone who follows the chain has seen it.
const SETTLING: u64 = 2;
/// The shortest period of a story on real time, in seconds: below it blocks are too few.
const SHORTEST: u64 = 15;

/// Where a market is put up.
pub enum Venue {
    /// On an embedded chain, made for it.
    Embedded {
        /// The chain's id.
        chain_id: String,
        /// Real time between blocks.
        block_time: Duration,
    },
    /// On an embedded chain that runs already.
    Devnet {
        /// The chain.
        devnet: Box<Devnet>,
        /// A key with coins, from which everyone is funded.
        funds: SecretKey,
    },
    /// On a chain that runs and has the suite on it.
    Given {
        /// How to reach it, with the contracts' addresses.
        network: Box<Network>,
        /// A key with coins, from which everyone is funded.
        funds: SecretKey,
    },
}

impl fmt::Debug for Venue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Embedded { chain_id, .. } => write!(f, "embedded chain {chain_id}"),
            Self::Devnet { devnet, .. } => write!(f, "embedded chain {}", devnet.network.chain_id),
            Self::Given { network, .. } => write!(f, "chain {}", network.chain_id),
        }
    }
}

/// A chain on which a market stands.
pub struct Chain {
    /// How to reach it, with the contracts' addresses.
    pub network: Network,
    /// What stops it, if it is the embedded one.
    embedded: Option<Handle>,
}

impl Venue {
    /// The bech32 prefix of its addresses.
    pub fn prefix(&self) -> &str {
        match self {
            Self::Embedded { .. } | Self::Devnet { .. } => PREFIX,
            Self::Given { network, .. } => &network.prefix,
        }
    }

    /// Makes the chain if it is not there, and gives each account its coins.
    pub async fn open(self, accounts: Vec<(String, u128)>) -> Result<Chain> {
        match self {
            Self::Embedded { chain_id, block_time } => {
                let plan = devnet::Plan {
                    chain_id,
                    bind: ([127, 0, 0, 1], 0).into(),
                    block_time,
                    owner: SecretKey::generate(),
                    pool: SecretKey::generate().address(PREFIX)?,
                    accounts,
                };
                let devnet = devnet::start(plan).await?;
                Ok(Chain { network: devnet.network, embedded: Some(devnet.chain) })
            }
            Self::Devnet { devnet, funds } => {
                fund(&devnet.network, funds, &accounts).await?;
                Ok(Chain { network: devnet.network, embedded: Some(devnet.chain) })
            }
            Self::Given { network, funds } => {
                network.contracts()?;
                fund(&network, funds, &accounts).await?;
                Ok(Chain { network: *network, embedded: None })
            }
        }
    }
}

/// Sends each account its coins, in one transaction.
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
        return Err(CliError::input(format!("funds of {}", wallet.address), reason).into());
    }
    let send = |(address, amount): &(String, u128)| {
        tx::send(&wallet.address, address, &[Coin::new(*amount, network.denom.clone())])
    };
    let messages = accounts.iter().filter(|(_, amount)| *amount > 0).map(send).collect();
    wallet.send("funding the accounts", messages).await?;
    Ok(())
}

impl Chain {
    /// Whether its time can be moved; else it passes as it does.
    pub fn is_embedded(&self) -> bool {
        self.embedded.is_some()
    }

    /// Lets chain time pass, by moving it or by waiting. Returns when everyone who follows
    /// the chain can have seen it.
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
        while market.now().await?.0 < height + SETTLING {
            tokio::time::sleep(POLL).await;
        }
        Ok(())
    }

    /// How long the periods of a story are on it.
    pub async fn pace(&self, market: &Market) -> Result<Pace> {
        if self.is_embedded() {
            return Ok(Pace { step: HOUR, pause: DAY, drip: 8 * DAY });
        }
        let runway = market.escrow.config().await?.min_runway;
        ensure!(
            runway <= Pace::LONGEST,
            "accounts must last {runway} s on {}, and a story there would take that long several times; deploy the suite with a min_runway of {} s at most",
            self.network.name,
            Pace::LONGEST
        );
        let step = runway.max(SHORTEST);
        Ok(Pace { step, pause: step, drip: step })
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

    /// Stops what was started.
    pub async fn stop(self) {
        if let Some(handle) = self.embedded {
            handle.stop().await;
        }
    }
}

/// The coins of one denom, counted twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Coins {
    /// As the bank's supply has it.
    pub supply: u128,
    /// As the balances of all accounts add up: people, contracts, the chain's own.
    pub balances: u128,
    /// How many accounts those are.
    pub accounts: usize,
}

/// The periods of a story, in seconds of chain time.
#[derive(Clone, Copy, Debug)]
pub struct Pace {
    /// Coins are seen to stream for so long; no shorter than the escrow's least runway.
    pub step: u64,
    /// For so long an account stays depleted.
    pub pause: u64,
    /// So long after a distribution stakers claim.
    pub drip: u64,
}

impl Pace {
    /// The longest runway with which a story can be told on real time.
    pub const LONGEST: u64 = 60;

    /// What a rate comes to in so many steps, rounded up.
    pub fn steps(&self, rate: u128, count: u128) -> u128 {
        (rate * u128::from(self.step) * count).div_ceil(u128::from(HOUR))
    }
}
