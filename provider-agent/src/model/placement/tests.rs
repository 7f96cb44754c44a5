//! Tables: who counts, who does not, and where things go.

use k8s_openapi::api::core::v1::{Node, Pod};
use serde_json::json;
use souk_core::{
    Attribute, Gpu, GroupSpec, GroupUnit, OrderId, Price, Requirements, Resources, Volume,
};

use super::Reservation;
use super::*;
use crate::config::Overcommit;
use crate::model::kept::{Kept, KeptVolume};

mod gpus;

const GI: u64 = 1 << 30;

fn node(name: &str, cpu: &str, memory: &str, more: serde_json::Value) -> NodeState {
    let mut node = json!({
        "metadata": {"name": name, "labels": {"kubernetes.io/arch": "amd64"}},
        "spec": {},
        "status": {
            "allocatable": {"cpu": cpu, "memory": memory, "ephemeral-storage": "100Gi", "pods": "110"},
            "conditions": [{"type": "Ready", "status": "True"}],
        },
    });
    merge(&mut node, more);
    NodeState::of(&serde_json::from_value::<Node>(node).unwrap())
}

fn gpu_node(name: &str, product: &str, count: u32) -> NodeState {
    let labels = json!({"nvidia.com/gpu.product": product});
    let allocatable = json!({"nvidia.com/gpu": count.to_string()});
    let more = json!({"metadata": {"labels": labels}, "status": {"allocatable": allocatable}});
    node(name, "32", "128Gi", more)
}

fn merge(into: &mut serde_json::Value, from: serde_json::Value) {
    match (into, from) {
        (serde_json::Value::Object(into), serde_json::Value::Object(from)) => {
            for (key, value) in from {
                merge(into.entry(key).or_insert(serde_json::Value::Null), value);
            }
        }
        (into, from) => *into = from,
    }
}

fn pod(value: serde_json::Value) -> Option<PodUse> {
    PodUse::of(&serde_json::from_value::<Pod>(value).unwrap(), &scope("souk-1", "souk1me"))
}

fn scope(chain: &str, provider: &str) -> crate::model::scope::MarketScope {
    crate::model::scope::MarketScope::new(chain, "souk1book", provider)
}

fn unit(id: u32, count: u32, cpu_milli: u64, memory: u64, gpu: Option<(u32, &str)>) -> GroupUnit {
    let gpu = gpu.map(|(units, key)| Gpu { units, attributes: vec![Attribute::new(key, "true")] });
    let resources = Resources {
        cpu_milli,
        cpu_attributes: vec![],
        memory,
        gpu,
        storage: vec![],
        endpoints: vec![],
    };
    GroupUnit { id, resources, count }
}

fn group(units: Vec<GroupUnit>) -> GroupSpec {
    let requirements = Requirements::default();
    GroupSpec { name: "g".into(), requirements, units, ceiling: Price::new(1).unwrap() }
}

fn inventory(nodes: &[NodeState]) -> Inventory {
    Inventory::new(nodes, &[], &[], &Limits::default())
}

fn any(_: &GpuModel) -> Option<u128> {
    Some(1)
}

fn nodes_of(placements: &[Placement]) -> Vec<&str> {
    placements.iter().map(|placement| placement.node.as_str()).collect()
}

#[test]
fn a_pod_with_more_devices_than_can_be_counted_takes_all() {
    let most = u64::MAX.to_string();
    let limits = json!({"nvidia.com/gpu": most, "amd.com/gpu": most});
    let spec =
        json!({"nodeName": "a", "containers": [{"name": "x", "resources": {"limits": limits}}]});
    let known = pod(json!({"metadata": {"name": "x"}, "spec": spec})).unwrap();
    assert_eq!(known.requests.gpu, u32::MAX);
}

#[test]
fn nodes_that_take_no_tenants_have_a_reason() {
    let taint =
        |key: &str, effect: &str| json!({"spec": {"taints": [{"key": key, "effect": effect}]}});
    let condition = |kind: &str, status: &str| {
        json!({"status": {"conditions": [
            {"type": "Ready", "status": "True"}, {"type": kind, "status": status}]}})
    };
    let not_ready = json!({"status": {"conditions": [{"type": "Ready", "status": "Unknown"}]}});
    for (more, expected) in [
        (json!({}), None),
        (json!({"spec": {"unschedulable": true}}), Some(Unfit::Cordoned)),
        (taint("dedicated", "NoSchedule"), Some(Unfit::Taint("dedicated".into()))),
        (taint("dedicated", "NoExecute"), Some(Unfit::Taint("dedicated".into()))),
        (taint("dedicated", "PreferNoSchedule"), None),
        (condition("DiskPressure", "True"), Some(Unfit::Condition("DiskPressure".into()))),
        (condition("DiskPressure", "False"), None),
        (not_ready, Some(Unfit::Condition("Ready is not True".into()))),
    ] {
        assert_eq!(node("n", "4", "8Gi", more.clone()).unfit, expected, "{more}");
    }
    let gpu = node("n", "4", "8Gi", taint("nvidia.com/gpu", "NoSchedule"));
    assert_eq!((gpu.unfit, gpu.gpu_only), (None, true));
}

#[test]
fn a_pod_takes_what_the_scheduler_counts() {
    let ask = |cpu: &str| json!({"name": "c", "resources": {"requests": {"cpu": cpu}}});
    let spec = |spec: serde_json::Value| {
        let mut value =
            json!({"metadata": {"name": "p"}, "spec": {"nodeName": "n", "containers": []}});
        merge(&mut value, json!({"spec": spec}));
        value
    };
    let sidecar =
        json!({"name": "s", "restartPolicy": "Always", "resources": {"requests": {"cpu": "200m"}}});
    for (what, value, milli) in [
        ("sum", spec(json!({"containers": [ask("100m"), ask("200m")]})), 300),
        (
            "large init",
            spec(json!({"containers": [ask("100m")], "initContainers": [ask("900m")]})),
            900,
        ),
        (
            "small init",
            spec(json!({"containers": [ask("500m")], "initContainers": [ask("100m")]})),
            500,
        ),
        (
            "sidecar",
            spec(json!({"containers": [ask("100m")], "initContainers": [sidecar.clone()]})),
            300,
        ),
        (
            "init after a sidecar",
            spec(json!({"containers": [ask("100m")], "initContainers": [sidecar, ask("400m")]})),
            600,
        ),
        ("overhead", spec(json!({"containers": [ask("100m")], "overhead": {"cpu": "50m"}})), 150),
        (
            "a limit alone",
            spec(json!({"containers": [{"name": "c", "resources": {"limits": {"cpu": "2"}}}]})),
            2_000,
        ),
        (
            "the pod as a whole",
            spec(json!({"containers": [ask("100m")], "resources": {"requests": {"cpu": "1"}}})),
            1_000,
        ),
    ] {
        assert_eq!(pod(value).unwrap().requests.cpu_milli, milli, "{what}");
    }
}

#[test]
fn a_pod_that_is_resized_takes_the_largest_of_specified_allocated_and_actual() {
    let value = |specified: &str, allocated: &str, actual: &str, sidecar: bool| {
        let amounts = |cpu: &str| json!({"cpu": cpu, "memory": "1Gi"});
        let status = json!({"name": "c", "image": "", "imageID": "", "ready": true,
            "restartCount": 0, "allocatedResources": amounts(allocated),
            "resources": {"requests": amounts(actual), "limits": amounts("64")}});
        let container = json!({"name": "c", "resources": {"requests": amounts(specified)}});
        let mut spec = json!({"nodeName": "n", "containers": [container.clone()]});
        let mut statuses = json!({"containerStatuses": [status.clone()]});
        if sidecar {
            let mut init = container;
            init["restartPolicy"] = json!("Always");
            spec = json!({"nodeName": "n", "containers": [], "initContainers": [init]});
            statuses = json!({"initContainerStatuses": [status]});
        }
        json!({"metadata": {"name": "p"}, "spec": spec, "status": statuses})
    };
    for sidecar in [false, true] {
        for (specified, allocated, actual) in [("3", "2", "1"), ("1", "3", "2"), ("2", "1", "3")] {
            let found = pod(value(specified, allocated, actual, sidecar)).unwrap().requests;
            assert_eq!(found.cpu_milli, 3_000, "{specified} {allocated} {actual} {sidecar}");
            assert_eq!(found.memory, GI);
        }
    }
    // The same for a pod that has requests as a whole.
    let whole = json!({"metadata": {"name": "p"},
        "spec": {"nodeName": "n", "resources": {"requests": {"cpu": "1"}},
            "containers": [{"name": "c", "resources": {"requests": {"cpu": "100m"}}}]},
        "status": {"allocatedResources": {"cpu": "2"}, "resources": {"requests": {"cpu": "4"}}}});
    assert_eq!(pod(whole).unwrap().requests.cpu_milli, 4_000);
}

#[test]
fn pods_that_ended_or_wait_for_a_node_take_nothing() {
    for phase in ["Succeeded", "Failed"] {
        let value = json!({"metadata": {"name": "p"}, "spec": {"nodeName": "n", "containers": []},
            "status": {"phase": phase}});
        assert_eq!(pod(value), None, "{phase}");
    }
    assert_eq!(pod(json!({"metadata": {"name": "p"}, "spec": {"containers": []}})), None);
}

#[test]
fn same_named_pods_of_two_namespaces_both_count() {
    let nodes = [node("n", "4", "8Gi", json!({}))];
    let pods = ["a", "b"].map(|namespace| {
        pod(json!({"metadata": {"name": "p", "namespace": namespace}, "spec": {"nodeName": "n",
            "containers": [{"name": "c", "resources": {"requests": {"cpu": "1"}}}]}}))
        .unwrap()
    });
    let left = Inventory::new(&nodes, &pods, &[], &Limits::default());
    assert_eq!(left.free().cpu_milli, 2_000);
}

fn reserved(order: u64, node: &str, cpu_milli: u64) -> Reservation {
    let requests = Requests { cpu_milli, ..Requests::default() };
    let placement = Placement { unit: 1, node: node.into(), requests, volumes: vec![], gpu: None };
    Reservation { order: OrderId(order), placements: vec![placement], ips: 0 }
}

fn own_pod(order: u64, node: &str, cpu_milli: u64) -> PodUse {
    let requests = Requests { cpu_milli, ..Requests::default() };
    PodUse { node: node.into(), requests, order: Some(OrderId(order)) }
}

#[test]
fn a_pod_and_its_reservation_count_once_and_where_the_pod_is() {
    let nodes = [node("a", "4", "8Gi", json!({})), node("b", "4", "8Gi", json!({}))];
    let free = |pods: &[PodUse], reservations: &[Reservation]| {
        let left = Inventory::new(&nodes, pods, reservations, &Limits::default());
        [left.nodes[0].free.cpu_milli, left.nodes[1].free.cpu_milli]
    };
    let reservation = reserved(7, "a", 1_000);
    assert_eq!(free(&[], std::slice::from_ref(&reservation)), [3_000, 4_000]);
    let there = own_pod(7, "a", 1_000);
    assert_eq!(free(&[there], std::slice::from_ref(&reservation)), [3_000, 4_000]);
    let elsewhere = own_pod(7, "b", 1_000);
    assert_eq!(
        free(std::slice::from_ref(&elsewhere), std::slice::from_ref(&reservation)),
        [4_000, 3_000]
    );
    let of_another = own_pod(8, "b", 1_000);
    assert_eq!(free(&[elsewhere, of_another], &[reservation]), [4_000, 2_000]);
}

#[test]
fn a_pod_is_a_leases_only_by_this_providers_labels_in_this_market() {
    let labelled = |chain: &str, provider: &str| {
        let mut labels: serde_json::Map<String, serde_json::Value> = scope(chain, provider)
            .labels()
            .into_iter()
            .map(|(key, value)| (key.to_owned(), json!(value)))
            .collect();
        labels.insert(crate::model::labels::ORDER.to_owned(), json!("7"));
        pod(json!({"metadata": {"name": "p", "labels": labels},
            "spec": {"nodeName": "n", "containers": []}}))
        .unwrap()
        .order
    };
    assert_eq!(labelled("souk-1", "souk1me"), Some(OrderId(7)));
    assert_eq!(labelled("souk-1", "souk1other"), None);
    assert_eq!(labelled("souk-2", "souk1me"), None);
}

#[test]
fn overcommit_promises_more_and_undercommit_less_but_never_of_gpus() {
    let nodes = [gpu_node("g", "NVIDIA-L4", 2)];
    let replicas = |percent: u32| {
        let overcommit = Overcommit { cpu: percent, memory: percent, storage: percent };
        let limits = Limits { overcommit, ..Limits::default() };
        let inventory = Inventory::new(&nodes, &[], &[], &limits);
        (1..=200)
            .take_while(|n| {
                fit(&group(vec![unit(1, *n, 1_000, GI, None)]), &inventory, &any).is_ok()
            })
            .count()
    };
    assert_eq!((replicas(50), replicas(100), replicas(200)), (16, 32, 64));
    let overcommit = Overcommit { cpu: 1_000, memory: 1_000, storage: 1_000 };
    let inventory = Inventory::new(&nodes, &[], &[], &Limits { overcommit, ..Limits::default() });
    let three = group(vec![unit(1, 3, 10, GI, Some((1, "vendor/nvidia/model/*")))]);
    assert!(fit(&three, &inventory, &any).is_err());
}

#[test]
fn best_fit_fills_the_fullest_node_and_keeps_gpu_nodes_for_gpus() {
    let nodes = [
        node("big", "16", "64Gi", json!({})),
        gpu_node("gpu", "NVIDIA-L4", 4),
        node("small", "4", "16Gi", json!({})),
    ];
    let placed =
        fit(&group(vec![unit(1, 2, 2_000, 4 * GI, None)]), &inventory(&nodes), &any).unwrap();
    assert_eq!(nodes_of(&placed), ["small", "small"]);
    let large = group(vec![unit(1, 1, 12_000, 4 * GI, None)]);
    assert_eq!(nodes_of(&fit(&large, &inventory(&nodes), &any).unwrap()), ["big"]);
    let huge = group(vec![unit(1, 1, 30_000, 4 * GI, None)]);
    assert_eq!(nodes_of(&fit(&huge, &inventory(&nodes), &any).unwrap()), ["gpu"]);
}

#[test]
fn all_replicas_of_a_unit_get_one_model_the_cheapest_that_has_room() {
    let nodes = [
        gpu_node("a1", "NVIDIA-A100-SXM4-80GB", 2),
        gpu_node("h1", "NVIDIA-H100-80GB-HBM3", 4),
        gpu_node("l1", "NVIDIA-L4", 1),
    ];
    let worth = |gpu: &GpuModel| match gpu.model.as_str() {
        "l4" => Some(1),
        "a100" => Some(5),
        "h100" => Some(9),
        _ => None,
    };
    let asked = |count| group(vec![unit(1, count, 100, GI, Some((1, "vendor/nvidia/model/*")))]);
    for (count, expected) in [(1, "l4"), (2, "a100"), (3, "h100")] {
        let placed = fit(&asked(count), &inventory(&nodes), &worth).unwrap();
        let models: std::collections::BTreeSet<_> =
            placed.iter().map(|p| p.gpu.as_ref().unwrap().model.as_str()).collect();
        assert_eq!(models.into_iter().collect::<Vec<_>>(), [expected], "{count}");
    }
    // Seven devices are there, but no five of one model.
    assert!(matches!(fit(&asked(5), &inventory(&nodes), &worth), Err(Shortage::Node { .. })));
}

#[test]
fn the_choice_of_a_model_is_taken_back_if_the_rest_would_not_fit() {
    let nodes = [gpu_node("l", "NVIDIA-L4", 2), gpu_node("t", "Tesla-T4", 2)];
    let worth = |gpu: &GpuModel| Some(if gpu.model == "l4" { 1 } else { 2 });
    let group = group(vec![
        unit(1, 2, 100, 2 * GI, Some((1, "vendor/nvidia/model/*"))),
        unit(2, 2, 100, GI, Some((1, "vendor/nvidia/model/l4"))),
    ]);
    let placed = fit(&group, &inventory(&nodes), &worth).unwrap();
    assert_eq!(nodes_of(&placed), ["t", "t", "l", "l"]);
}

#[test]
fn a_shortage_says_what_is_missing() {
    let nodes = [node("n", "2", "4Gi", json!({}))];
    let mut arm = unit(1, 1, 100, GI, None);
    arm.resources.cpu_attributes = vec![Attribute::new("arch", "arm64")];
    let mut disk = unit(1, 1, 100, GI, None);
    disk.resources.storage = vec![Volume {
        name: "data".into(),
        size: GI,
        attributes: vec![Attribute::new("persistent", "true"), Attribute::new("class", "beta3")],
    }];
    for (unit, expected) in [
        (unit(1, 3, 1_000, GI, None), "beside 2 placed"),
        (unit(1, 1, 100, GI, Some((1, "vendor/nvidia/model/h100"))), "there are: none"),
        (arm, "no node is arm64"),
        (disk, "storage class beta3"),
    ] {
        let shortage = fit(&group(vec![unit]), &inventory(&nodes), &any).unwrap_err().to_string();
        assert!(shortage.contains(expected), "{shortage}");
    }
}

#[test]
fn persistent_storage_is_promised_once() {
    let mut asked = unit(1, 2, 100, GI, None);
    asked.resources.storage = vec![Volume {
        name: "data".into(),
        size: 40 * GI,
        attributes: vec![Attribute::new("persistent", "true")],
    }];
    let group = group(vec![asked]);
    let nodes = [node("n", "4", "8Gi", json!({}))];
    let limits =
        Limits { persistent: [("default".to_owned(), Some(100 * GI))].into(), ..Limits::default() };
    let empty = Inventory::new(&nodes, &[], &[], &limits);
    let placements = fit(&group, &empty, &any).unwrap();
    let row = Reservation { order: OrderId(1), placements, ips: 0 };
    let rows = [row];
    let left = Inventory::new(&nodes, &[], &rows, &limits);
    assert_eq!(left.persistent["default"], Some(20 * GI));
    // Nor are volumes that are kept of leases that ended.
    let volume = |class: &str, bytes| KeptVolume { class: class.into(), bytes };
    let volumes = vec![volume("default", 15 * GI), volume("beta3", 99 * GI)];
    let kept = Kept { order: OrderId(9), since: 1, until: 2, ran: 1, volumes };
    let limits = limits.without_kept(&[kept]);
    let left = Inventory::new(&nodes, &[], &rows, &limits);
    assert_eq!(left.persistent["default"], Some(5 * GI));
    assert!(matches!(fit(&group, &left, &any), Err(Shortage::Storage { .. })));
}

#[test]
fn a_clusters_capabilities_are_the_markets_attributes() {
    let nodes = [gpu_node("g", "NVIDIA-A100-SXM4-80GB", 8), node("n", "4", "8Gi", json!({}))];
    let attributes = detect_attributes(&nodes, ["beta3", "default"], true);
    let has = |key: &str, value: &str| attributes.contains(&Attribute::new(key, value));
    assert!(has("capabilities/gpu/vendor/nvidia/model/a100", "true"));
    assert!(has("capabilities/gpu/vendor/nvidia/model/a100/ram/80Gi", "true"));
    assert!(has("capabilities/storage/1/class", "beta3"));
    assert!(has("capabilities/storage/2/class", "default"));
    assert!(has("capabilities/storage/3/class", "ram"));
    souk_core::attributes::check_claims(&attributes, 64).unwrap();
}
