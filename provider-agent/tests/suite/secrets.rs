//! Secrets: written, listed in their namespace's annotation, and never read.

use k8s_openapi::api::core::v1::{Namespace, Pod, Secret};
use kube::{
    Api,
    api::{DeleteParams, ListParams},
};
use souk_provider::{cluster::kube::objects::secret_list::SecretList, model::scope::MarketScope};

use crate::{
    manifests::{self, Cluster, Leased, Running, SITE, accepted, lease, running, upload},
    support::{InProcess, Must, agent::configure, api_proxy::ApiProxy, until},
};

/// The site with a secret of its data base, too.
fn with_two() -> String {
    SITE.replace("image: postgres:17", "image: postgres:17\n    env: [PGPASSWORD=1234]")
}

/// The names in the annotation of a lease's namespace.
async fn listed(cluster: &Cluster, config: &std::path::Path, leased: &Leased) -> Vec<String> {
    let config = souk_provider::config::Config::load(config).must("configuration");
    let name = MarketScope::of(&config).namespace(leased.order);
    let namespace = Api::<Namespace>::all(cluster.client.clone()).get_opt(&name).await;
    let metadata = namespace.ok().flatten().map(|found| found.metadata).unwrap_or_default();
    SecretList::of_namespace(&metadata).0.into_keys().collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn no_secret_is_read_from_a_lease_to_its_end() {
    let fixture = manifests::fixture().await;
    let config = configure(&fixture, "agent", "");
    // The test's own client reads them; it does not go by the proxy.
    let cluster = Cluster::of(&config).await;
    let api = ApiProxy::before(&fixture).await;
    api.stand_before(&fixture, &config);
    let agent = InProcess::start(&config).await;
    let mut leased = lease(&fixture, &agent, "ann", &with_two()).await;
    accepted(&agent.store, &leased).await;
    cluster.has_replicas("it runs", leased.order, 1).await;
    assert_eq!(listed(&cluster, &config, &leased).await, ["db-env", "web-env"]);

    // One is changed and one is not wanted any more.
    leased.upload = upload(&SITE.replace("TOKEN=secret", "TOKEN=other"));
    accepted(&agent.store, &leased).await;
    let secrets = cluster.namespaced::<Secret>(leased.order);
    until("the new value", async || {
        let secret = secrets.get_opt("web-env").await.ok()??;
        secret.data?.values().any(|value| value.0 == b"other").then_some(())
    })
    .await;
    until("the list without what is gone", async || {
        (listed(&cluster, &config, &leased).await == ["web-env"]).then_some(())
    })
    .await;
    assert!(secrets.get_opt("db-env").await.must("secrets").is_none());

    let asked: Vec<String> =
        api.requests().into_iter().filter(|line| line.contains("/secrets")).collect();
    assert!(asked.len() >= 4, "{asked:?}");
    for line in asked {
        let is_write = ["POST ", "PUT ", "DELETE "].iter().any(|verb| line.starts_with(verb));
        assert!(is_write, "{line}");
    }
    agent.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_secret_that_is_gone_is_made_again_when_a_pod_lacks_it() {
    let Running { fixture: _fixture, cluster, agent, leased, .. } = running("").await;
    let secrets = cluster.namespaced::<Secret>(leased.order);
    secrets.delete("web-env", &DeleteParams::default()).await.must("by hand");
    let pods = cluster.namespaced::<Pod>(leased.order);
    let of_web = ListParams::default().labels("souk.market/service=web");
    for pod in pods.list(&of_web).await.must("pods") {
        let name = pod.metadata.name.unwrap();
        pods.delete(&name, &DeleteParams::default()).await.must("by hand");
    }
    until("the secret is back", async || secrets.get_opt("web-env").await.ok()?).await;
    cluster.has_replicas("its pod runs again", leased.order, 1).await;
    agent.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agent_that_lost_its_store_finds_in_the_list_what_is_to_go() {
    let fixture = manifests::fixture().await;
    let config = configure(&fixture, "agent", "");
    let cluster = Cluster::of(&config).await;
    let agent = InProcess::start(&config).await;
    let mut leased = lease(&fixture, &agent, "ann", &with_two()).await;
    accepted(&agent.store, &leased).await;
    cluster.has_replicas("it runs", leased.order, 1).await;
    agent.stop().await;
    for file in ["agent.db", "agent.db-wal", "agent.db-shm", "quote.key"] {
        // The last two may not be there.
        let _ = std::fs::remove_file(config.with_file_name(file));
    }

    let agent = InProcess::start(&config).await;
    until("the lease is known again", async || {
        agent.store.lease(leased.order).await.unwrap()?;
        agent.store.order(leased.order).await.unwrap()?.detail
    })
    .await;
    leased.upload = upload(SITE);
    accepted(&agent.store, &leased).await;
    let secrets = cluster.namespaced::<Secret>(leased.order);
    until("what the new manifest has no use for is gone", async || {
        secrets.get_opt("db-env").await.ok()?.is_none().then_some(())
    })
    .await;
    assert!(secrets.get_opt("web-env").await.must("secrets").is_some());
    until("the list is right", async || {
        (listed(&cluster, &config, &leased).await == ["web-env"]).then_some(())
    })
    .await;
    agent.stop().await;
}
