//! What tenants learn of the cluster's own words: the reason, without the names of what is the operator's.
//!
//! Admission webhooks, the scheduler and kubelets name whatever they stumble over: other namespaces and their
//! Ingresses, nodes and their taints, Secrets, policies, addresses. What the tenant wrote itself, and what
//! Kubernetes calls things, stays.

use std::net::{IpAddr, SocketAddr};

/// Stands for a name that is left out.
pub const HIDDEN: &str = "…";

/// Words after which a name comes.
const BEFORE_NAMES: [&str; 19] = [
    "account",
    "class",
    "claim",
    "clusterpolicy",
    "configmap",
    "constraint",
    "ingress",
    "namespace",
    "node",
    "nodes",
    "persistentvolume",
    "policy",
    "rule",
    "secret",
    "secrets",
    "server",
    "serviceaccount",
    "volume",
    "webhook",
];
/// Domains of names that are the same in every cluster.
const PUBLIC: [&str; 4] = ["k8s.io", "kubernetes.io", "nvidia.com", "amd.com"];
/// What a path within an object begins with.
const FIELDS: [&str; 3] = ["metadata.", "spec.", "status."];
/// What separates words, and stays.
const SEPARATORS: &str = "\"'`,;()[]{}<>=";

/// What a tenant knows: its manifest, and what is made of it.
#[derive(Debug, Clone, Default)]
pub struct Known {
    text: String,
    namespace: Option<String>,
}

impl Known {
    /// All that stands in `text`, such as a manifest.
    pub fn of(text: String) -> Self {
        Self { text, namespace: None }
    }

    /// And what stands in this text.
    #[must_use]
    pub fn and(self, text: &str) -> Self {
        Self { text: format!("{} {text}", self.text), ..self }
    }

    /// And what is in its lease's namespace.
    #[must_use]
    pub fn with_namespace(self, namespace: &str) -> Self {
        Self { namespace: Some(namespace.to_owned()), ..self }
    }

    fn has(&self, word: &str) -> bool {
        let own = |namespace: &String| {
            word == namespace
                || word.strip_prefix(namespace).is_some_and(|rest| rest.starts_with('/'))
        };
        // A runtime gives an image its registry.
        let image = word.rsplit_once('/').map(|(_, last)| last).filter(|last| last.contains(':'));
        self.text.contains(word)
            || self.namespace.as_ref().is_some_and(own)
            || image.is_some_and(|image| self.text.contains(image))
    }

    /// A text of the cluster as the tenant may read it.
    pub fn discreet(&self, text: &str) -> String {
        let mut shown = String::with_capacity(text.len());
        let (mut before, mut word, mut start) = (String::new(), String::new(), ' ');
        let mut braces = 0_u32;
        for letter in text.chars().chain([' ']) {
            if !letter.is_whitespace() && !SEPARATORS.contains(letter) {
                word.push(letter);
                continue;
            }
            let place = Place {
                before: &before,
                quoted: is_quote(start) && start == letter,
                braced: braces > 0,
            };
            shown.push_str(&self.word(&word, &place));
            shown.push(letter);
            if !word.is_empty() {
                before = word.trim_end_matches([':', '.']).to_ascii_lowercase();
                word.clear();
            }
            match letter {
                '{' => braces += 1,
                '}' => braces = braces.saturating_sub(1),
                _ => {}
            }
            start = letter;
        }
        shown.pop();
        shown
    }

    fn word(&self, word: &str, place: &Place<'_>) -> String {
        let name = word.trim_end_matches([':', '.']);
        let end = &word[name.len()..];
        match place.is_operators(name) && !self.has(name) {
            true => format!("{HIDDEN}{end}"),
            false => word.to_owned(),
        }
    }
}

/// Where a word stands.
struct Place<'a> {
    before: &'a str,
    quoted: bool,
    braced: bool,
}

impl Place<'_> {
    /// Whether a word there may be the name of something of the operator's.
    fn is_operators(&self, word: &str) -> bool {
        if is_address(word) {
            return true;
        }
        if !is_name(word) || is_public(word) {
            return false;
        }
        let telling = word.contains(['-', '.', ':']) || word.contains(|c: char| c.is_ascii_digit());
        let named = BEFORE_NAMES.contains(&self.before) && telling;
        // As in `Successfully assigned NAMESPACE/POD to NODE`.
        let placed = ["to", "on"].contains(&self.before) && word.contains(['-', '.']);
        self.quoted
            || self.braced
            || named
            || placed
            || word.contains('/')
            || word.matches(':').count() > 1
    }
}

fn is_quote(letter: char) -> bool {
    matches!(letter, '"' | '\'' | '`')
}

/// Whether Kubernetes would take it for a name, or for several with slashes or colons; numbers are none.
fn is_name(word: &str) -> bool {
    let small = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "-._:/@".contains(c);
    word.starts_with(|c: char| c.is_ascii_alphanumeric())
        && word.chars().all(small)
        && word.contains(|c: char| c.is_ascii_lowercase())
}

/// Whether it is called so in every cluster.
fn is_public(word: &str) -> bool {
    let domain = word.split('/').next().unwrap_or_default();
    let public =
        PUBLIC.iter().any(|known| domain == *known || domain.ends_with(&format!(".{known}")));
    let version = word.split_once('/').is_some_and(|(group, version)| {
        ["apps", "batch", "policy"].contains(&group) && version.starts_with('v')
    });
    let level = ["restricted:latest", "baseline:latest", "privileged:latest"].contains(&word);
    public || version || level || FIELDS.iter().any(|field| word.starts_with(field))
}

/// Whether it leads somewhere inside the operator's network, or to its API server.
fn is_address(word: &str) -> bool {
    let host = word.rsplit_once(':').map_or(word, |(host, _)| host);
    let inner = [".svc", ".local", ".internal", ".cluster"].iter().any(|end| host.ends_with(end));
    word.contains("://")
        || word.parse::<IpAddr>().is_ok()
        || word.parse::<SocketAddr>().is_ok()
        || inner
}

#[cfg(test)]
mod tests {
    use super::*;

    fn known() -> Known {
        let manifest =
            r#"{"services":[{"name":"web","image":"nginx:1","hosts":["shop.example.org"]}]}"#;
        Known::of(manifest.to_owned()).with_namespace("souk-0123456789-7")
    }

    #[test]
    fn names_of_the_operators_are_left_out_and_the_reason_stays() {
        for (text, discreet) in [
            (
                r#"admission webhook "validate.nginx.ingress.kubernetes.io" denied the request: host "shop.example.org" and path "/" is already defined in ingress sites/www"#,
                r#"admission webhook "validate.nginx.ingress.kubernetes.io" denied the request: host "shop.example.org" and path "/" is already defined in ingress …"#,
            ),
            (
                r#"admission webhook "limits.corp.example.com" denied the request: policy team-a/limits: CPU limits are required"#,
                r#"admission webhook "…" denied the request: policy …: CPU limits are required"#,
            ),
            (
                r#"pods "web" is forbidden: violates PodSecurity "restricted:latest": allowPrivilegeEscalation != false"#,
                r#"pods "web" is forbidden: violates PodSecurity "restricted:latest": allowPrivilegeEscalation != false"#,
            ),
            (
                "Successfully assigned souk-0123456789-7/web-1 to gpu-node-3.example.internal",
                "Successfully assigned souk-0123456789-7/web-1 to …",
            ),
            (
                r#"MountVolume.SetUp failed for volume "pvc-11" : rpc error: secret "ceph-admin" not found in namespace rook-ceph"#,
                r#"MountVolume.SetUp failed for volume "…" : rpc error: secret "…" not found in namespace …"#,
            ),
            (
                "0/5 nodes are available: 2 node(s) had untolerated taint {team: internal}, 3 Insufficient nvidia.com/gpu.",
                "0/5 nodes are available: 2 node(s) had untolerated taint {…: …}, 3 Insufficient nvidia.com/gpu.",
            ),
            (
                "0/5 nodes are available: 5 node(s) had untolerated taint {node.kubernetes.io/not-ready: }",
                "0/5 nodes are available: 5 node(s) had untolerated taint {node.kubernetes.io/not-ready: }",
            ),
            (
                r#"Failed to pull image "docker.io/library/nginx:1": dial tcp 10.0.0.5:443: connection refused"#,
                r#"Failed to pull image "docker.io/library/nginx:1": dial tcp …: connection refused"#,
            ),
            (
                "ServiceError: error sending request for https://kube.corp.example.com:6443/api/v1: refused",
                "ServiceError: error sending request for …: refused",
            ),
            (
                r#"User "system:serviceaccount:souk:agent" cannot create resource in namespace kube-system"#,
                r#"User "…" cannot create resource in namespace …"#,
            ),
            (
                r#"Ingress.networking.k8s.io "web" is invalid: spec.rules[0].host: Invalid value: "A b": must be lower"#,
                r#"Ingress.networking.k8s.io "web" is invalid: spec.rules[0].host: Invalid value: "A b": must be lower"#,
            ),
            (
                "GPUs of the node: 1 of 2 nvidia.com/gpu failed",
                "GPUs of the node: 1 of 2 nvidia.com/gpu failed",
            ),
            (
                "OOMKilled (exit code 137), 3 restarts; the memory is 256Mi: ask for more",
                "OOMKilled (exit code 137), 3 restarts; the memory is 256Mi: ask for more",
            ),
            (
                "host shop.example.org is used; back-off 8s restarting failed container=web on port 80",
                "host shop.example.org is used; back-off 8s restarting failed container=web on port 80",
            ),
        ] {
            assert_eq!(known().discreet(text), discreet);
        }
    }

    #[test]
    fn texts_of_any_form_keep_their_spaces_and_signs() {
        for text in ["", " ", "a  b", "\"\"", "{}", "x\n y", "…", "}} {{", "'a b' (c)"] {
            assert_eq!(Known::default().discreet(text), text, "{text:?}");
        }
    }
}
