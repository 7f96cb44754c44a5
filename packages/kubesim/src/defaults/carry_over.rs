//! What a replacement keeps although it leaves it out.

use serde_json::Value;

use super::fields::{items, or};
use crate::kinds::Kind;

/// Keeps what the cluster had allocated when a replacement leaves it out.
pub fn carry_over(kind: Kind, live: &Value, object: &mut Value) {
    match kind {
        Kind::Service => {
            let (old, new) = (&live["spec"], &mut object["spec"]);
            let same_mode = (old["type"] == "ExternalName") == (new["type"] == "ExternalName");
            if same_mode {
                for field in ["clusterIP", "clusterIPs", "ipFamilies", "ipFamilyPolicy"] {
                    if let Some(value) = old.get(field) {
                        or(new, field, value.clone());
                    }
                }
            }
            drop_what_the_old_type_needed(old, new);
            let wants_ports = new["type"] == "NodePort" || new["type"] == "LoadBalancer";
            if wants_ports && (old["type"] == "NodePort" || old["type"] == "LoadBalancer") {
                for port in items(new, "ports") {
                    let before = old["ports"].as_array().into_iter().flatten().find(|p| {
                        p["port"] == port["port"]
                            && p["protocol"].as_str().unwrap_or("TCP")
                                == port["protocol"].as_str().unwrap_or("TCP")
                    });
                    if let Some(number) = before.and_then(|p| p.get("nodePort")) {
                        or(port, "nodePort", number.clone());
                    }
                }
            }
        }
        Kind::PersistentVolumeClaim => {
            for field in ["volumeName", "storageClassName"] {
                if let Some(value) = live["spec"].get(field) {
                    or(&mut object["spec"], field, value.clone());
                }
            }
        }
        Kind::Pod => {
            for field in
                ["nodeName", "serviceAccountName", "serviceAccount", "priority", "preemptionPolicy"]
            {
                if let Some(value) = live["spec"].get(field) {
                    or(&mut object["spec"], field, value.clone());
                }
            }
        }
        Kind::Secret => {
            if let Some(kind) = live.get("type") {
                or(object, "type", kind.clone());
            }
        }
        _ => {}
    }
}

/// Ends what the cluster had filled in for a service's old type, unless the request changed it.
fn drop_what_the_old_type_needed(old: &Value, new: &mut Value) {
    let open = |spec: &Value| {
        let kind = &spec["type"];
        let addressed = spec["externalIPs"].as_array().is_some_and(|ips| !ips.is_empty());
        kind == "NodePort" || kind == "LoadBalancer" || (kind == "ClusterIP" && addressed)
    };
    let balanced = |spec: &Value| spec["type"] == "LoadBalancer";
    let now_closed = open(old) && !open(new);
    let now_direct = balanced(old) && !balanced(new);
    for (field, ends) in [
        ("externalTrafficPolicy", now_closed),
        ("allocateLoadBalancerNodePorts", now_direct),
        ("loadBalancerClass", now_direct),
    ] {
        if ends
            && old[field] == new[field]
            && let Some(new) = new.as_object_mut()
        {
            new.remove(field);
        }
    }
    if new["type"] != "NodePort" && new["type"] != "LoadBalancer" {
        // Ports that were allocated go with the type that needed them.
        let before: Vec<&Value> =
            old["ports"].as_array().into_iter().flatten().map(|p| &p["nodePort"]).collect();
        for port in items(new, "ports").filter_map(Value::as_object_mut) {
            if port.get("nodePort").is_some_and(|p| before.contains(&p)) {
                port.remove("nodePort");
            }
        }
    }
}
