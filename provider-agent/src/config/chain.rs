//! `[chain]` and `[provider]`.

use std::{collections::BTreeSet, path::PathBuf};

use serde::Deserialize;
use souk_chain::{
    ClientConfig, GasPrice,
    keys::{KeySource, Passphrase},
};

use super::{ConfigError, Contracts, Seconds};

/// The chain and the contracts on it.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Chain {
    /// The id of the chain; nodes of another one are refused.
    pub chain_id: String,
    /// URLs of CometBFT's RPC, best first. With two or more one may fail.
    pub rpc: Vec<String>,
    /// The human-readable prefix of addresses.
    pub prefix: String,
    /// The gas price, such as `0.025usouk`.
    pub gas_price: GasPrice,
    /// The highest gas price if the chain demands more; ten times `gas_price` if not given.
    #[serde(default)]
    pub max_gas_price: Option<GasPrice>,
    /// The time from comparing one page of own leases with the chain to the next; at least 1s.
    #[serde(default = "default_audit_interval")]
    pub audit_interval: Seconds,
    /// The contracts' addresses.
    #[serde(default)]
    contracts: Option<Contracts>,
    /// A file with them, as `souk admin deploy` writes it.
    #[serde(default)]
    pub contracts_file: Option<PathBuf>,
}

const fn default_audit_interval() -> Seconds {
    Seconds(30)
}

impl Chain {
    /// The contracts' addresses.
    pub fn contracts(&self) -> &Contracts {
        static NONE: Contracts = Contracts::NONE;
        // Always there in a configuration that was checked.
        self.contracts.as_ref().unwrap_or(&NONE)
    }

    /// Settings of the RPC client.
    pub fn client(&self) -> ClientConfig {
        ClientConfig::new(&self.chain_id, &self.rpc)
    }

    /// The highest price of gas.
    pub fn max_gas_price(&self) -> GasPrice {
        self.max_gas_price.clone().unwrap_or_else(|| self.gas_price.times(10))
    }

    pub(super) fn read_contracts(&mut self) -> Result<(), ConfigError> {
        match (&self.contracts, &self.contracts_file) {
            (Some(_), None) => Ok(()),
            (None, Some(path)) => {
                self.contracts = Some(Contracts::read(path)?);
                Ok(())
            }
            (Some(_), Some(path)) => Err(ConfigError::invalid(
                "chain.contracts_file",
                path.display(),
                "the addresses are given in `chain.contracts` too",
                "give one of the two",
            )),
            (None, None) => Err(ConfigError::invalid(
                "chain.contracts",
                "",
                "there are no addresses of contracts",
                "give `chain.contracts_file`, as `souk admin deploy` writes it, or a table [chain.contracts]",
            )),
        }
    }

    pub(super) fn check(&self) -> Result<(), ConfigError> {
        if self.chain_id.is_empty() {
            return Err(ConfigError::invalid(
                "chain.chain_id",
                "",
                "it is empty",
                "write the chain's id as its nodes give it in /status",
            ));
        }
        if self.rpc.is_empty() {
            return Err(ConfigError::invalid(
                "chain.rpc",
                "[]",
                "there is no endpoint",
                "list at least one RPC URL, better two",
            ));
        }
        if let Some(twice) = repeated(&self.rpc) {
            return Err(ConfigError::invalid(
                "chain.rpc",
                twice,
                "it is listed twice, and one node's word would count as two",
                "list different nodes, better of different operators",
            ));
        }
        if self.audit_interval < Seconds(1) {
            return Err(ConfigError::invalid(
                "chain.audit_interval",
                self.audit_interval,
                "it is shorter than a second",
                "write for instance 30s",
            ));
        }
        souk_chain::Client::new(self.client()).map_err(|error| {
            ConfigError::invalid(
                "chain.rpc",
                self.rpc.join(", "),
                error.to_string(),
                "write URLs such as https://rpc.example.com:443",
            )
        })?;
        if let Some(max) = &self.max_gas_price
            && max.denom() != self.gas_price.denom()
        {
            return Err(ConfigError::invalid(
                "chain.max_gas_price",
                max,
                format!("`chain.gas_price` is in {}", self.gas_price.denom()),
                "give both in the same denom",
            ));
        }
        for (name, address) in self.contracts().named() {
            let key = format!("chain.contracts.{name}");
            check_address(&key, address, &self.prefix)?;
        }
        Ok(())
    }
}

/// The first URL that is in the list twice, but for its case and a slash at its end.
fn repeated(urls: &[String]) -> Option<&String> {
    let same = |url: &String| url.trim_end_matches('/').to_ascii_lowercase();
    let mut seen = BTreeSet::new();
    urls.iter().find(|url| !seen.insert(same(url)))
}

/// The provider, and the operator key that the agent signs with.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Provider {
    /// The provider's address. The agent signs with its operator key, which may be another.
    pub address: String,
    /// Where the operator key is.
    pub key: Key,
}

impl Provider {
    pub(super) fn check(&self, prefix: &str) -> Result<(), ConfigError> {
        check_address("provider.address", &self.address, prefix)?;
        let one = self.key.file.is_some() != self.key.variable.is_some();
        if !one {
            return Err(ConfigError::invalid(
                "provider.key",
                "",
                "it must name either a file or a variable",
                "write key = { file = \"operator.key\" } or key = { variable = \"SOUK_KEY\" }",
            ));
        }
        Ok(())
    }
}

/// Where the operator key is; never the key itself.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Key {
    /// A key file, encrypted or plain, with mode 0600.
    #[serde(default)]
    pub file: Option<PathBuf>,
    /// A file that holds the passphrase of an encrypted key file.
    #[serde(default)]
    pub passphrase_file: Option<PathBuf>,
    /// The environment variable that holds the passphrase.
    #[serde(default)]
    pub passphrase_variable: Option<String>,
    /// The environment variable that holds the key.
    #[serde(default)]
    pub variable: Option<String>,
}

impl Key {
    pub(super) fn paths_mut(&mut self) -> impl Iterator<Item = &mut PathBuf> {
        self.file.iter_mut().chain(&mut self.passphrase_file)
    }

    /// Where the key comes from; reads the passphrase, if one is named.
    ///
    /// # Errors
    ///
    /// If the passphrase cannot be read.
    pub fn source(&self) -> Result<KeySource, ConfigError> {
        if let Some(variable) = &self.variable {
            return Ok(KeySource::Environment { variable: variable.clone() });
        }
        let passphrase = match (&self.passphrase_file, &self.passphrase_variable) {
            (Some(path), _) => {
                let text = std::fs::read_to_string(path).map_err(|error| {
                    ConfigError::invalid(
                        "provider.key.passphrase_file",
                        path.display(),
                        error.to_string(),
                        "name a file that this user can read",
                    )
                })?;
                Some(Passphrase::new(text.trim_end_matches(['\n', '\r'])))
            }
            (None, Some(variable)) => {
                let read = Passphrase::from_environment(variable).map_err(|error| {
                    ConfigError::invalid(
                        "provider.key.passphrase_variable",
                        variable,
                        error.to_string(),
                        "set the variable before starting the agent",
                    )
                })?;
                Some(read)
            }
            (None, None) => None,
        };
        Ok(KeySource::File { path: self.file.clone().unwrap_or_default(), passphrase })
    }
}

fn check_address(key: &str, address: &str, prefix: &str) -> Result<(), ConfigError> {
    let problem = match bech32::decode(address) {
        Ok((hrp, bytes)) if hrp.as_str() == prefix && matches!(bytes.len(), 20 | 32) => {
            return Ok(());
        }
        Ok((hrp, _)) if hrp.as_str() != prefix => {
            format!("its prefix is `{hrp}`, `chain.prefix` is `{prefix}`")
        }
        Ok(_) => "it does not have the length of an address".to_owned(),
        Err(error) => format!("it is not a bech32 address ({error})"),
    };
    Err(ConfigError::invalid(key, address, problem, "copy the address again"))
}
