//! The stage: chain, contracts, accounts, providers, auditor, staker.

use std::{
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use anyhow::Result;
use futures::future::try_join_all;
use souk_api::{attestations, fees};
use souk_chain::{Client, Coin, SecretKey, keys::write_plain_key_file};

use super::{FOREIGN_AUDITOR, FOREIGN_DENOMS, cast, tell};
use crate::{
    devnet::{self, Devnet, PREFIX},
    home::Home,
    local::{Provider, register},
    market::Market,
    wallet::Wallet,
};

/// What each account has at the start, in base units: ten thousand.
const COINS: u128 = 10_000_000_000;
/// What the staker stakes.
const STAKE: u128 = 1_000_000_000;
const BLOCK_TIME: Duration = Duration::from_millis(200);
const AUDIT_LASTS: u64 = 90 * 86_400;

/// Everything that the story needs.
pub struct Stage {
    /// The chain.
    pub devnet: Devnet,
    /// The market on it.
    pub market: Market,
    /// The providers, whose agents and clusters run.
    pub providers: Vec<Provider>,
    /// The providers' own accounts, in the same order.
    pub owners: Vec<Wallet>,
    /// The tenant.
    pub tenant: Wallet,
    /// Somebody who tops up.
    pub friend: Wallet,
    /// Somebody who stakes.
    pub staker: Wallet,
    /// Where the community's part goes.
    pub pool: String,
    /// The tenant's home folder.
    pub home: Home,
    folder: PathBuf,
}

impl Stage {
    /// Puts everything up.
    pub async fn set(folder: &Path) -> Result<Self> {
        let start = Instant::now();
        tell::chapter("The stage");
        tell::line(
            "Simulated: the chain (one process runs the contracts' native code behind the CometBFT RPC), the three",
        );
        tell::line(
            "clusters, their pods and what those write. Real: contracts, transactions, agents, gateways, coins' accounting.",
        );
        let profiles = cast::providers();
        let keys = || (0..profiles.len()).map(|_| SecretKey::generate()).collect::<Vec<_>>();
        let (owner_keys, operator_keys) = (keys(), keys());
        let [owner, tenant, friend, staker, auditor] =
            std::array::from_fn(|_| SecretKey::generate());
        let pool = SecretKey::generate().address(PREFIX)?;
        let people = [&tenant, &friend, &staker, &auditor];
        let everyone = people.into_iter().chain(&owner_keys).chain(&operator_keys);
        let accounts = everyone.map(|key| Ok((key.address(PREFIX)?, COINS)));
        let plan = devnet::Plan {
            chain_id: "souk-demo".to_owned(),
            bind: ([127, 0, 0, 1], 0).into(),
            block_time: BLOCK_TIME,
            owner,
            pool: pool.clone(),
            accounts: accounts.collect::<Result<_>>()?,
        };
        let mut devnet = devnet::start(plan).await?;
        tell::line(format!("chain {} with the five contracts, linked", devnet.network.chain_id));
        map_foreign_names(&mut devnet, &auditor)?;

        let network = devnet.network.clone();
        let wallet = |key: &SecretKey| {
            Wallet::new(Client::new(network.client_config())?, key.clone(), &network)
        };
        let market = Market::new(network.clone())?;
        let owners = owner_keys.iter().map(wallet).collect::<Result<Vec<_>>>()?;
        let folders: Vec<_> = profiles.iter().map(|profile| folder.join(&profile.name)).collect();
        let registering = owners.iter().zip(operator_keys).zip(&profiles).zip(&folders).map(
            |(((owner, operator), profile), folder)| {
                register(&market, owner, operator, profile, folder)
            },
        );
        let (staker, auditor) = (wallet(&staker)?, wallet(&auditor)?);
        let (registered, ()) =
            tokio::try_join!(try_join_all(registering), stake(&market, &staker))?;
        audit(&market, &auditor, &owners[..2]).await?;
        let starting = owners.iter().zip(&registered).zip(profiles).zip(&folders).map(
            |(((owner, registered), profile), folder)| {
                Provider::start(&network, &owner.address, registered, profile, folder)
            },
        );
        let providers = try_join_all(starting).await?;
        for (at, provider) in providers.iter().enumerate() {
            let audited = if at < 2 { "audited" } else { "not audited" };
            let profile = &provider.profile;
            let gpus = profile.gpus.first().map_or("no GPUs", String::as_str);
            tell::line(format!(
                "provider {:7} {}  {gpus}, {audited}",
                profile.name, provider.address
            ));
        }
        let home = Home::open(Some(folder.join("tenant")))?;
        write_plain_key_file(&home.new_key_path("tenant")?, &tenant)?;
        network.write(&folder.join("network.toml"))?;
        tell::line(format!("ready after {:.1} s", start.elapsed().as_secs_f32()));
        Ok(Self {
            devnet,
            market,
            providers,
            owners,
            tenant: wallet(&tenant)?,
            friend: wallet(&friend)?,
            staker,
            pool,
            home,
            folder: folder.to_owned(),
        })
    }

    /// A provider's name by its address.
    pub fn name_of<'a>(&'a self, address: &'a str) -> &'a str {
        let found = self.providers.iter().find(|provider| provider.address == address);
        found.map_or(address, |provider| provider.profile.name.as_str())
    }

    /// Lets chain time pass: the next block is so many seconds later.
    pub async fn pass(&self, seconds: u64) -> Result<()> {
        self.devnet.chain.advance(seconds).await?;
        let (height, _) = self.market.now().await?;
        // Two blocks, so that everyone who follows the chain has seen the new time.
        while self.market.now().await?.0 < height + 2 {
            tokio::time::sleep(BLOCK_TIME / 2).await;
        }
        Ok(())
    }

    /// How to look around while everything runs.
    pub fn show_around(&self) -> Result<()> {
        let home = self.home.path().display();
        tell::chapter("Everything runs on; look around from another terminal");
        println!(
            "export SOUK_HOME={home} SOUK_NETWORK={} SOUK_KEY=tenant",
            self.folder.join("network.toml").display()
        );
        for command in ["souk list", "souk status 2", "souk provider list", "souk balance"] {
            println!("{command}");
        }
        println!("souk lease list                     # then: souk lease status|logs|events LEASE");
        println!("souk deploy examples/chat.yaml      # once more, by yourself");
        for provider in &self.providers {
            println!("KUBECONFIG={} kubectl get pods -A", provider.kubeconfig().display());
        }
        println!(
            "On the real thing: the same `souk` and `souk-provider` with a network file of your chain and your kubeconfig."
        );
        println!("Ctrl-C ends it all.");
        Ok(())
    }

    /// The ends of all logs, when something went wrong.
    pub fn show_logs(&self) {
        for process in self.providers.iter().flat_map(|one| one.agent.iter().chain(&one.cluster)) {
            eprintln!("--- {}\n{}", process.log().display(), process.last_words());
        }
    }

    /// Stops everything.
    pub async fn strike(mut self) {
        let stopping = self.providers.iter_mut().map(Provider::stop);
        futures::future::join_all(stopping).await;
        self.devnet.chain.stop().await;
    }
}

fn map_foreign_names(devnet: &mut Devnet, auditor: &SecretKey) -> Result<()> {
    let map = &mut devnet.network.map;
    for denom in FOREIGN_DENOMS {
        map.denoms.insert(denom.to_owned(), devnet.network.denom.clone());
    }
    map.auditors.insert(FOREIGN_AUDITOR.to_owned(), auditor.address(PREFIX)?);
    Ok(())
}

async fn stake(market: &Market, staker: &Wallet) -> Result<()> {
    let coins = Coin::new(STAKE, market.network.denom.clone());
    let message = fees::ExecuteMsg::Stake {};
    let message = staker.execute(&market.contracts.fee_distributor, &message, &[coins])?;
    staker.send("staking", vec![message]).await?;
    Ok(())
}

/// The auditor attests everything that these providers claim.
async fn audit(market: &Market, auditor: &Wallet, providers: &[Wallet]) -> Result<()> {
    let (_, now) = market.now().await?;
    let mut messages = Vec::new();
    for provider in providers {
        let message = attestations::ExecuteMsg::Attest {
            provider: provider.address.clone(),
            attributes: market.provider(&provider.address).await?.attributes,
            expires_at: now.saturating_add(AUDIT_LASTS),
            evidence: None,
        };
        messages.push(auditor.execute(&market.contracts.attestations, &message, &[])?);
    }
    auditor.send("attesting", messages).await?;
    Ok(())
}
