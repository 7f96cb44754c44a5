//! A provider's entry in the registry, with the key and certificate that it names.

use std::{fs, net::TcpListener, path::Path};

use anyhow::{Context as _, Result};
use cosmwasm_std::HexBinary;
use rand::Rng as _;
use rcgen::{CertifiedKey, generate_simple_self_signed};
use souk_api::registry::{Contact, ExecuteMsg, Gateway};
use souk_chain::{Coin, SecretKey, keys::write_plain_key_file};
use souk_client::{market::Market, wallet::Wallet};
use souk_gateway::Pin;

use super::Profile;

/// What is registered of a provider.
#[derive(Debug)]
pub struct Registration {
    /// The agent's key.
    pub operator: SecretKey,
    /// The gateway's port.
    pub port: u16,
    /// The gateway's pin.
    pub pin: Pin,
}

impl Registration {
    /// Where tenants reach the gateway.
    pub fn uri(&self) -> String {
        format!("https://127.0.0.1:{}", self.port)
    }
}

/// Makes a provider's folder with key and certificate, and registers the provider with its bond.
pub async fn register(
    market: &Market,
    provider: &Wallet,
    operator: SecretKey,
    profile: &Profile,
    folder: &Path,
) -> Result<Registration> {
    fs::create_dir_all(folder)?;
    write_plain_key_file(&folder.join("operator.key"), &operator)?;
    let pin = make_certificate(folder)?;
    let registration = Registration { port: free_port()?, operator, pin };
    let message = ExecuteMsg::Register {
        payee: None,
        operator: registration.operator.address(&market.network.prefix)?,
        gateway: Gateway {
            uri: registration.uri(),
            pins: vec![HexBinary::from(&registration.pin.0)],
        },
        attributes: profile.attributes(),
        contact: Contact { email: format!("ops@{}.example", profile.name), ..Contact::default() },
    };
    let bond = Coin::new(profile.bond, market.network.denom.clone());
    let message = provider.execute(&market.contracts.registry, &message, &[bond])?;
    provider.send(&format!("registering {}", profile.name), vec![message]).await?;
    Ok(registration)
}

fn make_certificate(folder: &Path) -> Result<Pin> {
    let names = vec!["localhost".to_owned(), "127.0.0.1".to_owned()];
    let CertifiedKey { cert, signing_key } = generate_simple_self_signed(names)?;
    fs::write(folder.join("gateway.crt"), cert.pem())?;
    write_secret(&folder.join("gateway.key"), &signing_key.serialize_pem())?;
    Ok(Pin::of_certificate(cert.der())?)
}

fn write_secret(path: &Path, text: &str) -> Result<()> {
    use std::{io::Write as _, os::unix::fs::OpenOptionsExt as _};
    let mut file =
        fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path)?;
    Ok(file.write_all(text.as_bytes())?)
}

/// A port that nobody listens on, below those that the system gives to outgoing connections:
/// one of those could be taken before the agent listens.
pub fn free_port() -> Result<u16> {
    let candidates = std::iter::repeat_with(|| rand::thread_rng().gen_range(10_240..32_000));
    let free = candidates.take(1_000).find(|port| TcpListener::bind(("127.0.0.1", *port)).is_ok());
    free.context("there is no free port")
}
