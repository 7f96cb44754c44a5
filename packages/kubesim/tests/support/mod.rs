//! A cluster and a namespace for a test, and patience.

// Each test binary uses its own part.
#![allow(dead_code)]

use std::{fmt::Debug, future::Future, sync::Once, time::Duration};

use k8s_openapi::api::core::v1::{ConfigMap, Namespace, Node, Pod, ServiceAccount};
use kube::{
    Api, Client, Config, Resource,
    api::{Patch, PatchParams, PostParams},
    config::{KubeConfigOptions, Kubeconfig},
    core::{NamespaceResourceScope, response::Status},
};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Value, json};
use souk_kubesim::{ClusterSpec, KubeSim, spec::Timing};

/// A cluster with a namespace of the test's own.
pub struct Fixture {
    pub client: Client,
    pub namespace: String,
    sim: Option<KubeSim>,
}

/// A cluster whose simulated things take no time to speak of.
pub fn fast() -> ClusterSpec {
    ClusterSpec { timing: Timing::fast(), ..ClusterSpec::default() }
}

pub async fn client_of(kubeconfig: Kubeconfig) -> Client {
    static PROVIDER: Once = Once::new();
    PROVIDER.call_once(|| {
        rustls::crypto::ring::default_provider().install_default().unwrap();
    });
    let options = KubeConfigOptions::default();
    let mut config = Config::from_custom_kubeconfig(kubeconfig, &options).await.unwrap();
    // By default a refusal with 503 is tried again for minutes before a caller hears of it.
    config.default_retry = false;
    Client::try_from(config).unwrap()
}

pub async fn client_to(sim: &KubeSim) -> Client {
    client_of(Kubeconfig::from_yaml(&sim.kubeconfig()).unwrap()).await
}

impl Fixture {
    /// The API server that the test binary is about, or a simulator.
    pub async fn new() -> Self {
        match crate::api_server() {
            Some(kubeconfig) => {
                let client = client_of(Kubeconfig::read_from(kubeconfig).unwrap()).await;
                Self::furnished(client, None).await
            }
            None => Self::simulated(fast()).await,
        }
    }

    /// A simulator.
    pub async fn simulated(spec: ClusterSpec) -> Self {
        let sim = KubeSim::start(spec).await.unwrap();
        let client = client_to(&sim).await;
        Self::furnished(client, Some(sim)).await
    }

    async fn furnished(client: Client, sim: Option<KubeSim>) -> Self {
        let namespace = new_namespace(&client, json!({})).await;
        Self { client, namespace, sim }
    }

    pub fn sim(&self) -> &KubeSim {
        self.sim.as_ref().unwrap()
    }

    /// Objects of the test's namespace.
    pub fn api<K>(&self) -> Api<K>
    where
        K: Resource<Scope = NamespaceResourceScope>,
        K::DynamicType: Default,
    {
        Api::namespaced(self.client.clone(), &self.namespace)
    }

    /// Objects of the whole cluster.
    pub fn all<K>(&self) -> Api<K>
    where
        K: Resource,
        K::DynamicType: Default,
    {
        Api::all(self.client.clone())
    }

    /// Creates an object of the test's namespace.
    pub async fn create<K>(&self, body: Value) -> kube::Result<K>
    where
        K: Resource<Scope = NamespaceResourceScope> + Clone + DeserializeOwned + Serialize + Debug,
        K::DynamicType: Default,
    {
        self.api::<K>().create(&PostParams::default(), &typed(body)).await
    }

    /// Applies an object of the test's namespace for a manager.
    pub async fn apply<K>(&self, manager: &str, body: Value) -> kube::Result<K>
    where
        K: Resource<Scope = NamespaceResourceScope> + Clone + DeserializeOwned + Debug,
        K::DynamicType: Default,
    {
        let name = body["metadata"]["name"].as_str().unwrap().to_owned();
        self.api::<K>().patch(&name, &PatchParams::apply(manager), &Patch::Apply(&body)).await
    }

    /// A node that only pods with the toleration and the selector of `on_node` use.
    pub async fn node(&self, name: &str, allocatable: Value, labels: Value) -> Node {
        let name = format!("{name}-{}", self.namespace);
        let mut labels = labels;
        labels["test"] = json!(name);
        let now = json!("2026-01-01T00:00:00Z");
        let body = json!({
            "apiVersion": "v1", "kind": "Node",
            "metadata": {"name": name, "labels": labels, "annotations": {"kwok.x-k8s.io/node": "fake"}},
            "spec": {"taints": [{"key": "test", "value": name, "effect": "NoSchedule"}]},
            "status": {
                "allocatable": allocatable, "capacity": allocatable,
                "addresses": [{"type": "InternalIP", "address": "172.20.9.9"}],
                "conditions": [{"type": "Ready", "status": "True", "reason": "Test", "message": "", "lastHeartbeatTime": now, "lastTransitionTime": now}],
            },
        });
        self.all::<Node>().create(&PostParams::default(), &typed(body)).await.unwrap()
    }

    /// Waits until the service account that pods need is there.
    pub async fn ready_for_pods(&self) {
        eventually("the default service account", || async {
            self.api::<ServiceAccount>().get_opt("default").await.unwrap()
        })
        .await;
    }

    pub async fn pod(&self, name: &str) -> Option<Pod> {
        self.api::<Pod>().get_opt(name).await.unwrap()
    }

    pub async fn config_map(&self, name: &str, labels: Value) -> ConfigMap {
        self.create(json!({
            "apiVersion": "v1", "kind": "ConfigMap",
            "metadata": {"name": name, "labels": labels}, "data": {"key": "0"},
        }))
        .await
        .unwrap()
    }
}

pub async fn new_namespace(client: &Client, labels: Value) -> String {
    let body = json!({
        "apiVersion": "v1", "kind": "Namespace",
        "metadata": {"generateName": "souk-test-", "labels": labels},
    });
    let api: Api<Namespace> = Api::all(client.clone());
    api.create(&PostParams::default(), &typed(body)).await.unwrap().metadata.name.unwrap()
}

/// An object from JSON; a mistake in a test shows here.
pub fn typed<K: DeserializeOwned>(body: Value) -> K {
    serde_json::from_value(body).unwrap()
}

/// An object as JSON, to look at single fields.
pub fn raw<K: Serialize>(object: &K) -> Value {
    serde_json::to_value(object).unwrap()
}

/// The refusal that a request met.
pub fn refusal<T: Debug>(result: kube::Result<T>) -> Status {
    match result {
        Err(kube::Error::Api(status)) => *status,
        other => panic!("expected a refusal, got {other:?}"),
    }
}

/// Asks until there is an answer.
pub async fn eventually<T, F>(what: &str, mut ask: impl FnMut() -> F) -> T
where
    F: Future<Output = Option<T>>,
{
    let deadline = tokio::time::Instant::now() + Duration::from_secs(120);
    loop {
        if let Some(answer) = ask().await {
            return answer;
        }
        assert!(tokio::time::Instant::now() < deadline, "still waiting for {what}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// Reads an object until it satisfies a condition on its JSON.
pub async fn until<K>(api: &Api<K>, name: &str, what: &str, holds: impl Fn(&Value) -> bool) -> Value
where
    K: Resource + Clone + DeserializeOwned + Serialize + Debug,
{
    let last = std::cell::RefCell::new(Value::Null);
    let found = eventually(what, || async {
        let object = raw(&api.get_opt(name).await.unwrap());
        last.replace(object.clone());
        holds(&object).then_some(object)
    });
    match tokio::time::timeout(Duration::from_secs(60), found).await {
        Ok(found) => found,
        Err(_) => panic!("still waiting for {what}: {:#}", last.borrow()),
    }
}

/// Waits until an object is gone.
pub async fn gone<K>(api: &Api<K>, name: &str)
where
    K: Resource + Clone + DeserializeOwned + Serialize + Debug,
{
    until(api, name, "the end of the object", Value::is_null).await;
}

pub fn deployment(name: &str, replicas: i32, image: &str) -> Value {
    json!({
        "apiVersion": "apps/v1", "kind": "Deployment",
        "metadata": {"name": name},
        "spec": {
            "replicas": replicas,
            "selector": {"matchLabels": {"app": name}},
            "template": {
                "metadata": {"labels": {"app": name}},
                "spec": {"containers": [{"name": "main", "image": image}]},
            },
        },
    })
}

pub fn service(name: &str, kind: &str, port: Value) -> Value {
    json!({
        "apiVersion": "v1", "kind": "Service", "metadata": {"name": name},
        "spec": {"type": kind, "selector": {"app": name}, "ports": [port]},
    })
}

pub fn pod(name: &str, image: &str) -> Value {
    json!({
        "apiVersion": "v1", "kind": "Pod", "metadata": {"name": name},
        "spec": {"containers": [{"name": "main", "image": image}]},
    })
}

/// A pod that goes to a node of `Fixture::node` and requests some of it.
pub fn pod_on(name: &str, node: &Node, requests: Value) -> Value {
    let node = node.metadata.name.clone().unwrap();
    let mut body = pod(name, "app:1");
    body["spec"]["nodeSelector"] = json!({"test": node});
    body["spec"]["tolerations"] = json!([{"key": "test", "operator": "Exists"}]);
    body["spec"]["containers"][0]["resources"] = json!({"requests": requests, "limits": requests});
    body
}

/// Adds an item to a list inside an object.
pub fn push(list: &mut Value, item: Value) {
    list.as_array_mut().unwrap().push(item);
}

pub fn condition<'v>(object: &'v Value, kind: &str) -> &'v Value {
    let all = object["status"]["conditions"].as_array();
    all.and_then(|all| all.iter().find(|c| c["type"] == kind)).unwrap_or(&Value::Null)
}
