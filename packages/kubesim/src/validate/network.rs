//! Services, ingresses and network policies.

use std::{collections::HashSet, net::IpAddr};

use serde_json::{Value, json};

use super::{array, expect, labels, text};
use crate::{error::Cause, names};

/// What is wrong with a service.
pub fn service(new: &Value, old: Option<&Value>, causes: &mut Vec<Cause>) {
    let spec = &new["spec"];
    let kind = text(spec, "type");
    let kinds = ["ClusterIP", "ExternalName", "LoadBalancer", "NodePort"];
    if !kinds.contains(&kind) {
        causes.push(Cause::not_supported("spec.type", &spec["type"], &kinds));
    }
    labels(causes, "spec.selector", &spec["selector"]);
    let headless = spec["clusterIP"] == "None";
    let ports: Vec<&Value> = array(&spec["ports"]).collect();
    if kind == "ExternalName" {
        match text(spec, "externalName") {
            "" => causes.push(Cause::required("spec.externalName", "")),
            name => expect(causes, "spec.externalName", name, names::subdomain),
        }
    } else if ports.is_empty() && !headless {
        causes.push(Cause::required("spec.ports", ""));
    }
    if headless && (kind == "NodePort" || kind == "LoadBalancer") {
        let why = format!("may not be set to 'None' for {kind} services");
        causes.push(Cause::invalid("spec.clusterIPs[0]", &json!("None"), &why));
    }
    let address = text(spec, "clusterIP");
    if !matches!(address, "" | "None") && address.parse::<IpAddr>().is_err() {
        let why = "must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)";
        causes.push(Cause::invalid("spec.clusterIPs[0]", &spec["clusterIP"], why));
    }
    let (mut named, mut numbered) = (HashSet::new(), HashSet::new());
    for (i, port) in ports.iter().enumerate() {
        let at = format!("spec.ports[{i}]");
        in_range(&port["port"], &format!("{at}.port"), causes);
        let name = text(port, "name");
        if name.is_empty() {
            if ports.len() > 1 {
                causes.push(Cause::required(format!("{at}.name"), ""));
            }
        } else {
            expect(causes, format!("{at}.name"), name, names::label);
            if !named.insert(name) {
                causes.push(Cause::duplicate(format!("{at}.name"), &port["name"]));
            }
        }
        let protocols = ["SCTP", "TCP", "UDP"];
        if !protocols.contains(&text(port, "protocol")) {
            causes.push(Cause::not_supported(
                format!("{at}.protocol"),
                &port["protocol"],
                &protocols,
            ));
        }
        if !numbered.insert((port["port"].to_string(), text(port, "protocol"))) {
            let value = json!({"port": port["port"], "protocol": port["protocol"]});
            causes.push(Cause::duplicate(at.clone(), &value));
        }
        match &port["targetPort"] {
            Value::String(name) => {
                expect(causes, format!("{at}.targetPort"), name, names::port_name)
            }
            target => in_range(target, &format!("{at}.targetPort"), causes),
        }
        if port["nodePort"].as_i64().is_some_and(|p| p != 0) && kind == "ClusterIP" {
            let why = "may not be used when `type` is 'ClusterIP'";
            causes.push(Cause::forbidden(format!("{at}.nodePort"), why));
        }
    }
    if let Some(old) = old
        && kind != "ExternalName"
        && old["spec"]["type"] != "ExternalName"
        && spec["clusterIP"] != old["spec"]["clusterIP"]
    {
        let why = "may not change once set";
        causes.push(Cause::invalid("spec.clusterIPs[0]", &json!([spec["clusterIP"]]), why));
    }
}

/// What is wrong with an ingress.
pub fn ingress(new: &Value, causes: &mut Vec<Cause>) {
    let spec = &new["spec"];
    if array(&spec["rules"]).next().is_none() && spec["defaultBackend"].is_null() {
        let why = "either `defaultBackend` or `rules` must be specified";
        causes.push(Cause::invalid("spec", &Value::Null, why));
    }
    if spec["defaultBackend"].is_object() {
        backend(&spec["defaultBackend"], "spec.defaultBackend", causes);
    }
    for (i, rule) in array(&spec["rules"]).enumerate() {
        let at = format!("spec.rules[{i}]");
        let host = text(rule, "host");
        if host.parse::<IpAddr>().is_ok() {
            let why = "must be a DNS name, not an IP address";
            causes.push(Cause::invalid(format!("{at}.host"), &rule["host"], why));
        } else if !host.is_empty() {
            let host = host.strip_prefix("*.").unwrap_or(host);
            expect(causes, format!("{at}.host"), host, names::subdomain);
        }
        if rule["http"].is_object() && array(&rule["http"]["paths"]).next().is_none() {
            causes.push(Cause::required(format!("{at}.http.paths"), ""));
        }
        for (j, path) in array(&rule["http"]["paths"]).enumerate() {
            let at = format!("{at}.http.paths[{j}]");
            let kinds = ["Exact", "ImplementationSpecific", "Prefix"];
            match text(path, "pathType") {
                "" => causes
                    .push(Cause::required(format!("{at}.pathType"), "pathType must be specified")),
                kind if !kinds.contains(&kind) => {
                    let field = format!("{at}.pathType");
                    causes.push(Cause::not_supported(field, &path["pathType"], &kinds));
                }
                "ImplementationSpecific" if text(path, "path").is_empty() => {}
                _ if !text(path, "path").starts_with('/') => {
                    let why = "must be an absolute path";
                    causes.push(Cause::invalid(format!("{at}.path"), &path["path"], why));
                }
                _ => {}
            }
            backend(&path["backend"], &format!("{at}.backend"), causes);
        }
    }
}

fn backend(backend: &Value, at: &str, causes: &mut Vec<Cause>) {
    let service = &backend["service"];
    if service.is_null() {
        if backend["resource"].is_null() {
            let why = "resource or service backend is required";
            causes.push(Cause::invalid(at, &json!(""), why));
        }
        return;
    }
    expect(causes, format!("{at}.service.name"), text(service, "name"), names::label);
    let port = &service["port"];
    if text(port, "name").is_empty() {
        match port["number"].as_i64() {
            None | Some(0) => causes.push(Cause::required(at, "port name or number is required")),
            Some(_) => in_range(&port["number"], &format!("{at}.service.port.number"), causes),
        }
    }
}

/// Notes a port outside 1 to 65535.
pub(super) fn in_range(port: &Value, at: &str, causes: &mut Vec<Cause>) {
    if !matches!(port.as_i64(), Some(1..=65_535)) {
        causes.push(Cause::invalid(at, port, "must be between 1 and 65535, inclusive"));
    }
}

/// What is wrong with a network policy.
pub fn policy(new: &Value, causes: &mut Vec<Cause>) {
    let spec = &new["spec"];
    labels(causes, "spec.podSelector.matchLabels", &spec["podSelector"]["matchLabels"]);
    for (direction, peers) in [("ingress", "from"), ("egress", "to")] {
        for (i, rule) in array(&spec[direction]).enumerate() {
            for (j, peer) in array(&rule[peers]).enumerate() {
                let at = format!("spec.{direction}[{i}].{peers}[{j}]");
                self::peer(peer, &at, causes);
            }
            for (j, port) in array(&rule["ports"]).enumerate() {
                let at = format!("spec.{direction}[{i}].ports[{j}]");
                match &port["port"] {
                    Value::Null => {}
                    Value::String(name) => {
                        expect(causes, format!("{at}.port"), name, names::port_name);
                    }
                    found => in_range(found, &format!("{at}.port"), causes),
                }
                let protocols = ["TCP", "UDP", "SCTP"];
                if !protocols.contains(&text(port, "protocol")) {
                    let field = format!("{at}.protocol");
                    causes.push(Cause::not_supported(field, &port["protocol"], &protocols));
                }
            }
        }
    }
    for (i, kind) in array(&spec["policyTypes"]).enumerate() {
        if kind != "Ingress" && kind != "Egress" {
            let field = format!("spec.policyTypes[{i}]");
            causes.push(Cause::not_supported(field, kind, &["Ingress", "Egress"]));
        }
    }
}

fn peer(peer: &Value, at: &str, causes: &mut Vec<Cause>) {
    let block = &peer["ipBlock"];
    if block.is_null() {
        if peer["podSelector"].is_null() && peer["namespaceSelector"].is_null() {
            causes.push(Cause::required(at, "must specify a peer"));
        }
        return;
    }
    if !peer["podSelector"].is_null() || !peer["namespaceSelector"].is_null() {
        causes.push(Cause::forbidden(at, "may not specify both ipBlock and another peer"));
    }
    let Some(outer) = cidr(text(block, "cidr")) else {
        let why = "must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)";
        causes.push(Cause::invalid(format!("{at}.ipBlock.cidr"), &block["cidr"], why));
        return;
    };
    for (k, except) in array(&block["except"]).enumerate() {
        let field = format!("{at}.ipBlock.except[{k}]");
        match cidr(except.as_str().unwrap_or_default()) {
            None => {
                let why = "must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)";
                causes.push(Cause::invalid(field, except, why));
            }
            Some(inner) if !within(inner, outer) => {
                let why = "must be a strict subset of `cidr`";
                causes.push(Cause::invalid(field, except, why));
            }
            Some(_) => {}
        }
    }
}

fn cidr(text: &str) -> Option<(IpAddr, u32)> {
    let (address, prefix) = text.split_once('/')?;
    let address: IpAddr = address.parse().ok()?;
    let prefix: u32 = prefix.parse().ok()?;
    (prefix <= if address.is_ipv4() { 32 } else { 128 }).then_some((address, prefix))
}

fn within(inner: (IpAddr, u32), outer: (IpAddr, u32)) -> bool {
    let bits = |a: IpAddr| match a {
        IpAddr::V4(a) => (u128::from(a.to_bits()), 32),
        IpAddr::V6(a) => (a.to_bits(), 128),
    };
    let ((a, width), (b, other)) = (bits(inner.0), bits(outer.0));
    let shift = width - outer.1.min(width);
    width == other
        && inner.1 > outer.1
        && a.checked_shr(shift).unwrap_or(0) == b.checked_shr(shift).unwrap_or(0)
}
