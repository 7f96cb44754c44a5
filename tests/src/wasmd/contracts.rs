//! The market's contracts on a wasmd node.

use std::{ffi::OsString, fs, path::PathBuf};

use anyhow::{Result, ensure};
use clap::Parser as _;
use souk_chain::keys::write_plain_key_file;
use souk_cli::{args::Cli, exit::Exit};
use souk_client::network::{NameMap, Network};

use super::{DENOM, PREFIX, Wasmd};
use crate::tools;

/// Terms with periods so short that tests can wait for them.
pub const SHORT_TERMS: &str = r#"
[orderbook]
min_auction = "10s"
end_grace = "10m"
slot_hold = "10s"
[[orderbook.denoms]]
denom = "usouk"
min_deposit = 1000
[escrow]
min_runway = "10s"
[registry]
unbonding_period = "30s"
"#;

impl Wasmd {
    /// The network file for it, without contracts.
    pub fn network(&self) -> Result<Network> {
        Ok(Network {
            name: self.options.chain_id.clone(),
            chain_id: self.options.chain_id.clone(),
            rpc: vec![self.rpc_url()],
            prefix: PREFIX.to_owned(),
            denom: DENOM.to_owned(),
            gas_price: self.options.gas_price.parse()?,
            slowest_block: None,
            contracts: None,
            map: NameMap::default(),
        })
    }

    /// Deploys the contracts by `souk admin deploy`, owned by the funded key; the network with
    /// their addresses. `terms` is the text of a terms file.
    pub async fn deploy(&self, terms: &str) -> Result<Network> {
        let exit = souk_cli::run(Cli::try_parse_from(self.deploy_command(terms)?)?).await?;
        ensure!(exit == Exit::Ok, "souk admin deploy ended with {exit:?}");
        Ok(Network::find(&self.network_file().display().to_string(), self.home())?)
    }

    /// The command line that deploys the contracts, after writing the files that it names.
    pub fn deploy_command(&self, terms: &str) -> Result<Vec<OsString>> {
        let (network, key) = (self.network_file(), self.funds_file());
        self.network()?.write(&network)?;
        fs::write(network.with_extension("terms.toml"), terms)?;
        if !key.exists() {
            write_plain_key_file(&key, &self.funds)?;
        }
        let mut command: Vec<OsString> =
            ["souk", "admin", "deploy", "--yes"].map(Into::into).into();
        for (option, path) in [
            ("--network", network),
            ("--key", key),
            ("--artifacts", tools::artifacts()?),
            ("--home", self.home().join("souk")),
        ] {
            command.extend([option.into(), path.into_os_string()]);
        }
        Ok(command)
    }

    /// The path of its network file, which [`Self::deploy_command`] writes.
    pub fn network_file(&self) -> PathBuf {
        self.home().join(format!("{}.toml", self.options.chain_id))
    }

    /// The path of the funded key's file, which [`Self::deploy_command`] writes.
    pub fn funds_file(&self) -> PathBuf {
        self.home().join("funds.key")
    }
}
