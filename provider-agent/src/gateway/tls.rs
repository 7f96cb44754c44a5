//! The gateway's certificate and key. New ones are served without a restart; a connection keeps the
//! one that it began with.

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use parking_lot::RwLock;
use rustls::{
    ServerConfig,
    crypto::ring,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
    server::{ClientHello, ResolvesServerCert},
    sign::CertifiedKey,
};
use tokio_util::sync::CancellationToken;

use super::ServeError;
use crate::model::health::Reporter;

/// Between two looks at the files.
const INTERVAL: Duration = Duration::from_secs(5);

/// The certificate and key of two files.
#[derive(Debug)]
pub struct Certificates {
    certificate: PathBuf,
    key: PathBuf,
    current: RwLock<Arc<CertifiedKey>>,
}

impl Certificates {
    /// Reads certificate and key, both PEM.
    ///
    /// # Errors
    ///
    /// If one cannot be read, they do not match, or others may read the key.
    pub fn load(certificate: &Path, key: &Path) -> Result<Arc<Self>, ServeError> {
        let current = RwLock::new(Arc::new(read(certificate, key)?));
        Ok(Arc::new(Self { certificate: certificate.into(), key: key.into(), current }))
    }

    /// The TLS settings that serve them.
    ///
    /// # Errors
    ///
    /// If the TLS library cannot be used.
    pub fn server_config(self: &Arc<Self>) -> Result<Arc<ServerConfig>, ServeError> {
        let provider = Arc::new(ring::default_provider());
        let mut config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|error| bad(&self.certificate, &error))?
            .with_no_client_auth()
            .with_cert_resolver(Arc::clone(self) as Arc<dyn ResolvesServerCert>);
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        Ok(Arc::new(config))
    }

    /// Looks at the files again and again until `stop`. What cannot be used is not served: files are
    /// often replaced one after the other.
    pub async fn follow(self: Arc<Self>, health: Reporter, stop: CancellationToken) {
        let mut complaint = String::new();
        loop {
            tokio::select! {
                () = stop.cancelled() => return,
                () = tokio::time::sleep(INTERVAL) => {}
            }
            match read(&self.certificate, &self.key) {
                Ok(found) => {
                    health.well();
                    complaint.clear();
                    if found.cert != self.current.read().cert {
                        *self.current.write() = Arc::new(found);
                        tracing::info!(path = %self.certificate.display(), "new certificate served");
                    }
                }
                Err(error) => {
                    let error = error.to_string();
                    health.failed(format!("{error}; the one before is still served"));
                    if error != complaint {
                        tracing::warn!(%error, "new certificate or key cannot be used, the old one is still served");
                        complaint = error;
                    }
                }
            }
        }
    }
}

impl ResolvesServerCert for Certificates {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(Arc::clone(&self.current.read()))
    }
}

fn bad(path: &Path, error: &dyn std::fmt::Display) -> ServeError {
    ServeError::Tls { path: path.into(), reason: error.to_string() }
}

fn read(certificate: &Path, key: &Path) -> Result<CertifiedKey, ServeError> {
    let mode = fs::metadata(key).map_err(|error| bad(key, &error))?.permissions().mode();
    if mode & 0o077 != 0 {
        let mode = mode & 0o777;
        return Err(bad(key, &format!("others may read this key (mode {mode:o}); make it 0600")));
    }
    let chain = CertificateDer::pem_file_iter(certificate)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .map_err(|error| bad(certificate, &error))?;
    if chain.is_empty() {
        return Err(bad(certificate, &"there is no certificate in it"));
    }
    let secret = PrivateKeyDer::from_pem_file(key).map_err(|error| bad(key, &error))?;
    CertifiedKey::from_der(chain, secret, &ring::default_provider())
        .map_err(|error| bad(certificate, &error))
}
