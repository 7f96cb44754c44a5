//! Cluster addresses and node ports of services.

use std::{collections::HashSet, net::Ipv4Addr};

use serde_json::{Value, json};

use crate::{
    cluster::Cluster,
    error::{ApiError, Cause},
    kinds::Kind,
    store::Key,
    validate::array,
};

const NODE_PORTS: std::ops::RangeInclusive<i64> = 30_000..=32_767;

/// Gives a service what it asks for, or what is free.
pub fn allocate(
    cluster: &Cluster,
    service: &mut Value,
    _old: Option<&Value>,
) -> Result<(), ApiError> {
    let own = Key::of(service);
    let kind = service["spec"]["type"].as_str().unwrap_or("ClusterIP").to_owned();
    let mut causes = Vec::new();
    if kind == "ExternalName" {
        if let Some(spec) = service["spec"].as_object_mut() {
            for field in ["clusterIP", "clusterIPs", "ipFamilies", "ipFamilyPolicy"] {
                spec.remove(field);
            }
        }
    } else {
        address(cluster, &own, &mut service["spec"], &mut causes);
    }
    let automatic = service["spec"]["allocateLoadBalancerNodePorts"] != false;
    if kind == "NodePort" || (kind == "LoadBalancer" && automatic) {
        node_ports(cluster, &own, &mut service["spec"], &mut causes);
    } else if kind == "ClusterIP" {
        for port in
            service["spec"].get_mut("ports").and_then(Value::as_array_mut).into_iter().flatten()
        {
            if let Some(port) = port.as_object_mut() {
                port.remove("nodePort");
            }
        }
    }
    if causes.is_empty() {
        Ok(())
    } else {
        Err(ApiError::invalid(Kind::Service, &own.name, causes))
    }
}

fn others<'c>(cluster: &'c Cluster, own: &'c Key) -> impl Iterator<Item = &'c Value> {
    cluster.store.all(Kind::Service).filter(move |(key, _)| *key != own).map(|(_, s)| &**s)
}

fn address(cluster: &Cluster, own: &Key, spec: &mut Value, causes: &mut Vec<Cause>) {
    let wanted = spec["clusterIP"].as_str().unwrap_or_default().to_owned();
    if wanted == "None" {
        spec["clusterIPs"] = json!(["None"]);
    } else {
        let taken: HashSet<&str> =
            others(cluster, own).filter_map(|s| s["spec"]["clusterIP"].as_str()).collect();
        let first = u32::from(Ipv4Addr::new(10, 96, 0, 10));
        let last = u32::from(Ipv4Addr::new(10, 96, 255, 254));
        let chosen = if wanted.is_empty() {
            let range = last - first;
            let start = (cluster.store.version() as u32).wrapping_mul(2_654_435_761) % range;
            (0..range)
                .map(|i| Ipv4Addr::from(first + (start + i) % range).to_string())
                .find(|a| !taken.contains(a.as_str()))
        } else if taken.contains(wanted.as_str()) {
            let why = "failed to allocate IP: provided IP is already allocated";
            causes.push(Cause::invalid("spec.clusterIPs", &json!([wanted]), why));
            None
        } else {
            match wanted.parse::<Ipv4Addr>().map(u32::from) {
                Ok(n) if (u32::from(Ipv4Addr::new(10, 96, 0, 1))..=last).contains(&n) => {
                    Some(wanted)
                }
                _ => {
                    let why = format!(
                        "failed to allocate IP {wanted}: the provided network does not match the \
                         current range"
                    );
                    causes.push(Cause::invalid("spec.clusterIPs", &json!([wanted]), &why));
                    None
                }
            }
        };
        let Some(chosen) = chosen else { return };
        spec["clusterIP"] = json!(chosen);
        spec["clusterIPs"] = json!([chosen]);
    }
    for (field, value) in
        [("ipFamilies", json!(["IPv4"])), ("ipFamilyPolicy", json!("SingleStack"))]
    {
        if spec[field].is_null() {
            spec[field] = value;
        }
    }
}

fn node_ports(cluster: &Cluster, own: &Key, spec: &mut Value, causes: &mut Vec<Cause>) {
    let mut taken: HashSet<i64> = others(cluster, own)
        .flat_map(|s| array(&s["spec"]["ports"]))
        .filter_map(|p| p["nodePort"].as_i64())
        .collect();
    let ports = spec.get_mut("ports").and_then(Value::as_array_mut);
    for (i, port) in ports.into_iter().flatten().enumerate() {
        let field = format!("spec.ports[{i}].nodePort");
        match port["nodePort"].as_i64() {
            None | Some(0) => {
                let start = i64::try_from(cluster.store.version() % 2_768).unwrap_or(0);
                let free = (0..2_768)
                    .map(|j| NODE_PORTS.start() + (start + j) % 2_768)
                    .find(|p| !taken.contains(p));
                match free {
                    Some(free) => {
                        port["nodePort"] = json!(free);
                        taken.insert(free);
                    }
                    None => {
                        let why = "failed to allocate a nodePort: range is full";
                        causes.push(Cause::invalid(field, &port["nodePort"], why));
                    }
                }
            }
            Some(asked) if !NODE_PORTS.contains(&asked) => {
                let why = "provided port is not in the valid range. The range of valid ports is 30000-32767";
                causes.push(Cause::invalid(field, &json!(asked), why));
            }
            Some(asked) => {
                if !taken.insert(asked) {
                    let why = "provided port is already allocated";
                    causes.push(Cause::invalid(field, &json!(asked), why));
                }
            }
        }
    }
}
