//! Whether nodes can give pods user namespaces: each says so of each of its runtime handlers.

use k8s_openapi::api::{core::v1::Node, node::v1::RuntimeClass};
use kube::{Api, Client, ResourceExt, api::ListParams};

use crate::config::{Cluster, UserNamespaces};

/// The nodes that do not say that pods of a runtime handler can have user namespaces; without a handler,
/// of the default one.
pub fn without(nodes: &[Node], handler: Option<&str>) -> Vec<String> {
    let handler = handler.unwrap_or_default();
    let has = |node: &&Node| {
        let handlers =
            node.status.iter().flat_map(|status| status.runtime_handlers.iter().flatten());
        let mut own = handlers.filter(|known| known.name.as_deref().unwrap_or_default() == handler);
        own.any(|known| {
            known.features.as_ref().and_then(|features| features.user_namespaces) == Some(true)
        })
    };
    nodes.iter().filter(|node| !has(node)).map(ResourceExt::name_any).collect()
}

/// The nodes that are offered and cannot give pods user namespaces.
///
/// # Errors
///
/// If the API server refuses or does not answer.
pub async fn nodes_without(client: &Client, cluster: &Cluster) -> kube::Result<Vec<String>> {
    let offered = ListParams::default().labels(&cluster.node_labels());
    let nodes = Api::<Node>::all(client.clone()).list(&offered).await?.items;
    let handler = match &cluster.runtime_class {
        None => None,
        Some(class) => {
            let classes = Api::<RuntimeClass>::all(client.clone());
            let classes = classes.list(&ListParams::default()).await?;
            let found = classes.into_iter().find(|one| one.name_any() == *class);
            found.map(|class| class.handler)
        }
    };
    let mut without = without(&nodes, handler.as_deref());
    if nodes.is_empty() {
        without.push("no node is offered".to_owned());
    }
    Ok(without)
}

/// The configuration with `auto` settled: it stays if each node that is offered has user namespaces, and
/// is off if one has not.
///
/// # Errors
///
/// If the API server refuses or does not answer.
pub async fn settled(client: &Client, cluster: &Cluster) -> kube::Result<Cluster> {
    let mut settled = cluster.clone();
    if cluster.user_namespaces == UserNamespaces::Auto {
        let without = nodes_without(client, cluster).await?;
        if without.is_empty() {
            tracing::info!("pods without volumes and GPUs have user namespaces");
        } else {
            tracing::info!(nodes = without.join(", "), "no user namespaces: nodes lack them");
            settled.user_namespaces = UserNamespaces::Off;
        }
    }
    Ok(settled)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_node_counts_only_if_it_says_so_of_the_handler_that_is_used() {
        let node = |name: &str, handlers: serde_json::Value| {
            let value =
                json!({ "metadata": { "name": name }, "status": { "runtimeHandlers": handlers } });
            serde_json::from_value::<Node>(value).unwrap()
        };
        let handler =
            |name: &str, has: bool| json!({ "name": name, "features": { "userNamespaces": has } });
        let nodes = [
            node("new", json!([handler("", true), handler("runsc", false)])),
            node("old", json!([handler("", false), handler("runsc", true)])),
            node("silent", json!([])),
        ];
        assert_eq!(without(&nodes, None), ["old", "silent"]);
        assert_eq!(without(&nodes, Some("runsc")), ["new", "silent"]);
        assert_eq!(without(&nodes[..1], None), [""; 0]);
    }
}
