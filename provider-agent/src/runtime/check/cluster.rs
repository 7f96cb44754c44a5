//! Checks the cluster: reachable, with the permissions that the agent needs and what it offers.

use std::time::Duration;

use k8s_openapi::api::{
    authorization::v1::{ResourceAttributes, SelfSubjectAccessReview, SelfSubjectAccessReviewSpec},
    core::v1::Node,
    networking::v1::IngressClass,
    node::v1::RuntimeClass,
    storage::v1::StorageClass,
};
use kube::{
    Api, Client, Resource,
    api::{ListParams, PostParams},
};
use serde::de::DeserializeOwned;

use super::{
    Report, gateway, gpus, ingress, isolation,
    permissions::{Permission, required},
    probe, volumes, watches, writes,
};
use crate::{
    cluster::kube::{claims, client, streams},
    config::Config,
    model::placement::{ClusterSnapshot, NodeState},
};

/// The timeout of a request to the cluster.
const TIMEOUT: Duration = Duration::from_secs(15);

/// Checks the cluster.
pub(super) async fn check(config: &Config, report: &mut Report) {
    const WHAT: &str = "cluster";
    let advice = "correct cluster.kubeconfig and cluster.context, or start the cluster";
    let client = match client::from_config(&config.cluster).await {
        Ok(client) => client,
        Err(error) => return report.fail(WHAT, error.to_string(), advice),
    };
    match tokio::time::timeout(TIMEOUT, client.apiserver_version()).await {
        Ok(Ok(version)) => report.ok(WHAT, format!("Kubernetes {}", version.git_version)),
        Ok(Err(error)) => return report.fail(WHAT, error.to_string(), advice),
        Err(_) => return report.fail(WHAT, "it does not answer", advice),
    }
    permissions(&client, report).await;
    writes::check(config, &client, report).await;
    watches::check(config, &client, report).await;
    nodes(config, &client, report).await;
    offers(config, &client, report).await;
    streams(config, report).await;
    ingress::check(&config.cluster, &client, report).await;
    volumes::check(&config.cluster, &client, report).await;
    gateway::addresses(config, &client, report).await;
    probe::check(config, &client, report).await;
}

/// Checks that the API server speaks HTTP/2, by which logs are read.
async fn streams(config: &Config, report: &mut Report) {
    const WHAT: &str = "log streams";
    let advice = "let the way to the API server take HTTP/2; without it tenants have no logs";
    match streams::from_config(&config.cluster, 1).await {
        Ok(client) => match tokio::time::timeout(TIMEOUT, client.apiserver_version()).await {
            Ok(Ok(_)) => report.ok(WHAT, "by HTTP/2"),
            Ok(Err(error)) => report.fail(WHAT, error.to_string(), advice),
            Err(_) => report.fail(WHAT, "the API server does not answer by HTTP/2", advice),
        },
        Err(error) => report.fail(WHAT, error.to_string(), advice),
    }
}

async fn permissions(client: &Client, report: &mut Report) {
    const WHAT: &str = "permissions in the cluster";
    let api: Api<SelfSubjectAccessReview> = Api::all(client.clone());
    let needed = required();
    let mut missing = Vec::new();
    for Permission { verb, group, resource, subresource } in &needed {
        let attributes = ResourceAttributes {
            verb: Some((*verb).to_owned()),
            group: Some(group.clone()),
            resource: Some(resource.clone()),
            subresource: Some((*subresource).to_owned()).filter(|sub| !sub.is_empty()),
            ..ResourceAttributes::default()
        };
        let review = SelfSubjectAccessReview {
            spec: SelfSubjectAccessReviewSpec {
                resource_attributes: Some(attributes),
                ..SelfSubjectAccessReviewSpec::default()
            },
            ..SelfSubjectAccessReview::default()
        };
        match api.create(&PostParams::default(), &review).await {
            Ok(answer) if answer.status.as_ref().is_some_and(|status| status.allowed) => {}
            Ok(_) => {
                let sub =
                    if subresource.is_empty() { String::new() } else { format!("/{subresource}") };
                missing.push(format!("{verb} {resource}{sub}"));
            }
            Err(error) => return report.fail(WHAT, error.to_string(), "look at the API server"),
        }
    }
    if missing.is_empty() {
        report.ok(WHAT, format!("all {} that the agent needs", needed.len()));
    } else {
        let advice = "give the agent's user a ClusterRole with them";
        report.fail(WHAT, format!("missing: {}", missing.join(", ")), advice);
    }
}

async fn list<K>(client: &Client, labels: &str) -> Result<Vec<K>, String>
where
    K: Resource<DynamicType = ()> + DeserializeOwned + Clone + std::fmt::Debug,
{
    let api: Api<K> = Api::all(client.clone());
    let listed = api.list(&ListParams::default().labels(labels)).await;
    listed.map(|list| list.items).map_err(|error| error.to_string())
}

async fn nodes(config: &Config, client: &Client, report: &mut Report) {
    const WHAT: &str = "nodes";
    let mut cluster = match list::<Node>(client, &config.cluster.node_labels()).await {
        Ok(nodes) => ClusterSnapshot {
            nodes: nodes.iter().map(NodeState::of).collect(),
            ..ClusterSnapshot::default()
        },
        Err(error) => {
            return report.fail(WHAT, error, "give the agent's user the right to list nodes");
        }
    };
    refuse_claimed(client, &mut cluster, report).await;
    let nodes = cluster.nodes;
    for node in &nodes {
        if let Some(unfit) = &node.unfit {
            let advice = "nothing, if that is meant; tenants' pods do not go there";
            report.warn(WHAT, format!("{} takes no tenants: {unfit}", node.name), advice);
        }
    }
    let usable: Vec<&NodeState> = nodes.iter().filter(|node| node.unfit.is_none()).collect();
    if usable.is_empty() {
        return report.fail(
            WHAT,
            "none takes tenants",
            "add a node that is ready, has no taints and has the labels of cluster.node_selector",
        );
    }
    let cores: u64 = usable.iter().map(|node| node.allocatable.cpu_milli / 1_000).sum();
    let memory: u64 = usable.iter().map(|node| node.allocatable.memory >> 30).sum();
    report.ok(WHAT, format!("{} with {cores} cores and {memory} GiB", usable.len()));
    gpus::check(&config.bidding, &usable, report);
}

/// Takes GPUs off offer that pods get by claims.
async fn refuse_claimed(client: &Client, nodes: &mut ClusterSnapshot, report: &mut Report) {
    match claims::gpu_drivers(client).await {
        Ok(drivers) => {
            nodes.refuse_claimed(drivers.iter().map(|(node, by)| (node.as_str(), by.as_str())));
        }
        Err(error) => {
            let found = format!("it is not known which GPUs are handed out by claims: {error}");
            report.warn("GPUs", found, "give the agent's user the right to list resourceslices");
        }
    }
}

async fn offers(config: &Config, client: &Client, report: &mut Report) {
    let cluster = &config.cluster;
    let mut named =
        |what: &str, wanted: &str, found: Result<Vec<String>, String>, key: &str| match found {
            Ok(found) if found.iter().any(|name| name == wanted) => report.ok(what, wanted),
            Ok(found) => {
                let advice = format!("correct {key}; the cluster has: {}", found.join(", "));
                report.fail(what, format!("there is no `{wanted}`"), advice);
            }
            Err(error) => report.fail(what, error, "give the agent's user the right to list them"),
        };
    let names = |metadata: kube::core::ObjectMeta| metadata.name.unwrap_or_default();
    let classes = list::<StorageClass>(client, "").await;
    let classes = classes.map(|all| all.into_iter().map(|class| names(class.metadata)).collect());
    for (class, storage) in &cluster.storage_classes {
        let what = format!("storage class {class}");
        named(&what, &storage.name, classes.clone(), "cluster.storage_classes");
    }
    if let Some(class) = &cluster.ingress_class {
        let found = list::<IngressClass>(client, "").await;
        let found = found.map(|all| all.into_iter().map(|class| names(class.metadata)).collect());
        named("ingress class", class, found, "cluster.ingress_class");
    }
    isolation::check(config, client, list::<RuntimeClass>(client, "").await, report).await;
}
