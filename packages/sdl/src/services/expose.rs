//! `expose`: a service's ports and who may reach them.
//!
//! ```yaml
//! expose:
//!   - port: 8080
//!     as: 80                # the outer port
//!     proto: tcp            # or udp
//!     accept: [example.com] # host names
//!     to:
//!       - global: true      # the world
//!       - service: db       # a service of the same group
//!       - ip: my-ip         # a leased address, with global: true
//!         global: true
//! ```

use crate::{
    manifest::{Endpoint, EndpointKind, Protocol, ServiceExpose},
    names,
    reader::{Read, Reader},
    yaml::NodeId,
};

use super::http::{self, Http};

/// One port as the file gives it.
#[derive(Debug)]
pub(crate) struct Expose {
    pub at: NodeId,
    pub port: Read<(u32, NodeId)>,
    /// 0: the same as the port.
    pub outer: u32,
    pub outer_at: NodeId,
    /// As it is written.
    pub proto: String,
    pub proto_at: NodeId,
    pub to: Vec<To>,
    pub accept: Option<Vec<(String, NodeId)>>,
    pub http: Http,
}

/// One target.
#[derive(Debug)]
pub(crate) struct To {
    pub at: NodeId,
    pub service: String,
    pub service_at: NodeId,
    pub global: bool,
    pub ip: String,
    pub ip_at: NodeId,
}

pub(crate) const KEYS: &[&str] = &["port", "as", "proto", "to", "accept", "http_options"];
const TO_KEYS: &[&str] = &["service", "global", "http_options", "ip"];

pub(crate) fn read(reader: &mut Reader<'_>, at: NodeId) -> Read<Vec<Expose>> {
    reader.list(at, "`expose`", &mut |reader, at| {
        let mut expose = Expose {
            at,
            port: Read::Null,
            outer: 0,
            outer_at: at,
            proto: String::new(),
            proto_at: at,
            to: Vec::new(),
            accept: None,
            http: Http::default(),
        };
        let what = "an entry of `expose`";
        let got = reader.fields(at, what, KEYS, &mut |reader, field, at| match field {
            "port" => expose.port = reader.number(at).map(|port| (port, at)),
            "as" => {
                expose.outer = reader.number(at).value().unwrap_or_default();
                expose.outer_at = at;
            }
            "proto" => {
                expose.proto = reader.text(at).value().unwrap_or_default();
                expose.proto_at = at;
            }
            "to" => expose.to = read_to(reader, at),
            "accept" => expose.accept = read_accept(reader, at),
            _ => expose.http = http::read(reader, at),
        });
        got.map(|()| expose)
    })
}

fn read_to(reader: &mut Reader<'_>, at: NodeId) -> Vec<To> {
    let list = reader.list(at, "`to`", &mut |reader, at| {
        let mut to = To {
            at,
            service: String::new(),
            service_at: at,
            global: false,
            ip: String::new(),
            ip_at: at,
        };
        let what = "an entry of `to`";
        let got = reader.fields(at, what, TO_KEYS, &mut |reader, field, at| match field {
            "service" => {
                to.service = reader.text(at).value().unwrap_or_default();
                to.service_at = at;
            }
            "global" => to.global = reader.boolean(at).value().unwrap_or_default(),
            "ip" => {
                to.ip = reader.text(at).value().unwrap_or_default();
                to.ip_at = at;
            }
            _ => {
                http::read(reader, at);
                reader
                    .warn(at, "no-effect", "`http_options` have no effect within `to`")
                    .help("move them up, beside `port`");
            }
        });
        got.map(|()| to)
    });
    list.value().unwrap_or_default()
}

fn read_accept(reader: &mut Reader<'_>, at: NodeId) -> Option<Vec<(String, NodeId)>> {
    let hosts = super::located_texts(reader, at, "`accept`").value()?;
    for (host, at) in &hosts {
        if !names::is_address(host) {
            let message = format!("`{host}` is not a host name");
            reader.error(*at, "invalid-host", message).help("write a name such as example.com");
        }
    }
    Some(hosts)
}

impl Expose {
    /// The protocol, if it is one.
    pub fn protocol(&self) -> Option<Protocol> {
        match self.proto.to_uppercase().as_str() {
            "" | "TCP" => Some(Protocol::Tcp),
            "UDP" => Some(Protocol::Udp),
            _ => None,
        }
    }

    /// As the manifest has it: one entry for each target, or one that nothing may reach.
    /// `sequence` numbers the leased addresses.
    pub fn manifest(&self, sequence: impl Fn(&str) -> u32) -> Vec<ServiceExpose> {
        let hosts: Option<Vec<String>> =
            self.accept.as_ref().map(|hosts| hosts.iter().map(|(host, _)| host.clone()).collect());
        let entry = |service: &str, global: bool, ip: &str| ServiceExpose {
            port: self.port.as_ref().value().map(|(port, _)| *port).unwrap_or_default(),
            external_port: self.outer,
            proto: self.protocol().unwrap_or(Protocol::Tcp),
            service: service.to_owned(),
            global,
            hosts: hosts.clone(),
            http_options: self.http.manifest(),
            ip: ip.to_owned(),
            endpoint_sequence_number: if global && !ip.is_empty() { sequence(ip) } else { 0 },
        };
        if self.to.is_empty() {
            return vec![entry("", false, "")];
        }
        self.to.iter().map(|to| entry(&to.service, to.global, &to.ip)).collect()
    }
}

/// Sorts a service's entries: by target, port, protocol, global first. What sorts alike keeps
/// the file's order.
pub(crate) fn sort(exposes: &mut [ServiceExpose]) {
    exposes.sort_by(|a, b| {
        (&a.service, a.port, a.proto.as_str(), !a.global).cmp(&(
            &b.service,
            b.port,
            b.proto.as_str(),
            !b.global,
        ))
    });
}

/// The endpoints that a service's entries need: for each global one the kind of its port, and
/// after it the leased address if it has one.
pub(crate) fn endpoints(exposes: &[ServiceExpose]) -> Vec<Endpoint> {
    let mut endpoints = Vec::new();
    for expose in exposes.iter().filter(|expose| expose.global) {
        let kind =
            if expose.is_ingress() { EndpointKind::SharedHttp } else { EndpointKind::RandomPort };
        endpoints.push(Endpoint { kind, sequence_number: 0 });
        if !expose.ip.is_empty() {
            let sequence_number = expose.endpoint_sequence_number;
            endpoints.push(Endpoint { kind: EndpointKind::LeasedIp, sequence_number });
        }
    }
    endpoints
}
