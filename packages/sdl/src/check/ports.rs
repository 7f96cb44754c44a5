//! Ports, hosts and leased addresses.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    document::Document,
    names,
    reader::{Read, Reader},
    services::{
        Service,
        expose::{Expose, To},
    },
    yaml::NodeId,
};

/// What is taken so far.
#[derive(Default)]
pub(super) struct Ports<'d> {
    addresses: BTreeSet<&'d str>,
    /// Address, outer port and protocol as they are written, and the service that has them.
    taken: BTreeMap<(&'d str, u32, &'d str), &'d str>,
    hosts: BTreeMap<&'d str, NodeId>,
}

impl<'d> Ports<'d> {
    pub fn check(
        &mut self,
        reader: &mut Reader<'_>,
        document: &'d Document,
        name: &'d str,
        service: &'d Service,
    ) {
        for expose in service.ports() {
            check_port(reader, expose);
            expose.http.check(reader);
            for to in &expose.to {
                self.check_target(reader, document, name, expose, to);
            }
            self.check_hosts(reader, expose);
        }
    }

    fn check_target(
        &mut self,
        reader: &mut Reader<'_>,
        document: &'d Document,
        name: &'d str,
        expose: &'d Expose,
        to: &'d To,
    ) {
        if !to.service.is_empty() && !document.services.contains_key(&to.service) {
            let known = document.services.keys().map(String::as_str);
            let help = reader.suggest(&to.service, known);
            let message = format!("no service is named `{}`", to.service);
            reader.warn(to.service_at, "unknown-service", message).maybe(help);
        }
        if to.service.is_empty() && !to.global && to.ip.is_empty() {
            reader
                .warn(to.at, "no-effect", "this entry of `to` names nobody")
                .help("write `global: true` or `service: ...`");
        }
        if to.ip.is_empty() {
            return;
        }
        if !to.global {
            reader
                .error(to.ip_at, "ip-endpoint", "a leased address is for the world")
                .help("write `global: true` beside `ip`");
        }
        let Some((address, _)) = document.endpoints.get_key_value(&to.ip) else {
            let known = document.endpoints.keys().map(String::as_str);
            let help = reader.suggest(&to.ip, known).unwrap_or_else(|| {
                format!("declare it: `endpoints: {{ {}: {{ kind: ip }} }}`", to.ip)
            });
            let message = format!("no endpoint is named `{}`", to.ip);
            reader.error(to.ip_at, "ip-endpoint", message).help(help);
            return;
        };
        self.addresses.insert(address);
        let key = (to.ip.as_str(), expose.outer, expose.proto.as_str());
        if let Some(other) = self.taken.insert(key, name) {
            let message = format!("this port of `{}` is taken already, by `{other}`", to.ip);
            reader.error(to.ip_at, "ip-endpoint", message).help("give it another `as` or `proto`");
        }
    }

    /// A host goes to one entry of the manifest alone, and each target makes one.
    fn check_hosts(&mut self, reader: &mut Reader<'_>, expose: &'d Expose) {
        for (host, at) in expose.accept.iter().flatten() {
            if !names::is_host(host) {
                let message = format!("`{host}` is not a host name");
                reader
                    .error(*at, "invalid-host", message)
                    .help("a-z, 0-9, `-` and `.`; no `*`, no port, no path");
                continue;
            }
            if let Some(fault) = names::host_fault(host) {
                let message = format!("nobody reaches the host `{host}`: {fault}");
                let help = "write a DNS name that leads to the provider; providers refuse this";
                reader.warn(*at, "unreachable-host", message).help(help);
            }
            let before = self.hosts.insert(host, *at);
            let repeated = (expose.to.len() > 1).then_some(*at);
            if let Some(first) = before.or(repeated) {
                let message = format!("the host `{host}` is accepted twice");
                let help = if first == *at {
                    "a port with `accept` may have one target and run in one placement".to_owned()
                } else {
                    format!("it is accepted first in line {}", reader.line(first))
                };
                reader.error(*at, "duplicate-host", message).help(help);
            }
        }
    }

    /// Each declared address must be used.
    pub fn check_unused(&self, reader: &mut Reader<'_>, document: &Document) {
        for (name, declared) in &document.endpoints {
            if !self.addresses.contains(name.as_str()) {
                let message = format!("the endpoint `{name}` is declared but not used");
                reader
                    .error(declared.at, "ip-endpoint", message)
                    .help("refer to it by `ip` in `expose`, or remove it");
            }
        }
    }
}

fn check_port(reader: &mut Reader<'_>, expose: &Expose) {
    let (port, at) = match expose.port {
        Read::Bad => (1, expose.at),
        Read::Null => (0, expose.at),
        Read::Is(port) => port,
    };
    if expose.port == Read::Null {
        reader
            .error(at, "missing-key", "an entry of `expose` needs a `port`")
            .help("write `port: 80`");
    } else if !(1..=65_535).contains(&port) {
        let message = format!("the port is {port}, allowed is 1 to 65535");
        reader.error(at, "out-of-range", message).maybe(None);
    }
    if expose.outer > 65_535 {
        let message = format!("the outer port {} does not exist", expose.outer);
        reader.warn(expose.outer_at, "out-of-range", message).help("allowed is 1 to 65535");
    }
    if expose.protocol().is_none() {
        let help = reader.suggest(&expose.proto, ["tcp", "udp"]);
        let message = format!("the protocol is `tcp` or `udp`, not `{}`", expose.proto);
        reader.error(expose.proto_at, "unknown-value", message).maybe(help);
    }
}
