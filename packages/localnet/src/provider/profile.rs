//! What a provider has and asks: hardware, region, prices.

use std::{collections::BTreeMap, fmt::Write as _, path::PathBuf};

use souk_core::Attribute;
use souk_kubesim::spec::{ClusterSpec, NodeSpec, StorageClassSpec};

/// A provider that can be started.
#[derive(Clone, Debug)]
pub struct Profile {
    /// Its name, also of its folder.
    pub name: String,
    /// The attributes that it claims beside those of its hardware.
    pub claims: Vec<Attribute>,
    /// Its cluster, if that is simulated.
    pub cluster: ClusterSpec,
    /// Its cluster, if that exists already.
    pub existing: Option<ExistingCluster>,
    /// GPUs that it claims, as keys below `capabilities/gpu/`.
    pub gpus: Vec<String>,
    /// Whether it has persistent storage (classes default and beta1 to beta3).
    pub storage: bool,
    /// Addresses that tenants can lease.
    pub leased_ips: u32,
    /// Its prices.
    pub rates: Rates,
    /// Its bond in base units.
    pub bond: u128,
}

/// A cluster that exists already.
#[derive(Clone, Debug)]
pub struct ExistingCluster {
    /// The kubeconfig that reaches it.
    pub kubeconfig: PathBuf,
    /// Labels of the nodes that are this provider's; all nodes if none.
    pub nodes: BTreeMap<String, String>,
    /// Whether images are on the nodes, and none is to be pulled.
    pub local_images: bool,
    /// The host at which its node ports are reached; `NAME.localhost` if not given.
    pub host: Option<String>,
}

/// Prices in base units an hour.
#[derive(Clone, Copy, Debug)]
pub struct Rates {
    /// A core.
    pub cpu: u64,
    /// A GiB of memory.
    pub memory: u64,
    /// A GiB of disk; persistent storage costs four times as much.
    pub storage: u64,
    /// A GPU of any model.
    pub gpu: u64,
    /// An endpoint.
    pub endpoint: u64,
    /// A leased address.
    pub ip: u64,
}

/// The storage classes of the market.
const CLASSES: [&str; 4] = ["default", "beta1", "beta2", "beta3"];

impl Profile {
    /// A provider in a region, with nothing yet.
    pub fn new(name: &str, region: &str, rates: Rates) -> Self {
        let mut profile = Self {
            name: name.to_owned(),
            claims: Vec::new(),
            cluster: ClusterSpec {
                name: name.to_owned(),
                nodes: Vec::new(),
                ..ClusterSpec::default()
            },
            existing: None,
            gpus: Vec::new(),
            storage: false,
            leased_ips: 0,
            rates,
            bond: 100_000_000,
        };
        profile = profile.claim("region", region);
        profile
    }

    /// Adds a claim.
    #[must_use]
    pub fn claim(mut self, key: &str, value: &str) -> Self {
        self.claims.push(Attribute::new(key, value));
        self
    }

    /// Adds nodes.
    #[must_use]
    pub fn node(mut self, node: NodeSpec) -> Self {
        self.cluster.nodes.push(node);
        self
    }

    /// Claims GPUs, for instance `vendor/nvidia/model/h100`.
    #[must_use]
    pub fn gpu(mut self, key: &str) -> Self {
        self.gpus.push(key.to_owned());
        self
    }

    /// Offers persistent storage of all classes.
    #[must_use]
    pub fn with_storage(mut self) -> Self {
        self.storage = true;
        let classes = CLASSES.iter().map(|class| StorageClassSpec::new(class, false));
        self.cluster.storage_classes = classes.collect();
        self
    }

    /// Offers addresses to lease.
    #[must_use]
    pub fn with_ips(mut self, count: u32) -> Self {
        self.leased_ips = count;
        self
    }

    /// Everything that it registers.
    pub fn attributes(&self) -> Vec<Attribute> {
        let mut all = self.claims.clone();
        let gpus = self.gpus.iter();
        all.extend(gpus.map(|key| Attribute::new(format!("capabilities/gpu/{key}"), "true")));
        let mut number = 0;
        let mut offer = |class: &str, persistent: bool| {
            number += 1;
            let key = |what: &str| format!("capabilities/storage/{number}/{what}");
            [
                Attribute::new(key("class"), class),
                Attribute::new(key("persistent"), persistent.to_string()),
            ]
        };
        if self.storage {
            CLASSES.iter().for_each(|class| all.extend(offer(class, true)));
        }
        all.extend(offer("ram", false));
        all
    }

    /// The parts of the agent's configuration that depend on the profile: `[cluster]` and
    /// `[bidding]`.
    pub fn config(&self, kubeconfig: &str, denom: &str) -> String {
        let domain = format!("{}.localhost", self.name);
        let host = self.existing.as_ref().and_then(|one| one.host.as_ref()).unwrap_or(&domain);
        let mut text = format!(
            "[cluster]\nkubeconfig = {kubeconfig:?}\ningress_class = \"nginx\"\ndomain = {domain:?}\nnode_port_host = {host:?}\nleased_ips = {ips}\n",
            ips = self.leased_ips,
        );
        if let Some(existing) = &self.existing {
            let nodes = existing.nodes.iter().map(|(key, value)| format!("{key:?} = {value:?}"));
            let nodes = nodes.collect::<Vec<_>>().join(", ");
            let _ = writeln!(text, "node_selector = {{ {nodes} }}");
            if existing.local_images {
                text.push_str("image_pull_policy = \"Never\"\n");
            }
        }
        if self.storage {
            text.push_str("[cluster.storage_classes]\n");
            for class in CLASSES {
                // Writing to a String cannot fail.
                let _ = writeln!(text, "{class} = {{ name = \"{class}\" }}");
            }
        }
        let Rates { cpu, memory, storage, gpu, endpoint, ip } = self.rates;
        let _ = write!(
            text,
            "[bidding]\n[[bidding.rates]]\ndenom = \"{denom}\"\ncpu = {cpu}\nmemory = {memory}\nstorage = {storage}\nendpoint = {endpoint}\nip = {ip}\ngpu = {gpu}\nminimum = 1\n"
        );
        if self.storage {
            text.push_str("[bidding.rates.persistent]\n");
            for class in CLASSES {
                let _ = writeln!(text, "{class} = {}", storage.saturating_mul(4));
            }
        }
        for Attribute { key, value } in self.attributes() {
            let _ = write!(text, "[[bidding.attributes]]\nkey = \"{key}\"\nvalue = \"{value}\"\n");
        }
        text
    }
}
