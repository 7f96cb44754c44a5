//! `[quotes]`: prices that are signed off chain.

use serde::Deserialize;
use souk_core::quote::{DEFAULT_VALIDITY, MAX_VALIDITY};

use super::{ConfigError, Seconds};

/// The shortest time for which a signed quote holds, in seconds: a tenant has to get it into a block.
const MIN_VALIDITY: u64 = 10;

/// How many signed quotes may hold at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct QuoteLimits {
    /// Of one wallet.
    pub of_asker: u32,
    /// For one tenant.
    pub for_tenant: u32,
    /// Of one network.
    pub of_network: u32,
}

/// Prices that the gateway gives for groups that are on no chain.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Quotes {
    /// Whether it gives any; bids and leases are not affected.
    pub enabled: bool,
    /// For how long a signed quote holds, 10 seconds to 10 minutes of block time: so long it reserves what it is for.
    pub validity: Seconds,
    /// The most of what is free that signed quotes reserve, in per cent of each kind and of slots: 1 to 100; the
    /// first quote may reserve all. Beyond it several quotes share what one of them reserves, and the first that is used
    /// gets it.
    pub max_share_percent: u32,
    /// The most signed quotes at once that one wallet asked for.
    pub max_open_per_asker: u32,
    /// The most signed quotes at once that one tenant asked for itself.
    pub max_open_per_tenant: u32,
    /// The most signed quotes at once that were asked for from one network: an IPv4 /24 or an IPv6 /48.
    pub max_open_per_network: u32,
}

impl Default for Quotes {
    fn default() -> Self {
        Self {
            enabled: true,
            validity: Seconds(DEFAULT_VALIDITY),
            max_share_percent: 50,
            max_open_per_asker: 20,
            max_open_per_tenant: 20,
            max_open_per_network: 80,
        }
    }
}

impl Quotes {
    /// How many signed quotes may hold at once.
    pub fn limits(&self) -> QuoteLimits {
        QuoteLimits {
            of_asker: self.max_open_per_asker,
            for_tenant: self.max_open_per_tenant,
            of_network: self.max_open_per_network,
        }
    }

    pub(super) fn check(&self) -> Result<(), ConfigError> {
        if !(MIN_VALIDITY..=MAX_VALIDITY).contains(&self.validity.0) {
            return Err(ConfigError::invalid(
                "quotes.validity",
                self.validity,
                "it is out of range",
                "write 10s to 10m; the chain takes no quote that holds for longer",
            ));
        }
        if !(1..=100).contains(&self.max_share_percent) {
            return Err(ConfigError::invalid(
                "quotes.max_share_percent",
                self.max_share_percent,
                "it is out of range",
                "write per cent of what is free from 1 to 100",
            ));
        }
        for (key, limit) in [
            ("quotes.max_open_per_asker", self.max_open_per_asker),
            ("quotes.max_open_per_tenant", self.max_open_per_tenant),
            ("quotes.max_open_per_network", self.max_open_per_network),
        ] {
            if limit == 0 {
                return Err(ConfigError::invalid(
                    key,
                    limit,
                    "nobody would get a signed quote",
                    "write 1 or more, or set quotes.enabled = false",
                ));
            }
        }
        Ok(())
    }
}
