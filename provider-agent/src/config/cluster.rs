//! `[cluster]`: the Kubernetes cluster and what it offers tenants.

use std::{collections::BTreeMap, path::PathBuf};

use serde::Deserialize;

use super::{Bytes, ConfigError, Images, KeptVolumes};

/// The Kubernetes cluster.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cluster {
    /// The kubeconfig file; if not given, `KUBECONFIG`, the home folder's, or the pod's own
    /// service account.
    #[serde(default)]
    pub kubeconfig: Option<PathBuf>,
    /// The context in it; its current one if not given.
    #[serde(default)]
    pub context: Option<String>,
    /// Labels of the nodes that are offered, for instance where several providers share a cluster; every
    /// pod of a tenant selects them. All nodes are offered if none is given.
    #[serde(default)]
    pub node_selector: BTreeMap<String, String>,
    /// The ingress class; without one no HTTP endpoints are offered.
    #[serde(default)]
    pub ingress_class: Option<String>,
    /// The ingress controller's pods, which tenants' pods let in. If not given those are the namespace
    /// `ingress-nginx` and namespaces with the label `souk.market/ingress: "true"`.
    #[serde(default)]
    pub ingress_controller: Option<IngressController>,
    /// Every HTTP service gets a host name below this domain.
    #[serde(default)]
    pub domain: Option<String>,
    /// The provider's own domains, in which tenants may not use host names; `domain` is always one.
    #[serde(default)]
    pub own_domains: Vec<String>,
    /// The host name of the nodes for tenants' node ports; without one no port endpoints are offered.
    #[serde(default)]
    pub node_port_host: Option<String>,
    /// How many addresses there are for tenants to lease.
    #[serde(default)]
    pub leased_ips: u32,
    /// The market's storage classes (`default`, `beta1` to `beta3`), with the cluster's class of each.
    #[serde(default)]
    pub storage_classes: BTreeMap<String, StorageClass>,
    /// For how long the volumes of leases that ended are kept.
    #[serde(default)]
    pub kept_volumes: KeptVolumes,
    /// The pod security level that tenants' namespaces enforce.
    #[serde(default)]
    pub pod_security: PodSecurity,
    /// When images are pulled.
    #[serde(default)]
    pub image_pull_policy: ImagePullPolicy,
    /// The runtime class of pods with GPUs of a vendor, for instance `nvidia = "nvidia"`.
    #[serde(default)]
    pub gpu_runtime_classes: BTreeMap<String, String>,
    /// The runtime class of all other pods, for instance of a sandbox such as gVisor or Kata Containers;
    /// also of pods with GPUs whose vendor has none above.
    #[serde(default)]
    pub runtime_class: Option<String>,
    /// Whether pods have user namespaces, in which root is nobody on the node.
    #[serde(default)]
    pub user_namespaces: UserNamespaces,
    /// Which images may run.
    #[serde(default)]
    pub images: Images,
    /// Networks that tenants may not reach, beside private and link-local ones: pods, services and nodes
    /// if those have public addresses.
    #[serde(default)]
    pub deny_networks: Vec<String>,
}

/// The pods of the ingress controller.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IngressController {
    /// Their namespace, such as `kube-system` (k3s, RKE2).
    pub namespace: String,
    /// Labels that they have; all pods of the namespace are let in if none is given.
    #[serde(default)]
    pub pods: BTreeMap<String, String>,
}

/// A storage class of the market.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StorageClass {
    /// The cluster's StorageClass.
    pub name: String,
    /// How many bytes of it are offered; no limit if not given.
    #[serde(default)]
    pub capacity: Option<Bytes>,
}

/// Levels of the pod security standards.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum PodSecurity {
    /// Ordinary images run, as root too; no privileges.
    #[default]
    Baseline,
    /// Images must run without root.
    Restricted,
}

impl PodSecurity {
    /// The label's value.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Baseline => "baseline",
            Self::Restricted => "restricted",
        }
    }
}

/// Which pods have user namespaces (`hostUsers: false`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum UserNamespaces {
    /// If each node that is offered says that it has them: pods without persistent volumes and GPUs,
    /// which not every storage and driver can map.
    #[default]
    Auto,
    /// All; a node without them starts none.
    On,
    /// None.
    Off,
}

/// When a node pulls an image.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
pub enum ImagePullPolicy {
    /// At each start, so that one tenant's private image in a node's cache is not another's.
    #[default]
    Always,
    /// If the node does not have it: for clusters whose images are all public or local.
    IfNotPresent,
    /// Never: only images that the nodes have can run.
    Never,
}

impl ImagePullPolicy {
    /// The value in Kubernetes.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Always => "Always",
            Self::IfNotPresent => "IfNotPresent",
            Self::Never => "Never",
        }
    }
}

/// The market's storage classes.
pub const CLASSES: [&str; 4] = ["default", "beta1", "beta2", "beta3"];

impl Cluster {
    /// [`Self::node_selector`] as Kubernetes writes it; empty if all nodes are offered.
    pub fn node_labels(&self) -> String {
        let labels: Vec<String> =
            self.node_selector.iter().map(|(key, value)| format!("{key}={value}")).collect();
        labels.join(",")
    }

    /// Domains in which tenants may not use host names.
    pub fn reserved_domains(&self) -> impl Iterator<Item = &str> {
        self.domain.iter().chain(&self.own_domains).map(String::as_str)
    }

    pub(super) fn check(&self) -> Result<(), ConfigError> {
        if self.ingress_class.is_some() && self.domain.is_none() {
            return Err(ConfigError::invalid(
                "cluster.domain",
                "",
                "services with an ingress need names",
                "give the domain that points to the ingress, such as apps.example.com",
            ));
        }
        self.images.check()?;
        for domain in self.reserved_domains() {
            check_domain(domain)?;
        }
        for class in self.storage_classes.keys() {
            if !CLASSES.contains(&class.as_str()) {
                return Err(ConfigError::invalid(
                    "cluster.storage_classes",
                    class,
                    "the market does not know this class",
                    format!("the classes are {}", CLASSES.join(", ")),
                ));
            }
        }
        self.kept_volumes.check()?;
        for (key, value) in &self.node_selector {
            if !is_label_key(key) || !is_label_value(value) {
                return Err(ConfigError::invalid(
                    "cluster.node_selector",
                    format!("{key} = {value}"),
                    "no node can have this label",
                    "write for instance { \"example.com/market\" = \"souk\" }; values have 63 characters at most",
                ));
            }
        }
        if let Some(controller) = &self.ingress_controller {
            controller.check()?;
        }
        for network in &self.deny_networks {
            if !is_network(network) {
                return Err(ConfigError::invalid(
                    "cluster.deny_networks",
                    network,
                    "it is not a network",
                    "write for instance 203.0.113.0/24 or 2001:db8::/32",
                ));
            }
        }
        Ok(())
    }
}

impl IngressController {
    fn check(&self) -> Result<(), ConfigError> {
        let name = &self.namespace;
        if name.len() > 63 || name.contains('.') || check_domain(name).is_err() {
            return Err(ConfigError::invalid(
                "cluster.ingress_controller.namespace",
                name,
                "no namespace can have this name",
                "write for instance kube-system",
            ));
        }
        for (key, value) in &self.pods {
            if !is_label_key(key) || !is_label_value(value) {
                return Err(ConfigError::invalid(
                    "cluster.ingress_controller.pods",
                    format!("{key} = {value}"),
                    "no pod can have this label",
                    "write for instance { \"app.kubernetes.io/name\" = \"traefik\" }",
                ));
            }
        }
        Ok(())
    }
}

fn check_domain(domain: &str) -> Result<(), ConfigError> {
    let label = |label: &str| {
        (1..=63).contains(&label.len())
            && label.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    if domain.len() <= 200 && domain.split('.').all(label) {
        return Ok(());
    }
    Err(ConfigError::invalid(
        "cluster.domain",
        domain,
        "it is not a domain name",
        "write it in lower case without dots at its ends, such as apps.example.com",
    ))
}

/// A label's name, with or without a domain before it.
fn is_label_key(key: &str) -> bool {
    let name = match key.split_once('/') {
        Some((domain, name)) if check_domain(domain).is_ok() => name,
        Some(_) => return false,
        None => key,
    };
    !name.is_empty() && is_label_value(name)
}

fn is_label_value(value: &str) -> bool {
    let edge = |byte: Option<&u8>| byte.is_none_or(u8::is_ascii_alphanumeric);
    value.len() <= 63
        && value.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b))
        && edge(value.as_bytes().first())
        && edge(value.as_bytes().last())
}

fn is_network(text: &str) -> bool {
    let Some((address, bits)) = text.split_once('/') else { return false };
    let (Ok(address), Ok(bits)) = (address.parse::<std::net::IpAddr>(), bits.parse::<u8>()) else {
        return false;
    };
    bits <= if address.is_ipv4() { 32 } else { 128 }
}
