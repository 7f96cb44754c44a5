//! The way to a provider's gateway.

use std::time::Duration;

use souk_api::registry::ProviderResponse;
use souk_core::OrderId;
use souk_gateway::{Pin, body::ManifestUpload};
use tokio::time;

use super::{Client, GatewayError};
use crate::{error::Error, market::Market, wallet::Wallet};

/// How long a gateway may take to see a lease that the chain has already.
const SEE_LEASE: Duration = Duration::from_secs(60);
/// How often it is tried.
const RETRY: Duration = Duration::from_millis(200);
/// Between two attempts at a gateway whose cluster does not answer.
const RETRY_BUSY: Duration = Duration::from_secs(2);

/// A client for a provider's gateway, pinned as the registry says.
///
/// # Errors
/// If a pin is none, or TLS cannot be set up.
pub fn client(provider: &ProviderResponse) -> Result<Client, GatewayError> {
    let pin = |pin: &cosmwasm_std::HexBinary| {
        pin.as_slice().try_into().map(Pin).map_err(|_| GatewayError::Pin)
    };
    let pins: Vec<Pin> = provider.gateway.pins.iter().map(pin).collect::<Result<_, _>>()?;
    Client::new(&provider.gateway.uri, &pins)
}

/// A client for a provider's gateway with the wallet's token.
///
/// # Errors
/// If the provider is not registered or the chain does not answer.
pub async fn client_for(market: &Market, wallet: &Wallet, provider: &str) -> Result<Client, Error> {
    let record = market.registry.provider(provider).await?;
    let token = wallet.token(market, provider, now())?;
    Ok(client(&record)?.with_token(token))
}

/// Where a provider is, by its own claim.
pub fn region(provider: &ProviderResponse) -> Option<String> {
    let attribute = |key: &str| provider.attributes.iter().find(|attribute| attribute.key == key);
    let found = attribute("region").or_else(|| attribute("location-region"));
    found.map(|attribute| attribute.value.clone())
}

/// Seconds since the epoch by this machine's clock, for tokens.
pub(crate) fn now() -> u64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    since.map(|time| time.as_secs()).unwrap_or(0)
}

/// Sends the manifest of a lease, again and again while the gateway has not seen the lease.
///
/// # Errors
/// If the gateway refuses for another reason, has not seen the lease after a minute, or cannot be
/// reached.
pub async fn send_manifest(
    client: &Client,
    order: OrderId,
    upload: &ManifestUpload,
) -> Result<(), GatewayError> {
    let deadline = time::Instant::now() + SEE_LEASE;
    loop {
        match client.send_manifest(order, upload).await {
            Err(error) if error.is_too_early() && time::Instant::now() < deadline => {
                time::sleep(RETRY).await;
            }
            Err(error) if error.is_busy() && time::Instant::now() < deadline => {
                time::sleep(RETRY_BUSY).await;
            }
            answer => return answer,
        }
    }
}
