//! Cluster addresses and node ports of services.

use std::{
    collections::{HashMap, HashSet},
    net::Ipv4Addr,
};

use serde_json::{Value, json};

use crate::{
    cluster::Cluster,
    error::{ApiError, Cause},
    kinds::Kind,
    store::ObjectKey,
    validate::array,
};

const NODE_PORTS: std::ops::RangeInclusive<i64> = 30_000..=32_767;

/// Gives a service what it asks for, or what is free.
pub fn allocate(
    cluster: &Cluster,
    service: &mut Value,
    old: Option<&Value>,
) -> Result<(), ApiError> {
    let own = ObjectKey::of(service);
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
        node_ports(cluster, &own, &mut service["spec"], old.is_none(), &mut causes);
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

/// Refuses a node port that a protocol has twice. The API server finds that where it hands ports
/// out, before it looks at anything else.
pub fn no_port_twice(service: &Value) -> Result<(), ApiError> {
    let mut seen = HashSet::new();
    for port in array(&service["spec"]["ports"]) {
        let (protocol, number) = (port["protocol"].as_str(), port["nodePort"].as_i64());
        if let (Some(protocol), Some(number)) = (protocol, number.filter(|n| *n != 0))
            && !seen.insert((protocol, number))
        {
            let message = format!("duplicate nodePort: {{{protocol} {number}}}");
            return Err(ApiError::new(500, "", message));
        }
    }
    Ok(())
}

fn others<'c>(cluster: &'c Cluster, own: &'c ObjectKey) -> impl Iterator<Item = &'c Value> {
    cluster.store.all(Kind::Service).filter(move |(key, _)| *key != own).map(|(_, s)| &**s)
}

fn address(cluster: &Cluster, own: &ObjectKey, spec: &mut Value, causes: &mut Vec<Cause>) {
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

/// Gives the ports of a service their node ports; those of a new one share it among protocols.
fn node_ports(
    cluster: &Cluster,
    own: &ObjectKey,
    spec: &mut Value,
    is_new: bool,
    causes: &mut Vec<Cause>,
) {
    let mut taken: HashSet<i64> = others(cluster, own)
        .flat_map(|s| array(&s["spec"]["ports"]))
        .filter_map(|p| p["nodePort"].as_i64())
        .collect();
    let asked = |port: &Value| port["nodePort"].as_i64().filter(|number| *number != 0);
    let mut given: HashMap<i64, i64> = HashMap::new();
    for (i, port) in array(&spec["ports"]).enumerate() {
        let Some(number) = asked(port) else { continue };
        let service_port = port["port"].as_i64().unwrap_or_default();
        let why = if !NODE_PORTS.contains(&number) {
            "provided port is not in the valid range. The range of valid ports is 30000-32767"
        } else if given.values().all(|own| *own != number) && !taken.insert(number) {
            "provided port is already allocated"
        } else {
            given.insert(service_port, number);
            continue;
        };
        causes.push(Cause::invalid(format!("spec.ports[{i}].nodePort"), &json!(number), why));
    }
    let ports = spec.get_mut("ports").and_then(Value::as_array_mut);
    for (i, port) in ports.into_iter().flatten().enumerate() {
        if asked(port).is_some() {
            continue;
        }
        let service_port = port["port"].as_i64().unwrap_or_default();
        let shared = given.get(&service_port).copied().filter(|_| is_new);
        let free = shared.or_else(|| free_port(cluster, &taken));
        match free {
            Some(free) => {
                port["nodePort"] = json!(free);
                taken.insert(free);
                given.insert(service_port, free);
            }
            None => {
                let why = "failed to allocate a nodePort: range is full";
                let field = format!("spec.ports[{i}].nodePort");
                causes.push(Cause::invalid(field, &port["nodePort"], why));
            }
        }
    }
}

fn free_port(cluster: &Cluster, taken: &HashSet<i64>) -> Option<i64> {
    let start = i64::try_from(cluster.store.version() % 2_768).unwrap_or(0);
    (0..2_768).map(|j| NODE_PORTS.start() + (start + j) % 2_768).find(|p| !taken.contains(p))
}
