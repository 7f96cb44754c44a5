//! `[cluster.kept_volumes]`: the volumes of leases that ended.

use serde::Deserialize;
use souk_core::time::HOUR;

use super::{ConfigError, Seconds};

/// For how long the volumes of leases that ended are kept, and how many.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeptVolumes {
    /// The longest time; an hour or more. Those of a lease that ran for less are kept for as long as it
    /// ran, an hour at least.
    #[serde(default = "default_longest")]
    pub longest: Seconds,
    /// Which part of a class's capacity they may take, in per cent.
    #[serde(default = "default_share")]
    pub share_percent: u32,
}

const fn default_longest() -> Seconds {
    Seconds(24 * HOUR)
}

const fn default_share() -> u32 {
    25
}

impl Default for KeptVolumes {
    fn default() -> Self {
        Self { longest: default_longest(), share_percent: default_share() }
    }
}

impl KeptVolumes {
    pub(super) fn check(&self) -> Result<(), ConfigError> {
        if self.longest < Seconds(HOUR) {
            return Err(ConfigError::invalid(
                "cluster.kept_volumes.longest",
                self.longest,
                "volumes would be gone before a wrong end of a lease is found out",
                "write for instance 24h; an hour is the least",
            ));
        }
        if self.share_percent > 100 {
            return Err(ConfigError::invalid(
                "cluster.kept_volumes.share_percent",
                self.share_percent,
                "it is more than all",
                "write a number from 0, with which nothing of a class with a capacity is kept, to 100",
            ));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_keeps_too_little_or_more_than_all_is_refused_with_key_and_value() {
        let check = |longest: u64, share_percent: u32| {
            let settings = KeptVolumes { longest: Seconds(longest), share_percent };
            settings.check().map_err(|error| error.to_string())
        };
        assert_eq!(check(HOUR, 0), Ok(()));
        assert_eq!(KeptVolumes::default().check().map_err(|error| error.to_string()), Ok(()));
        let short = check(HOUR - 1, 25).unwrap_err();
        assert!(
            short.contains("cluster.kept_volumes.longest") && short.contains("59m 59s"),
            "{short}"
        );
        let all = check(HOUR, 101).unwrap_err();
        assert!(all.contains("cluster.kept_volumes.share_percent") && all.contains("101"), "{all}");
    }
}
