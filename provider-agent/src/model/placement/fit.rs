//! Places a group by best fit, replicas with GPUs first.

use std::collections::BTreeMap;

use souk_core::{EndpointKind, GroupSpec, GroupUnit};

use super::{
    GpuModel, Inventory, NodeCapacity, Placement, Requests, Unsupported,
    requests::{persistent_volumes, wanted_arch},
};

/// The value of a GPU model, by which models are chosen: where several match, the least valuable is
/// given; none for a model that is not offered.
pub type GpuValue<'a> = &'a dyn Fn(&GpuModel) -> Option<u128>;

/// What is missing for a group.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Shortage {
    /// Not enough left on any one node for a replica.
    #[error(
        "no node has room for a replica of unit {unit} ({wanted} wanted beside {placed} placed; most room: {free})"
    )]
    Node {
        /// The resource unit.
        unit: u32,
        /// What one replica takes.
        wanted: String,
        /// Replicas of the group that were placed before.
        placed: usize,
        /// The node with most room, as text.
        free: String,
    },
    /// No node has a GPU of the asked kind at all.
    #[error("no node has one of the GPUs {wanted}; there are: {found}")]
    NoGpu {
        /// The asked keys.
        wanted: String,
        /// What there is.
        found: String,
    },
    /// No node of the asked architecture.
    #[error("no node is {0}")]
    Arch(String),
    /// A class of persistent storage that is not offered or has too little left.
    #[error("storage class {class}: {wanted} bytes wanted, {free} left")]
    Storage {
        /// The class.
        class: String,
        /// Bytes wanted for all replicas.
        wanted: u64,
        /// Bytes left; `none` if it is not offered.
        free: String,
    },
    /// Too few addresses.
    #[error("{wanted} leased addresses wanted, {free} left")]
    LeasedIps {
        /// How many are wanted.
        wanted: u32,
        /// How many are left.
        free: u32,
    },
    /// A request that this agent does not support.
    #[error(transparent)]
    Unsupported(#[from] Unsupported),
}

/// The most choices of GPU models that are tried for one group.
const MAX_ATTEMPTS: u32 = 64;

/// Places all replicas of a group.
///
/// # Errors
///
/// What is missing.
pub fn fit(
    group: &GroupSpec,
    inventory: &Inventory,
    value: GpuValue<'_>,
) -> Result<Vec<Placement>, Shortage> {
    check_storage(group, inventory)?;
    let wanted = leased_ips(group);
    if wanted > inventory.leased_ips {
        return Err(Shortage::LeasedIps { wanted, free: inventory.leased_ips });
    }
    let mut units: Vec<&GroupUnit> = group.units.iter().collect();
    let size = |unit: &GroupUnit| {
        let of = &unit.resources;
        (of.gpu.as_ref().map_or(0, |gpu| gpu.units), of.memory, of.cpu_milli)
    };
    units.sort_by_key(|unit| std::cmp::Reverse(size(unit)));
    let mut search = Search { inventory, value, attempts: 0, first: None };
    match search.place(&units, inventory.nodes.clone(), Vec::new()) {
        Some(mut placements) => {
            placements.sort_by_key(|placement| placement.unit);
            Ok(placements)
        }
        None => Err(search.first.unwrap_or(Shortage::Arch("ready".into()))),
    }
}

/// Addresses that a group leases: one for each sequence number.
pub fn leased_ips(group: &GroupSpec) -> u32 {
    let endpoints = group.units.iter().flat_map(|unit| &unit.resources.endpoints);
    let leased = endpoints.filter(|endpoint| endpoint.kind == EndpointKind::LeasedIp);
    let numbers: std::collections::BTreeSet<u32> = leased.map(|e| e.sequence).collect();
    u32::try_from(numbers.len()).unwrap_or(u32::MAX)
}

fn check_storage(group: &GroupSpec, inventory: &Inventory) -> Result<(), Shortage> {
    let mut wanted: BTreeMap<String, u64> = BTreeMap::new();
    for unit in &group.units {
        for (class, bytes) in persistent_volumes(&unit.resources) {
            let sum = wanted.entry(class).or_default();
            *sum = sum.saturating_add(bytes.saturating_mul(u64::from(unit.count)));
        }
    }
    for (class, wanted) in wanted {
        let free = match inventory.persistent.get(&class) {
            Some(None) => continue,
            Some(Some(free)) if *free >= wanted => continue,
            Some(Some(free)) => free.to_string(),
            None => "none".to_owned(),
        };
        return Err(Shortage::Storage { class, wanted, free });
    }
    Ok(())
}

struct Search<'a> {
    inventory: &'a Inventory,
    value: GpuValue<'a>,
    attempts: u32,
    /// The first shortage; later ones depend on the choice of models.
    first: Option<Shortage>,
}

impl Search<'_> {
    /// Places the units one after another, with backtracking over the choice of GPU models.
    fn place(
        &mut self,
        units: &[&GroupUnit],
        rooms: Vec<NodeCapacity>,
        placed: Vec<Placement>,
    ) -> Option<Vec<Placement>> {
        let Some((unit, rest)) = units.split_first() else { return Some(placed) };
        let models = match self.models(unit) {
            Ok(models) => models,
            Err(shortage) => return self.missing(shortage),
        };
        for model in models {
            self.attempts = self.attempts.saturating_add(1);
            if self.attempts > MAX_ATTEMPTS {
                return None;
            }
            let (mut rooms, mut placed) = (rooms.clone(), placed.clone());
            match self.place_unit(unit, model.as_ref(), &mut rooms, &mut placed) {
                Ok(()) => {
                    if let Some(done) = self.place(rest, rooms, placed) {
                        return Some(done);
                    }
                }
                Err(shortage) => {
                    self.first.get_or_insert(shortage);
                }
            }
        }
        None
    }

    fn missing<T>(&mut self, shortage: Shortage) -> Option<T> {
        self.first.get_or_insert(shortage);
        None
    }

    /// The matching models, the least valuable first; a single none without GPUs.
    fn models(&self, unit: &GroupUnit) -> Result<Vec<Option<GpuModel>>, Shortage> {
        let Some(gpu) = &unit.resources.gpu else { return Ok(vec![None]) };
        let mut found: BTreeMap<GpuModel, u128> = BTreeMap::new();
        for model in self.inventory.nodes.iter().filter_map(|room| room.node.gpu.as_ref()) {
            if let Some(value) = (self.value)(model)
                && model.is_one_of(&gpu.attributes)
            {
                found.insert(model.clone(), value);
            }
        }
        if found.is_empty() {
            let keys: Vec<&str> = gpu.attributes.iter().map(|a| a.key.as_str()).collect();
            return Err(Shortage::NoGpu { wanted: keys.join(", "), found: self.all_models() });
        }
        let mut models: Vec<(u128, GpuModel)> =
            found.into_iter().map(|(model, value)| (value, model)).collect();
        models.sort();
        Ok(models.into_iter().map(|(_, model)| Some(model)).collect())
    }

    fn all_models(&self) -> String {
        let nodes = self.inventory.nodes.iter();
        let names: std::collections::BTreeSet<String> = nodes
            .filter_map(|room| room.node.gpu.as_ref())
            .map(|gpu| format!("{}/{}", gpu.vendor, gpu.model))
            .collect();
        if names.is_empty() {
            return "none".into();
        }
        names.into_iter().collect::<Vec<_>>().join(", ")
    }

    fn place_unit(
        &self,
        unit: &GroupUnit,
        model: Option<&GpuModel>,
        rooms: &mut [NodeCapacity],
        placed: &mut Vec<Placement>,
    ) -> Result<(), Shortage> {
        let requests = Requests::of(&unit.resources, self.inventory.overcommit);
        let arch = wanted_arch(&unit.resources)?;
        if let Some(arch) = arch
            && rooms.iter().all(|room| room.node.arch != arch)
        {
            return Err(Shortage::Arch(arch.to_owned()));
        }
        for _ in 0..unit.count {
            let takes = |room: &NodeCapacity| {
                room.pods > 0
                    && room.free.covers(&requests)
                    && arch.is_none_or(|arch| room.node.arch == arch)
                    && match model {
                        Some(model) => room.node.gpu.as_ref() == Some(model),
                        None => !room.node.gpu_only,
                    }
            };
            let worse = |room: &NodeCapacity| waste(room, &requests, model.is_some());
            let best = rooms
                .iter()
                .enumerate()
                .filter(|(_, room)| takes(room))
                .min_by(|(_, a), (_, b)| {
                    worse(a).cmp(&worse(b)).then(a.node.name.cmp(&b.node.name))
                })
                .map(|(index, _)| index);
            let Some(room) = best.and_then(|index| rooms.get_mut(index)) else {
                return Err(Shortage::Node {
                    unit: unit.id,
                    wanted: text(&requests),
                    placed: placed.len(),
                    free: most_room(rooms, model),
                });
            };
            room.free = room.free.minus(requests);
            room.pods = room.pods.saturating_sub(1);
            placed.push(Placement {
                unit: unit.id,
                node: room.node.name.clone(),
                requests,
                volumes: persistent_volumes(&unit.resources),
                gpu: model.cloned(),
            });
        }
        Ok(())
    }
}

/// How bad a node is for a replica: nodes with GPUs are kept for GPUs; then the node that is left
/// with the least capacity is best, in thousandths of its size.
fn waste(room: &NodeCapacity, requests: &Requests, gpu: bool) -> (bool, u32, u128) {
    let left = room.free.minus(*requests);
    let part = |left: u64, of: u64| u128::from(left) * 1_000 / u128::from(of.max(1));
    let all = &room.node.allocatable;
    let sum = part(left.cpu_milli, all.cpu_milli)
        + part(left.memory, all.memory)
        + part(left.ephemeral, all.ephemeral);
    (!gpu && room.node.gpu.is_some(), left.gpu, sum)
}

fn most_room(rooms: &[NodeCapacity], model: Option<&GpuModel>) -> String {
    let fits =
        |room: &&NodeCapacity| model.is_none_or(|model| room.node.gpu.as_ref() == Some(model));
    let most = rooms
        .iter()
        .filter(fits)
        .max_by_key(|room| (room.free.gpu, room.free.cpu_milli, room.free.memory));
    match most {
        Some(room) => format!("{} on {}", text(&room.free), room.node.name),
        None => "no usable node".to_owned(),
    }
}

fn text(requests: &Requests) -> String {
    let mi = |bytes: u64| bytes >> 20;
    let gpu = match requests.gpu {
        0 => String::new(),
        gpu => format!(", {gpu} GPU"),
    };
    format!(
        "{}m CPU, {} Mi memory, {} Mi disk{gpu}",
        requests.cpu_milli,
        mi(requests.memory),
        mi(requests.ephemeral)
    )
}
