//! Pins: a gateway proves that it is its provider's by a key whose hash is on chain.

use std::{
    fmt,
    path::{Path, PathBuf},
    str::FromStr,
    sync::Arc,
};

use rustls::{
    CertificateError, ClientConfig, DigitallySignedStruct, Error, RootCertStore, SignatureScheme,
    client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
    crypto::{self, CryptoProvider},
    pki_types::{CertificateDer, ServerName, UnixTime, pem, pem::PemObject as _},
};
use sha2::{Digest, Sha256};
use x509_parser::parse_x509_certificate;

/// SHA-256 of a certificate's public key (SubjectPublicKeyInfo, DER).
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Pin(pub [u8; 32]);

/// What is not a pin.
#[derive(Debug, thiserror::Error)]
pub enum PinError {
    /// Not 32 bytes of hex.
    #[error("`{0}` is not a pin; a pin is 64 hexadecimal digits")]
    NotHex(String),
    /// Not a certificate.
    #[error("the certificate cannot be read: {0}")]
    Certificate(String),
    /// Not a file with a certificate.
    #[error("certificate {}: {source}", .path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: pem::Error,
    },
}

impl Pin {
    /// The pin of a certificate.
    ///
    /// # Errors
    /// [`PinError::Certificate`] if the bytes are not a certificate.
    pub fn of_certificate(der: &[u8]) -> Result<Self, PinError> {
        let (_, certificate) = parse_x509_certificate(der)
            .map_err(|error| PinError::Certificate(error.to_string()))?;
        Ok(Self(Sha256::digest(certificate.public_key().raw).into()))
    }

    /// The pin of the first certificate in a PEM file.
    ///
    /// # Errors
    /// [`PinError::File`] if the file cannot be read or has no certificate;
    /// [`PinError::Certificate`].
    pub fn of_pem_file(path: &Path) -> Result<Self, PinError> {
        let certificate = CertificateDer::from_pem_file(path)
            .map_err(|source| PinError::File { path: path.to_owned(), source })?;
        Self::of_certificate(&certificate)
    }
}

impl fmt::Display for Pin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl fmt::Debug for Pin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Pin({self})")
    }
}

impl FromStr for Pin {
    type Err = PinError;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut bytes = [0; 32];
        hex::decode_to_slice(text, &mut bytes).map_err(|_| PinError::NotHex(text.to_owned()))?;
        Ok(Self(bytes))
    }
}

/// TLS for talking to a gateway: if there are pins only they count, if there are none the
/// web's certificate authorities do.
///
/// # Errors
/// If the TLS library supports none of the versions that it should.
pub fn tls_config(pins: &[Pin]) -> Result<ClientConfig, Error> {
    let provider = Arc::new(crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider.clone())
        .with_safe_default_protocol_versions()?;
    if pins.is_empty() {
        let roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
        return Ok(builder.with_root_certificates(roots).with_no_client_auth());
    }
    let verifier = Arc::new(PinVerifier { pins: pins.to_vec(), provider });
    Ok(builder.dangerous().with_custom_certificate_verifier(verifier).with_no_client_auth())
}

/// Accepts a certificate for its key alone: name, issuer and dates do not matter, since the
/// chain says whose key it is. That the peer holds the key is still proven by the handshake.
#[derive(Debug)]
struct PinVerifier {
    pins: Vec<Pin>,
    provider: Arc<CryptoProvider>,
}

impl ServerCertVerifier for PinVerifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let pin = Pin::of_certificate(end_entity)
            .map_err(|_| Error::InvalidCertificate(CertificateError::BadEncoding))?;
        if self.pins.contains(&pin) {
            return Ok(ServerCertVerified::assertion());
        }
        Err(Error::General(format!(
            "the gateway's key has pin {pin}, which the provider did not publish on chain"
        )))
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        crypto::verify_tls12_signature(message, cert, dss, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        crypto::verify_tls13_signature(message, cert, dss, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_certificate_in_a_file_has_the_pin_that_it_has_anywhere() {
        let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
        let path = std::env::temp_dir().join(format!("souk-pin-{}.crt", std::process::id()));
        std::fs::write(&path, made.cert.pem()).unwrap();
        let of_file = Pin::of_pem_file(&path).unwrap();
        std::fs::write(&path, "no certificate").unwrap();
        let error = Pin::of_pem_file(&path).unwrap_err();
        std::fs::remove_file(&path).unwrap();
        assert_eq!(of_file, Pin::of_certificate(made.cert.der()).unwrap());
        assert!(error.to_string().contains("souk-pin-"), "{error}");
    }
}
