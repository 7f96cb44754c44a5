//! Whether a manifest is exactly what a lease is for: its hash is the commitment's, and its
//! services, counts, resources and endpoints are those of the group on the chain, so that a
//! small order cannot carry a large manifest. What it asks of the ingress, which all tenants
//! share, must be what SDL could ask: a manifest need not come from an SDL file.

use std::collections::BTreeMap;

use cosmwasm_std::HexBinary;
use souk_core::{Endpoint, EndpointKind, GroupSpec, GroupUnit, Resources};
use souk_gateway::{body::ManifestUpload, commitment};
use souk_sdl::{ManifestGroup, ManifestService, ServiceExpose, is_host, order};
use thiserror::Error;

/// Host names of one lease at most.
const MAX_HOSTS: usize = 100;
/// Ports of one service at most, each time that one is opened to another service counted. Those
/// that are open to the world are counted and paid.
const MAX_EXPOSES: usize = 128;
/// Variables of one service at most.
const MAX_VARIABLES: usize = 1_000;
/// Bytes of all variables of one service at most, names among them: half of what a Secret holds,
/// since names stand in the pods' template too, and again in Kubernetes' record of its fields.
const MAX_ENVIRONMENT: usize = 512 << 10;

/// A manifest that was taken.
#[derive(Debug)]
pub struct Accepted {
    /// The group that this provider runs.
    pub group: ManifestGroup,
    /// Host names that its services ask for, each once.
    pub hostnames: Vec<String>,
}

/// Why a manifest is not the lease's.
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
    /// More or other ways in than were paid for.
    #[error("resource unit {0} has other endpoints in the manifest than in the order")]
    Endpoints(u32),
    /// A service without replicas, which nobody pays for.
    #[error("service `{0}` has no replicas; leave it out")]
    NoReplicas(String),
    /// Ports without end.
    #[error("service `{service}` opens {exposes} ports, the limit is {MAX_EXPOSES}")]
    TooManyPorts {
        /// The service.
        service: String,
        /// How many.
        exposes: usize,
    },
    /// A port that is none.
    #[error("service `{service}` opens port {port}; ports are 1 to 65535")]
    Port {
        /// The service.
        service: String,
        /// The port.
        port: u32,
    },
    /// More variables than Kubernetes keeps.
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
    /// Options that no SDL file gives.
    #[error("the HTTP options of service `{service}` are not possible: {fault}")]
    HttpOptions {
        /// The service.
        service: String,
        /// What is wrong with them.
        fault: String,
    },
    /// No host name; a pattern would take names that other leases may have.
    #[error("`{0}` is no host name; write labels of lower case, digits and `-`, and no pattern")]
    Host(String),
    /// Host names without end.
    #[error("the manifest asks for {0} host names, the limit is {MAX_HOSTS}")]
    TooManyHosts(usize),
    /// A host name of the provider's own.
    #[error("host name `{host}` belongs to the provider's domain {domain}; choose another")]
    ReservedHost {
        /// The name.
        host: String,
        /// The domain.
        domain: String,
    },
}

impl Refusal {
    /// A word for programs.
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
            Self::Environment { .. } => "environment_too_large",
            Self::HttpOptions { .. } => "http_options",
            Self::Host(_) => "hostname_invalid",
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

/// Checks a manifest against the commitment and the group on the chain.
pub fn check(
    upload: &ManifestUpload,
    expected: &HexBinary,
    spec: &GroupSpec,
    reserved_domains: &[String],
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
    for unit in &spec.units {
        check_unit(unit, group)?;
    }
    check_addresses(group)?;
    check_http(group)?;
    let hostnames = hostnames(group);
    if hostnames.len() > MAX_HOSTS {
        return Err(Refusal::TooManyHosts(hostnames.len()));
    }
    for host in &hostnames {
        let reserved = reserved_domains.iter().find(|domain| is_under(host, domain));
        if let Some(domain) = reserved {
            return Err(Refusal::ReservedHost { host: host.clone(), domain: domain.clone() });
        }
        if !is_host(host) {
            return Err(Refusal::Host(host.clone()));
        }
    }
    Ok(Accepted { group: group.clone(), hostnames })
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

/// What Kubernetes refuses would be found only when the lease is applied. An outer port that
/// does not exist is passed over, as SDL passes it over with a warning.
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
    // What is opened is what is exposed, whatever the manifest states.
    let opened = services.iter().flat_map(|one| &one.expose).flat_map(ways_in);
    if tally(stated) != paid || tally(opened) != paid {
        return Err(Refusal::Endpoints(unit.id));
    }
    Ok(())
}

/// The endpoints that an expose takes, as SDL counts them. A leased address is one also where
/// it is not said to be open to the world, which SDL does not write.
fn ways_in(expose: &ServiceExpose) -> Vec<Endpoint> {
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

/// How often each endpoint is there, in whatever order.
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

fn hostnames(group: &ManifestGroup) -> Vec<String> {
    let exposes = group.services.iter().flat_map(|service| &service.expose);
    let hosts = exposes.flat_map(|expose| expose.hosts.iter().flatten());
    let mut hosts: Vec<String> =
        hosts.map(|host| host.trim_end_matches('.').to_ascii_lowercase()).collect();
    hosts.sort();
    hosts.dedup();
    hosts
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
