//! The TLS configuration of outgoing connections: rustls with ring, whatever the process has
//! installed as its default.

use std::sync::Arc;

use rustls::{ClientConfig, RootCertStore};

use super::error::RpcError;

/// Trusts the system's certificate authorities, or Mozilla's where the system has none.
pub(crate) fn client_config() -> Result<ClientConfig, RpcError> {
    let mut roots = RootCertStore::empty();
    let native = rustls_native_certs::load_native_certs();
    roots.add_parsable_certificates(native.certs);
    if roots.is_empty() {
        roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    Ok(ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|e| RpcError::Setup { reason: e.to_string() })?
        .with_root_certificates(roots)
        .with_no_client_auth())
}
