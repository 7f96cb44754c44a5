//! A provider's own word that it is there, as its gateway hands it out, and whether it counts.

use std::time::Duration;

use souk_api::registry::ProviderResponse;
use souk_core::presence::{LIFETIME, Market as Place};
use souk_gateway::presence::Presence;
use tokio::time::timeout;

use super::{GatewayError, client};
use crate::market::Market;

/// How long a gateway has to say it.
const TIMEOUT: Duration = Duration::from_secs(10);

/// By how many seconds nodes may be behind each other, and a message behind what it was made of.
const SLACK: u64 = 60;

/// Why there is no word that counts.
#[derive(Debug, thiserror::Error)]
pub enum NoWord {
    /// The gateway says nothing: no answer, no such route, or nothing to say now.
    #[error(transparent)]
    Silent(#[from] GatewayError),
    /// No answer in time.
    #[error("its gateway did not say within {} s whether it is there", .0.as_secs())]
    Late(Duration),
    /// The provider named no key, so that nothing can be its word.
    #[error("{0} has no key in the registry with which it could sign that it is there")]
    NoKey(String),
    /// It is about somebody else, or signed with another key or for another market.
    #[error("what its gateway says is not the word of {0}: another provider, key or market")]
    NotItsWord(String),
    /// The chain would not hear it any more, or not yet.
    #[error(
        "its gateway says that it was there at second {issued_at}; at second {now} the chain does not hear that"
    )]
    NotNow {
        /// When it was there, by its word.
        issued_at: u64,
        /// The newest block's time.
        now: u64,
    },
}

/// What the gateway of a provider says, if it counts. `now` is the newest block's time, in seconds.
///
/// # Errors
/// If there is none, or none that counts.
pub async fn word(
    market: &Market,
    provider: &ProviderResponse,
    now: u64,
) -> Result<Presence, NoWord> {
    let asked = async { client(provider)?.presence().await };
    let said = timeout(TIMEOUT, asked).await.map_err(|_| NoWord::Late(TIMEOUT))??;
    let place =
        Place { chain_id: &market.network.chain_id, orderbook: &market.contracts.orderbook };
    judge(said, provider, place, now)
}

/// A word, if the orderbook would hear it at the second `now`.
///
/// # Errors
/// If it would not, as far as that can be told without what it heard before.
pub fn judge(
    said: Presence,
    provider: &ProviderResponse,
    place: Place,
    now: u64,
) -> Result<Presence, NoWord> {
    let name = || provider.provider.clone();
    let key = provider.quote_key.as_ref().ok_or_else(|| NoWord::NoKey(name()))?;
    if said.provider != provider.provider || !said.is_signed_by(key, place) {
        return Err(NoWord::NotItsWord(name()));
    }
    let (issued_at, lifetime) = (said.issued_at, LIFETIME.saturating_sub(SLACK));
    let heard = issued_at.saturating_sub(SLACK)..=issued_at.saturating_add(lifetime);
    if heard.contains(&now) { Ok(said) } else { Err(NoWord::NotNow { issued_at, now }) }
}

#[cfg(test)]
mod tests {
    use ed25519_zebra::{SigningKey, VerificationKey};
    use serde_json::json;

    use super::*;

    const PLACE: Place = Place { chain_id: "souk-1", orderbook: "souk1book" };
    const NOW: u64 = 1_800_000_000;

    fn key() -> SigningKey {
        SigningKey::from([7; 32])
    }

    fn provider(key: Option<[u8; 32]>) -> ProviderResponse {
        serde_json::from_value(json!({
            "provider": "souk1pro", "operator": "souk1pro", "payee": "souk1pro",
            "gateway": { "uri": "https://p.example", "pins": [] }, "next_gateway": null,
            "next_floors": null, "contact": { "email": "", "website": "" }, "attributes": [],
            "bond": "5", "unbonding": null, "notice": null, "slashes": 0, "maintenance": false,
            "quote_key": key.map(hex::encode), "registered": true,
        }))
        .unwrap()
    }

    fn signed(issued_at: u64) -> Presence {
        Presence::sign(&key(), PLACE, "souk1pro", issued_at)
    }

    #[test]
    fn a_word_counts_with_its_providers_key_while_the_chain_hears_it() {
        let known = provider(Some(VerificationKey::from(&key()).into()));
        for (issued_at, counts) in
            [(NOW + 60, true), (NOW - 3_540, true), (NOW - 3_541, false), (NOW + 61, false)]
        {
            let judged = judge(signed(issued_at), &known, PLACE, NOW);
            assert_eq!(judged.is_ok(), counts, "{issued_at}: {judged:?}");
            assert!(counts || matches!(judged, Err(NoWord::NotNow { .. })));
        }
    }

    #[test]
    fn nobody_elses_word_counts() {
        let known = provider(Some(VerificationKey::from(&key()).into()));
        let other = SigningKey::from([8; 32]);
        for said in [
            Presence::sign(&other, PLACE, "souk1pro", NOW),
            Presence::sign(&key(), PLACE, "souk1other", NOW),
            Presence::sign(&key(), Place { chain_id: "souk-2", ..PLACE }, "souk1pro", NOW),
        ] {
            let judged = judge(said.clone(), &known, PLACE, NOW);
            assert!(matches!(judged, Err(NoWord::NotItsWord(_))), "{said:?}");
        }
        let judged = judge(signed(NOW), &provider(None), PLACE, NOW);
        assert!(matches!(judged, Err(NoWord::NoKey(_))));
    }
}
