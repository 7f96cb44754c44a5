//! On real nodes: kubelet, containerd and runc run what the tenant's file says.

use k8s_openapi::api::core::v1::{Pod, Secret};
use kube::{
    Api, Client,
    api::{DeleteParams, DynamicObject, ListParams, PostParams},
    core::discovery::{Scope, verbs},
    discovery::Discovery,
};
use serde_json::json;
use souk_gateway::body::{LeaseStatus, LogQuery, Phase, ServiceStatus};
use souk_tests::{
    kubernetes::{SSH_IMAGE, WEB_IMAGE, ssh_image},
    tools,
};

use super::{
    fixture::{Fixture, Leased, Nodes, SITE},
    shared_cluster::Cluster,
    until,
};

const TRAIN: &str = include_str!("sdl/train.yaml");
const SSH: &str = include_str!("sdl/ssh.yaml");
const CRASH: &str = include_str!("sdl/crash.yaml");

/// A fixture on real nodes; none where they cannot run, which was said.
async fn fixture(cluster: &'static Cluster) -> Option<Fixture> {
    cluster.real_nodes()?;
    Some(Fixture::new(cluster, &[Nodes::Real]).await)
}

fn service<'a>(status: &'a LeaseStatus, name: &str) -> &'a ServiceStatus {
    status.services.iter().find(|service| service.name == name).unwrap()
}

/// What the workload answers at the port that the status names.
pub async fn answer(status: &LeaseStatus, name: &str, path: &str) -> String {
    let port = &service(status, name).ports[0];
    let url = format!("http://{}:{}{path}", port.host, port.external_port);
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    until(&format!("an answer of {url}"), async || {
        let answer = http.get(&url).send().await.ok()?.error_for_status().ok()?;
        answer.text().await.ok()
    })
    .await
}

async fn logs(fixture: &Fixture, leased: &Leased, query: &LogQuery) -> Vec<String> {
    let Ok(mut stream) = fixture.gateway(leased).await.logs(leased.order, query).await else {
        return Vec::new();
    };
    let mut lines = Vec::new();
    while let Ok(Some(line)) = stream.next().await {
        lines.push(line.line);
    }
    lines
}

/// All objects in no namespace that name one, whatever their kind.
async fn mentions(client: &Client, namespace: &str) -> Vec<String> {
    let discovery = Discovery::new(client.clone()).run().await.unwrap();
    let mut found = Vec::new();
    for group in discovery.groups() {
        for (resource, capabilities) in group.recommended_resources() {
            if capabilities.scope != Scope::Cluster || !capabilities.supports_operation(verbs::LIST)
            {
                continue;
            }
            let api = Api::<DynamicObject>::all_with(client.clone(), &resource);
            // A kind that cannot be listed at this moment is left out; most can.
            let Ok(listed) = api.list(&ListParams::default()).await else { continue };
            let mut objects = listed.items.into_iter();
            let named =
                |object: &DynamicObject| serde_json::to_string(object).unwrap().contains(namespace);
            found.extend(
                objects.by_ref().filter(named).map(|one| {
                    format!("{}/{}", resource.kind, one.metadata.name.unwrap_or_default())
                }),
            );
        }
    }
    found
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tenant_reaches_what_it_deployed_and_nothing_is_left_after_it() {
    let (cluster, _api) = Cluster::share().await;
    let Some(fixture) = fixture(cluster).await else { return };
    let agent = fixture.agent().await;
    let leased = fixture.run(SITE).await;
    let status = fixture.ready(&leased).await;

    let greeting = answer(&status, "web", "/").await;
    assert!(greeting.starts_with("hello from web-"), "{greeting}");
    let environment = answer(&status, "web", "/cgi-bin/env").await;
    assert!(environment.contains("GREETING=ann"), "{environment}");
    assert!(environment.contains("NVIDIA_VISIBLE_DEVICES=void"), "{environment}");
    // Of the cluster's services it gets the address of the API server alone, as every pod does.
    assert!(!environment.contains("WEB_SERVICE_HOST"), "{environment}");
    let written = until("the requests in the log", async || {
        let lines = logs(&fixture, &leased, &LogQuery::default()).await;
        let request = lines.iter().any(|line| line.contains("/cgi-bin/env"));
        request.then_some(lines)
    })
    .await;
    assert!(written.iter().any(|line| line == "serving on 8080, greeting ann"), "{written:?}");
    let reasons: Vec<String> =
        fixture.events(&leased).await.into_iter().map(|(reason, _)| reason).collect();
    for reason in ["Scheduled", "Started"] {
        assert!(reasons.iter().any(|one| one == reason), "{reason} in {reasons:?}");
    }

    // The namespace enforces what it is labelled with.
    let privileged = serde_json::from_value::<Pod>(json!({
        "metadata": { "name": "intruder" },
        "spec": { "containers": [{
            "name": "intruder", "image": WEB_IMAGE,
            "securityContext": { "privileged": true },
        }] },
    }))
    .unwrap();
    let pods = Api::<Pod>::namespaced(fixture.client.clone(), &leased.namespace);
    let refused = pods.create(&PostParams::default(), &privileged).await.unwrap_err().to_string();
    assert!(refused.contains("violates PodSecurity \"baseline"), "{refused}");

    let there = mentions(&fixture.client, &leased.namespace).await;
    assert!(there.iter().any(|one| one.starts_with("PersistentVolume/")), "{there:?}");
    fixture.close(&leased).await;
    fixture.is_gone(&leased).await;
    until("nothing is left", async || {
        mentions(&fixture.client, &leased.namespace).await.is_empty().then_some(())
    })
    .await;
    agent.kill().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_with_gpus_runs_on_the_node_that_has_them_and_sees_its_own_alone() {
    let (cluster, _api) = Cluster::share().await;
    let Some(fixture) = fixture(cluster).await else { return };
    let agent = fixture.agent().await;
    let leased = fixture.run(TRAIN).await;
    let status = fixture.ready(&leased).await;

    let devices = |environment: &str| {
        let mut lines = environment.lines();
        let line = lines.find_map(|line| line.strip_prefix("NVIDIA_VISIBLE_DEVICES="));
        line.map(str::to_owned)
    };
    let given = devices(&answer(&status, "train", "/cgi-bin/env").await).unwrap();
    let given: Vec<&str> = given.split(',').collect();
    assert_eq!(given.len(), 2, "{given:?}: two of four, and not what the tenant wrote");
    assert!(given.iter().all(|device| device.starts_with("GPU-fake-")), "{given:?}");
    let without = devices(&answer(&status, "web", "/cgi-bin/env").await);
    assert_eq!(without.as_deref(), Some("void"));

    let pods = Api::<Pod>::namespaced(fixture.client.clone(), &leased.namespace);
    let train = &service(&status, "train").pods[0].name;
    let node = pods.get(train).await.unwrap().spec.unwrap().node_name;
    assert_eq!(node.as_deref(), Some("gpu"));
    fixture.close(&leased).await;
    fixture.is_gone(&leased).await;
    agent.kill().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_a_workload_that_crashes_the_tenant_learns_why() {
    let (cluster, _api) = Cluster::share().await;
    let Some(fixture) = fixture(cluster).await else { return };
    let agent = fixture.agent().await;
    let leased = fixture.deploy(CRASH).await;

    let status = fixture
        .status(&leased, "a pod that crashes again and again", |status| {
            let pods = status.services.iter().flat_map(|service| &service.pods);
            let reasons = pods.filter_map(|pod| pod.reason.as_deref());
            reasons.into_iter().any(|reason| reason.contains("CrashLoopBackOff"))
        })
        .await;
    assert_eq!(status.phase, Phase::Deploying);
    let pod = &service(&status, "job").pods[0];
    assert!(pod.restarts > 0, "{pod:?}");
    let detail = status.detail.as_ref().unwrap();
    assert!(detail.contains("CrashLoopBackOff") && detail.contains(&pod.name), "{detail}");

    let before = LogQuery { previous: true, ..LogQuery::default() };
    until("the log of the crashed container", async || {
        let lines = logs(&fixture, &leased, &before).await;
        lines.iter().any(|line| line == "no configuration, giving up").then_some(())
    })
    .await;
    until("the event that says so", async || {
        let events = fixture.events(&leased).await;
        events.iter().any(|(reason, _)| reason == "BackOff").then_some(())
    })
    .await;
    assert!(fixture.is_active(&leased).await, "a crash is the tenant's affair");
    fixture.close(&leased).await;
    fixture.is_gone(&leased).await;
    agent.kill().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_followed_log_goes_on_with_pods_that_come_later() {
    let (cluster, _api) = Cluster::share().await;
    let Some(fixture) = fixture(cluster).await else { return };
    let agent = fixture.agent().await;
    let leased = fixture.run(TRAIN).await;
    let query = LogQuery { service: Some("web".into()), follow: true, ..LogQuery::default() };
    let gateway = fixture.gateway(&leased).await;
    let mut stream = gateway.logs(leased.order, &query).await.unwrap();
    let mut next = async || {
        let line = tokio::time::timeout(super::DEADLINE, stream.next()).await;
        line.expect("a line in time").unwrap().expect("the stream goes on")
    };
    let first = next().await;
    assert!(first.line.starts_with("serving on 8080"), "{first:?}");

    let pods = Api::<Pod>::namespaced(fixture.client.clone(), &leased.namespace);
    pods.delete(&first.pod, &DeleteParams::default().grace_period(0)).await.unwrap();
    let second = loop {
        let line = next().await;
        if line.pod != first.pod {
            break line;
        }
    };
    assert!(second.line.starts_with("serving on 8080"), "{second:?}");
    fixture.close(&leased).await;
    fixture.is_gone(&leased).await;
    agent.kill().await;
}

/// What tenants rent machines for. An SSH server locks itself up before it looks at a login, for which it
/// needs a capability.
#[tokio::test(flavor = "multi_thread")]
async fn an_ssh_server_takes_logins_by_key_in_a_user_namespace() {
    let (cluster, _api) = Cluster::share().await;
    let Some(fixture) = fixture(cluster).await else { return };
    if tools::or_not_run(ssh_image()).is_none() {
        return;
    }
    let agent = fixture.agent().await;
    let leased = fixture.run(SSH).await;
    let said = until("what became of the login", async || {
        let lines = logs(&fixture, &leased, &LogQuery::default()).await;
        lines.into_iter().find(|line| line.starts_with("login by key"))
    })
    .await;
    assert_eq!(said, "login by key: root");
    let pods = Api::<Pod>::namespaced(fixture.client.clone(), &leased.namespace);
    let pod = pods.list(&ListParams::default()).await.unwrap().items.pop().unwrap();
    let spec = pod.spec.unwrap();
    assert_eq!(spec.containers[0].image.as_deref(), Some(SSH_IMAGE));
    assert_eq!(spec.host_users, Some(false), "the nodes say that they have user namespaces");
    fixture.close(&leased).await;
    fixture.is_gone(&leased).await;
    agent.kill().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_secret_that_is_gone_is_made_again_when_the_kubelet_says_so() {
    let (cluster, _api) = Cluster::share().await;
    let Some(fixture) = fixture(cluster).await else { return };
    let agent = fixture.agent().await;
    let leased = fixture.run(SITE).await;
    let secrets = Api::<Secret>::namespaced(fixture.client.clone(), &leased.namespace);
    secrets.delete("web-env", &DeleteParams::default()).await.unwrap();
    let pods = Api::<Pod>::namespaced(fixture.client.clone(), &leased.namespace);
    let of_web = ListParams::default().labels("souk.market/service=web");
    for pod in pods.list(&of_web).await.unwrap() {
        let name = pod.metadata.name.unwrap();
        pods.delete(&name, &DeleteParams::default().grace_period(0)).await.unwrap();
    }
    until("the secret is back", async || secrets.get_opt("web-env").await.ok()?).await;
    fixture.ready(&leased).await;
    fixture.close(&leased).await;
    fixture.is_gone(&leased).await;
    agent.kill().await;
}
