//! The pod template of a service: resources, node selection and security context.

use serde_json::{Map, Value, json};
use souk_sdl::ManifestService;

use super::{
    Subject, environment, isolation, secrets, service as ports, service_account::SERVICE_ACCOUNT,
    volumes,
};
use crate::{
    config::PodSecurity,
    model::{
        labels,
        names::{label_value, object_name},
        placement::Devices,
    },
};

/// The capabilities that ordinary root images need; all others are dropped. The list was measured with
/// programs that tenants run (`docs/measured.md`): `SYS_CHROOT` for servers that lock themselves up, as
/// sshd does before each login.
const CAPABILITIES: [&str; 8] = [
    "CHOWN",
    "DAC_OVERRIDE",
    "FOWNER",
    "SETUID",
    "SETGID",
    "KILL",
    "NET_BIND_SERVICE",
    "SYS_CHROOT",
];
/// The annotation that restarts pods when their environment changes: a digest with a key, since the
/// digest of a short secret by itself gives it away.
const ENVIRONMENT: &str = "souk.market/environment";

/// The memory of a replica in bytes, volumes in memory included.
pub(super) fn memory_limit(service: &ManifestService) -> u64 {
    let volumes = volumes::in_memory(service).map(|volume| volume.size.get());
    volumes.fold(service.resources.memory.size.get(), u64::saturating_add)
}

/// The node's disk of a replica, in bytes.
pub(super) fn ephemeral_limit(service: &ManifestService) -> u64 {
    volumes::ephemeral(service).map(|volume| volume.size.get()).fold(0, u64::saturating_add)
}

/// The labels that select a service's pods.
pub(super) fn selector(subject: &Subject<'_>, service: &ManifestService) -> Value {
    json!({
        labels::ORDER: subject.order.to_string(),
        labels::SERVICE: label_value(&service.name),
    })
}

/// The pod template of a service, with the GPUs of each replica.
pub(super) fn template(
    subject: &Subject<'_>,
    service: &ManifestService,
    gpus: Option<&Devices<'_>>,
) -> Value {
    let mut labels: Map<String, Value> =
        subject.labels().into_iter().map(|(key, value)| (key, Value::String(value))).collect();
    labels.insert(labels::SERVICE.to_owned(), Value::String(label_value(&service.name)));
    for ip in ports::leased_ips(std::slice::from_ref(service)) {
        labels.insert(ports::ip_label(ip), json!("true"));
    }
    let mut spec = json!({
        "serviceAccountName": SERVICE_ACCOUNT,
        "automountServiceAccountToken": false,
        "enableServiceLinks": false,
        "terminationGracePeriodSeconds": 10,
        "securityContext": pod_security(subject.cluster.pod_security),
        "containers": [container(subject, service, gpus)],
    });
    let mut set = |key: &str, value: Value| {
        if let Some(spec) = spec.as_object_mut() {
            spec.insert(key.to_owned(), value);
        }
    };
    let volumes = volumes::of_pod(service);
    if !volumes.is_empty() {
        set("volumes", Value::Array(volumes));
    }
    if service.credentials.is_some() {
        set("imagePullSecrets", json!([{ "name": secrets::login_name(service) }]));
    }
    let nodes = node_selector(subject, service);
    if !nodes.is_empty() {
        set("nodeSelector", Value::Object(nodes));
    }
    if let Some(gpus) = gpus {
        set("affinity", gpu_affinity(gpus));
        set("tolerations", json!([{ "key": gpus.resource, "operator": "Exists" }]));
    }
    if let Some(class) = isolation::runtime_class(subject.cluster, gpus) {
        set("runtimeClassName", json!(class));
    }
    if isolation::has_user_namespace(subject.cluster, service, gpus) {
        set("hostUsers", json!(false));
    }
    json!({
        "metadata": { "labels": labels, "annotations": { ENVIRONMENT: env_digest(subject, service) } },
        "spec": spec,
    })
}

/// The node selector: the provider's own labels, and the tenant's architecture.
fn node_selector(subject: &Subject<'_>, service: &ManifestService) -> Map<String, Value> {
    let own = subject.cluster.node_selector.iter();
    let mut labels: Map<String, Value> =
        own.map(|(key, value)| (key.clone(), json!(value))).collect();
    let arch = service.resources.cpu.attributes.iter().find(|attribute| attribute.key == "arch");
    if let Some(arch) = arch {
        labels.insert("kubernetes.io/arch".to_owned(), json!(arch.value));
    }
    labels
}

fn pod_security(level: PodSecurity) -> Value {
    let mut context = json!({ "seccompProfile": { "type": "RuntimeDefault" } });
    if level == PodSecurity::Restricted {
        context["runAsNonRoot"] = json!(true);
    }
    context
}

fn container_security(level: PodSecurity) -> Value {
    let capabilities = match level {
        PodSecurity::Baseline => json!({ "drop": ["ALL"], "add": CAPABILITIES }),
        PodSecurity::Restricted => json!({ "drop": ["ALL"] }),
    };
    json!({
        "allowPrivilegeEscalation": false,
        "privileged": false,
        "capabilities": capabilities,
    })
}

fn container(
    subject: &Subject<'_>,
    service: &ManifestService,
    gpus: Option<&Devices<'_>>,
) -> Value {
    let mut container = json!({
        "name": object_name(&service.name, ""),
        "image": service.image,
        "imagePullPolicy": subject.cluster.image_pull_policy.as_str(),
        "resources": resources(subject, service, gpus),
        "securityContext": container_security(subject.cluster.pod_security),
    });
    let mut set = |key: &str, value: Vec<Value>| {
        if let (Some(container), false) = (container.as_object_mut(), value.is_empty()) {
            container.insert(key.to_owned(), Value::Array(value));
        }
    };
    let texts =
        |list: &Option<Vec<String>>| list.iter().flatten().map(|text| json!(text)).collect();
    set("command", texts(&service.command));
    set("args", texts(&service.args));
    set("env", env(subject, service, gpus));
    set("ports", ports::container_ports(service));
    set("volumeMounts", volumes::mounts(service));
    container
}

fn env(subject: &Subject<'_>, service: &ManifestService, gpus: Option<&Devices<'_>>) -> Vec<Value> {
    let secret = secrets::environment_name(service);
    let own = environment::variables(service);
    let mut given = environment::of_lease(subject, service);
    given.retain(|name, _| own.iter().all(|variable| variable.name != name));
    let mut env: Vec<Value> = own
        .into_iter()
        .map(|variable| {
            let source = json!({ "secretKeyRef": { "name": secret, "key": variable.key } });
            json!({ "name": variable.name, "valueFrom": source })
        })
        .collect();
    env.extend(given.into_iter().map(|(name, value)| json!({ "name": name, "value": value })));
    let mut void = |name: &str| env.push(json!({ "name": name, "value": "void" }));
    if gpus.is_none_or(|gpus| gpus.model.vendor != "nvidia") {
        // Without this the NVIDIA runtime gives all devices to a container that asks for none.
        void("NVIDIA_VISIBLE_DEVICES");
    }
    // AMD's device plugin hands over the devices themselves; by this variable, which an image may
    // set too, its runtime would open others.
    void("AMD_VISIBLE_DEVICES");
    env
}

fn env_digest(subject: &Subject<'_>, service: &ManifestService) -> String {
    let parts: Vec<&str> = service.env.iter().flatten().map(String::as_str).collect();
    format!("{:016x}", subject.digests.digest(&parts))
}

/// Limits are what was paid for; requests what was reserved when the bid was made.
fn resources(
    subject: &Subject<'_>,
    service: &ManifestService,
    gpus: Option<&Devices<'_>>,
) -> Value {
    let (cpu, memory) = (service.resources.cpu.units.get(), memory_limit(service));
    let disk = ephemeral_limit(service);
    let mut limits = json!({
        "cpu": format!("{cpu}m"),
        "memory": memory.to_string(),
        "ephemeral-storage": disk.to_string(),
    });
    let reserved = subject.placement(service).map(|placed| placed.requests);
    let mut requests = match reserved {
        Some(reserved) => json!({
            "cpu": format!("{}m", reserved.cpu_milli.min(cpu)),
            "memory": reserved.memory.min(memory).to_string(),
            "ephemeral-storage": reserved.ephemeral.min(disk).to_string(),
        }),
        None => limits.clone(),
    };
    if let Some(gpus) = gpus {
        limits[gpus.resource] = json!(gpus.units.to_string());
        requests[gpus.resource] = json!(gpus.units.to_string());
    }
    json!({ "limits": limits, "requests": requests })
}

/// The GPU model is required, and that no label says that its devices are shares or parts: those have
/// the same product. The reserved nodes are preferred: by itself the scheduler spreads pods, which soon
/// leaves no node with all GPUs free.
fn gpu_affinity(gpus: &Devices<'_>) -> Value {
    let (label, product) = gpus.labels.product;
    let mut wanted = vec![json!({ "key": label, "operator": "In", "values": [product] })];
    // `NotIn` holds where there is no such label.
    let none_of = |(label, values): &(&str, &[&str])| json!({ "key": label, "operator": "NotIn", "values": values });
    wanted.extend(gpus.labels.wrong.iter().map(none_of));
    let preferred = |node: &&str| {
        let this = json!({ "key": "metadata.name", "operator": "In", "values": [node] });
        json!({ "weight": 100, "preference": { "matchFields": [this] } })
    };
    json!({
        "nodeAffinity": {
            "requiredDuringSchedulingIgnoredDuringExecution": {
                "nodeSelectorTerms": [{ "matchExpressions": wanted }]
            },
            "preferredDuringSchedulingIgnoredDuringExecution":
                gpus.nodes.iter().map(preferred).collect::<Vec<_>>(),
        }
    })
}
