//! The contracts' addresses, inline or from the file that `souk admin deploy` writes.

use std::path::Path;

use serde::Deserialize;
use souk_client::{contracts, events::Emitters};

use super::ConfigError;

/// Addresses of the contracts that the agent talks to.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Contracts {
    /// Orders, bids, leases.
    pub orderbook: String,
    /// Accounts and streams.
    pub escrow: String,
    /// Providers.
    #[serde(alias = "registry", alias = "provider-registry")]
    pub provider_registry: String,
    /// Attestations.
    pub attestations: String,
    /// The fee distributor; the agent does not need it.
    #[serde(default, alias = "fee-distributor")]
    pub fee_distributor: Option<String>,
}

/// The file: addresses at the top or under `contracts`, as texts or as tables with `address`.
/// Other keys are ignored.
#[derive(Deserialize)]
struct Entry {
    address: String,
}

impl From<&contracts::Contracts> for Contracts {
    fn from(all: &contracts::Contracts) -> Self {
        Self {
            orderbook: all.orderbook.clone(),
            escrow: all.escrow.clone(),
            provider_registry: all.registry.clone(),
            attestations: all.attestations.clone(),
            fee_distributor: Some(all.fee_distributor.clone()),
        }
    }
}

impl Contracts {
    pub(super) const NONE: Self = Self {
        orderbook: String::new(),
        escrow: String::new(),
        provider_registry: String::new(),
        attestations: String::new(),
        fee_distributor: None,
    };

    /// The contracts whose events count. The fee distributor's do not matter to an agent.
    pub fn emitters(&self) -> Emitters<'_> {
        Emitters {
            orderbook: Some(&self.orderbook),
            escrow: Some(&self.escrow),
            registry: Some(&self.provider_registry),
            attestations: Some(&self.attestations),
            fee_distributor: None,
        }
    }

    /// Each address with its name.
    pub fn named(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let needed = [
            ("orderbook", self.orderbook.as_str()),
            ("escrow", self.escrow.as_str()),
            ("provider_registry", self.provider_registry.as_str()),
            ("attestations", self.attestations.as_str()),
        ];
        let more = self.fee_distributor.as_deref().map(|address| ("fee_distributor", address));
        needed.into_iter().chain(more)
    }

    /// Reads the file, JSON or TOML.
    ///
    /// # Errors
    ///
    /// If it cannot be read or lacks an address.
    pub fn read(path: &Path) -> Result<Self, ConfigError> {
        let text = std::fs::read_to_string(path)
            .map_err(|error| ConfigError::Read { path: path.to_owned(), error })?;
        let unreadable = |problem: String| {
            ConfigError::invalid(
                "chain.contracts_file",
                path.display(),
                problem,
                "give the file that `souk admin deploy` wrote",
            )
        };
        let value: serde_json::Value = match serde_json::from_str(&text) {
            Ok(value) => value,
            Err(_) => toml::from_str(&text).map_err(|error| unreadable(error.to_string()))?,
        };
        let table = value.get("contracts").unwrap_or(&value);
        let find = |names: &[&str]| -> Option<String> {
            let entry = names.iter().find_map(|name| table.get(name))?;
            let text = entry.as_str().map(str::to_owned);
            text.or_else(|| Some(serde_json::from_value::<Entry>(entry.clone()).ok()?.address))
        };
        let need = |names: &[&str]| {
            let first = names.first().copied().unwrap_or_default();
            find(names).ok_or_else(|| unreadable(format!("it has no address of `{first}`")))
        };
        Ok(Self {
            orderbook: need(&["orderbook"])?,
            escrow: need(&["escrow"])?,
            provider_registry: need(&["provider_registry", "provider-registry", "registry"])?,
            attestations: need(&["attestations"])?,
            fee_distributor: find(&["fee_distributor", "fee-distributor"]),
        })
    }
}
