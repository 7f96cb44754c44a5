//! GPUs in the inventory: those that fail, that claims hand out, and that have several names.

use super::*;

fn with_gpus(name: &str, capacity: u32, left: u32, count: u32) -> NodeState {
    let labels =
        json!({"nvidia.com/gpu.product": "NVIDIA-L4", "nvidia.com/gpu.count": count.to_string()});
    let status = json!({"capacity": {"nvidia.com/gpu": capacity.to_string()},
        "allocatable": {"nvidia.com/gpu": left.to_string()}});
    node(name, "32", "128Gi", json!({"metadata": {"labels": labels}, "status": status}))
}

fn holding(order: u64, node: &str, gpu: u32) -> Reservation {
    let requests = Requests { gpu, ..Requests::default() };
    let placement = Placement { unit: 1, node: node.into(), requests, volumes: vec![], gpu: None };
    Reservation { order: OrderId(order), placements: vec![placement], ips: 0 }
}

#[test]
fn a_node_whose_gpus_fail_under_a_lease_is_named_with_the_lease_and_takes_no_bid() {
    let pod = |order: u64, node: &str, gpu: u32| {
        let requests = Requests { gpu, ..Requests::default() };
        PodUse { node: node.into(), requests, order: Some(OrderId(order)) }
    };
    let faults = |nodes: &[NodeState], pods: &[PodUse], reservations: &[Reservation]| {
        let cluster = ClusterSnapshot { nodes: nodes.to_vec(), pods: pods.to_vec() };
        let found = gpu_faults(&cluster, reservations).into_iter();
        let text = |fault: GpuFault| {
            let orders: Vec<String> = fault.orders.iter().map(ToString::to_string).collect();
            format!("{fault} ({})", orders.join(", "))
        };
        found.map(text).collect::<Vec<_>>()
    };
    let fine = with_gpus("a", 8, 8, 8);
    assert!(
        faults(&[fine], &[pod(7, "a", 4)], &[holding(7, "a", 4), holding(8, "a", 4)]).is_empty()
    );

    // A device is unhealthy, whoever has it.
    let unhealthy = with_gpus("a", 8, 7, 8);
    let expected = "GPUs of node a: 1 of 8 nvidia.com/gpu failed ()";
    assert_eq!(faults(std::slice::from_ref(&unhealthy), &[], &[]), [expected]);
    let asked = group(vec![unit(1, 1, 100, GI, Some((1, "vendor/nvidia/model/*")))]);
    assert!(matches!(fit(&asked, &inventory(&[unhealthy]), &any), Err(Shortage::NoGpu { .. })));

    // A device is gone, and leases hold all eight.
    let gone = with_gpus("a", 7, 7, 7);
    let held = [holding(7, "a", 4), holding(8, "a", 4)];
    let expected = "GPUs of node a: leases and bids hold 8, 7 can be allocated (7, 8)";
    assert_eq!(faults(std::slice::from_ref(&gone), &[pod(7, "a", 4)], &held), [expected]);
    assert_eq!(
        faults(std::slice::from_ref(&gone), &[], &[holding(7, "a", 7)]),
        Vec::<String>::new()
    );

    // The node is gone, or its GPUs are something else by now.
    let expected = "GPUs of node b: leases and bids hold 2, and the node is gone (9)";
    assert_eq!(faults(&[with_gpus("a", 8, 8, 8)], &[], &[holding(9, "b", 2)]), [expected]);
    let other = with_gpus("a", 8, 8, 3);
    let expected = "GPUs of node a: 3 devices are labelled NVIDIA-L4 and 8 nvidia.com/gpu can be allocated (9)";
    assert_eq!(faults(std::slice::from_ref(&other), &[], &[holding(9, "a", 2)]), [expected]);
    assert!(faults(&[other], &[], &[]).is_empty(), "`check` names it; nobody is harmed");
}

#[test]
fn gpus_that_a_driver_hands_out_by_claims_are_not_offered() {
    let nodes = vec![with_gpus("a", 2, 2, 2), with_gpus("b", 2, 2, 2)];
    let mut cluster = ClusterSnapshot { nodes, pods: vec![] };
    cluster.refuse_claimed([("a", "gpu.nvidia.com")]);
    let asked = |count| group(vec![unit(1, count, 100, GI, Some((1, "vendor/nvidia/model/l4")))]);
    let left = cluster.left(&[], &Limits::default());
    assert_eq!(nodes_of(&fit(&asked(2), &left, &any).unwrap()), ["b", "b"]);
    assert!(fit(&asked(3), &left, &any).is_err());
    assert!(cluster.nodes[0].gpus.refusal.as_ref().unwrap().to_string().contains("gpu.nvidia.com"));
}

#[test]
fn an_order_by_another_name_of_the_market_gets_the_gpu_and_the_same_name_in_the_offer() {
    let nodes = [gpu_node("g", "NVIDIA-RTX-PRO-6000-Blackwell-Server-Edition", 2)];
    let asked = |model: &str| {
        group(vec![unit(1, 1, 100, GI, Some((1, format!("vendor/nvidia/model/{model}").as_str())))])
    };
    for (name, offered) in
        [("pro6000se", "pro6000se"), ("rtxpro6000", "rtxpro6000"), ("*", "rtxpro6000")]
    {
        let group = asked(name);
        let placed = fit(&group, &inventory(&nodes), &any).unwrap();
        let wanted = &group.units[0].resources.gpu.as_ref().unwrap().attributes;
        let key = placed[0].gpu.as_ref().unwrap().offered_as(wanted);
        assert_eq!(key, format!("vendor/nvidia/model/{offered}/ram/96Gi/interface/pcie"));
    }
    assert!(fit(&asked("pro6000we"), &inventory(&nodes), &any).is_err());
    let claims = detect_attributes(&nodes, [], false);
    for name in ["pro6000se", "rtxpro6000"] {
        let key = format!("capabilities/gpu/vendor/nvidia/model/{name}");
        assert!(claims.contains(&Attribute::new(key, "true")), "{name}");
    }
}
