//! Network files: which chain, how to reach it, where the contracts are, and which foreign names
//! in SDL files stand for what here.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};
use souk_chain::{ClientConfig, GasPrice};

use crate::{
    contracts::{ChainDefaults, Contracts},
    error::Error,
    record::Record,
};

/// How files that were written for Akash name the network's own denom.
pub const FOREIGN_DENOMS: [&str; 2] = ["uact", "uakt"];
/// Akash's auditor, as its users' files name it.
pub const FOREIGN_AUDITOR: &str = "akash1365yvmc4s7awdyj3n2sav7xfx76adc6dnmlx63";

/// A network.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Network {
    /// Its name, for people.
    pub name: String,
    /// The chain.
    pub chain_id: String,
    /// CometBFT RPC endpoints, the best first.
    pub rpc: Vec<String>,
    /// The bech32 prefix of addresses.
    pub prefix: String,
    /// The denom of deposits unless an SDL file says otherwise.
    pub denom: String,
    /// What a unit of gas costs, for instance `0.025usouk`.
    #[serde(with = "by_text")]
    pub gas_price: GasPrice,
    /// Milliseconds of a slow block: one and a half times the chain's usual block time. The terms of a market
    /// begin with it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub slowest_block: Option<u64>,
    /// The contracts' addresses, once they are deployed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contracts: Option<Contracts>,
    /// Foreign names in SDL files.
    #[serde(default)]
    pub map: NameMap,
}

/// What names in SDL files written for another market stand for here. Names that are not
/// listed stay as they are.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NameMap {
    /// Denoms, such as `uakt = "usouk"`.
    #[serde(default)]
    pub denoms: BTreeMap<String, String>,
    /// Auditors' addresses.
    #[serde(default)]
    pub auditors: BTreeMap<String, String>,
}

impl Network {
    /// Reads a network by its file's path, or by its name from `networks/` here or in the
    /// home folder, as [`Network::open`] does.
    ///
    /// # Errors
    /// If there is no such file, or it cannot be used.
    pub fn find(name: &str, home: &Path) -> Result<Self, Error> {
        Self::open(&Self::locate(name, home)?)
    }

    /// Reads a network file. Contracts that it does not name are those of the deployment's record
    /// beside it.
    ///
    /// # Errors
    /// If file or record cannot be used, or are of different chains.
    pub fn open(path: &Path) -> Result<Self, Error> {
        let mut network = Self::read(path)?;
        let record_path = Record::path(path);
        if network.contracts.is_none()
            && let Some(record) = Record::read(&record_path)?
        {
            if record.chain_id != network.chain_id {
                return Err(Error::Network {
                    path: record_path,
                    reason: format!(
                        "it is of chain {}, and {} is of {}; move it away",
                        record.chain_id,
                        path.display(),
                        network.chain_id
                    ),
                });
            }
            network.contracts = Some(record.addresses());
        }
        Ok(network)
    }

    /// The file of a network, by its path or its name.
    ///
    /// # Errors
    /// If there is no such file.
    pub fn locate(name: &str, home: &Path) -> Result<PathBuf, Error> {
        let candidates = [
            PathBuf::from(name),
            home.join("networks").join(format!("{name}.toml")),
            Path::new("networks").join(format!("{name}.toml")),
        ];
        let found = candidates.into_iter().find(|path| path.is_file());
        found.ok_or_else(|| Error::Network {
            path: name.into(),
            reason: format!(
                "no such file, and no {name}.toml in networks/ or {}",
                home.join("networks").display()
            ),
        })
    }

    /// Reads a network file alone.
    ///
    /// # Errors
    /// If it cannot be read, has an unknown key or lacks one, or names no endpoint.
    pub fn read(path: &Path) -> Result<Self, Error> {
        let file = |source| Error::File { path: path.into(), source };
        let text = std::fs::read_to_string(path).map_err(file)?;
        let bad = |reason: String| Error::Network { path: path.into(), reason };
        let network: Self = toml::from_str(&text).map_err(|error| bad(error.to_string()))?;
        if network.rpc.is_empty() {
            return Err(bad("`rpc` is empty; name at least one RPC endpoint".to_owned()));
        }
        Ok(network)
    }

    /// Writes the file.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn write(&self, path: &Path) -> Result<(), Error> {
        let bad = |reason: String| Error::Network { path: path.into(), reason };
        let text = toml::to_string_pretty(self).map_err(|error| bad(error.to_string()))?;
        std::fs::write(path, text).map_err(|source| Error::File { path: path.into(), source })
    }

    /// The contracts' addresses.
    ///
    /// # Errors
    /// If there are none; the error says what to do to have some.
    pub fn contracts(&self) -> Result<&Contracts, Error> {
        self.contracts.as_ref().ok_or_else(|| Error::NoContracts(self.name.clone()))
    }

    /// What it says for the terms of a market.
    pub fn chain_defaults(&self) -> ChainDefaults<'_> {
        ChainDefaults { denom: &self.denom, slowest_block: self.slowest_block }
    }

    /// How to reach it.
    pub fn client_config(&self) -> ClientConfig {
        ClientConfig::new(self.chain_id.clone(), self.rpc.clone())
    }
}

/// Values that are written as their text.
mod by_text {
    use std::{fmt::Display, str::FromStr};

    use serde::{Deserialize, Deserializer, Serializer, de};

    pub fn serialize<T: Display, S: Serializer>(value: &T, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(value)
    }

    pub fn deserialize<'de, T, D>(from: D) -> Result<T, D::Error>
    where
        T: FromStr<Err: Display>,
        D: Deserializer<'de>,
    {
        String::deserialize(from)?.parse().map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_network_file_reads_back_what_was_written() {
        let text = r#"
            name = "local"
            chain_id = "souk-local"
            rpc = ["http://127.0.0.1:26657"]
            prefix = "souk"
            denom = "usouk"
            gas_price = "0.025usouk"
            slowest_block = 1800
            [map.denoms]
            uakt = "usouk"
        "#;
        let network: Network = toml::from_str(text).unwrap();
        let again: Network = toml::from_str(&toml::to_string_pretty(&network).unwrap()).unwrap();
        assert_eq!(again.map, network.map);
        assert_eq!(again.gas_price, network.gas_price);
        assert_eq!(again.slowest_block, Some(1_800));
        assert!(again.contracts().is_err());
    }

    #[test]
    fn a_misspelt_key_is_refused_by_name() {
        let error = toml::from_str::<Network>("nam = \"x\"").unwrap_err().to_string();
        assert!(error.contains("nam"), "{error}");
    }
}
