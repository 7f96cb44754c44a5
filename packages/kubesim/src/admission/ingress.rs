//! What the admission webhook of ingress-nginx refuses.

use serde_json::Value;

use crate::{
    cluster::Cluster,
    error::ApiError,
    kinds::Kind,
    store::ObjectKey,
    validate::{array, text},
};

/// Refuses a host and path that another ingress of the class has, if the class has unique hosts.
pub fn unique(cluster: &Cluster, ingress: &Value) -> Result<(), ApiError> {
    let class = text(&ingress["spec"], "ingressClassName");
    let checked = cluster.spec.ingress_classes.iter().find(|one| one.name == class);
    if !checked.is_some_and(|class| class.unique_hosts) {
        return Ok(());
    }
    let own = ObjectKey::of(ingress);
    for (host, path) in paths(ingress) {
        let same = |(key, other): &(&ObjectKey, &std::sync::Arc<Value>)| {
            **key != own
                && text(&other["spec"], "ingressClassName") == class
                && paths(other).any(|(name, at)| (name, at) == (host, path))
        };
        if let Some((key, _)) = cluster.store.all(Kind::Ingress).find(same) {
            let message = format!(
                "admission webhook \"validate.nginx.ingress.kubernetes.io\" denied the request: \
                 host \"{host}\" and path \"{path}\" is already defined in ingress {}/{}",
                key.namespace, key.name
            );
            return Err(ApiError::bad_request(message));
        }
    }
    Ok(())
}

/// The hosts and paths of an ingress; the controller writes `_` for no host and `/` for no path.
fn paths(ingress: &Value) -> impl Iterator<Item = (&str, &str)> {
    let or = |text: &'static str, value: &'_ str| value.is_empty().then_some(text);
    array(&ingress["spec"]["rules"]).flat_map(move |rule| {
        let host = text(rule, "host");
        let host = or("_", host).unwrap_or(host);
        array(&rule["http"]["paths"]).map(move |entry| {
            let path = text(entry, "path");
            (host, or("/", path).unwrap_or(path))
        })
    })
}
