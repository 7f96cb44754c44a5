//! Checks the gateway: open files, whether tenants reach it, and whether their addresses do.

use std::collections::BTreeMap;

use k8s_openapi::api::core::v1::Service;
use kube::{Api, Client, ResourceExt, api::ListParams};

use super::Report;
use crate::{
    config::{Config, SelfCheck},
    market::Market,
    model::labels::ORDER,
    runtime::{
        descriptors::{self, Plan},
        reach::Expected,
    },
};

/// Checks that there are enough descriptors.
pub(super) fn open_files(config: &Config, report: &mut Report) {
    const WHAT: &str = "open files";
    let limit = match descriptors::raise() {
        Ok(limit) => limit,
        Err(error) => return report.fail(WHAT, error.to_string(), "look at `ulimit -Hn`"),
    };
    match Plan::of(config, limit) {
        Ok(plan) => match plan.shortage() {
            Some((found, advice)) => report.warn(WHAT, found, advice),
            None => {
                let found = format!(
                    "{limit}, of which {} are kept from visitors and {} are the gateway's; the \
                     service's own limit may differ from this shell's",
                    plan.reserve, plan.connections
                );
                report.ok(WHAT, found);
            }
        },
        Err(error) => report.fail(WHAT, error.to_string(), "raise the limit before the start"),
    }
}

/// Tries to reach the gateway as tenants do.
pub(super) async fn reach(config: &Config, market: &Market, report: &mut Report) {
    const WHAT: &str = "gateway from outside";
    if config.gateway.self_check == SelfCheck::Off {
        let found = "gateway.self_check is off: a lease is closed for its tenant's silence also \
                     while nobody reaches the gateway";
        return report.warn(WHAT, found, "let the agent try, by an address that leads back to it");
    }
    let mut expected = Expected::new(config);
    expected.read_registration(market).await;
    let way = expected.shown();
    match expected.attempt().await {
        Ok(()) => report.ok(WHAT, format!("{way} answers")),
        Err(error) => report.warn(
            WHAT,
            format!("{error}; tenants have up to four times manifest_timeout meanwhile"),
            "start the agent; if it runs and others reach it, the network does not lead back from \
             here: set gateway.self_check to a host and port that do",
        ),
    }
}

/// Looks for a Service in front of the gateway that hides its visitors' addresses.
pub(super) async fn addresses(config: &Config, client: &Client, report: &mut Report) {
    const WHAT: &str = "visitors' addresses";
    if config.gateway.shared_address {
        let found = "gateway.shared_address: nothing is limited by address, only in all";
        return report.ok(WHAT, found);
    }
    let services: Api<Service> = Api::all(client.clone());
    // Who may not list them is warned of that elsewhere.
    let Ok(services) = services.list(&ListParams::default()).await else { return };
    let ports = [config.gateway.host_and_port().1, config.gateway.listen.port()];
    let hides = |service: &&Service| hides_addresses(service, &ports);
    match services.items.iter().find(hides) {
        Some(service) if config.gateway.balancers.is_empty() => {
            let found = format!(
                "Service {}/{} leads to the gateway with externalTrafficPolicy: Cluster, so all \
                 visitors may have one address",
                service.namespace().unwrap_or_default(),
                service.name_any()
            );
            report.warn(
                WHAT,
                found,
                "set externalTrafficPolicy: Local, or name PROXY balancers in gateway.balancers, or \
                 set gateway.shared_address = true",
            );
        }
        _ if config.gateway.balancers.is_empty() => report.ok(WHAT, "as connections have them"),
        _ => {
            let count = config.gateway.balancers.len();
            report.ok(WHAT, format!("by the PROXY protocol from {count} networks"));
        }
    }
}

/// Whether a Service leads from outside to one of these ports of the agent's pods or host and
/// replaces addresses. Tenants' own do not count.
fn hides_addresses(service: &Service, ports: &[u16]) -> bool {
    let labels: Option<&BTreeMap<String, String>> = service.metadata.labels.as_ref();
    let Some(spec) = &service.spec else { return false };
    let outside = matches!(spec.type_.as_deref(), Some("LoadBalancer" | "NodePort"));
    let local = spec.external_traffic_policy.as_deref() == Some("Local");
    if !outside || local || labels.is_some_and(|labels| labels.contains_key(ORDER)) {
        return false;
    }
    let is_ours = |port: i32| u16::try_from(port).is_ok_and(|port| ports.contains(&port));
    spec.ports.iter().flatten().any(|port| {
        use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;
        let target = match &port.target_port {
            Some(IntOrString::Int(target)) => Some(*target),
            Some(IntOrString::String(_)) | None => None,
        };
        // 443 is everybody's: there the target decides.
        let by_port = port.port != 443 && is_ours(port.port);
        by_port || port.node_port.is_some_and(is_ours) || target.is_some_and(is_ours)
    })
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn a_service_that_hides_visitors_addresses_is_found() {
        let service = |kind: &str, policy: Option<&str>, port: Value, labels: Value| -> Service {
            serde_json::from_value(json!({
                "metadata": { "name": "gateway", "labels": labels },
                "spec": { "type": kind, "externalTrafficPolicy": policy, "ports": [port] },
            }))
            .unwrap()
        };
        let direct = json!({ "port": 8443 });
        let mapped = json!({ "port": 443, "targetPort": 8443 });
        let node = json!({ "port": 1, "nodePort": 30443 });
        let others = json!({ "port": 443, "targetPort": 9000 });
        let tenants = json!({ ORDER: "7" });
        for (service, hides) in [
            (service("LoadBalancer", Some("Cluster"), direct.clone(), json!({})), true),
            (service("LoadBalancer", None, mapped.clone(), json!({})), true),
            (service("NodePort", Some("Cluster"), node, json!({})), true),
            (service("LoadBalancer", Some("Local"), mapped, json!({})), false),
            (service("ClusterIP", None, direct.clone(), json!({})), false),
            (service("LoadBalancer", Some("Cluster"), others, json!({})), false),
            (service("NodePort", Some("Cluster"), direct, tenants), false),
        ] {
            assert_eq!(hides_addresses(&service, &[443, 8_443, 30_443]), hides, "{service:?}");
        }
    }
}
