//! GPUs: what pods request is what the manifest asks for, or there are no pods.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::{Lease, all};
use crate::{
    cluster::kube::objects::{Kind, Object, names},
    model::placement::{GpuModel, Placement, Requests},
};

const RESOURCES: [&str; 2] = ["nvidia.com/gpu", "amd.com/gpu"];

fn model(vendor: &str, product: &str) -> GpuModel {
    GpuModel {
        vendor: vendor.into(),
        model: "m".into(),
        memory: None,
        interface: None,
        product: product.into(),
    }
}

/// What may be reserved for a replica, some of it wrong.
fn a_placement(units: Vec<u32>) -> impl Strategy<Value = Placement> {
    let gpu = prop_oneof![
        1 => Just(None),
        6 => Just(Some(model("nvidia", "NVIDIA-L4"))),
        1 => Just(Some(model("nvidia", "Tesla-T4"))),
        1 => Just(Some(model("amd", "AMD_Instinct_MI210"))),
        1 => Just(Some(model("other", "X"))),
    ];
    (prop::sample::select(units), gpu, 0u32..4, 0usize..3).prop_map(|(unit, gpu, devices, node)| {
        let requests =
            Requests { cpu_milli: 100, memory: 1 << 26, ephemeral: 1 << 26, gpu: devices };
        Placement { unit, node: format!("n{node}"), requests, volumes: vec![], gpu }
    })
}

/// The manifest of three services with these GPUs each, and reservations, right or not.
fn a_lease() -> impl Strategy<Value = Lease> {
    let gpus = prop::collection::vec(0u64..4, 3);
    gpus.prop_flat_map(|gpus| {
        let mut lease = Lease::new();
        for (service, units) in lease.group.services.iter_mut().zip(&gpus) {
            service.resources.gpu.units = (*units).into();
        }
        let services: Vec<(u32, u64)> =
            lease.group.services.iter().map(|s| s.resources.id).zip(gpus).collect();
        let ids: Vec<u32> = services.iter().map(|(unit, _)| *unit).collect();
        // Half of the time what is reserved for some services is right.
        let right = prop::collection::vec(any::<bool>(), 3);
        let wrong = prop::collection::vec(a_placement(ids), 0..3);
        (Just(services), right, wrong, any::<bool>()).prop_map(
            |(services, right, wrong, only_right)| {
                let mut lease = Lease::new();
                lease.placements = Vec::new();
                for ((service, (unit, gpus)), right) in
                    lease.group.services.iter_mut().zip(services).zip(right)
                {
                    service.resources.gpu.units = gpus.into();
                    let devices = u32::try_from(gpus).unwrap();
                    let requests = Requests {
                        cpu_milli: 100,
                        memory: 1 << 26,
                        ephemeral: 1 << 26,
                        gpu: devices,
                    };
                    let gpu = (gpus > 0).then(|| model("nvidia", "NVIDIA-L4"));
                    if right || only_right {
                        let node = "n0".to_owned();
                        lease.placements.push(Placement {
                            unit,
                            node,
                            requests,
                            volumes: vec![],
                            gpu,
                        });
                    }
                }
                if !only_right {
                    lease.placements.extend(wrong);
                }
                lease
            },
        )
    })
}

/// Devices that a pod template requests, by resource; limits must be the same.
fn requested(object: &Object) -> Vec<u64> {
    let resources = &object.body["spec"]["template"]["spec"]["containers"][0]["resources"];
    let of = |what: &str, resource: &str| match &resources[what][resource] {
        Value::String(units) => units.parse().unwrap(),
        Value::Null => 0,
        other => panic!("{other}"),
    };
    let both = RESOURCES.map(|resource| (of("requests", resource), of("limits", resource)));
    both.into_iter()
        .map(|(requests, limits)| {
            assert_eq!(requests, limits);
            requests
        })
        .collect()
}

fn is_reserved(lease: &Lease) -> bool {
    lease.group.services.iter().all(|service| {
        let wanted = service.resources.gpu.units.get();
        let own: Vec<&Placement> =
            lease.placements.iter().filter(|p| p.unit == service.resources.id).collect();
        let right = |placement: &&Placement| {
            let known = placement.gpu.as_ref().is_some_and(|gpu| gpu.vendor != "other");
            known && u64::from(placement.requests.gpu) == wanted && placement.gpu == own[0].gpu
        };
        wanted == 0 || !own.is_empty() && own.iter().all(right)
    })
}

proptest! {
    #[test]
    fn pods_request_the_gpus_of_the_manifest_or_nothing_is_applied(lease in a_lease()) {
        let made = all(&lease.subject());
        prop_assert_eq!(made.is_ok(), is_reserved(&lease), "{:?}", lease.placements);
        let Ok(objects) = made else { return Ok(()) };
        let mut quota = 0;
        for service in &lease.group.services {
            let wanted = service.resources.gpu.units.get();
            let is = |object: &&Object| {
                matches!(object.kind, Kind::Deployment | Kind::StatefulSet)
                    && object.service.as_deref() == Some(service.name.as_str())
            };
            let workload = objects.iter().find(is).unwrap();
            prop_assert_eq!(requested(workload).iter().sum::<u64>(), wanted);
            let affinity = &workload.body["spec"]["template"]["spec"]["affinity"];
            prop_assert_eq!(affinity.is_null(), wanted == 0);
            quota += wanted * u64::from(service.count);
        }
        let hard = &objects.iter().find(|o| o.kind == Kind::ResourceQuota).unwrap().body["spec"]["hard"];
        let of_quota = |resource: &str| match &hard[format!("requests.{resource}")] {
            Value::String(units) => units.parse::<u64>().unwrap(),
            _ => 0,
        };
        prop_assert_eq!(RESOURCES.iter().map(|resource| of_quota(resource)).sum::<u64>(), quota);
    }
}

#[test]
fn a_service_without_its_reservation_is_named() {
    let mut lease = Lease::new();
    lease.placements.clear();
    let error = all(&lease.subject()).unwrap_err().to_string();
    assert!(
        error.starts_with("service train asks for 2 GPUs a replica, and none is reserved"),
        "{error}"
    );
}

#[test]
fn the_names_of_objects_are_known_without_a_reservation() {
    let mut lease = Lease::new();
    let with: Vec<_> = lease.objects().into_iter().map(|o| (o.kind, o.name, o.service)).collect();
    lease.placements.clear();
    let without = names(&lease.subject()).into_iter();
    assert_eq!(without.map(|o| (o.kind, o.name, o.service)).collect::<Vec<_>>(), with);
}

#[test]
fn a_pod_goes_to_no_node_whose_devices_are_parts_of_the_same_product() {
    let mut lease = Lease::new();
    lease.placements[0].gpu = Some(model("amd", "AMD_Instinct_MI300X_OAM"));
    let pod = lease.template("train")["spec"].clone();
    let wanted = &pod["affinity"]["nodeAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"]
        ["nodeSelectorTerms"][0]["matchExpressions"];
    assert_eq!(wanted[0]["values"], json!(["AMD_Instinct_MI300X_OAM"]));
    assert_eq!(wanted[1]["key"], "amd.com/gpu.compute-memory-partition");
    assert_eq!(wanted[1]["operator"], "NotIn");
    let parts = wanted[1]["values"].as_array().unwrap();
    assert!(parts.contains(&json!("cpx_nps4")) && !parts.contains(&json!("spx_nps1")));
}
