//! What the scenario runs on: a local market with a tenant, a friend of theirs and a staker.

use std::{
    ops::Deref,
    path::{Path, PathBuf},
    time::Instant,
};

use anyhow::{Context as _, Result};
use souk_api::fees;
use souk_chain::{Coin, keys::write_plain_key_file};
use souk_client::{
    home::Home,
    network::{FOREIGN_AUDITOR, FOREIGN_DENOMS},
    wallet::Wallet,
};

use super::{Environment, print};
use crate::{Localnet, LocalnetConfig, provider, say};

/// What each account has at the start, in base units, on an embedded chain and on another.
const COINS: u128 = 10_000_000_000;
const COINS_ELSEWHERE: u128 = 2_000_000_000;
/// What the staker stakes, in base units.
const STAKE: u128 = 1_000_000_000;

/// Everything that the scenario needs.
pub struct Fixture {
    localnet: Localnet,
    /// The tenant.
    pub tenant: Wallet,
    /// An account that tops up.
    pub friend: Wallet,
    /// An account that stakes.
    pub staker: Wallet,
    /// The tenant's home folder.
    pub home: Home,
    folder: PathBuf,
}

impl Deref for Fixture {
    type Target = Localnet;
    fn deref(&self) -> &Localnet {
        &self.localnet
    }
}

impl Fixture {
    /// Starts everything in a folder.
    pub async fn start(environment: Environment, folder: &Path) -> Result<Self> {
        let start = Instant::now();
        print::section("A market starts");
        environment.print();
        let mut providers = provider::examples();
        if let Some(clusters) = &environment.clusters {
            for (index, (profile, _)) in providers.iter_mut().enumerate() {
                profile.existing = Some(clusters.of(&profile.name, index)?);
            }
        }
        let coins = if environment.chain.is_embedded() { COINS } else { COINS_ELSEWHERE };
        let config = LocalnetConfig {
            chain: environment.chain,
            providers,
            accounts: 3,
            coins,
            foreign_denoms: FOREIGN_DENOMS.map(str::to_owned).to_vec(),
            foreign_auditors: vec![FOREIGN_AUDITOR.to_owned()],
        };
        let localnet = Localnet::start(config, folder).await?;
        print_providers(&localnet);
        let [tenant, friend, staker] =
            localnet.accounts.first_chunk().context("there are three accounts")?.clone();
        stake(&localnet, &staker).await?;
        let home = Home::open(Some(folder.join("tenant")))?;
        let key = localnet.account_keys.first().context("the tenant has a key")?;
        write_plain_key_file(&home.new_key_path("tenant")?, key)?;
        print::line(format!("ready after {:.1} s", start.elapsed().as_secs_f32()));
        Ok(Self { localnet, tenant, friend, staker, home, folder: folder.to_owned() })
    }

    /// A provider's name by its address.
    pub fn name_of<'a>(&'a self, address: &'a str) -> &'a str {
        let found = self.providers.iter().find(|provider| provider.address == address);
        found.map_or(address, |provider| provider.profile.name.as_str())
    }

    /// Prints how to look around while everything runs.
    pub fn print_commands(&self) {
        let home = self.home.path().display();
        print::section("Everything keeps running; look around from another terminal");
        say::line(format!(
            "export SOUK_HOME={home} SOUK_NETWORK={} SOUK_KEY=tenant",
            self.folder.join("network.toml").display()
        ));
        for command in ["souk list", "souk status 2", "souk provider list", "souk balance"] {
            say::line(command);
        }
        say::line(
            "souk lease list                     # then: souk lease status|logs|events LEASE",
        );
        say::line("souk deploy examples/chat.yaml      # deploy the same file again, by yourself");
        for provider in &self.providers {
            say::line(format!(
                "KUBECONFIG={} kubectl get pods -A",
                provider.kubeconfig().display()
            ));
        }
        let simulated = self.providers.iter().all(|one| one.profile.existing.is_none());
        if self.chain.is_embedded() && simulated {
            say::line(
                "On a real chain and cluster: the same `souk` and `souk-provider`, with a network file of your chain and your kubeconfig.",
            );
        }
        say::line("Ctrl-C stops everything.");
    }

    /// Stops everything.
    pub async fn stop(self) {
        self.localnet.stop().await;
    }
}

fn print_providers(localnet: &Localnet) {
    print::line(format!(
        "chain {} with the five contracts, linked",
        localnet.market.network.chain_id
    ));
    for (provider, (_, audited)) in localnet.providers.iter().zip(provider::examples()) {
        let audited = if audited { "audited" } else { "not audited" };
        let profile = &provider.profile;
        let gpus = profile.gpus.first().map_or("no GPUs", String::as_str);
        print::line(format!("provider {:7} {}  {gpus}, {audited}", profile.name, provider.address));
    }
}

async fn stake(localnet: &Localnet, staker: &Wallet) -> Result<()> {
    let coins = Coin::new(STAKE, localnet.market.network.denom.clone());
    let contract = &localnet.market.contracts.fee_distributor;
    let message = staker.execute(contract, &fees::ExecuteMsg::Stake {}, &[coins])?;
    staker.send("staking", vec![message]).await?;
    Ok(())
}
