//! Work on many leases: each by itself, none for the sake of another, and only what is not done yet.

use std::{
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use k8s_openapi::api::{
    apps::v1::Deployment,
    core::v1::{PersistentVolumeClaim, Pod, Secret},
    networking::v1::Ingress,
};
use kube::api::ListParams;
use souk_api::orderbook::ExecuteMsg;
use souk_core::{Attribute, OrderId};
use souk_kubesim::spec::Denied;
use souk_provider::{config::Config, model::scope::MarketScope, store::applied};

use crate::{
    manifests::{self, Cluster, Leased, Running, SITE, accepted, lease, running, upload},
    support::{ApiProxy, Fixture, InProcess, Must, Options, agent::configure, until},
};

fn namespace(config: &Path, order: OrderId) -> String {
    MarketScope::of(&Config::load(config).must("configuration")).namespace(order)
}

async fn image(cluster: &Cluster, order: OrderId) -> Option<String> {
    let web = cluster.namespaced::<Deployment>(order).get_opt("web").await.ok()??;
    web.spec?.template.spec?.containers.first()?.image.clone()
}

/// Waits until all of a lease was applied, which is later than that its first pod runs.
async fn whole(agent: &InProcess, order: OrderId) {
    until("all of it is applied", async || {
        let row = agent.store.read(move |sql| applied::get(sql, order)).await.unwrap()?;
        (row.running && row.version.is_some()).then_some(())
    })
    .await;
}

/// An agent whose requests to its cluster are seen.
struct Begun {
    fixture: Fixture,
    config: PathBuf,
    api: ApiProxy,
    cluster: Cluster,
    agent: InProcess,
}

async fn begin() -> Begun {
    let fixture = manifests::fixture().await;
    let config = configure(&fixture, "agent", "");
    let api = ApiProxy::before(&fixture).await;
    api.stand_before(&fixture, &config);
    let cluster = Cluster::of(&config).await;
    let agent = InProcess::start(&config).await;
    Begun { fixture, config, api, cluster, agent }
}

/// Accepts another version of the site.
async fn update(agent: &InProcess, leased: &mut Leased, sdl: &str) {
    leased.upload = upload(sdl);
    accepted(&agent.store, leased).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_namespace_that_hangs_holds_up_no_other_lease() {
    let Begun { fixture, config, api, cluster, agent } = begin().await;
    let hanging = lease(&fixture, &agent, "ann", SITE).await;
    let mut other = lease(&fixture, &agent, "bob", SITE).await;
    accepted(&agent.store, &other).await;
    cluster.has_replicas("the other runs", other.order, 1).await;

    let place = namespace(&config, hanging.order);
    api.hang(&place);
    accepted(&agent.store, &hanging).await;
    until("its work hangs", async || api.was_asked(&place).then_some(())).await;
    let began = Instant::now();
    update(&agent, &mut other, &SITE.replace("nginx:1", "nginx:2")).await;
    until("the new image", async || {
        (image(&cluster, other.order).await? == "nginx:2").then_some(())
    })
    .await;
    // A request is given up after 35 s; this is for machines that do much else.
    assert!(began.elapsed() < Duration::from_secs(12), "{:?}", began.elapsed());
    api.go_on();
    cluster.has_replicas("it runs in the end", hanging.order, 1).await;
    agent.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restart_applies_nothing_that_is_there_and_a_new_manifest_at_once() {
    let Begun { fixture, config, api, cluster, agent } = begin().await;
    let mut all = Vec::new();
    for tenant in ["ann", "bob", "ann"] {
        let leased = lease(&fixture, &agent, tenant, SITE).await;
        accepted(&agent.store, &leased).await;
        all.push(leased);
    }
    for leased in &all {
        whole(&agent, leased.order).await;
    }
    agent.stop().await;

    let before = api.writes().len();
    let agent = InProcess::start(&config).await;
    let changed = &mut all[1];
    update(&agent, changed, &SITE.replace("nginx:1", "nginx:2")).await;
    let began = Instant::now();
    until("the new image", async || {
        (image(&cluster, changed.order).await? == "nginx:2").then_some(())
    })
    .await;
    assert!(began.elapsed() < Duration::from_secs(5), "{:?}", began.elapsed());
    // Longer than it takes until the caches are compared with what was applied.
    tokio::time::sleep(Duration::from_secs(4)).await;
    let place = namespace(&config, changed.order);
    let expected = [format!("PATCH /apis/apps/v1/namespaces/{place}/deployments/web")];
    assert_eq!(api.writes().split_off(before), expected);
    agent.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_manifest_that_comes_while_everything_is_listed_is_applied_by_what_its_namespace_has() {
    let Begun { fixture, config, api, cluster, agent } = begin().await;
    let other = lease(&fixture, &agent, "ann", SITE).await;
    let mut changed = lease(&fixture, &agent, "bob", SITE).await;
    for leased in [&other, &changed] {
        accepted(&agent.store, leased).await;
        whole(&agent, leased.order).await;
    }
    agent.stop().await;

    // Of the whole cluster: of one namespace the paths are others.
    for list in ["/apis/apps/v1/deployments", "/api/v1/pods", "/api/v1/services"] {
        api.hang(list);
    }
    let before = api.writes().len();
    let agent = InProcess::start(&config).await;
    update(&agent, &mut changed, &SITE.replace("nginx:1", "nginx:2")).await;
    let began = Instant::now();
    until("the new image", async || {
        (image(&cluster, changed.order).await? == "nginx:2").then_some(())
    })
    .await;
    // Lists that hang are given up after 35 s; this is for machines that do much else.
    assert!(began.elapsed() < Duration::from_secs(20), "{:?}", began.elapsed());
    api.go_on();
    // Longer than it takes until the caches are compared with what was applied.
    tokio::time::sleep(Duration::from_secs(4)).await;
    let place = namespace(&config, changed.order);
    let expected = [format!("PATCH /apis/apps/v1/namespaces/{place}/deployments/web")];
    assert_eq!(api.writes().split_off(before), expected, "what is there was seen");
    agent.stop().await;
}

/// A fixture whose cluster refuses to list and watch a resource.
async fn without_watch(resource: &str) -> Fixture {
    let mut options = Options::default();
    options.claims.extend([
        Attribute::new("capabilities/storage/1/class", "default"),
        Attribute::new("capabilities/storage/1/persistent", "true"),
    ]);
    for verb in ["list", "watch"] {
        let denied = Denied { verb: verb.into(), resource: resource.into() };
        options.cluster.denied.push(denied);
    }
    Fixture::with(options).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kind_that_may_not_be_watched_stops_no_lease_and_health_says_why() {
    let fixture = without_watch("limitranges").await;
    let config = configure(&fixture, "agent", "");
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let text = std::fs::read_to_string(&config).unwrap();
    let text = format!("{text}\n[metrics]\nlisten = \"127.0.0.1:{port}\"\n");
    std::fs::write(&config, text).unwrap();
    let cluster = Cluster::of(&config).await;
    let agent = InProcess::start(&config).await;
    let mut leased = lease(&fixture, &agent, "ann", SITE).await;
    let order = leased.order;
    accepted(&agent.store, &leased).await;
    cluster.has_replicas("it runs", order, 1).await;
    update(&agent, &mut leased, &SITE.replace("nginx:1", "nginx:2")).await;
    until("the new image", async || (image(&cluster, order).await? == "nginx:2").then_some(()))
        .await;

    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    let get = async |route: &str| {
        let answer = http.get(format!("http://127.0.0.1:{port}{route}")).send().await.ok()?;
        Some((answer.status().as_u16(), answer.text().await.ok()?))
    };
    let (status, body) = until("health", async || get("/healthz").await).await;
    assert_eq!(status, 503);
    assert!(body.contains("limitranges cannot be watched: limitranges"), "{body}");
    assert!(body.contains("cannot list resource"), "{body}");
    let (_, metrics) = until("metrics", async || get("/metrics").await).await;
    for line in [
        "souk_provider_watch_up{resource=\"limitranges\"} 0",
        "souk_provider_watch_up{resource=\"pods\"} 1",
        "souk_provider_lease_work_total{result=\"done\"}",
        "souk_provider_lease_queue_depth 0",
        "souk_provider_lease_work_seconds_count",
    ] {
        assert!(metrics.contains(line), "{line}\n{metrics}");
    }

    fixture.orderbook("ann", &ExecuteMsg::CloseLease { order, reason: None, exclude: false }).await;
    until("the lease is forgotten", async || {
        agent.store.manifest(order).await.unwrap().is_none().then_some(())
    })
    .await;
    agent.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_host_that_moves_to_another_port_is_there_all_the_time() {
    let Begun { fixture, api, cluster, agent, .. } = begin().await;
    let mut leased = lease(&fixture, &agent, "ann", SITE).await;
    accepted(&agent.store, &leased).await;
    whole(&agent, leased.order).await;
    let before = api.writes().len();
    update(&agent, &mut leased, &SITE.replace("port: 80\n", "port: 8080\n        as: 80\n")).await;
    let ingresses = cluster.namespaced::<Ingress>(leased.order);
    until("the host leads to the new port", async || {
        let host = ingresses.get_opt("shop.example.org").await.ok()??;
        let port = host.spec?.rules?.pop()?.http?.paths.pop()?.backend.service?.port?.name?;
        // The provider's name for the old port goes last.
        let all = ingresses.list(&ListParams::default()).await.ok()?.items;
        (port == "http-8080" && all.len() == 2).then_some(())
    })
    .await;
    let writes = api.writes().split_off(before);
    let gone: Vec<_> = writes.iter().filter(|write| write.starts_with("DELETE ")).collect();
    assert_eq!(gone.len(), 1, "{writes:?}");
    assert!(!gone[0].contains("shop.example.org"), "{writes:?}");
    agent.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_object_that_kubernetes_refuses_keeps_no_other_from_its_place() {
    let Running { fixture: _fixture, cluster, agent, mut leased, .. } = running("").await;
    let order = leased.order;

    // The objects of `web` are refused; what `db` had and does not want any more is deleted.
    let with_env = SITE.replace("image: postgres:17", "image: postgres:17\n    env: [A=b]");
    update(&agent, &mut leased, &with_env).await;
    let secrets = cluster.namespaced::<Secret>(order);
    until("the secret", async || secrets.get_opt("db-env").await.ok()?).await;
    leased.upload = upload(&SITE.replace("nginx:1", "nginx:2"));
    let services = &mut leased.upload.manifest.0[0].services;
    let web = services.iter_mut().find(|service| service.name == "web").unwrap();
    web.expose.iter_mut().for_each(|expose| expose.port = 0);
    accepted(&agent.store, &leased).await;
    until("what is not wanted is gone", async || {
        secrets.get_opt("db-env").await.ok()?.is_none().then_some(())
    })
    .await;
    assert!(secrets.get_opt("web-env").await.must("secrets").is_some(), "it is still used");

    update(&agent, &mut leased, &SITE.replace("nginx:1", "nginx:3")).await;
    let began = Instant::now();
    until("a manifest that can be applied", async || {
        (image(&cluster, order).await? == "nginx:3").then_some(())
    })
    .await;
    assert!(began.elapsed() < Duration::from_secs(5), "what is fresh waits for no back-off");
    agent.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_with_a_volume_that_gets_another_name_runs_again_with_its_data() {
    let Running { fixture: _fixture, cluster, agent, mut leased, .. } = running("").await;
    let order = leased.order;
    let claims = cluster.namespaced::<PersistentVolumeClaim>(order);
    let uids = async || {
        let all = claims.list(&ListParams::default()).await.must("claims").items;
        all.into_iter().map(|claim| claim.metadata.uid).collect::<Vec<_>>()
    };
    let before = uids().await;

    let renamed = SITE.replace("  db:\n    image", "  store:\n    image");
    let renamed = renamed.replace("  db: { here", "  store: { here");
    update(&agent, &mut leased, &renamed).await;
    let pods = cluster.namespaced::<Pod>(order);
    until("it runs by its new name", async || {
        let ours = ListParams::default().labels("souk.market/service=store");
        let pod = pods.list(&ours).await.ok()?.items.pop()?;
        let conditions = pod.status?.conditions?;
        conditions.iter().any(|one| one.type_ == "Ready" && one.status == "True").then_some(())
    })
    .await;
    assert_eq!(uids().await, before);
    agent.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_volume_of_another_size_takes_effect_and_the_data_stays() {
    let Running { fixture: _fixture, cluster, agent, mut leased, .. } = running("").await;
    let order = leased.order;
    let claims = cluster.namespaced::<PersistentVolumeClaim>(order);
    let uids = async || {
        let all = claims.list(&ListParams::default()).await.must("claims").items;
        all.into_iter().map(|claim| claim.metadata.uid).collect::<Vec<_>>()
    };
    let before = uids().await;

    let other = SITE.replace("size: 1Gi", "size: 2Gi").replace("postgres:17", "postgres:18");
    update(&agent, &mut leased, &other).await;
    let pods = cluster.namespaced::<Pod>(order);
    until("the new image runs", async || {
        let pod = pods.get_opt("db-0").await.ok()??;
        let image = pod.spec?.containers.first()?.image.clone()?;
        (image == "postgres:18").then_some(())
    })
    .await;
    cluster.has_replicas("it runs", order, 1).await;
    assert_eq!(uids().await, before);
    agent.stop().await;
}
