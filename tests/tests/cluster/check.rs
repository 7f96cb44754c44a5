//! `souk-provider check` on real nodes: its probes measure what the cluster really does, with the rights
//! of the agent's role, and leave nothing.

use std::net::SocketAddr;

use axum::{
    Router,
    extract::State,
    http::{HeaderMap, StatusCode, header::HOST},
};
use k8s_openapi::{
    api::{
        core::v1::{Namespace, PersistentVolume, Pod, Service},
        networking::v1::Ingress,
    },
    apimachinery::pkg::util::intstr::IntOrString,
};
use kube::{Api, Client, api::ListParams};
use souk_provider::{
    model::labels::CHECK,
    runtime::check::{self, Level, Report},
};
use souk_tests::kubernetes::WEB_IMAGE;

use super::{
    fixture::{Fixture, Nodes},
    shared_cluster::Cluster,
};

/// A controller for the cluster's ingress class, of which there is none: passes requests on to the pods of
/// the Service that an Ingress names for their host.
async fn ingress_controller(client: Client) -> SocketAddr {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let router = Router::new().fallback(pass).with_state(client);
    tokio::spawn(async move { axum::serve(listener, router).await });
    address
}

async fn pass(State(client): State<Client>, headers: HeaderMap) -> Result<String, StatusCode> {
    let host = headers.get(HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    let host = host.split(':').next().unwrap_or_default();
    let target = backend(&client, host).await.ok_or(StatusCode::NOT_FOUND)?;
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    let answer = http.get(format!("http://{target}/")).send().await;
    let answer = answer.map_err(|_| StatusCode::BAD_GATEWAY)?;
    answer.text().await.map_err(|_| StatusCode::BAD_GATEWAY)
}

/// The pod behind a host.
async fn backend(client: &Client, host: &str) -> Option<String> {
    let all = Api::<Ingress>::all(client.clone()).list(&ListParams::default()).await.ok()?;
    let (namespace, name) = all.items.into_iter().find_map(|ingress| {
        let rules = ingress.spec?.rules?.into_iter();
        let rule = rules.into_iter().find(|rule| rule.host.as_deref() == Some(host))?;
        let backend = rule.http?.paths.into_iter().next()?.backend.service?;
        Some((ingress.metadata.namespace?, backend.name))
    })?;
    let service = Api::<Service>::namespaced(client.clone(), &namespace).get(&name).await.ok()?;
    let spec = service.spec?;
    let labels: Vec<String> =
        spec.selector?.iter().map(|(key, value)| format!("{key}={value}")).collect();
    let of = ListParams::default().labels(&labels.join(","));
    let pods = Api::<Pod>::namespaced(client.clone(), &namespace).list(&of).await.ok()?;
    let address = pods.items.into_iter().find_map(|pod| pod.status?.pod_ip)?;
    match spec.ports?.into_iter().next()?.target_port? {
        IntOrString::Int(port) => Some(format!("{address}:{port}")),
        IntOrString::String(_) => None,
    }
}

fn line<'a>(report: &'a Report, what: &str) -> (Level, &'a str) {
    let found = report.lines.iter().find(|line| line.what == what);
    let found = found.unwrap_or_else(|| panic!("no line `{what}` in {}", report.text()));
    (found.level, found.found.as_str())
}

#[tokio::test(flavor = "multi_thread")]
async fn probes_measure_ingress_policies_processes_and_volumes_and_leave_nothing() {
    let (cluster, _api) = Cluster::share().await;
    if cluster.real_nodes().is_none() {
        return;
    }
    let fixture = Fixture::new(cluster, &[Nodes::Real]).await;
    let ingress = ingress_controller(fixture.client.clone()).await;
    let config = &fixture.providers[0].config;
    let text = std::fs::read_to_string(config).unwrap();
    let probes =
        format!("[check]\nprobe_image = \"{WEB_IMAGE}\"\ningress_address = \"{ingress}\"\n");
    std::fs::write(config, format!("{text}\n{probes}")).unwrap();

    let report = check::check(config).await;
    assert_eq!(line(&report, "watches").0, Level::Ok, "{}", report.text());
    assert_eq!(line(&report, "block results").0, Level::Ok, "{}", report.text());
    // By lists, since that is what the role allows.
    assert_eq!(line(&report, "volumes of tenants").0, Level::Ok, "{}", report.text());
    let (_, found) = line(&report, "ingress controller");
    assert!(found.contains("(controller `souk.test/none`)"), "{}", report.text());
    let (level, found) = line(&report, "probe");
    assert!(level == Level::Ok && found.contains("runs"), "{}", report.text());
    // The nodes' bridge enforces none, as the probe has to find out.
    let (level, found) = line(&report, "network policies");
    assert!(level == Level::Fail && found.starts_with("not enforced"), "{}", report.text());
    let (level, found) = line(&report, "HTTP through the ingress");
    assert!(level == Level::Ok && found.contains("a pod answers"), "{}", report.text());
    let (_, found) = line(&report, "processes of a pod");
    assert!(found.contains("it could start"), "{}", report.text());
    let volumes = report.lines.iter().filter(|line| line.what == "volume");
    let volumes: Vec<Level> = volumes.map(|line| line.level).collect();
    assert!(!volumes.is_empty(), "{}", report.text());
    assert!(volumes.iter().all(|level| *level == Level::Ok), "{}", report.text());

    let of_checks = ListParams::default().labels(CHECK);
    let left = Api::<Namespace>::all(fixture.client.clone()).list(&of_checks).await.unwrap();
    assert!(left.items.is_empty(), "{left:?}");
    let volumes = Api::<PersistentVolume>::all(fixture.client.clone());
    let volumes = volumes.list(&ListParams::default()).await.unwrap().items;
    let of_check = |volume: &PersistentVolume| {
        let claim = volume.spec.as_ref().and_then(|spec| spec.claim_ref.as_ref());
        claim
            .and_then(|claim| claim.namespace.as_deref())
            .is_some_and(|ns| ns.starts_with("souk-check"))
    };
    assert!(!volumes.iter().any(of_check), "{volumes:?}");
}
