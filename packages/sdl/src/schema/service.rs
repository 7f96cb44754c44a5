//! `services`.

use std::collections::BTreeMap;

use schemars::JsonSchema;

use super::scalar::{Bool, Host, NextCase, Number, Port, Proto, Text};

/// A container image and how to run it.
#[derive(Debug, JsonSchema)]
#[schemars(deny_unknown_fields)]
#[allow(dead_code)]
pub(super) struct Service {
    /// The image's reference, such as `nginx:1.29`.
    image: Text,
    /// Replaces the image's entrypoint.
    command: Option<Vec<Text>>,
    /// Arguments of the command or entrypoint.
    args: Option<Vec<Text>>,
    /// Environment: `NAME=value`, an entry each.
    env: Option<Vec<Option<Text>>>,
    /// Ports and who may reach them.
    expose: Option<Vec<Expose>>,
    /// Services that this one talks to; for readers of the file.
    dependencies: Option<Vec<Dependency>>,
    /// Mounts, permissions, confidential computing.
    params: Option<Params>,
    /// The login at a private registry.
    credentials: Option<Credentials>,
}

/// A service that another one talks to.
#[derive(Debug, JsonSchema)]
#[schemars(deny_unknown_fields)]
#[allow(dead_code)]
struct Dependency {
    /// The service's name.
    service: Text,
}

/// A port.
#[derive(Debug, JsonSchema)]
#[schemars(deny_unknown_fields)]
#[allow(dead_code)]
struct Expose {
    /// The port on which the container listens.
    port: Port,
    /// The port under which it is reached; 80 over TCP is served by host name.
    #[schemars(rename = "as")]
    outer: Option<Number>,
    /// The protocol: tcp (the default) or udp.
    proto: Option<Proto>,
    /// Who may reach it.
    to: Option<Vec<To>>,
    /// Host names of your own.
    accept: Option<Vec<Host>>,
    /// How requests are treated.
    http_options: Option<HttpOptions>,
}

/// Who may reach a port.
#[derive(Debug, JsonSchema)]
#[schemars(deny_unknown_fields)]
#[allow(dead_code)]
struct To {
    /// The world.
    global: Option<Bool>,
    /// A service of the same placement.
    service: Option<Text>,
    /// A leased address of `endpoints`; needs `global: true`.
    ip: Option<Text>,
    /// Has no effect here; it stands beside `port`.
    http_options: Option<HttpOptions>,
}

/// How the ingress treats requests.
#[derive(Debug, JsonSchema)]
#[schemars(deny_unknown_fields)]
#[allow(dead_code)]
struct HttpOptions {
    /// Largest request in bytes, at most 104857600.
    #[schemars(range(max = 104_857_600))]
    max_body_size: Option<Number>,
    /// Milliseconds to wait for an answer, at most 60000.
    #[schemars(range(max = 60_000))]
    read_timeout: Option<Number>,
    /// Milliseconds to wait while sending, at most 60000.
    #[schemars(range(max = 60_000))]
    send_timeout: Option<Number>,
    /// Replicas tried for one request.
    next_tries: Option<Number>,
    /// Milliseconds in which another replica is tried; 0: no limit.
    next_timeout: Option<Number>,
    /// When another replica is tried; `off` alone: never.
    next_cases: Option<Vec<NextCase>>,
    /// Bytes for an answer's head, at most 1048576.
    #[schemars(range(max = 1_048_576))]
    proxy_buffer_size: Option<Number>,
}

/// What a service asks for beyond its process.
#[derive(Debug, JsonSchema)]
#[schemars(deny_unknown_fields)]
#[allow(dead_code)]
struct Params {
    /// Where volumes of the compute profile are mounted, by name.
    storage: Option<BTreeMap<String, Mount>>,
    /// What the service may read of its own deployment.
    permissions: Option<Permissions>,
    /// Confidential computing: cpu or cpu-gpu.
    tee: Option<Tee>,
}

/// Where a volume is mounted.
#[derive(Debug, JsonSchema)]
#[schemars(deny_unknown_fields, rename_all = "camelCase")]
#[allow(dead_code)]
struct Mount {
    /// An absolute path.
    #[schemars(regex(pattern = "^/"))]
    mount: String,
    /// Whether the service may only read it.
    read_only: Option<Bool>,
}

/// What a service may read of its own deployment.
#[derive(Debug, JsonSchema)]
#[schemars(deny_unknown_fields)]
#[allow(dead_code)]
struct Permissions {
    /// Kinds of things that may be read.
    read: Option<Vec<Permission>>,
}

/// Kinds of things that may be read.
#[derive(Debug, JsonSchema)]
#[schemars(rename_all = "snake_case")]
#[allow(dead_code)]
enum Permission {
    Deployment,
    Logs,
    Events,
}

/// Kinds of confidential computing.
#[derive(Debug, JsonSchema)]
#[schemars(rename_all = "kebab-case")]
#[allow(dead_code)]
enum Tee {
    Cpu,
    CpuGpu,
}

/// A login at a registry.
#[derive(Debug, JsonSchema)]
#[schemars(deny_unknown_fields)]
#[allow(dead_code)]
struct Credentials {
    /// The registry, such as `ghcr.io`.
    host: Text,
    /// An address, if the registry wants one; 2.1 alone keeps it.
    email: Option<Text>,
    /// The account.
    username: Text,
    /// The password or token.
    password: Text,
}
