//! One service of a manifest: image, process, environment, ports, volumes.

use serde::{Deserialize, Serialize};

use super::Resources;
use crate::wire;

/// A container image and how to run it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ManifestService {
    /// The service's name, also its host name within the group.
    pub name: String,
    /// The image's reference.
    pub image: String,
    /// The entrypoint; none: the image's own. An empty list hashes unlike none.
    #[serde(deserialize_with = "wire::present")]
    pub command: Option<Vec<String>>,
    /// The arguments; none: the image's own.
    #[serde(deserialize_with = "wire::present")]
    pub args: Option<Vec<String>>,
    /// `NAME=value`, or `NAME` alone.
    #[serde(deserialize_with = "wire::present")]
    pub env: Option<Vec<String>>,
    /// What one replica needs.
    pub resources: Resources,
    /// Replicas.
    pub count: u32,
    /// Its ports, sorted by target service, port, protocol, global first.
    pub expose: Vec<ServiceExpose>,
    /// Mounts, permissions, confidential computing.
    #[serde(default, deserialize_with = "wire::not_null", skip_serializing_if = "Option::is_none")]
    pub params: Option<ServiceParams>,
    /// How to log in at the image's registry. Secret.
    #[serde(deserialize_with = "wire::present")]
    pub credentials: Option<ImageCredentials>,
}

/// One port, opened to one target.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct ServiceExpose {
    /// The port on which the container listens, 1 to 65535.
    pub port: u32,
    /// The port under which it is reached; 0: the same.
    pub external_port: u32,
    /// TCP or UDP.
    pub proto: Protocol,
    /// The service that may reach it; empty: none is named.
    pub service: String,
    /// Whether the world may reach it.
    pub global: bool,
    /// The host names that it accepts; none: those that the provider gives.
    #[serde(deserialize_with = "wire::present")]
    pub hosts: Option<Vec<String>>,
    /// How the ingress treats its requests.
    pub http_options: HttpOptions,
    /// Name of the leased IP, or empty.
    pub ip: String,
    /// Number of the leased IP within the deployment; 0 without one.
    pub endpoint_sequence_number: u32,
}

impl ServiceExpose {
    /// The outer port: `externalPort`, or `port` when that is 0.
    pub const fn outer_port(&self) -> u32 {
        if self.external_port == 0 { self.port } else { self.external_port }
    }

    /// Whether an ingress serves it: global TCP on outer port 80.
    pub fn is_ingress(&self) -> bool {
        self.proto == Protocol::Tcp && self.global && self.outer_port() == 80
    }
}

/// A transport protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Protocol {
    /// TCP.
    Tcp,
    /// UDP.
    Udp,
}

impl Protocol {
    /// The name as Kubernetes writes it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Tcp => "TCP",
            Self::Udp => "UDP",
        }
    }
}

/// How the ingress treats the requests of one port.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct HttpOptions {
    /// Largest request in bytes.
    pub max_body_size: u32,
    /// Milliseconds to wait for the service's answer.
    pub read_timeout: u32,
    /// Milliseconds to wait while sending to the service.
    pub send_timeout: u32,
    /// Replicas tried for one request.
    pub next_tries: u32,
    /// Milliseconds in which another replica is tried; 0: no limit.
    pub next_timeout: u32,
    /// When another replica is tried.
    #[serde(default, deserialize_with = "wire::not_zero", skip_serializing_if = "Vec::is_empty")]
    pub next_cases: Vec<String>,
    /// Bytes for an answer's head; 0: the provider's default.
    #[serde(default, deserialize_with = "wire::not_zero", skip_serializing_if = "wire::is_zero")]
    pub proxy_buffer_size: u32,
}

/// What a service asks for beyond its process.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ServiceParams {
    /// Where volumes are mounted, by name of the volume.
    #[serde(deserialize_with = "wire::present")]
    pub storage: Option<Vec<StorageParams>>,
    /// Part of the wire form; SDL puts credentials on the service.
    #[serde(default, deserialize_with = "wire::not_null", skip_serializing_if = "Option::is_none")]
    pub credentials: Option<ImageCredentials>,
    /// What the service may read of its own deployment.
    #[serde(default, deserialize_with = "wire::not_null", skip_serializing_if = "Option::is_none")]
    pub permissions: Option<ServicePermissions>,
    /// Confidential computing.
    #[serde(default, deserialize_with = "wire::not_null", skip_serializing_if = "Option::is_none")]
    pub tee: Option<TeeParams>,
}

/// Where a volume is mounted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct StorageParams {
    /// The volume.
    pub name: String,
    /// An absolute path.
    pub mount: String,
    /// Whether the service may only read it.
    pub read_only: bool,
}

/// What a service may read of its own deployment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ServicePermissions {
    /// `deployment`, `logs`, `events`.
    #[serde(default, deserialize_with = "wire::not_zero", skip_serializing_if = "Vec::is_empty")]
    pub read: Vec<String>,
}

/// Confidential computing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TeeParams {
    /// `cpu` or `cpu-gpu`.
    pub r#type: String,
    /// Whether the provider adds the service that attests; always so from SDL.
    pub attestation: bool,
}

/// A login at an image registry.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ImageCredentials {
    /// The registry.
    pub host: String,
    /// An address, if the registry wants one.
    pub email: String,
    /// The account.
    pub username: String,
    /// The password or token. Secret.
    pub password: String,
}

impl std::fmt::Debug for ImageCredentials {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ImageCredentials")
            .field("host", &self.host)
            .field("email", &self.email)
            .field("username", &self.username)
            .field("password", &"(secret)")
            .finish()
    }
}
