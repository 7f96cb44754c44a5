//! What one replica of a service needs.

use cosmwasm_schema::cw_serde;

use crate::Attribute;

/// The resources of one replica.
#[cw_serde]
#[derive(Eq)]
pub struct Resources {
    /// CPU in thousandths of a core.
    pub cpu_milli: u64,
    /// What the CPU must be, for instance `arch=arm64`; judged by the provider's agent.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub cpu_attributes: Vec<Attribute>,
    /// Memory in bytes.
    pub memory: u64,
    /// GPUs, if any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gpu: Option<Gpu>,
    /// Volumes; the nameless file system of a container is one called `default`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub storage: Vec<Volume>,
    /// Ways in from outside.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub endpoints: Vec<Endpoint>,
}

/// GPUs of one replica; all of one model.
#[cw_serde]
#[derive(Eq)]
pub struct Gpu {
    /// How many, at least 1.
    pub units: u32,
    /// Models any of which will do: keys such as `vendor/nvidia/model/a100/ram/80Gi`, value
    /// `true`. A segment `*` stands for any.
    pub attributes: Vec<Attribute>,
}

/// One volume of a replica.
#[cw_serde]
#[derive(Eq)]
pub struct Volume {
    /// Its name within the service.
    pub name: String,
    /// Its size in bytes.
    pub size: u64,
    /// `persistent` and `class`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub attributes: Vec<Attribute>,
}

impl Volume {
    /// The value of one of its attributes.
    pub fn attribute(&self, key: &str) -> Option<&str> {
        let found = self.attributes.iter().find(|attribute| attribute.key == key)?;
        Some(found.value.as_str())
    }

    /// Whether its content outlives a restart of the pod.
    pub fn is_persistent(&self) -> bool {
        self.attribute("persistent") == Some("true")
    }
}

/// A way in from outside.
#[cw_serde]
#[derive(Copy, Eq)]
pub struct Endpoint {
    /// Its kind.
    pub kind: EndpointKind,
    /// Distinguishes the leased addresses of a deployment; 0 for the other kinds.
    #[serde(default)]
    pub sequence: u32,
}

/// Kinds of endpoint, numbered as Akash does on the wire.
#[cw_serde]
#[derive(Copy, Eq, Hash)]
pub enum EndpointKind {
    /// HTTP by host name, shared with other tenants.
    SharedHttp,
    /// A port of the provider's choosing.
    RandomPort,
    /// An address of its own.
    LeasedIp,
}
