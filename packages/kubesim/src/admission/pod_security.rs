//! Pod security standards, by the namespace's `pod-security.kubernetes.io/*` labels.

use serde_json::Value;

use crate::{cluster::Cluster, error::ApiError, kinds::Kind, store::ObjectKey, validate::array};

fn level<'c>(cluster: &'c Cluster, object: &Value, mode: &str) -> Option<&'c str> {
    let namespace = object["metadata"]["namespace"].as_str().unwrap_or_default();
    let namespace = cluster.store.get(Kind::Namespace, &ObjectKey::new("", namespace))?;
    namespace["metadata"]["labels"].get(format!("pod-security.kubernetes.io/{mode}"))?.as_str()
}

/// Refuses a pod that the namespace's enforced standard forbids.
pub fn check(cluster: &Cluster, pod: &Value) -> Result<(), ApiError> {
    let Some(level) = level(cluster, pod, "enforce") else { return Ok(()) };
    let found = violations(level, &pod["spec"]);
    if found.is_empty() {
        return Ok(());
    }
    let name = pod["metadata"]["name"].as_str().unwrap_or_default();
    let why = format!("violates PodSecurity \"{level}:latest\": {}", found.join(", "));
    Err(ApiError::forbidden(Kind::Pod, name, why))
}

/// Warns of a template whose pods would be refused or are to be warned of.
pub fn warn(cluster: &Cluster, workload: &Value, warnings: &mut Vec<String>) {
    let level = level(cluster, workload, "warn").or_else(|| level(cluster, workload, "enforce"));
    if let Some(level) = level {
        let found = violations(level, &workload["spec"]["template"]["spec"]);
        if !found.is_empty() {
            warnings.push(format!(
                "would violate PodSecurity \"{level}:latest\": {}",
                found.join(", ")
            ));
        }
    }
}

const BASELINE_CAPABILITIES: &[&str] = &[
    "AUDIT_WRITE",
    "CHOWN",
    "DAC_OVERRIDE",
    "FOWNER",
    "FSETID",
    "KILL",
    "MKNOD",
    "NET_BIND_SERVICE",
    "SETFCAP",
    "SETGID",
    "SETPCAP",
    "SETUID",
    "SYS_CHROOT",
];

const SAFE_SYSCTLS: &[&str] = &[
    "kernel.shm_rmid_forced",
    "net.ipv4.ip_local_port_range",
    "net.ipv4.ip_unprivileged_port_start",
    "net.ipv4.tcp_syncookies",
    "net.ipv4.ping_group_range",
    "net.ipv4.ip_local_reserved_ports",
    "net.ipv4.tcp_keepalive_time",
    "net.ipv4.tcp_fin_timeout",
    "net.ipv4.tcp_keepalive_intvl",
    "net.ipv4.tcp_keepalive_probes",
];

const RESTRICTED_VOLUMES: &[&str] = &[
    "configMap",
    "csi",
    "downwardAPI",
    "emptyDir",
    "ephemeral",
    "image",
    "persistentVolumeClaim",
    "projected",
    "secret",
];

fn containers(spec: &Value) -> Vec<&Value> {
    ["initContainers", "containers", "ephemeralContainers"]
        .iter()
        .flat_map(|list| array(&spec[*list]))
        .collect()
}

/// Names of the containers of which something holds: `container "a"` or `containers "a", "b"`.
fn named(spec: &Value, holds: impl Fn(&Value) -> bool) -> Option<String> {
    let names: Vec<String> = containers(spec)
        .into_iter()
        .filter(|c| holds(c))
        .map(|c| format!("{:?}", c["name"].as_str().unwrap_or_default()))
        .collect();
    match names.len() {
        0 => None,
        1 => Some(format!("container {}", names[0])),
        _ => Some(format!("containers {}", names.join(", "))),
    }
}

/// Every way in which a pod's spec breaks a standard.
pub fn violations(level: &str, spec: &Value) -> Vec<String> {
    let mut found = Vec::new();
    if level == "baseline" || level == "restricted" {
        baseline(spec, &mut found);
    }
    if level == "restricted" {
        restricted(spec, &mut found);
    }
    found
}

fn baseline(spec: &Value, found: &mut Vec<String>) {
    let host: Vec<String> = ["hostNetwork", "hostPID", "hostIPC"]
        .iter()
        .filter(|f| spec[**f] == true)
        .map(|f| format!("{f}=true"))
        .collect();
    if !host.is_empty() {
        found.push(format!("host namespaces ({})", host.join(", ")));
    }
    if let Some(who) = named(spec, |c| c["securityContext"]["privileged"] == true) {
        found.push(format!("privileged ({who} must not set securityContext.privileged=true)"));
    }
    let adds = |c: &Value| -> Vec<String> {
        array(&c["securityContext"]["capabilities"]["add"])
            .filter_map(Value::as_str)
            .filter(|a| !BASELINE_CAPABILITIES.contains(a))
            .map(|a| format!("{a:?}"))
            .collect()
    };
    if let Some(who) = named(spec, |c| !adds(c).is_empty()) {
        let list: Vec<String> = containers(spec).into_iter().flat_map(adds).collect();
        found.push(format!(
            "non-default capabilities ({who} must not include {} in securityContext.capabilities.add)",
            list.join(", ")
        ));
    }
    let paths: Vec<String> = array(&spec["volumes"])
        .filter(|v| v["hostPath"].is_object())
        .map(|v| format!("{:?}", v["name"].as_str().unwrap_or_default()))
        .collect();
    if !paths.is_empty() {
        found.push(format!("hostPath volumes (volume {})", paths.join(", ")));
    }
    let ports =
        |c: &Value| array(&c["ports"]).any(|p| p["hostPort"].as_i64().is_some_and(|p| p != 0));
    if let Some(who) = named(spec, ports) {
        found.push(format!("hostPort ({who} uses a hostPort)"));
    }
    let unconfined = |context: &Value| context["seccompProfile"]["type"] == "Unconfined";
    if unconfined(&spec["securityContext"])
        || containers(spec).into_iter().any(|c| unconfined(&c["securityContext"]))
    {
        found.push(
            "seccompProfile (must not set securityContext.seccompProfile.type to \"Unconfined\")"
                .into(),
        );
    }
    let proc_mount =
        |c: &Value| c["securityContext"]["procMount"].as_str().is_some_and(|p| p != "Default");
    if let Some(who) = named(spec, proc_mount) {
        found.push(format!("procMount ({who} must not set securityContext.procMount)"));
    }
    let sysctls: Vec<&str> = array(&spec["securityContext"]["sysctls"])
        .filter_map(|s| s["name"].as_str())
        .filter(|n| !SAFE_SYSCTLS.contains(n))
        .collect();
    if !sysctls.is_empty() {
        found.push(format!("forbidden sysctls ({})", sysctls.join(", ")));
    }
    if containers(spec)
        .into_iter()
        .any(|c| !c["lifecycle"]["postStart"]["httpGet"]["host"].is_null())
    {
        found.push("probe or lifecycle host".into());
    }
}

fn restricted(spec: &Value, found: &mut Vec<String>) {
    let kinds: Vec<String> = array(&spec["volumes"])
        .filter(|v| {
            v.as_object().is_some_and(|v| {
                v.keys().any(|k| k != "name" && !RESTRICTED_VOLUMES.contains(&k.as_str()))
            })
        })
        .map(|v| format!("{:?}", v["name"].as_str().unwrap_or_default()))
        .collect();
    if !kinds.is_empty() {
        found.push(format!(
            "restricted volume types (volume {} uses a restricted volume type)",
            kinds.join(", ")
        ));
    }
    let escalates = |c: &Value| c["securityContext"]["allowPrivilegeEscalation"] != false;
    if let Some(who) = named(spec, escalates) {
        found.push(format!(
            "allowPrivilegeEscalation != false ({who} must set securityContext.allowPrivilegeEscalation=false)"
        ));
    }
    let keeps = |c: &Value| {
        let capabilities = &c["securityContext"]["capabilities"];
        let drops = array(&capabilities["drop"]).any(|d| d == "ALL");
        !drops || array(&capabilities["add"]).any(|a| a != "NET_BIND_SERVICE")
    };
    if let Some(who) = named(spec, keeps) {
        found.push(format!(
            "unrestricted capabilities ({who} must set securityContext.capabilities.drop=[\"ALL\"])"
        ));
    }
    let pod_level = &spec["securityContext"];
    let as_root = |c: &Value| match &c["securityContext"]["runAsNonRoot"] {
        Value::Bool(set) => !set,
        _ => pod_level["runAsNonRoot"] != true,
    };
    if let Some(who) = named(spec, as_root) {
        found.push(format!(
            "runAsNonRoot != true (pod or {who} must set securityContext.runAsNonRoot=true)"
        ));
    }
    let root_user = |context: &Value| context["runAsUser"].as_i64() == Some(0);
    if root_user(pod_level) {
        found.push("runAsUser=0 (pod must not set runAsUser=0)".into());
    } else if let Some(who) = named(spec, |c| root_user(&c["securityContext"])) {
        found.push(format!("runAsUser=0 ({who} must not set runAsUser=0)"));
    }
    let unset = |c: &Value| {
        let own = c["securityContext"]["seccompProfile"]["type"].as_str();
        let inherited = pod_level["seccompProfile"]["type"].as_str();
        !matches!(own.or(inherited), Some("RuntimeDefault" | "Localhost"))
    };
    if let Some(who) = named(spec, unset) {
        found.push(format!(
            "seccompProfile (pod or {who} must set securityContext.seccompProfile.type to \"RuntimeDefault\" or \"Localhost\")"
        ));
    }
}
