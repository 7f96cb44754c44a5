//! Providers and prices for unit tests.

use std::sync::Arc;

use ed25519_zebra::{SigningKey, VerificationKey};
use serde_json::json;
use souk_api::registry::ProviderResponse;
use souk_core::Price;

use super::offer::{Offered, Priced};

pub fn price(units: u128) -> Price {
    Price::new(units).unwrap()
}

pub fn priced(provider: &str, units: u128) -> Priced {
    let offered = Offered { price: price(units), offer: Vec::new(), reclamation_window: None };
    let provider = Arc::new(ProviderResponse { provider: provider.to_owned(), ..record() });
    Priced { provider, offered }
}

pub fn key() -> SigningKey {
    SigningKey::from([7; 32])
}

pub fn record() -> ProviderResponse {
    let key: [u8; 32] = VerificationKey::from(&key()).into();
    serde_json::from_value(json!({
        "provider": "souk1pro", "operator": "souk1pro", "payee": "souk1pro",
        "gateway": { "uri": "https://p.example", "pins": [] }, "next_gateway": null,
        "next_floors": null, "contact": { "email": "", "website": "" }, "attributes": [],
        "bond": "5", "unbonding": null, "notice": null, "slashes": 0, "maintenance": false,
        "quote_key": hex::encode(key), "registered": true,
    }))
    .unwrap()
}
