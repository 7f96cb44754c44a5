//! Ingress controllers outside `ingress-nginx`: `init` finds them, `check` says whether tenants let them in,
//! and exactly those are let in.

use std::path::Path;

use k8s_openapi::api::{core::v1::Pod, networking::v1::NetworkPolicy};
use kube::{Api, api::PostParams};
use serde_json::{Value, json};
use souk_kubesim::spec::IngressClassSpec;

use crate::{
    commands::network_file,
    manifests::{Cluster, accepted, lease},
    reasons::sdl,
    support::{Fixture, InProcess, Options, agent::configure, fixture::address, until},
};

/// A cluster as k3s makes it: Traefik in `kube-system`.
async fn k3s() -> Fixture {
    let mut options = Options::default();
    options.cluster.ingress_classes = vec![IngressClassSpec {
        name: "traefik".into(),
        default: true,
        controller: Some("traefik.io/ingress-controller".into()),
        address: Some("203.0.113.10".into()),
        unique_hosts: false,
    }];
    Fixture::with(options).await
}

/// An agent's configuration for the class, with more lines below `[cluster]`.
fn configured(fixture: &Fixture, name: &str, more: &str) -> std::path::PathBuf {
    let config = configure(fixture, name, "");
    let text = std::fs::read_to_string(&config).unwrap();
    let class = format!("ingress_class = \"traefik\"\n{more}");
    std::fs::write(&config, text.replace("ingress_class = \"nginx\"", &class)).unwrap();
    config
}

async fn traefik(cluster: &Cluster) {
    let pods: Api<Pod> = Api::namespaced(cluster.client.clone(), "kube-system");
    let pod = json!({
        "metadata": { "name": "traefik-1", "labels": { "app.kubernetes.io/name": "traefik" } },
        "spec": { "containers": [{ "name": "traefik", "image": "traefik:3" }] },
    });
    pods.create(&PostParams::default(), &serde_json::from_value(pod).unwrap()).await.unwrap();
}

async fn check(config: &Path) -> Vec<(String, String, String)> {
    let mut command = tokio::process::Command::new(env!("CARGO_BIN_EXE_souk-provider"));
    let output = command.args(["--json", "--config", config.to_str().unwrap(), "check"]).output();
    let report: Value = serde_json::from_slice(&output.await.unwrap().stdout).unwrap();
    let text = |line: &Value, key: &str| line[key].as_str().unwrap_or_default().to_owned();
    let lines = report["lines"].as_array().unwrap().iter();
    lines
        .map(|line| {
            let found = format!("{} -> {}", text(line, "found"), text(line, "advice"));
            (text(line, "level"), text(line, "what"), found)
        })
        .collect()
}

fn line<'a>(lines: &'a [(String, String, String)], what: &str) -> (&'a str, &'a str) {
    let found = lines.iter().find(|(_, one, _)| one == what);
    let (level, _, found) = found.unwrap_or_else(|| panic!("no line `{what}`: {lines:?}"));
    (level, found)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_controller_in_another_namespace_fails_the_check_until_it_is_named() {
    let fixture = k3s().await;
    let config = configured(&fixture, "agent", "");
    let cluster = Cluster::of(&config).await;
    traefik(&cluster).await;
    let lines = check(&config).await;
    let (level, found) = line(&lines, "ingress controller");
    assert_eq!(level, "fail", "{found}");
    assert!(found.contains("Traefik runs in namespace kube-system"), "{found}");
    assert!(found.contains("kubectl label namespace kube-system souk.market/ingress=true"));
    let (level, found) = line(&lines, "HTTP options");
    assert!(level == "warn" && found.contains("Traefik does not read"), "{found}");

    let controller = "ingress_controller = { namespace = \"kube-system\", pods = { \"app.kubernetes.io/name\" = \"traefik\" } }";
    let config = configured(&fixture, "named", controller);
    let lines = check(&config).await;
    assert_eq!(line(&lines, "ingress controller").0, "ok", "{lines:?}");

    let agent = InProcess::start(&config).await;
    let leased = lease(&fixture, &agent, "ann", &sdl("web:1")).await;
    accepted(&agent.store, &leased).await;
    let policies: Api<NetworkPolicy> = cluster.namespaced(leased.order);
    let policy = until("the policy", async || policies.get_opt("lease").await.ok()?).await;
    let rules = serde_json::to_value(policy.spec.unwrap().ingress.unwrap()).unwrap();
    let expected = json!([{
        "namespaceSelector": { "matchLabels": { "kubernetes.io/metadata.name": "kube-system" } },
        "podSelector": { "matchLabels": { "app.kubernetes.io/name": "traefik" } },
    }]);
    assert_eq!(rules[1]["from"], expected);
    agent.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn init_writes_where_the_controller_is() {
    let fixture = k3s().await;
    let config = configured(&fixture, "agent", "");
    traefik(&Cluster::of(&config).await).await;
    let (folder, network) = (fixture.folder.path().join("fresh"), network_file(&fixture));
    let mut command = tokio::process::Command::new(env!("CARGO_BIN_EXE_souk-provider"));
    let output = command
        .args([
            "init",
            "--uri",
            "https://provider.example.com:8443",
            "--domain",
            "apps.example.com",
        ])
        .args(["--provider", &address("provider")])
        .arg("--dir")
        .arg(&folder)
        .arg("--network")
        .arg(network)
        .arg("--kubeconfig")
        .arg(fixture.kubeconfig())
        .output()
        .await
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let made = std::fs::read_to_string(folder.join("provider.toml")).unwrap();
    let expected = "ingress_controller = { namespace = \"kube-system\", pods = { \"app.kubernetes.io/name\" = \"traefik\" } }";
    assert!(made.contains(expected), "{made}");
    let lines = check(&folder.join("provider.toml")).await;
    assert_eq!(line(&lines, "ingress controller").0, "ok", "{lines:?}");
}
