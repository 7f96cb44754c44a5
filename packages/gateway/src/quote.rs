//! Prices that a provider's gateway gives for groups that are on no chain: first unsigned, which reserves nothing,
//! then signed for one tenant, which reserves capacity for as long as the quote holds.

use ed25519_zebra::{Signature, SigningKey, VerificationKey};
use serde::{Deserialize, Serialize};
use souk_api::orderbook::{Absence, Quote, QuotedFor, Reclamation};
use souk_core::{Attribute, Denom, GroupSpec, Price};

/// The most bytes of a request: 20 groups of the largest kind that the orderbook takes.
pub const MAX_REQUEST: usize = 256 << 10;

/// POST of what a tenant would like to have.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct QuotesRequest {
    /// Who would use the quotes. Limits count against who asks, which may be another.
    pub tenant: String,
    /// What would be paid in.
    pub denom: Denom,
    /// The groups, 1 to 20, as they would be created.
    pub groups: Vec<GroupSpec>,
    /// What would hold when the provider is not seen any more; the market's default if none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub absence: Option<Absence>,
    /// The notice for which the provider could take a lease back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reclamation: Option<Reclamation>,
    /// Whether the answers are to be signed, which needs a token and reserves capacity.
    #[serde(default)]
    pub sign: bool,
}

/// What the provider says to each group, in the order of the request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct QuotesResponse {
    /// One for each group.
    pub answers: Vec<QuoteAnswer>,
}

/// What a provider says to a group.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum QuoteAnswer {
    /// It would run the group for this; nothing is reserved.
    Offered {
        /// Base units an hour.
        price: Price,
        /// What it would give where the group leaves it open, such as the GPU model.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        offer: Vec<Attribute>,
        /// The notice that it would give, in seconds.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reclamation_window: Option<u64>,
    },
    /// It will run the group for this, if the quote is used while it holds.
    Signed(Box<Quote>),
    /// It will not, and why, in words for people.
    Declined {
        /// Why.
        reason: String,
    },
}

/// Signs a quote for what it is for; its `signature` so far does not matter.
pub fn sign(key: &SigningKey, quote: Quote, whom: QuotedFor) -> Quote {
    // What cannot be written as JSON would be refused by every orderbook; there is none such.
    let bytes = quote.signed_bytes(whom).unwrap_or_default();
    Quote { signature: key.sign(&bytes).to_bytes().into(), ..quote }
}

/// Whether `key`, 32 bytes, signed a quote for this.
pub fn is_signed_by(quote: &Quote, key: &[u8], whom: QuotedFor) -> bool {
    let (Ok(bytes), Ok(signature)) =
        (quote.signed_bytes(whom), Signature::try_from(quote.signature.as_slice()))
    else {
        return false;
    };
    VerificationKey::try_from(key).is_ok_and(|key| key.verify(&signature, &bytes).is_ok())
}

#[cfg(test)]
mod tests {
    use souk_core::{Requirements, presence::Market};

    use super::*;

    fn quote() -> Quote {
        Quote {
            provider: "souk1pro".into(),
            price: Price::new(900).unwrap(),
            max_take_bps: 200,
            offer: vec![Attribute::new("gpu/model", "h100")],
            reclamation_window: Some(3_600),
            issued_at: 1_000,
            valid_until: 1_060,
            nonce: 7,
            signature: Vec::new().into(),
        }
    }

    fn spec() -> GroupSpec {
        let (name, units, ceiling) = ("web".into(), Vec::new(), Price::new(1_000).unwrap());
        GroupSpec { name, requirements: Requirements::default(), units, ceiling }
    }

    #[test]
    fn a_quote_is_good_for_what_it_was_signed_for_alone() {
        let key = SigningKey::from([7; 32]);
        let public = <[u8; 32]>::from(VerificationKey::from(&key));
        let (spec, denom) = (spec(), Denom::native("usouk"));
        let other_spec = GroupSpec { ceiling: Price::new(1_001).unwrap(), ..spec.clone() };
        let other_denom = Denom::native("uother");
        let market = Market { chain_id: "souk-1", orderbook: "souk1book" };
        let absence = Some(Absence::default());
        let whom = QuotedFor { market, tenant: "souk1ann", spec: &spec, denom: &denom, absence };
        let signed = sign(&key, quote(), whom);
        assert!(is_signed_by(&signed, &public, whom));
        for other in [
            QuotedFor { tenant: "souk1eve", ..whom },
            QuotedFor { spec: &other_spec, ..whom },
            QuotedFor { denom: &other_denom, ..whom },
            QuotedFor { absence: None, ..whom },
            QuotedFor { market: Market { chain_id: "souk-2", ..market }, ..whom },
        ] {
            assert!(!is_signed_by(&signed, &public, other), "{other:?}");
        }
        for other in [
            Quote { price: Price::new(899).unwrap(), ..signed.clone() },
            Quote { reclamation_window: None, ..signed.clone() },
            Quote { offer: Vec::new(), ..signed.clone() },
            Quote { nonce: 8, ..signed.clone() },
            Quote { valid_until: 1_061, ..signed.clone() },
            Quote { signature: vec![0; 63].into(), ..signed.clone() },
        ] {
            assert!(!is_signed_by(&other, &public, whom), "{other:?}");
        }
        let text = serde_json::to_string(&QuoteAnswer::Signed(Box::new(signed.clone()))).unwrap();
        let read: QuoteAnswer = serde_json::from_str(&text).unwrap();
        assert_eq!(read, QuoteAnswer::Signed(Box::new(signed)));
    }
}
