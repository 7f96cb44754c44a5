//! What holds for every cluster and every group.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use souk_core::{Attribute, Gpu, GroupSpec, GroupUnit, Price, Requirements, Resources};

use super::*;

fn model(name: &str) -> GpuModel {
    GpuModel {
        vendor: "nvidia".into(),
        model: name.into(),
        memory: None,
        interface: None,
        product: name.into(),
    }
}

fn a_room() -> impl Strategy<Value = (u64, u64, u32, usize)> {
    (0u64..8, 0u64..8, 0u32..5, 0usize..3)
}

fn an_inventory() -> impl Strategy<Value = Inventory> {
    prop::collection::vec(a_room(), 1..6).prop_map(|rooms| {
        let room = |(number, (cpu, memory, gpu, kind)): (usize, (u64, u64, u32, usize))| {
            let kind = ["h100", "l4"].get(kind).filter(|_| gpu > 0).map(|name| model(name));
            let free = Requests {
                cpu_milli: cpu * 1_000,
                memory: memory << 30,
                ephemeral: 1 << 40,
                gpu: if kind.is_some() { gpu } else { 0 },
            };
            let node = NodeState {
                name: format!("n{number}"),
                arch: "amd64".into(),
                allocatable: free,
                pods: 10,
                gpu: kind,
                gpus: NodeGpus::default(),
                gpu_only: false,
                unfit: None,
            };
            NodeCapacity { node, free, pods: 10 }
        };
        let nodes = rooms.into_iter().enumerate().map(room).collect();
        Inventory { nodes, ..Inventory::default() }
    })
}

fn a_group() -> impl Strategy<Value = GroupSpec> {
    let unit = (1u64..4, 1u64..4, prop::option::of(1u32..3), 1u32..4);
    prop::collection::vec(unit, 1..4).prop_map(|units| {
        let unit = |(number, (cpu, memory, gpu, count)): (u32, (u64, u64, Option<u32>, u32))| {
            let any = vec![Attribute::new("vendor/nvidia/model/*", "true")];
            let resources = Resources {
                cpu_milli: cpu * 1_000,
                cpu_attributes: vec![],
                memory: memory << 30,
                gpu: gpu.map(|units| Gpu { units, attributes: any }),
                storage: vec![],
                endpoints: vec![],
            };
            GroupUnit { id: number, resources, count }
        };
        let units = (1u32..).zip(units).map(unit).collect();
        let (requirements, ceiling) = (Requirements::default(), Price::new(1).unwrap());
        GroupSpec { name: "g".into(), requirements, units, ceiling }
    })
}

proptest! {
    #[test]
    fn what_is_placed_has_room_on_its_node_and_nothing_is_left_out(
        inventory in an_inventory(), group in a_group(),
    ) {
        let Ok(placements) = fit(&group, &inventory, &|_| Some(1)) else { return Ok(()) };
        let mut taken: BTreeMap<&str, Requests> = BTreeMap::new();
        for placement in &placements {
            let sum = taken.entry(&placement.node).or_default();
            *sum = sum.plus(placement.requests);
        }
        for room in &inventory.nodes {
            let sum = taken.get(room.node.name.as_str()).copied().unwrap_or_default();
            prop_assert!(room.free.covers(&sum), "{:?} on {:?}", sum, room);
        }
        for unit in &group.units {
            let own = || placements.iter().filter(|placement| placement.unit == unit.id);
            prop_assert_eq!(own().count(), usize::try_from(unit.count).unwrap());
            let models: BTreeSet<_> = own().map(|placement| placement.gpu.clone()).collect();
            prop_assert_eq!(models.len(), 1, "all replicas on one model, or all on none");
        }
    }

    #[test]
    fn replicas_of_one_kind_fit_as_long_as_the_nodes_have_room_for_them(
        inventory in an_inventory(), cpu in 1u64..4, memory in 1u64..4,
    ) {
        let room = |room: &NodeCapacity| (room.free.cpu_milli / 1_000 / cpu).min((room.free.memory >> 30) / memory).min(10);
        let most: u64 = inventory.nodes.iter().map(room).sum();
        let group = |count: u64| {
            let resources = Resources {
                cpu_milli: cpu * 1_000,
                cpu_attributes: vec![],
                memory: memory << 30,
                gpu: None,
                storage: vec![],
                endpoints: vec![],
            };
            let units = vec![GroupUnit { id: 1, resources, count: u32::try_from(count).unwrap() }];
            let (requirements, ceiling) = (Requirements::default(), Price::new(1).unwrap());
            GroupSpec { name: "g".into(), requirements, units, ceiling }
        };
        if most > 0 {
            prop_assert!(fit(&group(most), &inventory, &|_| Some(1)).is_ok());
        }
        let shortage = fit(&group(most + 1), &inventory, &|_| Some(1));
        let is_told = matches!(shortage, Err(Shortage::Node { .. }));
        prop_assert!(is_told, "{} replicas fit, one more must not", most);
    }
}
