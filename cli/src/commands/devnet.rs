//! `souk devnet`: an embedded chain with the suite on it, to try things out.

use std::{net::SocketAddr, time::Duration};

use anyhow::{Context as _, Result};
use clap::Args;
use serde::Serialize;
use souk_chain::keys::{KeySource, SecretKey, write_plain_key_file};

use crate::{
    context::Context,
    devnet::{self, PREFIX, Plan},
    error::CliError,
    exit::Exit,
};

/// Run an embedded chain.
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
}

/// What to use it by.
#[derive(Debug, Serialize)]
struct Started {
    rpc: String,
    network: String,
    key: String,
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
            owner,
            pool,
            accounts,
        };
        let devnet = devnet::start(plan).await?;
        let folder = context.home.path().join("networks");
        std::fs::create_dir_all(&folder).context("the folder of networks")?;
        devnet.network.write(&folder.join(format!("{}.toml", self.chain_id)))?;
        let started = Started {
            rpc: devnet.chain.rpc_url(),
            network: self.chain_id.clone(),
            key: KEY.to_owned(),
        };
        context.out.result(&started, |started| {
            format!(
                "Chain {0} runs at {1}, with the contracts on it; nothing of it is kept when it ends.\nTry: souk --network {0} --key {KEY} balance\nCtrl-C ends it.",
                started.network, started.rpc
            )
        });
        tokio::signal::ctrl_c().await?;
        devnet.chain.stop().await;
        Ok(Exit::Ok)
    }
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
    let key = context.home.key_source(name).load();
    let key = key.map_err(|error| CliError::input(format!("--fund {name}"), error))?;
    Ok(key.address(PREFIX)?)
}
