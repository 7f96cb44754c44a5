//! The objects of the probes: pure.

use serde_json::{Value, json};

use super::{place::Place, read::MARK};
use crate::{
    cluster::kube::objects::{Kind, ingress_controllers},
    config::{Config, PodSecurity, UserNamespaces},
};

/// Answers HTTP.
pub(super) const SERVER: &str = "server";
/// Connects to it from another namespace.
pub(super) const CLIENT: &str = "client";
/// Starts processes until it may not.
pub(super) const LIMITS: &str = "limits";
/// The port of the server.
pub(super) const PORT: u16 = 8_080;
/// More processes than pods usually may have, and few enough for a node.
pub(super) const MOST_PROCESSES: u32 = 4_200;
/// Of a volume.
const VOLUME: &str = "64Mi";

/// An object, without namespace and labels.
pub(super) struct Object {
    pub kind: Kind,
    pub name: String,
    /// Whether it is in the second namespace.
    pub elsewhere: bool,
    pub body: Value,
}

/// Makes the objects.
pub(super) struct Probe<'a> {
    config: &'a Config,
    /// The image of all pods.
    pub image: &'a str,
    /// What the server answers.
    pub token: String,
}

impl<'a> Probe<'a> {
    pub fn new(config: &'a Config, image: &'a str, place: &Place) -> Self {
        Self { config, image, token: place.token.clone() }
    }

    /// The host name that leads to the server, if HTTP is offered.
    pub fn host(&self) -> Option<String> {
        self.config.cluster.ingress_class.as_ref()?;
        let domain = self.config.cluster.domain.as_ref()?;
        Some(format!("check-{}.{domain}", self.token))
    }

    pub fn server(&self) -> Object {
        let token = &self.token;
        let script = format!(
            "mkdir -p /tmp/www && echo {token} >/tmp/www/index.html && exec httpd -f -p {PORT} -h /tmp/www"
        );
        let ports = json!([{ "containerPort": PORT }]);
        self.deployment(SERVER, false, self.container(&script, &json!({ "ports": ports })))
    }

    /// Connects to the server at an address each second.
    pub fn client(&self, address: &str) -> Object {
        let host = if address.contains(':') { format!("[{address}]") } else { address.to_owned() };
        let script = format!(
            "i=1; while [ $i -lt 600 ]; do if wget -q -T 2 -O /dev/null http://{host}:{PORT}/; then s=open; \
             else s=closed; fi; echo \"{MARK} $i $s\"; i=$((i+1)); sleep 1; done; exec sleep 600"
        );
        self.deployment(CLIENT, true, self.container(&script, &json!({})))
    }

    /// What is done after the last process that can be started must need no other.
    pub fn limits(&self) -> Object {
        let script = format!(
            "limit=$(cat /sys/fs/cgroup/pids.max /sys/fs/cgroup/pids/pids.max 2>/dev/null | head -n 1); \
             ( i=0; while [ $i -lt {MOST_PROCESSES} ]; do sleep 15 & i=$((i+1)); echo $i >/tmp/n; done ) 2>/dev/null; \
             read n </tmp/n; echo \"{MARK} processes=$n limit=${{limit:-unknown}}\"; exec sleep 600"
        );
        let limits = json!({ "cpu": "1", "memory": "1Gi", "ephemeral-storage": "64Mi" });
        let resources = json!({ "resources": { "limits": limits, "requests": requests() } });
        self.deployment(LIMITS, false, self.container(&script, &resources))
    }

    /// A volume of a class, mounted.
    pub fn volume(&self, name: &str, class: &str) -> Object {
        let mounts = json!({ "volumeMounts": [{ "name": "data", "mountPath": "/data" }] });
        let claim = json!({
            "metadata": { "name": "data" },
            "spec": {
                "accessModes": ["ReadWriteOnce"],
                "storageClassName": class,
                "resources": { "requests": { "storage": VOLUME } },
            },
        });
        let mut body = self.workload(name, self.container("exec sleep 600", &mounts));
        self.isolate(&mut body, true);
        body["spec"]["serviceName"] = json!(name);
        body["spec"]["volumeClaimTemplates"] = json!([claim]);
        Object { kind: Kind::StatefulSet, name: name.to_owned(), elsewhere: false, body }
    }

    pub fn service(&self) -> Object {
        let ports = json!([{ "name": "http", "port": 80, "targetPort": PORT }]);
        let body = json!({ "spec": { "selector": { "app": SERVER }, "ports": ports } });
        Object { kind: Kind::Service, name: SERVER.to_owned(), elsewhere: false, body }
    }

    pub fn ingress(&self, host: &str) -> Object {
        let backend = json!({ "service": { "name": SERVER, "port": { "number": 80 } } });
        let path = json!({ "path": "/", "pathType": "Prefix", "backend": backend });
        let body = json!({ "spec": {
            "ingressClassName": self.config.cluster.ingress_class,
            "rules": [{ "host": host, "http": { "paths": [path] } }],
        } });
        Object { kind: Kind::Ingress, name: SERVER.to_owned(), elsewhere: false, body }
    }

    /// As a lease's: own pods and the ingress controller's, and nobody else.
    pub fn policy(&self) -> Object {
        let body = json!({ "spec": {
            "podSelector": {},
            "policyTypes": ["Ingress"],
            "ingress": [
                { "from": [{ "podSelector": {} }] },
                { "from": ingress_controllers(&self.config.cluster) },
            ],
        } });
        Object { kind: Kind::NetworkPolicy, name: "lease".to_owned(), elsewhere: false, body }
    }

    fn deployment(&self, name: &str, elsewhere: bool, container: Value) -> Object {
        let mut body = self.workload(name, container);
        self.isolate(&mut body, false);
        Object { kind: Kind::Deployment, name: name.to_owned(), elsewhere, body }
    }

    /// As tenants' pods are kept from their nodes, so that it is tried.
    fn isolate(&self, workload: &mut Value, has_volume: bool) {
        let cluster = &self.config.cluster;
        let pod = &mut workload["spec"]["template"]["spec"];
        if let Some(class) = &cluster.runtime_class {
            pod["runtimeClassName"] = json!(class);
        }
        let users = cluster.user_namespaces;
        if users == UserNamespaces::On || (users == UserNamespaces::Auto && !has_volume) {
            pod["hostUsers"] = json!(false);
        }
    }

    fn workload(&self, name: &str, container: Value) -> Value {
        let mut security = json!({
            "seccompProfile": { "type": "RuntimeDefault" },
            "runAsUser": 65_534,
            "runAsGroup": 65_534,
        });
        if self.config.cluster.pod_security == PodSecurity::Restricted {
            security["runAsNonRoot"] = json!(true);
        }
        json!({ "spec": {
            "replicas": 1,
            "selector": { "matchLabels": { "app": name } },
            "template": {
                "metadata": { "labels": { "app": name } },
                "spec": {
                    "automountServiceAccountToken": false,
                    "enableServiceLinks": false,
                    "terminationGracePeriodSeconds": 0,
                    "nodeSelector": self.config.cluster.node_selector,
                    "securityContext": security,
                    "containers": [container],
                },
            },
        } })
    }

    fn container(&self, script: &str, more: &Value) -> Value {
        let limits = json!({ "cpu": "200m", "memory": "64Mi", "ephemeral-storage": "64Mi" });
        let mut container = json!({
            "name": "probe",
            "image": self.image,
            "imagePullPolicy": self.config.cluster.image_pull_policy.as_str(),
            "command": ["sh", "-c", script],
            "resources": { "limits": limits, "requests": requests() },
            "securityContext": {
                "allowPrivilegeEscalation": false,
                "capabilities": { "drop": ["ALL"] },
            },
        });
        for (key, value) in more.as_object().into_iter().flatten() {
            container[key] = value.clone();
        }
        container
    }
}

fn requests() -> Value {
    json!({ "cpu": "10m", "memory": "32Mi", "ephemeral-storage": "16Mi" })
}
