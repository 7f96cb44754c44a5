//! A wasmd node with the contracts on it, and transactions of many accounts side by side.

use std::{collections::HashMap, time::Duration};

use anyhow::{Context as _, Result, bail, ensure};
use souk_chain::{
    Any, Client, Coin, Event, TxHash,
    rpc::BroadcastReply,
    tx::{SignerData, TxPlan},
};
use souk_client::{Contracts, Network, Wallet};

use tokio::time::{Instant, sleep};

use super::Account;
use crate::wasmd::{DENOM, Options, Wasmd};

/// More gas than any transaction here takes.
const GAS: u64 = 40_000_000;
const POLL: Duration = Duration::from_millis(20);
const TIMEOUT: Duration = Duration::from_secs(120);

/// The chain and what is on it.
pub struct Fixture {
    /// The node.
    pub node: Wasmd,
    /// Its client.
    pub client: Client,
    /// Where the market is.
    pub network: Network,
    /// The market's addresses.
    pub contracts: Contracts,
    /// Who has the coins of genesis.
    pub funds: Wallet,
}

/// A transaction in a block.
#[derive(Clone, Debug)]
pub struct Done {
    /// What it used.
    pub gas: u64,
    /// What it emitted.
    pub events: Vec<Event>,
}

/// Many of them, and what they took.
pub struct Batch {
    /// Each of them, in the order in which they were given.
    pub done: Vec<Done>,
    /// From the first one's sending until all were read in blocks.
    pub seconds: f64,
    /// Seconds of processor time that the node used.
    pub cpu: f64,
}

impl Fixture {
    /// Starts a node and puts the market on it.
    ///
    /// # Errors
    /// If wasmd or the contracts are not there, or do not start.
    pub async fn start() -> Result<Self> {
        let node = Wasmd::start(Options::default().chain_id("souk-bench")).await?;
        let network = node.deploy("").await?;
        let (client, contracts) = (node.client()?, network.contracts()?.clone());
        let funds = Wallet::new(client.clone(), node.funds.clone(), &network)?;
        Ok(Self { node, client, network, contracts, funds })
    }

    /// Stops the node.
    pub async fn stop(mut self) {
        self.node.stop().await;
    }

    /// Sends one transaction of each account, in this order, and waits until all are in blocks.
    ///
    /// # Errors
    /// If one is not taken, fails, or is in no block in time.
    pub async fn all(&self, txs: Vec<(&Account, Vec<Any>)>) -> Result<Batch> {
        let signed: Vec<_> = txs
            .into_iter()
            .map(|(account, messages)| {
                let plan = TxPlan {
                    messages,
                    gas_limit: GAS,
                    fee: self.network.gas_price.fee(GAS),
                    ..TxPlan::default()
                };
                let signer = SignerData {
                    chain_id: self.network.chain_id.clone(),
                    account_number: account.number,
                    sequence: account.next_sequence(),
                };
                plan.sign(&account.key, &signer)
            })
            .collect();
        let from = self.client.status().await?.height;
        let (start, cpu) = (Instant::now(), self.cpu()?);
        for tx in &signed {
            match self.client.broadcast_tx_sync(&tx.bytes).await.reply? {
                BroadcastReply::Accepted => {}
                other => bail!("a transaction was not taken: {other:?}"),
            }
        }
        let hashes: Vec<TxHash> = signed.iter().map(|tx| tx.hash).collect();
        let done = self.collect(from, &hashes).await?;
        Ok(Batch { done, seconds: start.elapsed().as_secs_f64(), cpu: self.cpu()? - cpu })
    }

    /// One transaction of one account.
    ///
    /// # Errors
    /// As [`Self::all`].
    pub async fn one(&self, account: &Account, messages: Vec<Any>) -> Result<Done> {
        let batch = self.all(vec![(account, messages)]).await?;
        batch.done.into_iter().next().context("nothing was sent")
    }

    async fn collect(&self, from: u64, hashes: &[TxHash]) -> Result<Vec<Done>> {
        let (mut found, mut height) = (HashMap::new(), from);
        let deadline = Instant::now() + TIMEOUT;
        while found.len() < hashes.len() {
            ensure!(Instant::now() < deadline, "{} of {} came", found.len(), hashes.len());
            if self.client.status().await?.height <= height {
                sleep(POLL).await;
                continue;
            }
            // A node announces a block before it has its results.
            let Ok(results) = self.client.block_results(height + 1).await else {
                sleep(POLL).await;
                continue;
            };
            height += 1;
            let block = self.client.block(height).await?;
            for (bytes, result) in block.txs.iter().zip(results.txs_results) {
                ensure!(result.code == 0, "a transaction failed: {}", result.log);
                let done = Done { gas: result.gas_used, events: result.events };
                found.insert(TxHash::of(bytes), done);
            }
        }
        let of = |hash| found.remove(hash).context("a transaction is missing");
        hashes.iter().map(of).collect()
    }

    /// Processor time of the node so far.
    fn cpu(&self) -> Result<f64> {
        let id = self.node.id().context("the node does not run")?;
        let stat = std::fs::read_to_string(format!("/proc/{id}/stat"))?;
        // The fields after the name, which may hold blanks: user and system time in hundredths.
        let after = stat.rsplit(')').next().unwrap_or_default();
        let fields: Vec<&str> = after.split_whitespace().collect();
        let ticks = |at: usize| fields.get(at).and_then(|text| text.parse::<f64>().ok());
        let (user, system) = ticks(11).zip(ticks(12)).context("no processor times")?;
        Ok((user + system) / 100.0)
    }
}

/// Coins of the market's denom.
pub fn coins(amount: u128) -> Coin {
    Coin::new(amount, DENOM)
}
