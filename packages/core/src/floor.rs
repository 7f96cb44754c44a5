//! The least that a provider works for, by the resources of a group. Pure.

use cosmwasm_schema::cw_serde;

use crate::{Amount, Denom, GroupSpec};

/// Bytes of a GiB.
const GIB: u128 = 1 << 30;

/// Least prices in one denom, in base units an hour.
#[cw_serde]
#[derive(Eq)]
pub struct PriceFloor {
    /// The denom.
    pub denom: Denom,
    /// For a whole CPU.
    pub cpu: Amount,
    /// For a GiB of memory.
    pub memory: Amount,
    /// For a GPU.
    pub gpu: Amount,
}

impl PriceFloor {
    /// The least price of a group in base units an hour, rounded up; at the limit of numbers it
    /// stays there, above every price.
    pub fn of(&self, group: &GroupSpec) -> u128 {
        let of = group.totals();
        let (cpu_milli, memory, gpus) = (of.cpu_milli.into(), of.memory.into(), of.gpu.into());
        [(self.cpu, cpu_milli, 1_000u128), (self.memory, memory, GIB), (self.gpu, gpus, 1)]
            .into_iter()
            .fold(0, |sum, (price, amount, per)| {
                sum.saturating_add(price.u128().saturating_mul(amount).div_ceil(per))
            })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Gpu, GroupUnit, Price, Requirements, Resources};

    fn amount(units: u128) -> Amount {
        Amount::saturating(units)
    }

    fn group(count: u32, cpu_milli: u64, memory: u64, gpus: u32) -> GroupSpec {
        let gpu = (gpus > 0).then(|| Gpu { units: gpus, attributes: Vec::new() });
        let resources = Resources {
            cpu_milli,
            cpu_attributes: Vec::new(),
            memory,
            gpu,
            storage: Vec::new(),
            endpoints: Vec::new(),
        };
        GroupSpec {
            name: "web".into(),
            requirements: Requirements::default(),
            units: vec![GroupUnit { id: 1, count, resources }],
            ceiling: Price::MAX,
        }
    }

    #[test]
    fn a_floor_counts_cpus_memory_and_gpus_of_all_replicas_and_rounds_up() {
        let floor = PriceFloor {
            denom: Denom::native("usouk"),
            cpu: amount(100),
            memory: amount(10),
            gpu: amount(5_000),
        };
        for (of, least) in [
            (group(1, 1_000, 1 << 30, 0), 110),
            (group(3, 1_500, 2 << 30, 2), 450 + 60 + 30_000),
            (group(1, 1, 1, 0), 1 + 1),
            (group(1, 0, 0, 1), 5_000),
        ] {
            assert_eq!(floor.of(&of), least, "{of:?}");
        }
    }

    #[test]
    fn the_highest_floor_of_the_largest_group_is_above_every_price() {
        let max = Amount::MAX;
        let floor = PriceFloor { denom: Denom::native("usouk"), cpu: max, memory: max, gpu: max };
        assert!(floor.of(&group(u32::MAX, u64::MAX, u64::MAX, u32::MAX)) > Price::MAX.u128());
    }
}
