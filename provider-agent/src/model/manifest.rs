//! Checks a manifest against its lease: its hash is the deployment's commitment, and its services,
//! counts, resources and endpoints are those of the group on the chain, so that a small order cannot
//! carry a large manifest. Its ingress options, which affect all tenants, must be ones that SDL
//! allows: a manifest need not come from an SDL file. What the manifest opens must be reachable as it
//! says.

mod ways;

use std::collections::BTreeMap;

use cosmwasm_std::HexBinary;
use souk_core::{Endpoint, EndpointKind, GroupSpec, GroupUnit, Resources};
use souk_gateway::{body::ManifestUpload, commitment};
use souk_sdl::{
    ManifestGroup, ManifestService, ServiceExpose, host_fault, is_host,
    limits::{
        ENVIRONMENT as MAX_ENVIRONMENT, EXPOSES as MAX_EXPOSES, HOSTS as MAX_HOSTS,
        VARIABLES as MAX_VARIABLES,
    },
    order,
};
use thiserror::Error;

use super::{
    hosts::{Domains, HostTwice, Naming},
    image::{ImageRefusal, ImageRules},
};

/// An accepted manifest.
#[derive(Debug)]
pub struct Accepted {
    /// The group that this provider runs.
    pub group: ManifestGroup,
    /// Host names that its services ask for, each once.
    pub hostnames: Vec<String>,
}

/// What a manifest may have at this provider, beside what was ordered.
#[derive(Clone, Debug, Default)]
pub struct Rules {
    /// The provider's own domains.
    pub domains: Domains,
    /// Which images may run.
    pub images: ImageRules,
}

/// Why a manifest is refused.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Refusal {
    /// Another manifest, another salt, or another version of it.
    #[error(
        "the manifest hashes to {found}, the deployment's commitment is {expected}; send the manifest and salt that it was created or last updated with"
    )]
    Hash {
        /// What it hashes to.
        found: String,
        /// What it must hash to.
        expected: String,
    },
    /// The group is missing.
    #[error("the manifest has no group `{0}`, which this lease is for")]
    NoGroup(String),
    /// A service whose resource unit is not in the group.
    #[error("service `{service}` uses resource unit {unit}, which the order does not have")]
    NoUnit {
        /// The service.
        service: String,
        /// The unit's number.
        unit: u32,
    },
    /// A service that needs other resources than were paid for.
    #[error("service `{service}` asks for other resources than unit {unit} of the order")]
    Resources {
        /// The service.
        service: String,
        /// The unit's number.
        unit: u32,
    },
    /// More or fewer replicas than were paid for.
    #[error(
        "resource unit {unit} has {found} replicas in the manifest and {expected} in the order"
    )]
    Count {
        /// The unit's number.
        unit: u32,
        /// In the manifest.
        found: u64,
        /// In the order.
        expected: u32,
    },
    /// More or other endpoints than were paid for.
    #[error("resource unit {0} has other endpoints in the manifest than in the order")]
    Endpoints(u32),
    /// A service without replicas, which nobody pays for.
    #[error("service `{0}` has no replicas; leave it out")]
    NoReplicas(String),
    /// Too many ports.
    #[error("service `{service}` opens {exposes} ports, the limit is {MAX_EXPOSES}")]
    TooManyPorts {
        /// The service.
        service: String,
        /// How many.
        exposes: usize,
    },
    /// A port out of range.
    #[error("service `{service}` opens port {port}; ports are 1 to 65535")]
    Port {
        /// The service.
        service: String,
        /// The port.
        port: u32,
    },
    /// An image that may not run here.
    #[error("the image of service `{service}`: {why}")]
    Image {
        /// The service.
        service: String,
        /// Why not.
        why: ImageRefusal,
    },
    /// An environment that is too large for Kubernetes.
    #[error(
        "the environment of service `{service}` has {variables} variables of {bytes} bytes, the limits are {MAX_VARIABLES} and {MAX_ENVIRONMENT}; put large values into the image or a volume"
    )]
    Environment {
        /// The service.
        service: String,
        /// How many variables.
        variables: usize,
        /// Their bytes.
        bytes: usize,
    },
    /// HTTP options that SDL does not allow.
    #[error("the HTTP options of service `{service}` are not possible: {fault}")]
    HttpOptions {
        /// The service.
        service: String,
        /// What is wrong with them.
        fault: String,
    },
    /// An invalid host name. Wildcards are refused: they would match names of other leases.
    #[error(
        "`{0}` is not a host name; use labels of lower case letters, digits and `-`, without wildcards"
    )]
    Host(String),
    /// A host name that nobody can reach.
    #[error(
        "nobody reaches the host `{host}`: {fault}; use a DNS name that leads to this provider"
    )]
    UnreachableHost {
        /// The name.
        host: String,
        /// Why not.
        fault: &'static str,
    },
    /// A host name with two targets.
    #[error(
        "the host `{}` leads to port {} of service `{}` and, with other options or not, to port {} of service `{}`; let it lead to one",
        .0.host, .0.first.1, .0.first.0, .0.second.1, .0.second.0
    )]
    HostTwice(HostTwice),
    /// Two services of one name.
    #[error("two services are named `{0}`; give each a name of its own")]
    ServiceTwice(String),
    /// An outer port with two targets.
    #[error(
        "the outer port {outer}/{protocol} of service `{service}` leads to port {} of service `{}` already; give one of them another outer port",
        .first.1, .first.0
    )]
    PortTwice {
        /// The service.
        service: String,
        /// The port under which it is reached.
        outer: u32,
        /// `TCP` or `UDP`.
        protocol: &'static str,
        /// The service and container port that have it first.
        first: (String, u32),
    },
    /// Too many host names.
    #[error("the manifest asks for {0} host names, the limit is {MAX_HOSTS}")]
    TooManyHosts(usize),
    /// A host name in the provider's own domain.
    #[error("host name `{host}` belongs to the provider's domain {domain}; choose another")]
    ReservedHost {
        /// The name.
        host: String,
        /// The domain.
        domain: String,
    },
}

impl Refusal {
    /// The error code of the gateway's API.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Hash { .. } => "manifest_mismatch",
            Self::NoGroup(_) => "manifest_without_group",
            Self::NoUnit { .. }
            | Self::Resources { .. }
            | Self::Count { .. }
            | Self::Endpoints(_) => "manifest_not_the_order",
            Self::NoReplicas(_) => "service_without_replicas",
            Self::TooManyPorts { .. } => "too_many_ports",
            Self::Port { .. } => "port_invalid",
            Self::Image { why, .. } => why.code(),
            Self::Environment { .. } => "environment_too_large",
            Self::HttpOptions { .. } => "http_options",
            Self::Host(_) | Self::UnreachableHost { .. } => "hostname_invalid",
            Self::HostTwice(_) => "hostname_twice",
            Self::ServiceTwice(_) => "service_twice",
            Self::PortTwice { .. } => "port_twice",
            Self::TooManyHosts(_) => "too_many_hostnames",
            Self::ReservedHost { .. } => "hostname_reserved",
        }
    }
}

/// Whether manifest and salt hash to a commitment.
pub fn hashes_to(upload: &ManifestUpload, expected: &HexBinary) -> bool {
    hash(upload).as_slice() == expected.as_slice()
}

fn hash(upload: &ManifestUpload) -> [u8; 32] {
    commitment(upload.salt.as_ref(), &upload.manifest.version())
}

/// Checks a manifest against the commitment (32 bytes) and the group on the chain; `naming` is that of
/// the lease.
///
/// # Errors
///
/// The first reason to refuse it.
pub fn check(
    upload: &ManifestUpload,
    expected: &HexBinary,
    spec: &GroupSpec,
    naming: &Naming<'_>,
    images: &ImageRules,
) -> Result<Accepted, Refusal> {
    if !hashes_to(upload, expected) {
        let (found, expected) = (hex::encode(hash(upload)), expected.to_hex());
        return Err(Refusal::Hash { found, expected });
    }
    let group = upload.manifest.iter().find(|group| group.name == spec.name);
    let group = group.ok_or_else(|| Refusal::NoGroup(spec.name.clone()))?;
    for service in &group.services {
        check_service(service, spec)?;
        check_ports(service)?;
        check_environment(service)?;
    }
    let images = images.check_group(group);
    images.map_err(|(service, why)| Refusal::Image { service, why })?;
    for unit in &spec.units {
        check_unit(unit, group)?;
    }
    check_addresses(group)?;
    ways::check(group)?;
    check_http(group)?;
    let hostnames = check_hosts(group, naming)?;
    Ok(Accepted { group: group.clone(), hostnames })
}

/// The host names that the services ask for.
fn check_hosts(group: &ManifestGroup, naming: &Naming<'_>) -> Result<Vec<String>, Refusal> {
    let chosen = naming.chosen(group).map_err(Refusal::HostTwice)?;
    if chosen.len() > MAX_HOSTS {
        return Err(Refusal::TooManyHosts(chosen.len()));
    }
    let hosts: Vec<String> = chosen.into_iter().map(|route| route.host).collect();
    for host in &hosts {
        let reserved = naming.domains.reserved.iter().find(|domain| is_under(host, domain));
        if let Some(domain) = reserved {
            return Err(Refusal::ReservedHost { host: host.clone(), domain: domain.clone() });
        }
        if !is_host(host) {
            return Err(Refusal::Host(host.clone()));
        }
        if let Some(fault) = host_fault(host) {
            return Err(Refusal::UnreachableHost { host: host.clone(), fault });
        }
    }
    Ok(hosts)
}

/// Whether a way in leads to two places, for which a manifest is refused.
#[cfg(test)]
pub fn leads_twice(group: &ManifestGroup) -> bool {
    ways::check(group).is_err()
}

fn check_service(service: &ManifestService, spec: &GroupSpec) -> Result<(), Refusal> {
    let id = service.resources.id;
    let name = || service.name.clone();
    // With one replica at least, a group has no more services than the order has replicas.
    if service.count == 0 {
        return Err(Refusal::NoReplicas(name()));
    }
    let unit = spec.units.iter().find(|unit| unit.id == id);
    let unit = unit.ok_or_else(|| Refusal::NoUnit { service: name(), unit: id })?;
    if without_endpoints(order::resources(&service.resources))
        != without_endpoints(unit.resources.clone())
    {
        return Err(Refusal::Resources { service: name(), unit: id });
    }
    Ok(())
}

/// Checks here what Kubernetes would refuse only when the lease is applied. An external port out of
/// range is ignored, as SDL ignores it with a warning.
fn check_ports(service: &ManifestService) -> Result<(), Refusal> {
    let exposes = service.expose.len();
    if exposes > MAX_EXPOSES {
        return Err(Refusal::TooManyPorts { service: service.name.clone(), exposes });
    }
    let wrong = service.expose.iter().find(|expose| !(1..=65_535).contains(&expose.port));
    match wrong {
        Some(expose) => Err(Refusal::Port { service: service.name.clone(), port: expose.port }),
        None => Ok(()),
    }
}

fn check_environment(service: &ManifestService) -> Result<(), Refusal> {
    let entries = service.env.iter().flatten();
    let (variables, bytes) =
        entries.fold((0, 0), |(count, bytes), entry| (count + 1, bytes + entry.len()));
    if variables > MAX_VARIABLES || bytes > MAX_ENVIRONMENT {
        return Err(Refusal::Environment { service: service.name.clone(), variables, bytes });
    }
    Ok(())
}

fn without_endpoints(resources: Resources) -> Resources {
    Resources { endpoints: Vec::new(), ..resources }
}

/// The replicas and endpoints of all services that share a unit are together the unit's.
fn check_unit(unit: &GroupUnit, group: &ManifestGroup) -> Result<(), Refusal> {
    let services: Vec<_> =
        group.services.iter().filter(|service| service.resources.id == unit.id).collect();
    let found = services.iter().map(|service| u64::from(service.count)).sum();
    if found != u64::from(unit.count) {
        return Err(Refusal::Count { unit: unit.id, found, expected: unit.count });
    }
    let paid = tally(unit.resources.endpoints.iter().copied());
    let stated = services.iter().flat_map(|one| order::resources(&one.resources).endpoints);
    // The exposes count, whatever endpoints the manifest states.
    let opened = services.iter().flat_map(|one| &one.expose).flat_map(endpoints_of);
    if tally(stated) != paid || tally(opened) != paid {
        return Err(Refusal::Endpoints(unit.id));
    }
    Ok(())
}

/// The endpoints of an expose, as SDL counts them. A leased address counts even without `global`,
/// which SDL never produces.
fn endpoints_of(expose: &ServiceExpose) -> Vec<Endpoint> {
    let mut endpoints = Vec::new();
    if expose.global {
        let http = expose.is_ingress();
        let kind = if http { EndpointKind::SharedHttp } else { EndpointKind::RandomPort };
        endpoints.push(Endpoint { kind, sequence: 0 });
    }
    if !expose.ip.is_empty() {
        let sequence = expose.endpoint_sequence_number;
        endpoints.push(Endpoint { kind: EndpointKind::LeasedIp, sequence });
    }
    endpoints
}

/// Each leased address has a number of its own, by which it is counted and paid.
fn check_addresses(group: &ManifestGroup) -> Result<(), Refusal> {
    let mut names: BTreeMap<u32, &str> = BTreeMap::new();
    for service in &group.services {
        for expose in service.expose.iter().filter(|expose| !expose.ip.is_empty()) {
            let name = names.entry(expose.endpoint_sequence_number).or_insert(&expose.ip);
            if *name != expose.ip {
                return Err(Refusal::Endpoints(service.resources.id));
            }
        }
    }
    Ok(())
}

fn check_http(group: &ManifestGroup) -> Result<(), Refusal> {
    for service in &group.services {
        let fault = service.expose.iter().find_map(|expose| expose.http_options.fault());
        if let Some(fault) = fault {
            return Err(Refusal::HttpOptions { service: service.name.clone(), fault });
        }
    }
    Ok(())
}

/// The count of each endpoint.
fn tally(endpoints: impl Iterator<Item = Endpoint>) -> BTreeMap<(u8, u32), usize> {
    let mut tally = BTreeMap::new();
    for endpoint in endpoints {
        let kind = match endpoint.kind {
            EndpointKind::SharedHttp => 0,
            EndpointKind::RandomPort => 1,
            EndpointKind::LeasedIp => 2,
        };
        *tally.entry((kind, endpoint.sequence)).or_default() += 1;
    }
    tally
}

/// Whether a host name lies in a domain, or is a wildcard that the domain lies in.
fn is_under(host: &str, domain: &str) -> bool {
    let domain = domain.trim_start_matches('.');
    let lies_in = |name: &str, domain: &str| {
        name == domain || name.strip_suffix(domain).is_some_and(|rest| rest.ends_with('.'))
    };
    lies_in(host, domain) || host.strip_prefix("*.").is_some_and(|rest| lies_in(domain, rest))
}

#[cfg(test)]
mod tests;
