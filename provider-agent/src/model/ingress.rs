//! Ingress controllers: which pods are one, by the class's `spec.controller`, and what follows for
//! tenants' network policies and HTTP options.

use std::collections::{BTreeMap, BTreeSet};

use k8s_openapi::api::core::v1::{Pod, Service};

/// A known controller: the start of `spec.controller`, its name, and labels that its pods have.
struct Known {
    controller: &'static str,
    name: &'static str,
    pods: &'static [(&'static str, &'static str)],
}

/// The label by which most charts name the program of a pod.
const NAME: &str = "app.kubernetes.io/name";

/// By the charts and manifests of each, at November 2026.
const KNOWN: [Known; 13] = [
    known(
        NGINX,
        "ingress-nginx",
        &[
            (NAME, "ingress-nginx"),
            (NAME, "rke2-ingress-nginx"),
            ("app", "ingress-nginx"),
            ("name", "nginx-ingress-microk8s"),
        ],
    ),
    known("traefik.io/ingress-controller", "Traefik", &[(NAME, "traefik"), ("app", "traefik")]),
    known(
        "nginx.org/ingress-controller",
        "NGINX's own controller",
        &[(NAME, "nginx-ingress"), ("app", "nginx-ingress")],
    ),
    known("haproxy-ingress.github.io/controller", "HAProxy Ingress", &[(NAME, "haproxy-ingress")]),
    known(
        "haproxy.org/ingress-controller",
        "HAProxy's own controller",
        &[(NAME, "kubernetes-ingress")],
    ),
    known(
        "ingress-controllers.konghq.com/kong",
        "Kong",
        &[(NAME, "gateway"), (NAME, "kong"), ("app", "ingress-kong")],
    ),
    known(
        "projectcontour.io/",
        "Contour",
        &[("app.kubernetes.io/component", "envoy"), ("app", "envoy")],
    ),
    known("istio.io/ingress-controller", "Istio", &[("istio", "ingressgateway")]),
    known("getambassador.io/ingress-controller", "Emissary", &[(NAME, "emissary-ingress")]),
    known("apisix.apache.org/apisix-ingress", "APISIX", &[(NAME, "apisix")]),
    known("caddy.io/ingress-controller", "Caddy", &[(NAME, "caddy-ingress-controller")]),
    known(
        "cilium.io/ingress-controller",
        "Cilium",
        &[("k8s-app", "cilium-envoy"), ("k8s-app", "cilium")],
    ),
    known("voyagermesh.com/ingress", "Voyager", &[(NAME, "voyager")]),
];

/// The controller that reads `nginx.ingress.kubernetes.io/` annotations.
const NGINX: &str = "k8s.io/ingress-nginx";
/// Controllers of clouds: their balancers stand outside the cluster.
const OUTSIDE: [&str; 4] =
    ["ingress.k8s.aws/", "networking.gke.io/", "k8s.io/ingress-gce", "azure/application-gateway"];

const fn known(
    controller: &'static str,
    name: &'static str,
    pods: &'static [(&'static str, &'static str)],
) -> Known {
    Known { controller, name, pods }
}

/// The pods of an ingress controller in one namespace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ControllerPods {
    /// Their namespace.
    pub namespace: String,
    /// A label that they have and others in the namespace have not, if it is known.
    pub label: Option<(String, String)>,
    /// How many there are.
    pub count: usize,
    /// Whether they are on their nodes' network: policies that select pods do not match those.
    pub host_network: bool,
}

/// The name of a controller for people; its own word if it is not known.
pub fn name(controller: &str) -> &str {
    of(controller).map_or(controller, |known| known.name)
}

/// Whether a controller reads the annotations by which HTTP options are set.
pub fn reads_annotations(controller: &str) -> bool {
    controller == NGINX
}

/// Whether a controller's traffic comes from outside the cluster's pods.
pub fn is_outside(controller: &str) -> bool {
    OUTSIDE.iter().any(|start| controller.starts_with(start))
}

fn of(controller: &str) -> Option<&'static Known> {
    KNOWN.iter().find(|known| controller.starts_with(known.controller))
}

/// The pods of the controller of a class: by the labels of a known one, else by what its containers
/// are started with, else behind a Service for ports 80 and 443 from outside. By namespace.
pub fn find(controller: &str, pods: &[Pod], services: &[Service]) -> Vec<ControllerPods> {
    let live: Vec<&Pod> = pods.iter().filter(|pod| !has_ended(pod)).collect();
    let by_label = of(controller).map(|known| by_labels(known.pods, &live)).unwrap_or_default();
    if !by_label.is_empty() {
        return by_label;
    }
    let started = live.iter().filter(|pod| is_started_with(pod, controller)).copied();
    let by_arguments = group(started.map(|pod| (pod, program(pod))));
    if !by_arguments.is_empty() {
        return by_arguments;
    }
    let web: Vec<&Service> = services.iter().filter(|service| is_web(service)).collect();
    let behind = live.iter().filter(|pod| web.iter().any(|service| leads_to(service, pod)));
    group(behind.map(|pod| (*pod, program(pod))))
}

fn by_labels(wanted: &[(&str, &str)], pods: &[&Pod]) -> Vec<ControllerPods> {
    let label = |pod: &Pod| {
        let labels = pod.metadata.labels.as_ref()?;
        let has =
            |(key, value): &&(&str, &str)| labels.get(*key).is_some_and(|found| found == value);
        wanted.iter().find(has).map(|(key, value)| ((*key).to_owned(), (*value).to_owned()))
    };
    let matching = pods.iter().filter_map(|pod| Some((*pod, Some(label(pod)?))));
    // A job of the chart that makes certificates is not the controller.
    group(matching.filter(|(pod, _)| !is_of_job(pod)))
}

fn group<'a>(
    pods: impl Iterator<Item = (&'a Pod, Option<(String, String)>)>,
) -> Vec<ControllerPods> {
    let mut found: BTreeMap<String, ControllerPods> = BTreeMap::new();
    for (pod, label) in pods {
        let namespace = pod.metadata.namespace.clone().unwrap_or_default();
        let host_network = pod.spec.as_ref().and_then(|spec| spec.host_network) == Some(true);
        let entry = found.entry(namespace.clone()).or_insert(ControllerPods {
            namespace,
            label: label.clone(),
            count: 0,
            host_network: false,
        });
        entry.count += 1;
        entry.host_network |= host_network;
        if entry.label != label {
            entry.label = None;
        }
    }
    found.into_values().collect()
}

fn has_ended(pod: &Pod) -> bool {
    let phase = pod.status.as_ref().and_then(|status| status.phase.as_deref());
    matches!(phase, Some("Succeeded" | "Failed"))
}

fn is_of_job(pod: &Pod) -> bool {
    let owners = pod.metadata.owner_references.iter().flatten();
    owners.into_iter().any(|owner| owner.kind == "Job")
}

/// The label that names a pod's program.
fn program(pod: &Pod) -> Option<(String, String)> {
    let labels = pod.metadata.labels.as_ref()?;
    [NAME, "app", "k8s-app"]
        .iter()
        .find_map(|key| Some(((*key).to_owned(), labels.get(*key)?.clone())))
}

fn is_started_with(pod: &Pod, controller: &str) -> bool {
    let containers = pod.spec.iter().flat_map(|spec| &spec.containers);
    let mut words = containers.flat_map(|one| one.args.iter().chain(&one.command).flatten());
    words.any(|word| word.split('=').any(|part| part == controller))
}

fn is_web(service: &Service) -> bool {
    let Some(spec) = &service.spec else { return false };
    let outside = matches!(spec.type_.as_deref(), Some("LoadBalancer" | "NodePort"));
    let ports: BTreeSet<i32> = spec.ports.iter().flatten().map(|port| port.port).collect();
    outside && ports.contains(&80) && ports.contains(&443)
}

fn leads_to(service: &Service, pod: &Pod) -> bool {
    let selector = service.spec.as_ref().and_then(|spec| spec.selector.as_ref());
    let (Some(selector), Some(labels)) = (selector, &pod.metadata.labels) else { return false };
    service.metadata.namespace == pod.metadata.namespace
        && !selector.is_empty()
        && selector.iter().all(|(key, value)| labels.get(key) == Some(value))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn pod(namespace: &str, labels: Value, spec: Value) -> Pod {
        let mut spec = spec;
        if spec.get("containers").is_none() {
            spec["containers"] = json!([{ "name": "c" }]);
        }
        let metadata = json!({ "name": "p", "namespace": namespace, "labels": labels });
        serde_json::from_value(json!({ "metadata": metadata, "spec": spec })).unwrap()
    }

    fn found(controller: &str, pods: &[Pod]) -> Vec<(String, bool)> {
        let found = find(controller, pods, &[]);
        found.into_iter().map(|one| (one.namespace, one.host_network)).collect()
    }

    #[test]
    fn the_controllers_of_k3s_rke2_and_the_charts_are_found_where_they_run() {
        let others = pod("kube-system", json!({ "k8s-app": "kube-dns" }), json!({}));
        for (controller, namespace, labels) in [
            ("traefik.io/ingress-controller", "kube-system", json!({ NAME: "traefik" })),
            (NGINX, "kube-system", json!({ NAME: "rke2-ingress-nginx" })),
            (NGINX, "ingress-nginx", json!({ NAME: "ingress-nginx" })),
            (
                "haproxy.org/ingress-controller/haproxy",
                "haproxy",
                json!({ NAME: "kubernetes-ingress" }),
            ),
            ("istio.io/ingress-controller", "istio-system", json!({ "istio": "ingressgateway" })),
        ] {
            let pods = [others.clone(), pod(namespace, labels.clone(), json!({}))];
            assert_eq!(found(controller, &pods), [(namespace.to_owned(), false)], "{labels}");
            let label = find(controller, &pods, &[])[0].label.clone().unwrap();
            assert_eq!(json!({ label.0: label.1 }), labels);
        }
    }

    #[test]
    fn pods_on_the_host_network_are_known_as_such_and_jobs_and_ended_pods_do_not_count() {
        let host =
            pod("ingress-nginx", json!({ NAME: "ingress-nginx" }), json!({ "hostNetwork": true }));
        assert_eq!(found(NGINX, &[host]), [("ingress-nginx".to_owned(), true)]);
        let mut job = pod("x", json!({ NAME: "ingress-nginx" }), json!({}));
        let owner =
            json!([{ "kind": "Job", "name": "certs", "uid": "1", "apiVersion": "batch/v1" }]);
        job.metadata.owner_references = serde_json::from_value(owner).unwrap();
        let mut ended = pod("y", json!({ NAME: "ingress-nginx" }), json!({}));
        ended.status = serde_json::from_value(json!({ "phase": "Succeeded" })).unwrap();
        assert_eq!(found(NGINX, &[job, ended]), []);
    }

    #[test]
    fn an_unknown_controller_is_found_by_its_arguments_or_behind_a_service_for_the_web() {
        let own =
            json!({ "containers": [{ "name": "c", "args": ["--controller-class=acme.io/in"] }] });
        let pods = [pod("acme", json!({ "app": "acme" }), own), pod("z", json!({}), json!({}))];
        assert_eq!(found("acme.io/in", &pods), [("acme".to_owned(), false)]);

        let pods = [
            pod("edge", json!({ "app": "edge", "x": "1" }), json!({})),
            pod("z", json!({}), json!({})),
        ];
        let service: Service = serde_json::from_value(json!({
            "metadata": { "name": "edge", "namespace": "edge" },
            "spec": { "type": "LoadBalancer", "selector": { "app": "edge" },
                "ports": [{ "port": 80 }, { "port": 443 }] },
        }))
        .unwrap();
        let found = find("other.io/in", &pods, &[service]);
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].namespace, "edge");
        assert_eq!(find("other.io/in", &pods, &[]), []);
    }

    #[test]
    fn only_ingress_nginx_reads_the_annotations_of_http_options() {
        assert!(reads_annotations(NGINX));
        assert!(!reads_annotations("traefik.io/ingress-controller"));
        assert_eq!(name("traefik.io/ingress-controller"), "Traefik");
        assert_eq!(name("acme.io/in"), "acme.io/in");
        assert!(is_outside("ingress.k8s.aws/alb") && !is_outside(NGINX));
    }
}
