//! Opens each watch that the agent will use: whether a right is there says less than the API server's
//! answer.

use std::time::Duration;

use futures::{StreamExt, future::join_all};
use kube::{
    Api, Client,
    api::{ListParams, WatchParams},
    core::{ApiResource, DynamicObject, GroupVersionKind},
};

use super::Report;
use crate::{
    cluster::kube::{cache::Watched, message::message, watch::WatchError},
    config::Config,
    model::scope::MarketScope,
};

const WHAT: &str = "watches";
/// How long a watch may take to open.
const TIMEOUT: Duration = Duration::from_secs(15);

/// A watch of the agent.
struct Watch {
    resource: ApiResource,
    labels: String,
}

/// Opens each.
pub(super) async fn check(config: &Config, client: &Client, report: &mut Report) {
    let all = all(config);
    let opened = join_all(all.iter().map(|watch| open(client, watch))).await;
    let mut failed = 0;
    for (watch, opened) in all.iter().zip(opened) {
        let Err(error) = opened else { continue };
        failed += 1;
        let found = format!("{} cannot be watched: {error}", watch.resource.plural);
        let advice = match error.forbidden {
            true => "apply what `souk-provider access` prints to the agent's user",
            false => "look at the API server",
        };
        report.fail(WHAT, found, advice);
    }
    if failed == 0 {
        report.ok(WHAT, format!("all {} that the agent uses can be opened", all.len()));
    }
}

/// The watches of leases' objects, of the inventory, and of events.
fn all(config: &Config) -> Vec<Watch> {
    let own = MarketScope::of(config).selector();
    let core = |kind: &str| ApiResource::from_gvk(&GroupVersionKind::gvk("", "v1", kind));
    let of_lease = |watched: Watched| match watched {
        Watched::Kind(kind) => kind.resource(),
        Watched::Pods => core("Pod"),
    };
    let mut all: Vec<Watch> = Watched::all()
        .map(|watched| Watch { resource: of_lease(watched), labels: own.clone() })
        .collect();
    let nodes = config.cluster.node_labels();
    all.push(Watch { resource: core("Node"), labels: nodes });
    all.push(Watch { resource: core("Pod"), labels: String::new() });
    all.push(Watch { resource: core("Event"), labels: String::new() });
    all
}

/// Lists one object and watches from there. Only metadata is asked for.
async fn open(client: &Client, watch: &Watch) -> Result<(), WatchError> {
    let api: Api<DynamicObject> = Api::all_with(client.clone(), &watch.resource);
    let opening = async {
        let page = ListParams::default().limit(1).labels(&watch.labels);
        let version = api.list_metadata(&page).await?.metadata.resource_version;
        let params = WatchParams::default().timeout(1).labels(&watch.labels);
        let events = api.watch_metadata(&params, &version.unwrap_or_default()).await?;
        // An API server may also refuse by the first event.
        match Box::pin(events).next().await {
            Some(Ok(kube::core::WatchEvent::Error(status))) => Err(kube::Error::Api(status)),
            Some(Err(error)) => Err(error),
            Some(Ok(_)) | None => Ok(()),
        }
    };
    match tokio::time::timeout(TIMEOUT, opening).await {
        Ok(Ok(())) => Ok(()),
        Ok(Err(error)) => {
            let said = message(&error);
            Err(WatchError { message: said, ..WatchError::from(error) })
        }
        Err(_) => {
            let message = format!("no answer within {} seconds", TIMEOUT.as_secs());
            Err(WatchError { message, forbidden: false })
        }
    }
}

#[cfg(test)]
mod tests {
    use souk_kubesim::{ClusterSpec, KubeSim, spec::Denied};

    use super::*;
    use crate::{cluster::kube::client::from_config, config::Cluster};

    async fn lines(denied: &[(&str, &str)]) -> String {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let denied = denied
            .iter()
            .map(|(verb, resource)| Denied { verb: (*verb).into(), resource: (*resource).into() });
        let spec = ClusterSpec { denied: denied.collect(), ..ClusterSpec::default() };
        let sim = KubeSim::start(spec).await.unwrap();
        let folder = tempfile::tempdir().unwrap();
        let kubeconfig = folder.path().join("kubeconfig");
        sim.write_kubeconfig(&kubeconfig).unwrap();
        let cluster = Cluster { kubeconfig: Some(kubeconfig), ..Cluster::default() };
        let client = from_config(&cluster).await.unwrap();
        let config = Config { cluster, ..crate::config::example() };
        let mut report = Report::default();
        check(&config, &client, &mut report).await;
        report.text()
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn each_watch_is_opened_and_a_forbidden_one_is_named() {
        let text = lines(&[]).await;
        assert_eq!(text, "ok    watches: all 14 that the agent uses can be opened");
        for resource in ["limitranges", "pods", "nodes", "events", "ingresses"] {
            let text = lines(&[("watch", resource)]).await;
            let expected = format!("FAIL  watches: {resource} cannot be watched: {resource}");
            assert!(text.contains(&expected) && text.contains("souk-provider access"), "{text}");
        }
    }
}
