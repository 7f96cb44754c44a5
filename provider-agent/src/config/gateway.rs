//! `[gateway]`: the server for tenants.

use std::{net::SocketAddr, path::PathBuf};

use ipnet::IpNet;
use serde::{Deserialize, Deserializer, de};

use super::{Bytes, ConfigError, Seconds, units};

/// The server for tenants.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Gateway {
    /// Where it listens.
    #[serde(deserialize_with = "units::listen")]
    pub listen: SocketAddr,
    /// Its URI as tenants reach it, `https://host[:port]`; registered on the chain.
    pub uri: String,
    /// The TLS certificate, PEM. A new one is served without a restart.
    pub certificate: PathBuf,
    /// Its key, PEM, with mode 0600.
    pub key: PathBuf,
    /// Origins of web pages that may call the gateway; none if empty.
    #[serde(default)]
    pub cors_origins: Vec<String>,
    /// Networks of the balancers in front of the gateway. Each of their connections must begin with
    /// a PROXY header, which has the visitor's address; from elsewhere such a header is refused.
    #[serde(default, deserialize_with = "networks")]
    pub balancers: Vec<IpNet>,
    /// Whether all visitors come from one address, as behind a Service with
    /// `externalTrafficPolicy: Cluster`. Then nothing is limited by address.
    #[serde(default)]
    pub shared_address: bool,
    /// How the agent tries whether tenants reach the gateway.
    #[serde(default)]
    pub self_check: SelfCheck,
    /// Limits for callers.
    #[serde(default)]
    pub limits: GatewayLimits,
}

/// How the agent tries whether tenants reach the gateway.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum SelfCheck {
    /// By the URI that is registered on the chain.
    #[default]
    Registered,
    /// By this `host:port`, where the network does not lead back from within.
    Address(String),
    /// Not at all: the gateway counts as reached.
    Off,
}

impl<'de> Deserialize<'de> for SelfCheck {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        match text.as_str() {
            "registered" => Ok(Self::Registered),
            "off" => Ok(Self::Off),
            address if is_host_and_port(address) => Ok(Self::Address(text)),
            _ => Err(de::Error::custom(format!(
                "`{text}` is not a way to try the gateway; write \"registered\", \"off\", or host \
                 and port such as \"10.0.0.5:8443\""
            ))),
        }
    }
}

fn networks<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<IpNet>, D::Error> {
    let read = |text: &String| {
        text.parse().map_err(|_| {
            de::Error::custom(format!(
                "`{text}` is not a network; write address and length, such as 10.0.0.0/8"
            ))
        })
    };
    Vec::<String>::deserialize(deserializer)?.iter().map(read).collect()
}

fn is_host_and_port(text: &str) -> bool {
    let Some((host, port)) = text.rsplit_once(':') else { return false };
    let host_fine = match host.strip_prefix('[').and_then(|host| host.strip_suffix(']')) {
        Some(address) => address.parse::<std::net::Ipv6Addr>().is_ok(),
        None => !host.is_empty() && !host.contains([':', '/', '@', ' ', '[', ']']),
    };
    host_fine && port.parse::<u16>().is_ok_and(|port| port > 0)
}

/// Limits of the gateway.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct GatewayLimits {
    /// Bytes of a request's body.
    pub body: Bytes,
    /// Time for TLS and for a request's head to arrive, and for which a connection may have no
    /// request.
    pub header_timeout: Seconds,
    /// Time for a request's body to arrive and its response to begin.
    pub request_timeout: Seconds,
    /// A connection whose peer reads nothing of a response for this time is closed.
    #[serde(alias = "untaken_timeout")]
    pub write_timeout: Seconds,
    /// Connections in all. Fewer if the limit of open files does not suffice.
    pub connections: u32,
    /// Connections of one IPv4 address, or of one IPv6 /64 network. An IPv6 /56 network may have
    /// twice as many.
    pub connections_per_address: u32,
    /// Connections of one IPv4 /24 or IPv6 /48 network.
    pub connections_per_network: u32,
    /// New connections a second of one address, ten times that at once. A /56 network may have twice
    /// as many, an IPv4 /24 and IPv6 /48 network four times.
    pub connection_rate: u32,
    /// Requests a second of one address, ten times that at once, and networks as for
    /// `connection_rate`.
    pub request_rate: u32,
    /// Log and event streams of one lease.
    pub streams_per_lease: u32,
}

impl Default for GatewayLimits {
    fn default() -> Self {
        Self {
            body: Bytes(2 << 20),
            header_timeout: Seconds(10),
            request_timeout: Seconds(30),
            write_timeout: Seconds(60),
            connections: 1_000,
            connections_per_address: 32,
            connections_per_network: 128,
            connection_rate: 20,
            request_rate: 50,
            streams_per_lease: 16,
        }
    }
}

impl GatewayLimits {
    fn check(&self) -> Result<(), ConfigError> {
        for (key, value) in [
            ("connections", self.connections),
            ("connections_per_address", self.connections_per_address),
            ("connections_per_network", self.connections_per_network),
            ("connection_rate", self.connection_rate),
            ("request_rate", self.request_rate),
            ("streams_per_lease", self.streams_per_lease),
        ] {
            if !(1..=1_000_000).contains(&value) {
                return Err(ConfigError::invalid(
                    &format!("gateway.limits.{key}"),
                    value,
                    "it is not from 1 to 1000000",
                    "leave it out for the default",
                ));
            }
        }
        if self.connections_per_network < self.connections_per_address {
            return Err(ConfigError::invalid(
                "gateway.limits.connections_per_network",
                self.connections_per_network,
                format!(
                    "an address alone may have {} (connections_per_address)",
                    self.connections_per_address
                ),
                "give a network at least as many as an address",
            ));
        }
        Ok(())
    }
}

impl Gateway {
    /// Host and port of the URI; 443 if it has no port.
    pub fn host_and_port(&self) -> (&str, u16) {
        host_and_port(&self.uri)
    }

    pub(super) fn check(&self) -> Result<(), ConfigError> {
        let host = self.uri.strip_prefix("https://").unwrap_or_default();
        let fine = !host.is_empty() && !host.contains(['/', '?', '#', '@', ' ']);
        if !fine || self.uri.len() > 256 {
            return Err(ConfigError::invalid(
                "gateway.uri",
                &self.uri,
                "it is not an https URI without path",
                "write for instance https://provider.example.com:8443",
            ));
        }
        for origin in &self.cors_origins {
            let rest = origin.strip_prefix("https://").or_else(|| origin.strip_prefix("http://"));
            if rest.is_none_or(|host| host.is_empty() || host.contains('/')) {
                return Err(ConfigError::invalid(
                    "gateway.cors_origins",
                    origin,
                    "it is not an origin",
                    "write scheme and host alone, such as https://console.example.com",
                ));
            }
        }
        if let Some(all) = self.balancers.iter().find(|network| network.prefix_len() == 0) {
            return Err(ConfigError::invalid(
                "gateway.balancers",
                all,
                "whoever is in it can claim any address, and this is everybody",
                "name the networks of your balancers alone",
            ));
        }
        self.limits.check()
    }
}

/// Host and port of an https URI; 443 if it has no port.
pub fn host_and_port(uri: &str) -> (&str, u16) {
    let host = uri.strip_prefix("https://").unwrap_or(uri).trim_end_matches('/');
    match host.rsplit_once(':') {
        Some((name, port)) if !port.contains(']') => (name, port.parse().unwrap_or(443)),
        _ => (host, 443),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gateway(more: &str) -> Result<Gateway, String> {
        let text = format!(
            "listen = \"127.0.0.1:8443\"\nuri = \"https://provider.example.com:8443\"\n\
             certificate = \"a\"\nkey = \"b\"\n{more}"
        );
        let gateway: Gateway = toml::from_str(&text).map_err(|error| error.to_string())?;
        gateway.check().map_err(|error| error.to_string())?;
        Ok(gateway)
    }

    #[test]
    fn balancers_and_the_way_to_try_the_gateway_are_read() {
        let read = gateway("balancers = [\"10.0.0.0/8\", \"2001:db8::/32\"]\nself_check = \"off\"");
        let read = read.unwrap();
        assert_eq!(read.balancers.len(), 2);
        assert_eq!(read.self_check, SelfCheck::Off);
        for way in ["10.0.0.5:8443", "[2001:db8::1]:443", "gateway.souk.svc:8443"] {
            let read = gateway(&format!("self_check = \"{way}\"")).unwrap();
            assert_eq!(read.self_check, SelfCheck::Address(way.to_owned()));
        }
    }

    #[test]
    fn what_cannot_be_meant_is_refused_with_key_and_value() {
        for (more, parts) in [
            ("balancers = [\"0.0.0.0/0\"]", ["gateway.balancers", "0.0.0.0/0"]),
            ("balancers = [\"10.0.0.0\"]", ["`10.0.0.0` is not a network", "10.0.0.0/8"]),
            ("self_check = \"never\"", ["never", "registered"]),
            ("self_check = \"10.0.0.5\"", ["10.0.0.5", "host"]),
            ("limits = { connections = 0 }", ["gateway.limits.connections", "`0`"]),
            (
                "limits = { connections_per_network = 3 }",
                ["gateway.limits.connections_per_network", "32"],
            ),
        ] {
            let error = gateway(more).unwrap_err();
            for part in parts {
                assert!(error.contains(part), "{more}: {error}");
            }
        }
    }

    #[test]
    fn a_uri_without_port_is_at_443() {
        assert_eq!(host_and_port("https://a.example"), ("a.example", 443));
        assert_eq!(host_and_port("https://a.example:8443"), ("a.example", 8_443));
        assert_eq!(host_and_port("https://[2001:db8::1]"), ("[2001:db8::1]", 443));
        assert_eq!(host_and_port("https://[2001:db8::1]:8443"), ("[2001:db8::1]", 8_443));
    }
}
