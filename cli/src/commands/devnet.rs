//! `souk devnet`: an embedded chain with the suite on it, to try things out.

use std::{net::SocketAddr, path::Path, time::Duration};

use anyhow::{Context as _, Result};
use clap::Args;
use serde::Serialize;
use souk_api::defaults::DENOM;
use souk_chain::keys::{KeySource, SecretKey, write_plain_key_file};

use crate::{
    context::Context,
    demo::{self, FOREIGN_AUDITOR, FOREIGN_DENOMS},
    devnet::{self, PREFIX, Plan},
    exit::Exit,
    local::{Cast, LocalMarket, Provider, Venue},
    network::{NameMap, Network},
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
        let mut network = devnet.network;
        let workplace = tempfile::Builder::new().prefix("souk-devnet-").tempdir()?;
        let market = match self.providers {
            true => Some(put_up(network.clone(), owner, workplace.path()).await?),
            false => None,
        };
        network.map = match &market {
            Some(market) => market.market.network.map.clone(),
            None => NameMap {
                denoms: FOREIGN_DENOMS.map(|name| (name.into(), DENOM.into())).into(),
                ..NameMap::default()
            },
        };
        let folder = context.home.path().join("networks");
        std::fs::create_dir_all(&folder).context("the folder of networks")?;
        network.write(&folder.join(format!("{}.toml", self.chain_id)))?;
        let started = Started {
            rpc: devnet.chain.rpc_url(),
            network: self.chain_id.clone(),
            key: KEY.to_owned(),
            providers: market.iter().flat_map(|market| &market.providers).map(name).collect(),
        };
        context.out.result(&started, Started::told);
        tokio::signal::ctrl_c().await?;
        if let Some(market) = market {
            market.stop().await;
        }
        devnet.chain.stop().await;
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

async fn put_up(network: Network, funds: SecretKey, folder: &Path) -> Result<LocalMarket> {
    let cast = Cast {
        venue: Venue::Given { network: Box::new(network), funds },
        providers: demo::providers(),
        people: 0,
        coins: PROVIDER_COINS,
        foreign_denoms: FOREIGN_DENOMS.map(str::to_owned).to_vec(),
        foreign_auditors: vec![FOREIGN_AUDITOR.to_owned()],
    };
    LocalMarket::start(cast, folder).await
}

fn name(provider: &Provider) -> String {
    format!("{} {}", provider.profile.name, provider.address)
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
