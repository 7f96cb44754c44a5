//! A manifest is tried before it is taken: what the cluster would refuse leaves nothing.

use k8s_openapi::api::{
    core::v1::{Namespace, Pod, Service},
    networking::v1::Ingress,
};
use kube::{
    Api,
    api::{DeleteParams, ListParams, PostParams},
};
use serde_json::json;
use souk_api::orderbook::ExecuteMsg;
use souk_gateway::body::ManifestUpload;
use souk_kubesim::Outage;
use souk_provider::{config::Config, model::scope::MarketScope, store::hostnames};
use souk_sdl::StorageParams;

use super::server::{Server, refused, send, started};
use crate::{
    manifests::{self, Cluster, Leased, SITE, create_deployment},
    support::{ApiProxy, Fixture, InProcess, Must, agent::configure, until},
};

/// A lease whose tenant committed to an upload that was changed after it was compiled.
async fn lease(
    fixture: &Fixture,
    agent: &InProcess,
    sdl: &str,
    change: impl FnOnce(&mut ManifestUpload),
) -> Leased {
    let mut leased = create_deployment(fixture, "ann", sdl).await;
    let before = manifests::commitment_of(&leased.upload);
    change(&mut leased.upload);
    let commitment = manifests::commitment_of(&leased.upload);
    if commitment != before {
        let deployment = leased.deployment;
        let update = ExecuteMsg::commit(deployment, commitment);
        fixture.orderbook("ann", &update).await;
    }
    until("a bid", || fixture.own_bid(leased.order)).await;
    fixture.accept("ann", leased.order, "provider").await;
    until("the lease is known", async || {
        agent.store.lease(leased.order).await.unwrap()?.clock?;
        agent.store.order(leased.order).await.unwrap()?.detail?;
        let deployment = agent.store.deployment(leased.deployment).await.unwrap()?;
        (deployment.commitment == manifests::commitment_of(&leased.upload)).then_some(())
    })
    .await;
    leased
}

/// Two volumes at one path, which no file can ask for.
fn mount_twice(upload: &mut ManifestUpload) {
    let services = &mut upload.manifest.0[0].services;
    let db = services.iter_mut().find(|service| service.name == "db").unwrap();
    let mounts = db.params.as_mut().unwrap().storage.as_mut().unwrap();
    let mount = mounts[0].mount.clone();
    mounts.push(StorageParams { name: "default".into(), mount, read_only: false });
}

fn scope(config: &std::path::Path) -> MarketScope {
    MarketScope::of(&Config::load(config).must("configuration"))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_manifest_that_kubernetes_refuses_leaves_nothing_and_its_words_are_passed_on() {
    let (fixture, config, agent, server) = started().await;
    let leased = lease(&fixture, &agent, SITE, mount_twice).await;
    let error = server.client("ann").send_manifest(leased.order, &leased.upload).await.unwrap_err();
    let (status, body) = error.refusal().unwrap();
    let code = (status, body.code.as_str());
    assert_eq!(code, (422, "manifest_not_applicable"), "{}", body.message);
    for part in [
        "service `db`: pod db: Pod \"db\" is invalid: spec.containers[0].volumeMounts[1].mountPath",
        "must be unique",
        "service `db`: statefulset db: failed to create typed patch object",
    ] {
        assert!(body.message.contains(part), "{part} in {}", body.message);
    }
    assert!(!body.message.contains("Api("), "{}", body.message);

    let order = leased.order;
    assert!(agent.store.manifest(order).await.unwrap().is_none());
    assert!(agent.store.read(move |sql| hostnames::of(sql, order)).await.unwrap().is_empty());
    let cluster = Cluster::of(&config).await;
    let scope = scope(&config);
    let namespaces = Api::<Namespace>::all(cluster.client.clone());
    assert!(namespaces.get_opt(&scope.namespace(order)).await.unwrap().is_none());
    let namespace =
        namespaces.get(&scope.dry_run_namespace()).await.must("the namespace for dry runs");
    assert_eq!(
        namespace.metadata.labels.unwrap()["pod-security.kubernetes.io/enforce"],
        "baseline"
    );
    let all = ListParams::default();
    let namespace = scope.dry_run_namespace();
    let pods = Api::<Pod>::namespaced(cluster.client.clone(), &namespace).list(&all).await.unwrap();
    let services =
        Api::<Service>::namespaced(cluster.client.clone(), &namespace).list(&all).await.unwrap();
    assert!(pods.items.is_empty() && services.items.is_empty());
    agent.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn while_the_cluster_does_not_answer_no_manifest_is_taken() {
    let (fixture, config, agent, server) = started().await;
    let leased = lease(&fixture, &agent, SITE, |_| ()).await;
    let ann = server.client("ann");
    fixture.sim.pause(Outage::Unavailable);
    let answer = refused(ann.send_manifest(leased.order, &leased.upload).await);
    assert_eq!(answer, (503, "cluster".to_owned()));
    assert!(agent.store.manifest(leased.order).await.unwrap().is_none());
    fixture.sim.resume();

    // Even if somebody deleted the namespace for dry runs meanwhile.
    let cluster = Cluster::of(&config).await;
    let namespaces = Api::<Namespace>::all(cluster.client.clone());
    let namespace = scope(&config).dry_run_namespace();
    until("the namespace is deleted", async || {
        let gone = namespaces.delete(&namespace, &DeleteParams::background()).await;
        matches!(gone, Err(kube::Error::Api(status)) if status.code == 404).then_some(())
    })
    .await;
    until("the manifest is taken", async || {
        ann.send_manifest(leased.order, &leased.upload).await.ok()
    })
    .await;
    agent.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_accepted_before_is_not_tried_again() {
    let fixture = manifests::fixture().await;
    let config = configure(&fixture, "agent", "");
    let api = ApiProxy::before(&fixture).await;
    api.stand_before(&fixture, &config);
    let agent = InProcess::start(&config).await;
    let server = Server::open(&fixture, &config, &agent.store).await;
    let leased = lease(&fixture, &agent, SITE, |_| ()).await;
    let ann = server.client("ann");
    let tried = || {
        let namespace = format!("/namespaces/{}/", scope(&config).dry_run_namespace());
        api.writes().iter().filter(|write| write.contains(&namespace)).count()
    };
    send(&ann, leased.order, &leased.upload).await;
    let once = tried();
    // Both services have a pod each, which is made by no other request.
    let pods = api.writes().iter().filter(|write| write.contains("-dry-run/pods ")).count();
    assert_eq!(pods, 2, "{:?}", api.writes());
    send(&ann, leased.order, &leased.upload).await;
    assert_eq!(tried(), once);

    // A refusal is repeated without asking again.
    let refused_lease = lease(&fixture, &agent, SITE, |upload| {
        mount_twice(upload);
        upload.manifest.0[0].services[1].expose[0].hosts = None;
    })
    .await;
    let order = refused_lease.order;
    let first = refused(ann.send_manifest(order, &refused_lease.upload).await);
    let asked = tried();
    assert!(asked > once);
    assert_eq!(refused(ann.send_manifest(order, &refused_lease.upload).await), first);
    assert_eq!(tried(), asked);
    agent.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_host_of_the_operators_own_site_is_not_a_tenants() {
    let (fixture, config, agent, server) = started().await;
    let cluster = Cluster::of(&config).await;
    let sites = Api::<Ingress>::namespaced(cluster.client.clone(), "default");
    let site = |host: &str| {
        let backend = json!({ "service": { "name": "site", "port": { "number": 80 } } });
        let path = json!({ "path": "/", "pathType": "Prefix", "backend": backend });
        serde_json::from_value::<Ingress>(json!({
            "metadata": { "name": "site" },
            "spec": { "rules": [{ "host": host, "http": { "paths": [path] } }] },
        }))
        .unwrap()
    };
    let leased = lease(&fixture, &agent, SITE, |_| ()).await;
    let ann = server.client("ann");
    for host in ["shop.example.org", "*.example.org"] {
        sites.create(&PostParams::default(), &site(host)).await.must("site");
        let taken = (409, "hostname_in_use".to_owned());
        // One that starts lists what is there before it answers.
        let server = Server::open(&fixture, &config, &agent.store).await;
        let ann = server.client("ann");
        assert_eq!(refused(ann.send_manifest(leased.order, &leased.upload).await), taken, "{host}");
        assert!(agent.store.manifest(leased.order).await.unwrap().is_none());
        sites.delete("site", &DeleteParams::background()).await.must("deletion");
    }
    until("the host is free", async || ann.send_manifest(leased.order, &leased.upload).await.ok())
        .await;
    agent.stop().await;
}

/// The site with another name for its web service, by which its requests are known.
fn slow_site() -> String {
    SITE.replace("  web:", "  slow:")
        .replace("service: web", "service: slow")
        .replace("web: {", "slow: {")
        .replace("profile: web", "profile: slow")
}

/// What a gateway answers to a manifest: status and `Retry-After`.
async fn answer(server: &Server, who: &str, leased: &Leased) -> (u16, Option<u64>) {
    let route = format!("{}/v1/leases/{}/manifest", server.uri, leased.order);
    let http = reqwest::Client::builder().no_proxy().tls_danger_accept_invalid_certs(true);
    let request = http.build().unwrap().put(route).bearer_auth(server.token(who));
    let answer = request.json(&leased.upload).send().await.must("answer");
    let again = answer.headers().get("retry-after").map(|value| value.to_str().unwrap().parse());
    (answer.status().as_u16(), again.map(Result::unwrap))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tenant_whose_manifests_hang_takes_one_turn_and_others_get_through() {
    let fixture = manifests::fixture().await;
    let config = configure(&fixture, "agent", "");
    let api = ApiProxy::before(&fixture).await;
    api.stand_before(&fixture, &config);
    let agent = InProcess::start(&config).await;
    let server = Server::open(&fixture, &config, &agent.store).await;
    let without_host = |sdl: &str| sdl.replace("        accept: [shop.example.org]\n", "");
    let first = lease(&fixture, &agent, &without_host(&slow_site()), |_| ()).await;
    let second = lease(&fixture, &agent, &without_host(SITE), |_| ()).await;
    let others = manifests::lease(&fixture, &agent, "bob", &without_host(SITE)).await;
    api.hang("-dry-run/deployments/slow");

    let hangs = answer(&server, "ann", &first);
    let meanwhile = async {
        until("the first is tried", async || {
            api.was_asked("-dry-run/deployments/slow").then_some(())
        })
        .await;
        let began = std::time::Instant::now();
        let (second, others) =
            tokio::join!(answer(&server, "ann", &second), answer(&server, "bob", &others));
        (second, others, began.elapsed())
    };
    let (first_answer, (second_answer, others_answer, took)) = tokio::join!(hangs, meanwhile);
    assert_eq!(first_answer, (503, Some(30)));
    assert_eq!(second_answer, (429, Some(5)), "of one tenant one at a time");
    assert_eq!(others_answer, (202, None));
    assert!(took < std::time::Duration::from_secs(15), "{took:?}");

    // It is not tried again at once, and takes no turn meanwhile.
    let tried = || api.requests().iter().filter(|line| line.ends_with("/slow")).count();
    let before = tried();
    let (again, second) =
        tokio::join!(answer(&server, "ann", &first), answer(&server, "ann", &second));
    assert_eq!((again, second), ((503, Some(30)), (202, None)));
    assert_eq!(tried(), before);
    agent.stop().await;
}
