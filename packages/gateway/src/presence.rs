//! A provider's word that it is there, which its gateway hands out and anyone passes on to the chain.

use ed25519_zebra::{Signature, SigningKey, VerificationKey};
use serde::{Deserialize, Serialize};
use souk_core::presence::{Market, statement};

/// What a gateway answers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Presence {
    /// The provider.
    pub provider: String,
    /// When it was there, by block time.
    pub issued_at: u64,
    /// The signature over the bytes of [`souk_core::presence`]; 64 bytes as hex.
    pub signature: String,
}

impl Presence {
    /// Says in a market that `provider` is there at the second `issued_at`.
    pub fn sign(key: &SigningKey, market: Market, provider: &str, issued_at: u64) -> Self {
        let signature = key.sign(&statement(market, provider, issued_at)).to_bytes();
        let (provider, signature) = (provider.to_owned(), hex::encode(signature));
        Self { provider, issued_at, signature }
    }

    /// Whether it counts in a market: whether `key`, 32 bytes, signed it.
    pub fn is_signed_by(&self, key: &[u8], market: Market) -> bool {
        let bytes = statement(market, &self.provider, self.issued_at);
        let signature = hex::decode(&self.signature).ok();
        let signature = signature.and_then(|bytes| Signature::try_from(bytes.as_slice()).ok());
        let Some(signature) = signature else { return false };
        VerificationKey::try_from(key).is_ok_and(|key| key.verify(&signature, &bytes).is_ok())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_counts_for_its_provider_second_and_market_alone() {
        let key = SigningKey::from([7; 32]);
        let public = <[u8; 32]>::from(VerificationKey::from(&key));
        let market = Market { chain_id: "souk-1", orderbook: "souk1book" };
        let said = Presence::sign(&key, market, "souk1pro", 1_800_000_000);
        assert!(said.is_signed_by(&public, market));
        assert!(!said.is_signed_by(&public, Market { chain_id: "souk-2", ..market }));
        assert!(!said.is_signed_by(&public, Market { orderbook: "souk1other", ..market }));
        let other = <[u8; 32]>::from(VerificationKey::from(&SigningKey::from([8; 32])));
        for wrong in [&other[..], &public[1..], &[]] {
            assert!(!said.is_signed_by(wrong, market), "{wrong:?}");
        }
        let cut = Presence { signature: said.signature[2..].to_owned(), ..said.clone() };
        assert!(!cut.is_signed_by(&public, market));
        let later = Presence { issued_at: said.issued_at + 1, ..said.clone() };
        let others = Presence { provider: "souk1other".to_owned(), ..said.clone() };
        assert!(!later.is_signed_by(&public, market) && !others.is_signed_by(&public, market));
        let text = serde_json::to_string(&said).unwrap();
        assert_eq!(serde_json::from_str::<Presence>(&text).unwrap(), said);
    }
}
