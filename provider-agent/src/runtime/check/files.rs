//! Checks the files: the operator key, the store, the gateway's certificate.

use std::{fs, os::unix::fs::PermissionsExt, path::Path, time::SystemTime};

use rustls::pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject};
use souk_gateway::Pin;
use x509_parser::prelude::{FromDer, X509Certificate};

use super::Report;
use crate::{config::Config, runtime::app};

/// Seconds before its end at which a certificate is to be renewed.
const RENEWAL: i64 = 30 * 86_400;

/// Checks that the operator key can be read, by this user alone. Returns its address.
pub(super) fn operator_key(config: &Config, report: &mut Report) -> Option<String> {
    const WHAT: &str = "operator key";
    let read = app::load_key(config)
        .map_err(|error| error.to_string())
        .and_then(|key| key.address(&config.chain.prefix).map_err(|error| error.to_string()));
    match read {
        Ok(address) => {
            report.ok(WHAT, format!("address {address}"));
            Some(address)
        }
        Err(error) => {
            report.fail(
                WHAT,
                error,
                "`souk-provider init` makes a key; its file must have mode 0600",
            );
            None
        }
    }
}

/// Checks that the store is private or can be created.
pub(super) fn store(config: &Config, report: &mut Report) {
    const WHAT: &str = "store";
    let path = &config.store.path;
    let shown = path.display();
    match fs::metadata(path) {
        Ok(found) => {
            let mode = found.permissions().mode() & 0o777;
            if mode & 0o077 != 0 {
                let found = format!("{shown} may be read by others (mode {mode:o})");
                report.fail(WHAT, found, format!("run `chmod 600 {shown}`"));
            } else {
                report.ok(WHAT, format!("{shown} is there"));
            }
        }
        Err(_) => match nearest_folder(path).map(fs::metadata) {
            Some(Ok(folder)) if !folder.permissions().readonly() => {
                report.ok(WHAT, format!("{shown} will be made"));
            }
            _ => {
                let found = format!("{shown} cannot be made");
                report.fail(WHAT, found, "set store.path to a place that this user can write");
            }
        },
    }
}

fn nearest_folder(path: &Path) -> Option<&Path> {
    path.ancestors().skip(1).find(|folder| {
        let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
        folder.is_dir()
    })
}

/// Checks that certificate and key match and are valid for a while. Returns the pin.
pub(super) fn gateway_tls(config: &Config, report: &mut Report) -> Option<Pin> {
    const WHAT: &str = "gateway certificate";
    let gateway = &config.gateway;
    let advice = "`souk-provider init` makes certificate and key";
    let mode = fs::metadata(&gateway.key).map(|found| found.permissions().mode() & 0o777);
    match mode {
        Ok(mode) if mode & 0o077 != 0 => {
            let shown = gateway.key.display();
            let found = format!("the key {shown} may be read by others (mode {mode:o})");
            report.fail(WHAT, found, format!("run `chmod 600 {shown}`"));
            return None;
        }
        Err(error) => {
            report.fail(WHAT, format!("{}: {error}", gateway.key.display()), advice);
            return None;
        }
        Ok(_) => {}
    }
    match read_tls(&gateway.certificate, &gateway.key) {
        Ok((pin, until)) => {
            let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
            let now = now.map_or(0, |since| i64::try_from(since.as_secs()).unwrap_or(i64::MAX));
            let left = until.saturating_sub(now);
            if left < RENEWAL {
                let found = format!("it ends in {} days", left / 86_400);
                report.warn(WHAT, found, "make a new one with the same key, so that the pin stays");
            } else {
                report.ok(WHAT, format!("pin {pin}"));
            }
            Some(pin)
        }
        Err(problem) => {
            report.fail(WHAT, problem, advice);
            None
        }
    }
}

/// The pin and the expiry (Unix seconds) of a certificate with this key.
fn read_tls(certificate: &Path, key: &Path) -> Result<(Pin, i64), String> {
    let shown = |path: &Path, error: &dyn std::fmt::Display| format!("{}: {error}", path.display());
    let certificate_der =
        CertificateDer::from_pem_file(certificate).map_err(|error| shown(certificate, &error))?;
    let key_der = PrivateKeyDer::from_pem_file(key).map_err(|error| shown(key, &error))?;
    let pin = Pin::of_certificate(&certificate_der).map_err(|error| shown(certificate, &error))?;
    let (_, parsed) =
        X509Certificate::from_der(&certificate_der).map_err(|error| shown(certificate, &error))?;
    let signing = rustls::crypto::ring::sign::any_supported_type(&key_der)
        .map_err(|error| shown(key, &error))?;
    let same =
        signing.public_key().is_some_and(|public| public.as_ref() == parsed.public_key().raw);
    if !same {
        return Err(format!("{} is not the key of {}", key.display(), certificate.display()));
    }
    Ok((pin, parsed.validity().not_after.timestamp()))
}
