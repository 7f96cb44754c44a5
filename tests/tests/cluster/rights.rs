//! The agent's rights on a real API server: its role is what it uses, and by the admission policy it
//! writes nowhere but in its own namespaces.

use std::collections::BTreeMap;

use k8s_openapi::api::{
    admissionregistration::v1::ValidatingAdmissionPolicyBinding,
    core::v1::{Namespace, Secret},
};
use kube::{
    Api, Client, Config,
    api::{DeleteParams, DynamicObject, PostParams},
    config::{KubeConfigOptions, Kubeconfig},
};
use serde_json::{Value, json};
use souk_gateway::body::{EventQuery, LogQuery};
use souk_provider::{
    cluster::kube::objects::Kind,
    model::{labels::POLICY_NOTICE, scope::MarketScope},
    runtime::check::{Access, Level, User, check},
};

use super::{
    audit::{asked, granted},
    fixture::{Fixture, Nodes, SITE},
    shared_cluster::Cluster,
    until,
};

/// A value that no answer may hold, and how Secrets hold it.
const VALUE: (&str, &str) = ("topsecret", "dG9wc2VjcmV0");

const MARKET: &str = "souk.market/market";
const ENFORCED: &str = "pod-security.kubernetes.io/enforce";

/// An agent's user alone.
struct Agent {
    admin: Client,
    client: Client,
    scope: MarketScope,
    /// The user's name and the beginning of those of its namespaces.
    name: String,
    _folder: tempfile::TempDir,
}

/// How the API server answered.
struct Answer {
    code: u16,
    text: String,
}

impl Agent {
    async fn new(cluster: &Cluster, name: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let scope = MarketScope::new("souk-1", "souk1book", name);
        let kubeconfig = cluster.agents_kubeconfig(folder.path(), name, &scope).await;
        let options = KubeConfigOptions::default();
        let file = Kubeconfig::read_from(kubeconfig).unwrap();
        let config = Config::from_custom_kubeconfig(file, &options).await.unwrap();
        let client = Client::try_from(config).unwrap();
        let agent = Self {
            admin: cluster.client().await,
            client,
            scope,
            name: name.to_owned(),
            _folder: folder,
        };
        until("the policy is in force", async || {
            let answer = agent
                .post("/api/v1/namespaces?dryRun=All", &agent.namespace("x", (MARKET, None)))
                .await;
            answer.is_refused().then_some(())
        })
        .await;
        agent
    }

    /// A namespace with the agent's labels, of which one is changed or left out.
    fn namespace(&self, name: &str, (changed, to): (&str, Option<&str>)) -> Value {
        let own = self.scope.labels().map(|(key, value)| (key.to_owned(), value));
        let mut labels: BTreeMap<String, String> = own.into();
        labels.insert(ENFORCED.to_owned(), "baseline".to_owned());
        labels.remove(changed);
        labels.extend(to.map(|to| (changed.to_owned(), to.to_owned())));
        let name = format!("{}-{name}", self.name);
        json!({ "metadata": { "name": name, "labels": labels } })
    }

    async fn send(&self, method: &str, path: &str, kind: &str, body: &Value) -> Answer {
        let request = http::Request::builder()
            .method(method)
            .uri(path)
            .header("content-type", kind)
            .body(serde_json::to_vec(body).unwrap())
            .unwrap();
        match self.client.request_text(request).await {
            Ok(text) => Answer { code: 200, text },
            Err(kube::Error::Api(status)) => {
                Answer { code: status.code, text: serde_json::to_string(&status).unwrap() }
            }
            Err(error) => panic!("{method} {path}: {error}"),
        }
    }

    async fn post(&self, path: &str, body: &Value) -> Answer {
        self.send("POST", path, "application/json", body).await
    }

    async fn merge(&self, path: &str, body: &Value) -> Answer {
        self.send("PATCH", path, "application/merge-patch+json", body).await
    }
}

impl Answer {
    /// Whether the policy refused.
    fn is_refused(&self) -> bool {
        self.code == 403 && self.text.contains(&format!("denied request: {POLICY_NOTICE}"))
    }

    /// Whether the role has no such right.
    fn is_not_granted(&self) -> bool {
        self.code == 403 && self.text.contains(" cannot ")
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_agent_writes_in_no_namespace_but_its_own() {
    let (cluster, _api) = Cluster::share().await;
    let agent = Agent::new(cluster, "confined").await;
    let post = PostParams::default();
    let namespaces = Api::<Namespace>::all(agent.admin.clone());
    let theirs =
        json!({ "metadata": { "name": "confined-theirs", "labels": { "team": "theirs" } } });
    let theirs: Namespace = serde_json::from_value(theirs).unwrap();
    namespaces.create(&post, &theirs).await.unwrap();

    let account = json!({ "metadata": { "name": "a" } });
    let template = json!({ "metadata": { "labels": { "a": "b" } }, "spec": { "containers": [{ "name": "a", "image": "a" }] } });
    let workload = json!({ "metadata": { "name": "a" }, "spec": { "selector": { "matchLabels": { "a": "b" } }, "template": template } });
    let labels: serde_json::Map<String, Value> = agent
        .scope
        .labels()
        .map(|(key, value)| (key.to_owned(), json!(value)))
        .into_iter()
        .collect();
    let labels = json!({ "metadata": { "labels": labels } });
    for place in ["kube-system", "default", "confined-theirs"] {
        let at = |what: &str| format!("/api/v1/namespaces/{place}/{what}?dryRun=All");
        let apps = |what: &str| format!("/apis/apps/v1/namespaces/{place}/{what}?dryRun=All");
        let namespace = format!("/api/v1/namespaces/{place}?dryRun=All");
        for (what, answer) in [
            ("an account", agent.post(&at("serviceaccounts"), &account).await),
            ("a secret", agent.post(&at("secrets"), &account).await),
            (
                "a service account that is there",
                agent.merge(&at("serviceaccounts/default"), &json!({})).await,
            ),
            ("pods by a Deployment", agent.post(&apps("deployments"), &workload).await),
            ("pods by a StatefulSet", agent.post(&apps("statefulsets"), &workload).await),
            ("the namespace, by nothing", agent.merge(&namespace, &json!({})).await),
            ("the namespace's labels", agent.merge(&namespace, &labels).await),
        ] {
            assert!(answer.is_refused(), "{what} in {place}: {} {}", answer.code, answer.text);
        }
        let pods = agent
            .post(&at("pods"), &json!({ "metadata": { "name": "a" }, "spec": template["spec"] }))
            .await;
        // A new namespace has no service account for a moment, of which the API server says so first.
        let early = pods.code == 403 && pods.text.contains("error looking up service account");
        assert!(pods.is_refused() || early, "a pod in {place}: {}", pods.text);
        // The API server itself protects two of them.
        let deleted = agent.send("DELETE", &namespace, "application/json", &json!({})).await;
        let protected = deleted.code == 403 && deleted.text.contains("may not be deleted");
        assert!(deleted.is_refused() || protected, "{place}: {}", deleted.text);
        assert_eq!(protected, place != "confined-theirs", "{place}");
    }
    for path in ["/apis/rbac.authorization.k8s.io/v1/clusterroles", "/api/v1/nodes"] {
        let answer = agent.post(&format!("{path}?dryRun=All"), &account).await;
        assert!(answer.is_not_granted(), "{path}: {}", answer.text);
    }
    namespaces.delete("confined-theirs", &DeleteParams::default()).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn of_a_secret_the_agent_learns_nothing_whatever_it_sends() {
    let (cluster, _api) = Cluster::share().await;
    let agent = Agent::new(cluster, "curious").await;
    let secret =
        json!({ "metadata": { "name": "curious" }, "stringData": { "password": VALUE.0 } });
    let secret: Secret = serde_json::from_value(secret).unwrap();
    let secrets = Api::<Secret>::namespaced(agent.admin.clone(), "kube-system");
    secrets.create(&PostParams::default(), &secret).await.unwrap();

    let (all, one) = (
        "/api/v1/namespaces/kube-system/secrets",
        "/api/v1/namespaces/kube-system/secrets/curious",
    );
    let (json_type, merge, apply) =
        ("application/json", "application/merge-patch+json", "application/apply-patch+yaml");
    let steps = "application/json-patch+json";
    let copy = |to: &str| json!([{ "op": "copy", "from": "/data/password", "path": to }]);
    let nothing =
        json!({ "apiVersion": "v1", "kind": "Secret", "metadata": { "name": "curious" } });
    let typed = json!({ "metadata": { "name": "curious" }, "type": "kubernetes.io/tls" });
    for (method, path, kind, body) in [
        ("GET", one.to_owned(), json_type, Value::Null),
        ("GET", all.to_owned(), json_type, Value::Null),
        ("GET", format!("{all}?watch=1"), json_type, Value::Null),
        ("PATCH", one.to_owned(), merge, json!({})),
        ("PATCH", one.to_owned(), steps, json!([])),
        // By these a policy alone would not hold: they fail, with the value, before admission.
        ("PATCH", one.to_owned(), steps, copy("/type")),
        ("PATCH", one.to_owned(), steps, copy("/metadata/labels")),
        ("PATCH", format!("{one}?fieldManager=a&force=true"), apply, nothing.clone()),
        ("PUT", one.to_owned(), json_type, nothing.clone()),
        ("PUT", one.to_owned(), json_type, typed),
        ("POST", all.to_owned(), json_type, nothing),
        ("DELETE", format!("{one}?dryRun=All"), json_type, json!({})),
        ("DELETE", all.to_owned(), json_type, json!({})),
    ] {
        let answer = agent.send(method, &path, kind, &body).await;
        assert!(answer.code >= 400, "{method} {path} {body}: {}", answer.text);
        let leaks = [VALUE.0, VALUE.1].iter().any(|value| answer.text.contains(value));
        assert!(!leaks, "{method} {path} {body}: {}", answer.text);
    }
    secrets.delete("curious", &DeleteParams::default()).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn the_agents_namespaces_stay_its_own_and_as_strict_as_they_were() {
    let (cluster, _api) = Cluster::share().await;
    let agent = Agent::new(cluster, "labels").await;
    let all = "/api/v1/namespaces";
    for (what, changed) in [
        ("another market's label", (MARKET, Some("other"))),
        ("a label less", (MARKET, None)),
        ("privileged pods", (ENFORCED, Some("privileged"))),
        ("no pod security", (ENFORCED, None)),
    ] {
        let new = agent.namespace("new", changed);
        let answer = agent.post(&format!("{all}?dryRun=All"), &new).await;
        assert!(answer.is_refused(), "{what}: {}", answer.text);
    }
    let own = agent.namespace("own", (ENFORCED, Some("restricted")));
    let made = agent.post(all, &own).await;
    assert_eq!(made.code, 200, "{}", made.text);
    let path = format!("{all}/labels-own");
    for (what, key, value) in [
        ("to another market", MARKET, json!("other")),
        ("to nobody", MARKET, Value::Null),
        ("to privileged pods", ENFORCED, json!("privileged")),
        ("to any pods", ENFORCED, Value::Null),
    ] {
        let patch = json!({ "metadata": { "labels": { key: value } } });
        let answer = agent.merge(&path, &patch).await;
        assert!(answer.is_refused(), "{what}: {}", answer.text);
    }
    let fine = json!({ "metadata": { "annotations": { "a": "b" } } });
    assert_eq!(agent.merge(&path, &fine).await.code, 200);
    let account = json!({ "metadata": { "name": "a" } });
    let within = agent.post(&format!("{path}/serviceaccounts"), &account).await;
    assert_eq!(within.code, 200, "{}", within.text);
    let deleted = agent.send("DELETE", &path, "application/json", &json!({})).await;
    assert_eq!(deleted.code, 200, "{}", deleted.text);
}

#[tokio::test(flavor = "multi_thread")]
async fn check_says_whether_the_policy_is_in_force() {
    let (cluster, _api) = Cluster::share().await;
    let fixture = Fixture::new(cluster, &[Nodes::Simulated(1)]).await;
    let provider = &fixture.providers[0];
    let line = async || {
        let report = check(&provider.config).await;
        let line = report.lines.into_iter().find(|line| line.what == "admission policy");
        line.unwrap()
    };
    let in_force = until("the policy is in force", async || {
        let line = line().await;
        (line.level == Level::Ok).then_some(line)
    })
    .await;
    assert!(in_force.found.contains("its own namespaces"), "{in_force:?}");
    let bindings = Api::<ValidatingAdmissionPolicyBinding>::all(fixture.client.clone());
    bindings.delete(&provider.name, &DeleteParams::default()).await.unwrap();
    let without = until("the policy is not in force", async || {
        let line = line().await;
        (line.level == Level::Fail).then_some(line)
    })
    .await;
    assert!(without.found.contains("not in force: the agent's user can"), "{without:?}");
    assert!(without.advice.unwrap().contains("souk-provider access"));
}

/// What is used where no simulated node can show it: failed pods are deleted, and the probes of a check
/// look at the volumes that they had.
const ELSEWHERE: [&str; 2] = ["delete pods", "get persistentvolumes"];

/// The site whose data base has another name, so that its claim is in the way, and another secret.
fn changed() -> String {
    let renamed = SITE.replace("  db:\n    image", "  store:\n    image");
    let renamed = renamed.replace("  db: { here", "  store: { here");
    renamed.replace("GREETING=ann", "GREETING=bob")
}

#[tokio::test(flavor = "multi_thread")]
async fn the_role_has_what_the_agent_uses_and_nothing_else() {
    let (cluster, _api) = Cluster::share().await;
    let fixture = Fixture::new(cluster, &[Nodes::Simulated(1)]).await;
    let name = fixture.providers[0].name.clone();
    let agent = fixture.agent().await;
    let order = fixture.order(SITE).await;
    let leased = fixture.lease_at(0, order).await;
    fixture.ready(&leased).await;

    // What the lease has no use for, of each kind, goes, and so do secrets; claims stay.
    let stays = |kind: &Kind| matches!(kind, Kind::Namespace | Kind::PersistentVolumeClaim);
    for kind in Kind::WATCHED.into_iter().filter(|kind| !stays(kind)) {
        fixture.stray(&leased, kind).await;
    }
    for text in [changed(), changed().replace("    env: [GREETING=bob]\n", "")] {
        fixture.update(&leased, &text).await;
        fixture.ready(&leased).await;
    }
    let gateway = fixture.gateway(&leased).await;
    let mut lines = gateway.logs(leased.order, &LogQuery::default()).await.unwrap();
    // Whatever simulated nodes answer, the agent has asked for the log then.
    let _ = tokio::time::timeout(super::DEADLINE, lines.next()).await;
    let follow = EventQuery { follow: true };
    let _events = gateway.events(leased.order, &follow).await.unwrap();
    fixture.events(&leased).await;
    let report = check(&fixture.providers[0].config).await;
    assert!(report.lines.iter().any(|line| line.what == "nodes"), "{}", report.text());
    fixture.close(&leased).await;
    fixture.is_gone(&leased).await;

    let scope = MarketScope::new("", "", "");
    let role = Access::of(&name, User::Account { name: &name, namespace: "default" }, &scope).role;
    let granted = granted(&role);
    let asked = asked(cluster, &name);
    let texts = |rights: Vec<&super::audit::Right>| -> Vec<String> {
        rights.into_iter().map(ToString::to_string).collect()
    };
    assert!(asked.missing.is_empty(), "missing: {:?}", texts(asked.missing.iter().collect()));
    let unused = texts(granted.difference(&asked.used).collect());
    assert_eq!(unused, ELSEWHERE, "granted and not used");
    agent.kill().await;
}

impl Fixture {
    /// Makes an object that looks like the agent's, by copying one or from nothing.
    async fn stray(&self, leased: &super::fixture::Leased, kind: Kind) {
        let namespace = self.namespace(&leased.namespace).await.unwrap();
        let mut labels = namespace.metadata.labels.unwrap();
        labels.retain(|key, _| {
            !key.contains("kubernetes.io/metadata") && !key.starts_with("pod-security")
        });
        let pods = json!({ "metadata": { "labels": { "a": "b" } }, "spec": { "containers": [{ "name": "a", "image": "a" }] } });
        let workload = json!({ "replicas": 0, "serviceName": "a", "selector": { "matchLabels": { "a": "b" } }, "template": pods });
        let spec = match kind {
            Kind::ResourceQuota => json!({ "hard": { "pods": "100" } }),
            Kind::LimitRange => {
                json!({ "limits": [{ "type": "Container", "default": { "cpu": "1" } }] })
            }
            Kind::NetworkPolicy => json!({ "podSelector": {} }),
            Kind::Service => json!({ "ports": [{ "port": 1 }] }),
            Kind::Deployment => {
                let mut spec = workload;
                spec.as_object_mut().unwrap().remove("serviceName");
                spec
            }
            Kind::StatefulSet => workload,
            Kind::Ingress => {
                json!({ "defaultBackend": { "service": { "name": "a", "port": { "number": 1 } } } })
            }
            Kind::Namespace | Kind::ServiceAccount | Kind::Secret | Kind::PersistentVolumeClaim => {
                Value::Null
            }
        };
        let gvk = kind.gvk();
        let mut object = json!({
            "apiVersion": gvk.api_version(), "kind": gvk.kind,
            "metadata": { "name": "stray", "labels": labels },
        });
        if !spec.is_null() {
            object["spec"] = spec;
        }
        let object: DynamicObject = serde_json::from_value(object).unwrap();
        let api = Api::<DynamicObject>::namespaced_with(
            self.client.clone(),
            &leased.namespace,
            &kind.resource(),
        );
        let made = api.create(&PostParams::default(), &object).await;
        made.unwrap_or_else(|error| panic!("{kind:?}: {error}"));
        until(&format!("the end of the stray {kind:?}"), async || {
            api.get_opt("stray").await.ok()?.is_none().then_some(())
        })
        .await;
    }
}
