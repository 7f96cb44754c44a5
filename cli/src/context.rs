//! What every command starts from: output, home, network, key.

use std::{ffi::OsString, path::PathBuf};

use anyhow::{Context as _, Result};
use clap::Args;
use souk_chain::{Client, Queries, SecretKey};
use souk_client::{Error, Market, Network, Wallet, home::Home};

use crate::{error::Missing, output::Output};

/// Options of every command.
#[derive(Debug, Args)]
#[command(next_help_heading = "Options of every command")]
pub struct Global {
    /// The network: its name or its file.
    #[arg(long, global = true, env = "SOUK_NETWORK", value_name = "NAME|FILE")]
    pub network: Option<String>,
    /// The key that signs: its name or its file.
    #[arg(long, global = true, env = "SOUK_KEY", value_name = "NAME|FILE")]
    pub key: Option<String>,
    /// The folder with your keys, networks and deployments [default: ~/.souk].
    #[arg(long, global = true, env = "SOUK_HOME", value_name = "FOLDER")]
    pub home: Option<PathBuf>,
    /// Print JSON, one value a line, and nothing else on standard output.
    #[arg(long, global = true)]
    pub json: bool,
}

impl Global {
    /// The options as they are given on a command line.
    pub fn to_arguments(&self) -> Vec<OsString> {
        let mut arguments = Vec::new();
        let mut add = |name: &str, value: OsString| arguments.extend([name.into(), value]);
        if let Some(network) = &self.network {
            add("--network", network.into());
        }
        if let Some(key) = &self.key {
            add("--key", key.into());
        }
        if let Some(home) = &self.home {
            add("--home", home.into());
        }
        if self.json {
            arguments.push("--json".into());
        }
        arguments
    }
}

/// The choices that hold for a whole invocation.
#[derive(Debug)]
pub struct Context {
    /// How to print.
    pub out: Output,
    /// Keys, networks, deployments.
    pub home: Home,
    network: Option<String>,
    key: Option<String>,
}

impl Context {
    /// Reads the global options.
    pub fn new(global: &Global) -> Result<Self> {
        let out = if global.json { Output::Json } else { Output::Text };
        let home = Home::open(global.home.clone())?;
        Ok(Self { out, home, network: global.network.clone(), key: global.key.clone() })
    }

    /// The chosen network.
    pub fn network(&self) -> Result<Network> {
        let name = self.network.as_deref().ok_or(Missing::Network)?;
        Ok(Network::find(name, self.home.path())?)
    }

    /// The chosen network, for commands that can do without one.
    pub fn network_if_chosen(&self) -> Result<Option<Network>> {
        self.network.as_deref().map(|name| Ok(Network::find(name, self.home.path())?)).transpose()
    }

    /// The chosen network's file.
    pub fn network_path(&self) -> Result<PathBuf> {
        let name = self.network.as_deref().ok_or(Missing::Network)?;
        Ok(Network::locate(name, self.home.path())?)
    }

    /// The market on the chosen network, for reading.
    pub fn market(&self) -> Result<Market> {
        Ok(Market::new(self.network()?)?)
    }

    /// The chain of the chosen network, also where no contracts are deployed yet.
    pub fn queries(&self) -> Result<Queries> {
        Ok(Client::new(self.network()?.client_config())?.query())
    }

    /// Whether a key is chosen.
    pub fn has_key(&self) -> bool {
        self.key.is_some()
    }

    /// The chosen key.
    pub fn key(&self) -> Result<SecretKey> {
        let name = self.key.as_deref().ok_or(Missing::Key)?;
        Ok(self.home.key(name)?)
    }

    /// The chosen key, ready to sign on the chosen network.
    pub fn wallet(&self) -> Result<Wallet> {
        let network = self.network()?;
        let client = Client::new(network.client_config())?;
        Ok(Wallet::new(client, self.key()?, &network)?)
    }

    /// An address: bech32 text as it is, or the address of one of the keys at home.
    pub fn address(&self, name: &str) -> Result<String> {
        let prefix = self.network()?.prefix;
        if name.starts_with(&format!("{prefix}1")) {
            let checked = bech32::decode(name).map_err(|error| {
                Error::input(format!("address `{name}`"), format!("it has a mistake: {error}"))
            });
            return Ok(checked.map(|_| name.to_owned())?);
        }
        let key = self.home.key(name).with_context(|| {
            format!(
                "`{name}` is neither an address that starts with {prefix}1 nor one of your keys"
            )
        })?;
        Ok(key.address(&prefix)?)
    }
}
