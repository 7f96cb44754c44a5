//! The stage: a market on this machine with a tenant, a friend of theirs and a staker.

use std::{
    ops::Deref,
    path::{Path, PathBuf},
    time::Instant,
};

use anyhow::{Context as _, Result};
use souk_api::fees;
use souk_chain::{Coin, keys::write_plain_key_file};

use super::{NODE_LABEL, Setting, cast, tell};
use crate::{
    home::Home,
    local::{Cast, LocalMarket, Venue},
    network::{FOREIGN_AUDITOR, FOREIGN_DENOMS},
    wallet::Wallet,
};

/// What each account has at the start, in base units, on a chain of its own and elsewhere.
const COINS: u128 = 10_000_000_000;
const COINS_ELSEWHERE: u128 = 2_000_000_000;
/// What the staker stakes.
const STAKE: u128 = 1_000_000_000;

/// Everything that the story needs.
pub struct Stage {
    local: LocalMarket,
    /// The tenant.
    pub tenant: Wallet,
    /// Somebody who tops up.
    pub friend: Wallet,
    /// Somebody who stakes.
    pub staker: Wallet,
    /// The tenant's home folder.
    pub home: Home,
    folder: PathBuf,
}

impl Deref for Stage {
    type Target = LocalMarket;
    fn deref(&self) -> &LocalMarket {
        &self.local
    }
}

impl Stage {
    /// Puts everything up.
    pub async fn set(setting: Setting, folder: &Path) -> Result<Self> {
        let start = Instant::now();
        tell::chapter("The stage");
        what_is_real(&setting);
        let mut providers = cast::providers();
        if let Some(clusters) = &setting.clusters {
            for (place, (profile, _)) in providers.iter_mut().enumerate() {
                profile.site = Some(clusters.of(&profile.name, place)?);
            }
        }
        let coins = match setting.venue {
            Venue::Embedded { .. } | Venue::Devnet { .. } => COINS,
            Venue::Given { .. } => COINS_ELSEWHERE,
        };
        let local = LocalMarket::start(
            Cast {
                venue: setting.venue,
                providers,
                people: 3,
                coins,
                foreign_denoms: FOREIGN_DENOMS.map(str::to_owned).to_vec(),
                foreign_auditors: vec![FOREIGN_AUDITOR.to_owned()],
            },
            folder,
        )
        .await?;
        tell::line(format!(
            "chain {} with the five contracts, linked",
            local.market.network.chain_id
        ));
        for (provider, (_, audited)) in local.providers.iter().zip(cast::providers()) {
            let audited = if audited { "audited" } else { "not audited" };
            let profile = &provider.profile;
            let gpus = profile.gpus.first().map_or("no GPUs", String::as_str);
            tell::line(format!(
                "provider {:7} {}  {gpus}, {audited}",
                profile.name, provider.address
            ));
        }
        let [tenant, friend, staker] =
            local.people.first_chunk().context("there are three people")?.clone();
        stake(&local, &staker).await?;
        let home = Home::open(Some(folder.join("tenant")))?;
        let key = local.keys.first().context("the tenant has a key")?;
        write_plain_key_file(&home.new_key_path("tenant")?, key)?;
        tell::line(format!("ready after {:.1} s", start.elapsed().as_secs_f32()));
        Ok(Self { local, tenant, friend, staker, home, folder: folder.to_owned() })
    }

    /// A provider's name by its address.
    pub fn name_of<'a>(&'a self, address: &'a str) -> &'a str {
        let found = self.providers.iter().find(|provider| provider.address == address);
        found.map_or(address, |provider| provider.profile.name.as_str())
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
        if self.chain.is_embedded() && self.providers.iter().all(|one| one.profile.site.is_none()) {
            println!(
                "On the real thing: the same `souk` and `souk-provider` with a network file of your chain and your kubeconfig."
            );
        }
        println!("Ctrl-C ends it all.");
        Ok(())
    }

    /// Stops everything.
    pub async fn strike(self) {
        self.local.stop().await;
    }
}

/// Says what of it is simulated and what is not.
fn what_is_real(setting: &Setting) {
    let (mut simulated, mut real) = (Vec::new(), Vec::new());
    match &setting.venue {
        Venue::Embedded { .. } | Venue::Devnet { .. } => simulated.push(
            "the chain (one process runs the contracts' native code behind the CometBFT RPC)"
                .to_owned(),
        ),
        Venue::Given { network, .. } => {
            real.push(format!("the chain {}, its time and the contracts' wasm", network.chain_id));
        }
    }
    match setting.clusters.as_ref().map(|clusters| clusters.kubeconfigs.len()) {
        None => simulated.push("the three clusters, their pods and what those write".to_owned()),
        Some(1) => real.push(format!(
            "the Kubernetes cluster, of which each provider has the nodes with its name in the label {NODE_LABEL}"
        )),
        Some(_) => real.push("the Kubernetes clusters".to_owned()),
    }
    real.push("transactions, agents, gateways, coins' accounting".to_owned());
    if !simulated.is_empty() {
        tell::line(format!("Simulated: {}.", simulated.join("; ")));
    }
    tell::line(format!("Real: {}.", real.join("; ")));
}

async fn stake(local: &LocalMarket, staker: &Wallet) -> Result<()> {
    let coins = Coin::new(STAKE, local.market.network.denom.clone());
    let contract = &local.market.contracts.fee_distributor;
    let message = staker.execute(contract, &fees::ExecuteMsg::Stake {}, &[coins])?;
    staker.send("staking", vec![message]).await?;
    Ok(())
}
