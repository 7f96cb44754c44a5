//! Sums: what a group needs altogether, one denom for all, something that the world can reach.

use std::collections::BTreeMap;

use souk_core::limits;

use crate::{
    deployment::Replicas,
    document::Document,
    profiles::compute::Needs,
    quantity::display_bytes,
    reader::{Read, Reader},
    version::Edition,
};

#[derive(Default)]
struct Sum {
    cpu: u128,
    memory: u128,
    gpu: u128,
    /// Replicas by compute profile.
    counts: BTreeMap<String, u64>,
}

/// For a document without errors so far.
pub(super) fn check(reader: &mut Reader<'_>, document: &Document) {
    let mut groups: BTreeMap<&str, (Sum, &Replicas)> = BTreeMap::new();
    let mut denom: Option<&str> = None;
    let mut global = false;
    for (name, deployed) in &document.deployment {
        for (placement, replicas) in &deployed.placements {
            let needs = document.profiles.compute.get(replicas.profile());
            let Some(Read::Is(needs)) = needs.map(|profile| &profile.resources) else { continue };
            let (sum, _) = groups.entry(placement).or_insert_with(|| (Sum::default(), replicas));
            sum.add(needs, replicas);
            global |=
                document.services[name].ports().iter().flat_map(|e| &e.to).any(|to| to.global);

            let prices = &document.profiles.placement[placement].pricing;
            let Some((Read::Is(price), _)) = prices.get(replicas.profile()) else { continue };
            match denom {
                None => denom = Some(&price.denom),
                Some(first) if first != price.denom => {
                    let message = format!(
                        "one deployment has one denom, here are `{first}` and `{}`",
                        price.denom
                    );
                    reader.error(price.denom_at, "mixed-denoms", message).maybe(None);
                }
                Some(_) => {}
            }
        }
    }
    if groups.is_empty() {
        reader
            .error_in_file("no-deployment", "nothing is deployed")
            .help("write `deployment: { SERVICE: { PLACEMENT: { profile: ..., count: 1 } } }`");
        return;
    }
    if !global {
        reader
            .error_in_file("no-global", "no deployed service can be reached by the world")
            .help("write `to: [{ global: true }]` below one port");
    }
    for (name, (sum, replicas)) in &groups {
        sum.check(reader, document.edition, name, replicas);
    }
}

impl Sum {
    fn add(&mut self, needs: &Needs, replicas: &Replicas) {
        let count = u128::from(replicas.count());
        let cpu = needs.cpu.as_ref().value().and_then(|cpu| cpu.units.as_ref().value());
        let memory = needs.memory.as_ref().value().and_then(|memory| memory.size.as_ref().value());
        let gpu = needs.gpu.as_ref().value().map_or(0, |gpu| gpu.units);
        self.cpu += u128::from(cpu.copied().unwrap_or_default()) * count;
        self.memory += u128::from(memory.copied().unwrap_or_default()) * count;
        self.gpu += u128::from(gpu) * count;
        *self.counts.entry(replicas.profile().to_owned()).or_default() +=
            u64::from(replicas.count());
    }

    fn check(&self, reader: &mut Reader<'_>, edition: Edition, group: &str, replicas: &Replicas) {
        let at = replicas.count_at;
        if self.cpu == 0 {
            let message = format!("the placement `{group}` has no replicas");
            reader.error(at, "out-of-range", message).help("write `count: 1`");
            return;
        }
        let factor = u128::from(limits::GROUP_FACTOR);
        let bytes = |bytes: u128| {
            u64::try_from(bytes).map_or_else(|_| format!("{bytes} bytes"), display_bytes)
        };
        let sums = [
            (
                "CPU",
                self.cpu,
                u128::from(limits::CPU_MILLI.1) * factor,
                &(|n| format!("{n}m")) as &dyn Fn(u128) -> String,
            ),
            ("memory", self.memory, u128::from(limits::MEMORY.1) * factor, &bytes),
            ("GPUs", self.gpu, u128::from(limits::MAX_GPU) * factor, &|n| n.to_string()),
        ];
        for (what, sum, most, show) in sums {
            if sum > most {
                let message = format!(
                    "all replicas in `{group}` need {} of {what}, allowed is {}",
                    show(sum),
                    show(most)
                );
                reader.error(at, "out-of-range", message).maybe(None);
            }
        }
        let merged = edition == Edition::V2_1;
        if merged && self.counts.values().any(|count| *count > u64::from(u32::MAX)) {
            reader.error(at, "out-of-range", "more replicas than can be counted").maybe(None);
        }
    }
}
