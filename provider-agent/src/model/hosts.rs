//! Host names: which leads to which port of which service, and which a tenant may not have.
//!
//! Each way in by HTTP (an expose) has a name below the provider's domain and those that the tenant
//! accepts. A host leads to one port, with the options of its own expose.

use std::collections::{BTreeMap, BTreeSet};

use souk_core::OrderId;
use souk_sdl::{HttpOptions, ManifestGroup, ManifestService, ServiceExpose};

use super::scope::MarketScope;
use crate::config::Cluster;

/// A provider's domains.
#[derive(Clone, Debug, Default)]
pub struct Domains {
    /// Below it each way in has a name; none where the provider serves no hosts.
    pub generated: Option<String>,
    /// Domains in which tenants may not have names, the one above among them.
    pub reserved: Vec<String>,
}

impl Domains {
    /// Those of a cluster.
    pub fn of(cluster: &Cluster) -> Self {
        Self {
            generated: cluster.ingress_class.as_ref().and(cluster.domain.clone()),
            reserved: cluster.reserved_domains().map(str::to_owned).collect(),
        }
    }
}

/// How the hosts of a lease are named.
#[derive(Clone, Copy, Debug)]
pub struct Naming<'a> {
    /// The provider and market.
    pub scope: &'a MarketScope,
    /// The lease.
    pub order: OrderId,
    /// The provider's domains.
    pub domains: &'a Domains,
}

/// A host and what it leads to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Route<'m> {
    /// The host, in lower case.
    pub host: String,
    /// The service.
    pub service: &'m str,
    /// The container's port.
    pub port: u32,
    /// How requests are treated.
    pub options: &'m HttpOptions,
    /// Whether it is the provider's name for this way in.
    pub generated: bool,
}

impl Route<'_> {
    fn leads_where(&self, other: &Route<'_>) -> bool {
        (self.service, self.port, self.options) == (other.service, other.port, other.options)
    }
}

/// A host that leads to two places.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HostTwice {
    /// The host.
    pub host: String,
    /// The service and container port that have it first.
    pub first: (String, u32),
    /// The others.
    pub second: (String, u32),
}

impl Naming<'_> {
    /// The hosts of a group, each once. Of a host that stands there twice the first counts: a manifest
    /// with two different ones is refused, but older agents took it.
    pub fn routes<'m>(&self, group: &'m ManifestGroup) -> Vec<Route<'m>> {
        let mut hosts = BTreeSet::new();
        let all = group.services.iter().flat_map(|service| self.all_of(service));
        all.filter(|route| hosts.insert(route.host.clone())).collect()
    }

    /// The hosts that tenants chose, without the provider's name for the same way in, each once.
    ///
    /// # Errors
    ///
    /// If one leads to two places.
    pub fn chosen<'m>(&self, group: &'m ManifestGroup) -> Result<Vec<Route<'m>>, HostTwice> {
        let mut chosen: BTreeMap<String, Route<'m>> = BTreeMap::new();
        let all: Vec<Route<'m>> =
            group.services.iter().flat_map(|service| self.all_of(service)).collect();
        for route in all.into_iter().filter(|route| !route.generated) {
            match chosen.get(&route.host) {
                Some(known) if known.leads_where(&route) => {}
                Some(known) => {
                    return Err(HostTwice {
                        host: route.host.clone(),
                        first: (known.service.to_owned(), known.port),
                        second: (route.service.to_owned(), route.port),
                    });
                }
                None => drop(chosen.insert(route.host.clone(), route)),
            }
        }
        Ok(chosen.into_values().collect())
    }

    /// The hosts of a service: of each way in the tenant's own first. A host that is the provider's name
    /// for the same way in stands there once.
    fn all_of<'m>(&self, service: &'m ManifestService) -> Vec<Route<'m>> {
        let mut routes = Vec::new();
        let ways: Vec<&ServiceExpose> =
            service.expose.iter().filter(|expose| expose.is_ingress()).collect();
        for (at, expose) in ways.iter().enumerate() {
            let route = |host: String, generated: bool| Route {
                host,
                service: &service.name,
                port: expose.port,
                options: &expose.http_options,
                generated,
            };
            // The number of this way in among those to the same port.
            let number = ways.iter().take(at).filter(|way| way.port == expose.port).count();
            let generated = self.generated(&service.name, expose.port, number);
            let own = expose.hosts.iter().flatten().map(|host| normalized(host));
            let own = own.filter(|host| generated.as_ref() != Some(host));
            routes.extend(own.map(|host| route(host, false)));
            routes.extend(generated.clone().map(|host| route(host, true)));
        }
        routes
    }

    /// The provider's name for a way in. It stays the same whatever else changes.
    fn generated(&self, service: &str, port: u32, number: usize) -> Option<String> {
        let domain = self.domains.generated.as_ref()?;
        let (order, port, number) = (self.order.to_string(), port.to_string(), number.to_string());
        let mut parts = vec![order.as_str(), service, &port];
        // The first keeps the name that it always had.
        parts.extend((number != "0").then_some(number.as_str()));
        Some(format!("h{}.{domain}", self.scope.hash(&parts, 16)))
    }
}

/// A host as names are compared.
pub fn normalized(host: &str) -> String {
    host.trim_end_matches('.').to_ascii_lowercase()
}

/// Whether a host, or each name that a wildcard stands for, is among `taken`, which may hold wildcards.
pub fn is_taken(host: &str, mut taken: impl FnMut(&str) -> bool) -> bool {
    let above = host.match_indices('.').map(|(at, _)| format!("*{}", &host[at..]));
    taken(host) || above.into_iter().any(|wildcard| taken(&wildcard))
}

#[cfg(test)]
mod tests;
