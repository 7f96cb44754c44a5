//! Checks how far tenants' pods are kept from their nodes: user namespaces and runtime classes.

use k8s_openapi::api::node::v1::RuntimeClass;
use kube::ResourceExt;

use super::Report;
use crate::{
    cluster::kube::user_namespaces::nodes_without,
    config::{Config, UserNamespaces},
};

/// Checks both.
pub(super) async fn check(
    config: &Config,
    client: &kube::Client,
    classes: Result<Vec<RuntimeClass>, String>,
    report: &mut Report,
) {
    user_namespaces(config, client, report).await;
    match classes {
        Ok(classes) => runtime_classes(config, &classes, report),
        Err(error) if config.cluster.runtime_class.is_some() => {
            report.fail("runtime class", error, "give the agent's user the right to list them");
        }
        Err(_) => {}
    }
}

async fn user_namespaces(config: &Config, client: &kube::Client, report: &mut Report) {
    const WHAT: &str = "user namespaces";
    let wanted = config.cluster.user_namespaces;
    if wanted == UserNamespaces::Off {
        return report.ok(WHAT, "off: root in a pod is root on its node, without its powers");
    }
    let advice =
        "update the node's runtime (containerd 2, runc 1.2), or set cluster.user_namespaces to off";
    match (nodes_without(client, &config.cluster).await, wanted) {
        (Ok(without), UserNamespaces::On) if without.is_empty() => {
            report.ok(WHAT, "all pods have them; check.probe_image tries a volume of each class");
        }
        (Ok(without), _) if without.is_empty() => {
            report.ok(WHAT, "pods without volumes and GPUs have them");
        }
        (Ok(without), UserNamespaces::On) => {
            report.fail(WHAT, format!("{} cannot give them", without.join(", ")), advice);
        }
        (Ok(without), _) => {
            report.ok(WHAT, format!("no pod has them: {} cannot give them", without.join(", ")));
        }
        (Err(error), _) => report.fail(WHAT, error.to_string(), "look at the API server"),
    }
}

/// The configured classes exist, and have no overhead: a lease's quota is for what was paid for.
fn runtime_classes(config: &Config, classes: &[RuntimeClass], report: &mut Report) {
    const WHAT: &str = "runtime class";
    let cluster = &config.cluster;
    let vendors = cluster.gpu_runtime_classes.iter().map(|(vendor, class)| (Some(vendor), class));
    let all = cluster.runtime_class.iter().map(|class| (None, class)).chain(vendors);
    for (vendor, class) in all {
        let key = match vendor {
            Some(_) => "cluster.gpu_runtime_classes",
            None => "cluster.runtime_class",
        };
        let Some(found) = classes.iter().find(|known| known.name_any() == *class) else {
            let known: Vec<String> = classes.iter().map(ResourceExt::name_any).collect();
            let advice = format!("correct {key}; the cluster has: {}", known.join(", "));
            report.fail(WHAT, format!("there is no `{class}`"), advice);
            continue;
        };
        if found.overhead.is_some() {
            let advice =
                "make a class of the same handler without overhead, and leave room on the nodes";
            let found = format!("`{class}` has an overhead, which quotas of leases do not have");
            report.fail(WHAT, found, advice);
            continue;
        }
        report.ok(WHAT, format!("{class} (handler {})", found.handler));
        if let (Some(vendor), Some(sandbox)) = (vendor, &cluster.runtime_class) {
            let found = format!("pods with GPUs of {vendor} run by {class}, not by {sandbox}");
            report.warn(WHAT, found, "nothing, if that is meant");
        }
    }
}
