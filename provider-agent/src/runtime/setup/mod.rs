//! `souk-provider init`: creates key, certificate and configuration. Existing files are not
//! overwritten.

mod error;
mod survey;
mod template;

use std::{
    fs::OpenOptions,
    io::Write,
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
};

use serde::Serialize;
use souk_chain::{
    SecretKey,
    keys::{self, KdfCost, Passphrase},
};
use souk_client::Network;
use souk_core::Attribute;
use souk_gateway::Pin;

pub use error::SetupError;
pub use survey::Survey;

use crate::config::Contracts;

/// The input of `init`.
#[derive(Debug, Clone)]
pub struct Request {
    /// Where files go.
    pub folder: PathBuf,
    /// The network.
    pub network: Network,
    /// The contracts on it.
    pub contracts: Contracts,
    /// The provider's address; the operator's own if none.
    pub provider: Option<String>,
    /// The gateway's URI.
    pub uri: String,
    /// Where the gateway listens.
    pub listen: String,
    /// The domain for HTTP services.
    pub domain: Option<String>,
    /// The kubeconfig.
    pub kubeconfig: Option<PathBuf>,
    /// The context in it.
    pub context: Option<String>,
    /// With a passphrase, the key file is encrypted.
    pub passphrase: Option<Passphrase>,
}

/// The result of `init`.
#[derive(Debug, Clone, Serialize)]
pub struct Made {
    /// The configuration.
    pub config: PathBuf,
    /// The operator's address.
    pub operator: String,
    /// The provider's address.
    pub provider: String,
    /// The gateway's pin.
    pub pin: String,
    /// The attributes that were detected in the cluster.
    pub attributes: Vec<Attribute>,
    /// What could not be detected.
    pub warnings: Vec<String>,
    /// What to do next, in order.
    pub next: Vec<String>,
}

/// Creates key, certificate and configuration.
///
/// # Errors
///
/// If there is a configuration already, or a file cannot be read or written.
pub async fn init(request: &Request) -> Result<Made, SetupError> {
    let folder = &request.folder;
    let path = folder.join("provider.toml");
    if path.exists() {
        return Err(SetupError::Exists(path));
    }
    std::fs::create_dir_all(folder)
        .map_err(|error| SetupError::Write { path: folder.clone(), error })?;
    let key = operator_key(request)?;
    let operator = key.address(&request.network.prefix)?;
    let provider = request.provider.clone().unwrap_or_else(|| operator.clone());
    let pin = gateway_tls(request)?;
    let survey = survey::survey(request).await;
    let text = template::render(request, &provider, &survey);
    write_new(&path, text.as_bytes(), 0o644)?;
    let next = next_steps(request, &operator, &pin, &path, &survey.attributes);
    Ok(Made {
        config: path,
        operator,
        provider,
        pin: pin.to_string(),
        attributes: survey.attributes,
        warnings: survey.warnings,
        next,
    })
}

/// The existing key, or a new one.
fn operator_key(request: &Request) -> Result<SecretKey, SetupError> {
    let path = request.folder.join(template::KEY);
    if path.exists() {
        return Ok(keys::read_key_file(&path, request.passphrase.as_ref())?);
    }
    let key = SecretKey::generate();
    match &request.passphrase {
        Some(passphrase) => {
            keys::write_encrypted_key_file(&path, &key, passphrase, KdfCost::default())?;
        }
        None => keys::write_plain_key_file(&path, &key)?,
    }
    Ok(key)
}

/// The pin of the existing certificate, or of a new self-signed one.
fn gateway_tls(request: &Request) -> Result<Pin, SetupError> {
    let certificate = request.folder.join(template::CERTIFICATE);
    let key = request.folder.join(template::CERTIFICATE_KEY);
    if certificate.exists() && key.exists() {
        return Pin::of_pem_file(&certificate).map_err(|error| SetupError::Certificate {
            path: certificate,
            problem: error.to_string(),
        });
    }
    let host = host_of(&request.uri)?;
    let failed = |error: rcgen::Error| SetupError::Certificate {
        path: certificate.clone(),
        problem: error.to_string(),
    };
    let pair = rcgen::KeyPair::generate().map_err(failed)?;
    let mut params = rcgen::CertificateParams::new(vec![host.clone()]).map_err(failed)?;
    params.distinguished_name.push(rcgen::DnType::CommonName, host);
    let made = params.self_signed(&pair).map_err(failed)?;
    write_new(&key, pair.serialize_pem().as_bytes(), 0o600)?;
    write_new(&certificate, made.pem().as_bytes(), 0o644)?;
    Pin::of_certificate(made.der()).map_err(|error| SetupError::Certificate {
        path: certificate.clone(),
        problem: error.to_string(),
    })
}

fn host_of(uri: &str) -> Result<String, SetupError> {
    let rest = uri.strip_prefix("https://").unwrap_or_default();
    let host = match rest.strip_prefix('[') {
        Some(v6) => v6.split(']').next().unwrap_or_default(),
        None => rest.split(':').next().unwrap_or_default(),
    };
    if host.is_empty() || host.contains('/') {
        return Err(SetupError::Uri(uri.to_owned()));
    }
    Ok(host.to_owned())
}

fn write_new(path: &Path, bytes: &[u8], mode: u32) -> Result<(), SetupError> {
    let failed = |error| SetupError::Write { path: path.to_owned(), error };
    let mut options = OpenOptions::new();
    let mut file = options.write(true).create_new(true).mode(mode).open(path).map_err(failed)?;
    file.write_all(bytes).map_err(failed)
}

fn next_steps(
    request: &Request,
    operator: &str,
    pin: &Pin,
    config: &Path,
    attributes: &[Attribute],
) -> Vec<String> {
    let config = config.display();
    let claims: Vec<String> = attributes.iter().map(ToString::to_string).collect();
    let mut steps = vec![
        format!("look through {config}: prices, storage classes, attributes"),
        format!("send {operator} some coins for fees"),
    ];
    if request.provider.is_none() {
        steps.push(
            "decide whose the provider is: its own key keeps bond and earnings, the operator's key only bids; set provider.address".to_owned(),
        );
    }
    steps.push(format!(
        "register with the provider's own key: souk provider register --operator {operator} --gateway {} --pin {pin} --bond AMOUNT {}",
        request.uri,
        claims.join(" ")
    ));
    steps.push(format!("souk-provider check --config {config}"));
    steps.push(format!("souk-provider run --config {config}"));
    steps
}
