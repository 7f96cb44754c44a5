//! The network file, as far as a provider needs it.

use std::path::Path;

use serde::Deserialize;

use super::SetupError;
use crate::config::Contracts;

/// A network, as far as a provider needs it.
#[derive(Debug, Clone)]
pub struct Network {
    /// The chain.
    pub chain_id: String,
    /// RPC endpoints.
    pub rpc: Vec<String>,
    /// The addresses' prefix.
    pub prefix: String,
    /// The denom of the prices.
    pub denom: String,
    /// The gas price.
    pub gas_price: String,
    /// The contracts' addresses.
    pub contracts: Contracts,
}

/// The file; its other keys are for other tools.
#[derive(Deserialize)]
struct File {
    chain_id: String,
    rpc: Vec<String>,
    prefix: String,
    denom: String,
    gas_price: String,
}

impl Network {
    /// Reads a network file that has the contracts' addresses.
    ///
    /// # Errors
    ///
    /// If it cannot be read or lacks a key.
    pub fn read(path: &Path) -> Result<Self, SetupError> {
        let failed = |problem: String| SetupError::Network { path: path.to_owned(), problem };
        let text = std::fs::read_to_string(path).map_err(|error| failed(error.to_string()))?;
        let file: File = toml::from_str(&text).map_err(|error| failed(error.to_string()))?;
        let contracts = Contracts::read(path).map_err(|error| failed(error.to_string()))?;
        Ok(Self {
            chain_id: file.chain_id,
            rpc: file.rpc,
            prefix: file.prefix,
            denom: file.denom,
            gas_price: file.gas_price,
            contracts,
        })
    }
}
