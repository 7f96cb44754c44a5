//! How much gas to ask for and what to pay for it.

use serde::{Deserialize, Serialize};

use super::price::GasPrice;

/// For charging the fee, which a simulated transaction does not carry: two balances are read and
/// written, and an event is made.
const CHARGING: u64 = 30_000;

/// Gas and fee policy of one key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GasConfig {
    /// What is paid for a unit of gas at first.
    pub price: GasPrice,
    /// The most that is ever paid for a unit of gas, after raises.
    pub max_price: GasPrice,
    /// Gas limit as a percentage of the simulated use.
    #[serde(default = "default_adjustment")]
    pub adjustment_percent: u32,
    /// No transaction asks for more gas than this; keep it below the chain's block limit.
    #[serde(default = "default_max_gas")]
    pub max_gas: u64,
}

fn default_adjustment() -> u32 {
    140
}

fn default_max_gas() -> u64 {
    20_000_000
}

impl GasConfig {
    /// Up to five times `price`, 1.4 times the simulated gas.
    pub fn new(price: GasPrice) -> Self {
        Self {
            max_price: price.times(5),
            price,
            adjustment_percent: default_adjustment(),
            max_gas: default_max_gas(),
        }
    }

    /// Whether a transaction that used `simulated` without its fee can be within `max_gas`. One
    /// that cannot would run out of gas in its block, and pay for that.
    pub fn fits(&self, simulated: u64) -> bool {
        simulated.saturating_add(CHARGING) <= self.max_gas
    }

    /// The gas limit for a transaction that used `simulated` without its fee, raised by half for
    /// each time that it ran out of gas before; at most `max_gas`.
    pub fn limit(&self, simulated: u64, raises: u32) -> u64 {
        let adjusted = u128::from(simulated.saturating_add(CHARGING))
            .saturating_mul(u128::from(self.adjustment_percent.max(100)))
            .div_ceil(100);
        let raised = (0..raises.min(16)).fold(adjusted, |gas, _| gas.saturating_add(gas / 2));
        u64::try_from(raised).unwrap_or(u64::MAX).min(self.max_gas)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config() -> GasConfig {
        GasConfig {
            adjustment_percent: 130,
            max_gas: 1_000_000,
            ..GasConfig::new("0.025ustake".parse().unwrap())
        }
    }

    #[test]
    fn the_limit_is_the_simulated_gas_and_that_of_the_fee_and_a_margin() {
        assert_eq!(config().limit(100_001, 0), 169_002);
    }

    #[test]
    fn what_cannot_be_paid_for_within_the_maximum_does_not_fit() {
        assert!(config().fits(970_000) && !config().fits(970_001));
    }

    #[test]
    fn running_out_of_gas_raises_the_limit_up_to_the_maximum() {
        let limits: Vec<u64> = (0..4).map(|n| config().limit(300_000, n)).collect();
        assert_eq!(limits, [429_000, 643_500, 965_250, 1_000_000]);
    }
}
