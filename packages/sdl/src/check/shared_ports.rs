//! Outer ports that lead to two ports of a container. Only one of the two could be reached, so providers
//! refuse the manifest; Akash's parser takes it. Over HTTP the host decides, so that any number of
//! hosts and ports may share the outer port 80.

use std::collections::BTreeMap;

use crate::{
    manifest::Protocol,
    reader::{Read, Reader},
    services::{
        Service,
        expose::{Expose, To},
    },
};

/// From where an outer port is seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Side {
    Services,
    World,
}

pub(super) fn warn(reader: &mut Reader<'_>, name: &str, service: &Service) {
    let mut taken: BTreeMap<(Side, u32, &str), u32> = BTreeMap::new();
    for expose in service.ports() {
        let (Read::Is((port, _)), Some(protocol)) = (&expose.port, expose.protocol()) else {
            continue;
        };
        let outer = outer_port(expose, *port);
        if outer > 65_535 {
            continue;
        }
        let sides = expose.to.iter().filter_map(|to| side(to, protocol, outer));
        for side in sides.collect::<std::collections::BTreeSet<_>>() {
            let first = *taken.entry((side, outer, protocol.as_str())).or_insert(*port);
            if first != *port {
                let protocol = protocol.as_str();
                let message = format!(
                    "the outer port {outer}/{protocol} of `{name}` leads to {first} already, so nobody reaches {port}"
                );
                let help = "give it another `as`; providers refuse this";
                reader.warn(expose.at, "duplicate-port", message).help(help);
            }
        }
        if !expose.to.iter().any(|to| is_http(to, protocol, outer)) {
            for (host, at) in expose.accept.iter().flatten() {
                let message = format!("the host `{host}` leads nowhere");
                let help = "hosts are for HTTP: TCP on the outer port 80, with `global: true`";
                reader.warn(*at, "no-effect", message).help(help);
            }
        }
    }
}

fn outer_port(expose: &Expose, port: u32) -> u32 {
    if expose.outer == 0 { port } else { expose.outer }
}

fn is_http(to: &To, protocol: Protocol, outer: u32) -> bool {
    to.global && protocol == Protocol::Tcp && outer == 80
}

/// From where a target sees the port by its number; none where a host decides. Leased addresses have a
/// rule of their own.
fn side(to: &To, protocol: Protocol, outer: u32) -> Option<Side> {
    match to {
        to if !to.service.is_empty() => Some(Side::Services),
        to if to.global && to.ip.is_empty() && !is_http(to, protocol, outer) => Some(Side::World),
        _ => None,
    }
}
