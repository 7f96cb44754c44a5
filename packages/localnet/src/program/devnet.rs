//! `souk devnet`: an embedded chain with the suite on it, to try things out.

use std::{net::SocketAddr, path::Path, time::Duration};

use anyhow::{Context as _, Result};
use clap::Args;
use serde::Serialize;
use souk_api::defaults::DENOM;
use souk_chain::keys::{KeySource, SecretKey, write_plain_key_file};

use crate::{
    context::Context,
    demo,
    devnet::{self, PREFIX, Plan},
    exit::Exit,
    local::{Cast, LocalMarket, Provider, Venue},
    network::{FOREIGN_AUDITOR, FOREIGN_DENOMS, NameMap, Network},
};

/// Run an embedded chain with the contracts on it.
#[derive(Debug, Args)]
pub struct Devnet {
    /// Where the RPC listens.
    #[arg(long, default_value = "127.0.0.1:26657")]
    listen: SocketAddr,
    /// The chain's id, and the name of its network file.
    #[arg(long, default_value = "souk-dev")]
    chain_id: String,
    /// Milliseconds between blocks.
    #[arg(long, default_value_t = 1_000)]
    block_time: u64,
    /// Accounts to give a thousand SOUK, by address or key.
    #[arg(long, value_name = "ADDRESS|KEY")]
    fund: Vec<String>,
    /// Also run the three providers of the demonstration, on simulated clusters. Without them
    /// nobody bids.
    #[arg(long)]
    providers: bool,
}

/// What to use it by.
#[derive(Debug, Serialize)]
struct Started {
    rpc: String,
    network: String,
    key: String,
    providers: Vec<String>,
}

/// What each funded account gets, in base units.
const FUNDING: u128 = 1_000_000_000;

impl Devnet {
    /// Runs until Ctrl-C.
    pub async fn run(self, context: &Context) -> Result<Exit> {
        let owner = owner_key(context)?;
        let pool = owner.address(PREFIX)?;
        let funded = |name: &String| Ok((address(context, name)?, FUNDING));
        let accounts = self.fund.iter().map(funded).collect::<Result<Vec<_>>>()?;
        let plan = Plan {
            chain_id: self.chain_id.clone(),
            bind: self.listen,
            block_time: Duration::from_millis(self.block_time.max(50)),
            owner: owner.clone(),
            pool,
            accounts,
        };
        let devnet = devnet::start(plan).await?;
        let (rpc, workplace) = (devnet.chain.rpc_url(), tempfile::tempdir()?);
        let stage = match self.providers {
            true => Stage::Market(Box::new(put_up(devnet, owner, workplace.path()).await?)),
            false => Stage::Bare(Box::new(bare(devnet))),
        };
        let folder = context.home.path().join("networks");
        std::fs::create_dir_all(&folder).context("the folder of networks")?;
        stage.network().write(&folder.join(format!("{}.toml", self.chain_id)))?;
        let started = Started {
            rpc,
            network: self.chain_id.clone(),
            key: KEY.to_owned(),
            providers: stage.providers(),
        };
        context.out.result(&started, Started::told);
        tokio::signal::ctrl_c().await?;
        match stage {
            Stage::Bare(devnet) => devnet.chain.stop().await,
            Stage::Market(market) => market.stop().await,
        }
        Ok(Exit::Ok)
    }
}

impl Started {
    fn told(&self) -> String {
        let Self { rpc, network, .. } = self;
        let providers = match self.providers.as_slice() {
            [] => "It has no provider, so nobody bids: start it with --providers, or run one of your own (`souk-provider init --help`).".to_owned(),
            all => format!("Providers, on simulated clusters: {}.", all.join(", ")),
        };
        format!(
            "Chain {network} runs at {rpc}, with the contracts on it; nothing of it is kept when it ends.\n{providers}\nFrom another terminal:\n  export SOUK_NETWORK={network} SOUK_KEY={KEY}\n  souk balance\n  souk sdl init web -o web.yaml && souk deploy web.yaml\nCtrl-C ends it."
        )
    }
}

/// What each provider of a devnet has, in base units.
const PROVIDER_COINS: u128 = 1_000_000_000;

/// What runs.
enum Stage {
    /// The chain alone.
    Bare(Box<devnet::Devnet>),
    /// With providers.
    Market(Box<LocalMarket>),
}

impl Stage {
    fn network(&self) -> &Network {
        match self {
            Self::Bare(devnet) => &devnet.network,
            Self::Market(market) => &market.market.network,
        }
    }

    fn providers(&self) -> Vec<String> {
        let Self::Market(market) = self else { return Vec::new() };
        let name = |one: &Provider| format!("{} {}", one.profile.name, one.address);
        market.providers.iter().map(name).collect()
    }
}

/// Files that were written for the incumbent are read here too.
fn bare(mut devnet: devnet::Devnet) -> devnet::Devnet {
    let denoms = FOREIGN_DENOMS.map(|name| (name.to_owned(), DENOM.to_owned())).into();
    devnet.network.map = NameMap { denoms, ..NameMap::default() };
    devnet
}

async fn put_up(devnet: devnet::Devnet, funds: SecretKey, folder: &Path) -> Result<LocalMarket> {
    let cast = Cast {
        venue: Venue::Devnet { devnet: Box::new(devnet), funds },
        providers: demo::providers(),
        people: 0,
        coins: PROVIDER_COINS,
        foreign_denoms: FOREIGN_DENOMS.map(str::to_owned).to_vec(),
        foreign_auditors: vec![FOREIGN_AUDITOR.to_owned()],
    };
    LocalMarket::start(cast, folder).await
}

/// The name of the key that owns the suite on a devnet.
const KEY: &str = "devnet";

/// The owner's key, made once and kept at home.
fn owner_key(context: &Context) -> Result<SecretKey> {
    let path = context.home.new_key_path(KEY)?;
    if path.exists() {
        return Ok(KeySource::File { path, passphrase: None }.load()?);
    }
    let key = SecretKey::generate();
    write_plain_key_file(&path, &key)?;
    Ok(key)
}

fn address(context: &Context, name: &str) -> Result<String> {
    if name.starts_with(&format!("{PREFIX}1")) {
        return Ok(name.to_owned());
    }
    let key = context.home.key(name).with_context(|| format!("--fund {name}"))?;
    Ok(key.address(PREFIX)?)
}
