//! `[gateway]`: the server for tenants.

use std::{net::SocketAddr, path::PathBuf};

use serde::Deserialize;

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
    /// The TLS certificate, PEM.
    pub certificate: PathBuf,
    /// Its key, PEM, with mode 0600.
    pub key: PathBuf,
    /// Origins of web pages that may call the gateway; none if empty.
    #[serde(default)]
    pub cors_origins: Vec<String>,
    /// Limits for callers.
    #[serde(default)]
    pub limits: GatewayLimits,
}

/// Limits of the gateway.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct GatewayLimits {
    /// Bytes of a request's body.
    pub body: Bytes,
    /// Time for a request's head to arrive, and for which a connection may have no request.
    pub header_timeout: Seconds,
    /// Time for a request's body to arrive and its response to begin.
    pub request_timeout: Seconds,
    /// A connection whose peer reads nothing of a response for this time is closed.
    #[serde(alias = "untaken_timeout")]
    pub write_timeout: Seconds,
    /// Connections in all.
    pub connections: u32,
    /// Connections of one address (of IPv6: of one /64 network). Behind a proxy that hides addresses
    /// it must be as high as `connections`.
    pub connections_per_address: u32,
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
            streams_per_lease: 16,
        }
    }
}

impl Gateway {
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
        Ok(())
    }
}
