//! `souk-localnet devnet`: an embedded chain with the contracts on it, to try things out.

use std::{net::SocketAddr, path::Path, time::Duration};

use anyhow::{Context as _, Result};
use clap::Args;
use serde::Serialize;
use souk_api::defaults::DENOM;
use souk_chain::keys::{KeySource, SecretKey, write_plain_key_file};
use souk_client::{
    home::Home,
    network::{FOREIGN_AUDITOR, FOREIGN_DENOMS, NameMap, Network},
};

use super::Global;
use crate::{
    Localnet, LocalnetConfig,
    chain::{ChainKind, EmbeddedChain, EmbeddedConfig, PREFIX},
    provider::{self, Provider},
    say,
};

/// The name of the key that owns the contracts of a devnet.
const KEY: &str = "devnet";
/// What each address of `--fund` gets, in base units: a thousand SOUK.
const FUNDING: u128 = 1_000_000_000;
/// What each provider has, in base units.
const PROVIDER_COINS: u128 = 1_000_000_000;

/// Arguments of `devnet`.
#[derive(Debug, Args)]
pub struct Devnet {
    /// The address at which the chain's RPC listens.
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:26657")]
    listen: SocketAddr,
    /// The chain's id, which is also the network's name.
    #[arg(long, value_name = "ID", default_value = "souk-dev")]
    chain_id: String,
    /// Milliseconds between blocks, 50 at least.
    #[arg(long, value_name = "MILLISECONDS", default_value_t = 1_000)]
    block_time: u64,
    /// Give a thousand SOUK to this address or key; may be given several times.
    #[arg(long, value_name = "ADDRESS|KEY")]
    fund: Vec<String>,
    /// Also run the three example providers, on simulated clusters. Without a provider nobody
    /// bids.
    #[arg(long)]
    providers: bool,
}

/// What a user needs to know of a devnet.
#[derive(Debug, Serialize)]
struct Started {
    rpc: String,
    network: String,
    key: String,
    providers: Vec<String>,
}

/// What runs.
enum Running {
    /// The chain alone.
    Chain(Box<EmbeddedChain>),
    /// Chain and providers.
    Localnet(Box<Localnet>),
}

impl Devnet {
    /// Runs until Ctrl-C.
    pub(super) async fn run(self, global: &Global) -> Result<()> {
        let home = global.home()?;
        let owner = owner_key(&home)?;
        let pool = owner.address(PREFIX)?;
        let funded = |name: &String| Ok((address(&home, name)?, FUNDING));
        let accounts = self.fund.iter().map(funded).collect::<Result<Vec<_>>>()?;
        let config = EmbeddedConfig {
            chain_id: self.chain_id.clone(),
            listen: self.listen,
            block_time: Duration::from_millis(self.block_time.max(50)),
            owner: owner.clone(),
            pool,
            accounts,
        };
        let chain = Box::new(EmbeddedChain::start(config).await?);
        let (rpc, folder) = (chain.handle.rpc_url(), tempfile::tempdir()?);
        let running = if self.providers {
            Running::Localnet(Box::new(with_providers(chain, owner, folder.path()).await?))
        } else {
            Running::Chain(with_foreign_denoms(chain))
        };
        let networks = home.path().join("networks");
        std::fs::create_dir_all(&networks).context("the folder of networks")?;
        running.network().write(&networks.join(format!("{}.toml", self.chain_id)))?;
        let started = Started {
            rpc,
            network: self.chain_id.clone(),
            key: KEY.to_owned(),
            providers: running.providers(),
        };
        match global.json {
            true => say::line(serde_json::to_string(&started)?),
            false => say::line(started.text()),
        }
        tokio::signal::ctrl_c().await?;
        match running {
            Running::Chain(chain) => chain.handle.stop().await,
            Running::Localnet(localnet) => localnet.stop().await,
        }
        Ok(())
    }
}

impl Started {
    fn text(&self) -> String {
        let Self { rpc, network, .. } = self;
        let providers = match self.providers.as_slice() {
            [] => "It has no provider, so nobody bids: start it with --providers, or run a provider of your own (`souk-provider init --help`).".to_owned(),
            all => format!("Providers, on simulated clusters: {}.", all.join(", ")),
        };
        format!(
            "Chain {network} runs at {rpc}, with the contracts on it; nothing is kept when it stops.\n{providers}\nFrom another terminal:\n  export SOUK_NETWORK={network} SOUK_KEY={KEY}\n  souk balance\n  souk sdl init web -o web.yaml && souk deploy web.yaml\nCtrl-C stops it."
        )
    }
}

impl Running {
    fn network(&self) -> &Network {
        match self {
            Self::Chain(chain) => &chain.network,
            Self::Localnet(localnet) => &localnet.market.network,
        }
    }

    fn providers(&self) -> Vec<String> {
        let Self::Localnet(localnet) = self else { return Vec::new() };
        let name = |one: &Provider| format!("{} {}", one.profile.name, one.address);
        localnet.providers.iter().map(name).collect()
    }
}

/// SDL files that were written for Akash are priced in this chain's denom.
fn with_foreign_denoms(mut chain: Box<EmbeddedChain>) -> Box<EmbeddedChain> {
    let denoms = FOREIGN_DENOMS.map(|name| (name.to_owned(), DENOM.to_owned())).into();
    chain.network.map = NameMap { denoms, ..NameMap::default() };
    chain
}

async fn with_providers(
    chain: Box<EmbeddedChain>,
    funds: SecretKey,
    folder: &Path,
) -> Result<Localnet> {
    let config = LocalnetConfig {
        chain: ChainKind::Running { chain, funds },
        providers: provider::examples(),
        accounts: 0,
        coins: PROVIDER_COINS,
        foreign_denoms: FOREIGN_DENOMS.map(str::to_owned).to_vec(),
        foreign_auditors: vec![FOREIGN_AUDITOR.to_owned()],
    };
    Localnet::start(config, folder).await
}

/// The owner's key, made once and kept in the home folder.
fn owner_key(home: &Home) -> Result<SecretKey> {
    let path = home.new_key_path(KEY)?;
    if path.exists() {
        return Ok(KeySource::File { path, passphrase: None }.load()?);
    }
    let key = SecretKey::generate();
    write_plain_key_file(&path, &key)?;
    Ok(key)
}

fn address(home: &Home, name: &str) -> Result<String> {
    if name.starts_with(&format!("{PREFIX}1")) {
        return Ok(name.to_owned());
    }
    let key = home.key(name).with_context(|| format!("--fund {name}"))?;
    Ok(key.address(PREFIX)?)
}
