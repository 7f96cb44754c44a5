//! Restores the reservations of bids and leases that have none: after the store was lost, the
//! chain still has them, and their capacity must not be promised twice.

use souk_core::GroupSpec;

use super::{deps::Deps, known::Known};
use crate::{
    model::{
        Order,
        bidding::gpu_rate,
        placement::{
            self, ClusterSnapshot, GpuModel, GpuValue, Inventory, Limits, Placement, PodUse,
            Reservation, Shortage, fit,
        },
    },
    store::{StoreError, bids, leases, orders, reservations},
};

/// Reserves again what live bids and active leases hold without a reservation.
pub(super) async fn restore(
    deps: &Deps,
    known: &mut Known,
    cluster: &Result<ClusterSnapshot, String>,
) -> Result<(), StoreError> {
    let Ok(cluster) = cluster else { return Ok(()) };
    for id in known.unreserved().clone() {
        let order = deps.store.read(move |sql| orders::get(sql, id)).await?;
        let Some(row) = order.and_then(|order| place(deps, cluster, known, &order)) else {
            continue;
        };
        let kept = row.clone();
        let restored = deps
            .store
            .write(move |tx| {
                let live = bids::get(tx, id)?.is_some_and(|bid| bid.progress.is_live());
                let holds = live || leases::is_active(tx, id)?;
                if holds {
                    reservations::put(tx, &row)?;
                }
                Ok::<_, StoreError>(holds)
            })
            .await?;
        if restored {
            tracing::info!(order = %id, "reservation restored");
            known.reserve(kept);
        }
    }
    Ok(())
}

/// Places an order beside all other reservations, as if its own pods were not there; none if it
/// does not fit.
fn place(
    deps: &Deps,
    snapshot: &ClusterSnapshot,
    known: &Known,
    order: &Order,
) -> Option<Reservation> {
    let detail = order.detail.as_ref()?;
    let left = snapshot.left_without(order.id, known.reserved(), &Limits::of(&deps.config));
    let table = deps.config.bidding.table(&order.denom);
    // The capacity is reserved even if its price was removed from the configuration since then.
    let value = |gpu: &_| {
        let rate = table.and_then(|table| gpu_rate(table, gpu));
        Some(rate.map_or(u128::MAX, |rate| rate.billionths()))
    };
    let pods = snapshot.pods_of(order.id);
    let mut placements = fit_as_it_runs(&detail.spec, &left, &pods, &value)
        .or_else(|_| fit(&detail.spec, &left, &value))
        .ok()?;
    follow_pods(&mut placements, pods, &left);
    Some(Reservation { order: order.id, placements, ips: placement::leased_ips(&detail.spec) })
}

/// As [`fit`], limited to the GPU models that its pods have already.
fn fit_as_it_runs(
    group: &GroupSpec,
    left: &Inventory,
    pods: &[PodUse],
    value: GpuValue<'_>,
) -> Result<Vec<Placement>, Shortage> {
    let with_gpus = pods.iter().filter(|pod| pod.requests.gpu > 0);
    let models: Vec<&GpuModel> =
        with_gpus.filter_map(|pod| left.room(&pod.node)?.node.gpu.as_ref()).collect();
    fit(group, left, &|gpu| (models.is_empty() || models.contains(&gpu)).then(|| value(gpu))?)
}

/// Moves placements to the nodes where pods run: a lost store restarts no pod.
fn follow_pods(placements: &mut [Placement], mut pods: Vec<PodUse>, left: &Inventory) {
    let stays = |placement: &Placement, pod: &PodUse| {
        pod.node == placement.node && pod.requests == placement.requests
    };
    let mut moved = Vec::new();
    for placement in placements {
        match pods.iter().position(|pod| stays(placement, pod)) {
            Some(index) => drop(pods.swap_remove(index)),
            None => moved.push(placement),
        }
    }
    for placement in moved {
        let model = placement.gpu.as_ref();
        let here = |pod: &PodUse| {
            let room = left.room(&pod.node);
            pod.requests == placement.requests
                && room.is_some_and(|room| model.is_none() || room.node.gpu.as_ref() == model)
        };
        if let Some(index) = pods.iter().position(here) {
            placement.node = pods.swap_remove(index).node;
        }
    }
}

#[cfg(test)]
mod tests {
    use souk_core::{Attribute, Gpu, GroupUnit, Price, Requirements, Resources};

    use super::*;
    use crate::model::placement::{NodeCapacity, NodeGpus, NodeState, Requests};

    fn model(name: &str) -> GpuModel {
        GpuModel {
            vendor: "nvidia".into(),
            model: name.into(),
            memory: None,
            interface: None,
            product: name.into(),
        }
    }

    fn room(name: &str, gpu: &str) -> NodeCapacity {
        let free = Requests { cpu_milli: 8_000, memory: 1 << 40, ephemeral: 1 << 40, gpu: 8 };
        let node = NodeState {
            name: name.into(),
            arch: "amd64".into(),
            allocatable: free,
            pods: 100,
            gpu: Some(model(gpu)),
            gpus: NodeGpus::default(),
            gpu_only: false,
            unfit: None,
        };
        NodeCapacity { node, free, pods: 100 }
    }

    fn inventory() -> Inventory {
        let nodes = vec![room("a", "h100"), room("b", "a100"), room("c", "h100")];
        Inventory { nodes, ..Inventory::default() }
    }

    const ONE: Requests = Requests { cpu_milli: 1_000, memory: 1 << 30, ephemeral: 0, gpu: 1 };

    fn pod(node: &str) -> PodUse {
        PodUse { node: node.into(), requests: ONE, order: None }
    }

    #[test]
    fn what_runs_stays_on_its_node_and_the_rest_goes_where_it_was_placed() {
        let placed = |node: &str| Placement {
            unit: 1,
            node: node.into(),
            requests: ONE,
            volumes: vec![],
            gpu: Some(model("h100")),
        };
        for (placements, pods, expected) in [
            (["c", "a"], vec!["a"], ["c", "a"]),
            (["a", "a"], vec!["c"], ["c", "a"]),
            (["a", "a"], vec!["c", "c"], ["c", "c"]),
            (["a", "c"], vec!["b", "gone"], ["a", "c"]),
        ] {
            let mut placements = placements.map(placed);
            follow_pods(&mut placements, pods.into_iter().map(pod).collect(), &inventory());
            assert_eq!(placements.map(|placed| placed.node), expected);
        }
    }

    #[test]
    fn what_runs_keeps_its_gpu_model_though_another_is_worth_less() {
        let resources = Resources {
            cpu_milli: 1_000,
            cpu_attributes: vec![],
            memory: 1 << 30,
            gpu: Some(Gpu {
                units: 1,
                attributes: vec![Attribute::new("vendor/nvidia/model/*", "true")],
            }),
            storage: vec![],
            endpoints: vec![],
        };
        let group = GroupSpec {
            name: "g".into(),
            requirements: Requirements::default(),
            units: vec![GroupUnit { id: 1, resources, count: 2 }],
            ceiling: Price::new(1).unwrap(),
        };
        let value = |gpu: &GpuModel| Some(if gpu.model == "a100" { 1 } else { 2 });
        let models = |pods: &[PodUse]| {
            let placed = fit_as_it_runs(&group, &inventory(), pods, &value).unwrap();
            placed.into_iter().map(|placed| placed.gpu.unwrap().model).collect::<Vec<_>>()
        };
        assert_eq!(models(&[]), ["a100", "a100"]);
        assert_eq!(models(&[pod("c")]), ["h100", "h100"]);
    }
}
