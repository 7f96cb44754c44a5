//! Wallet tokens: JWTs signed with a wallet's secp256k1 key.
//!
//! The protected header holds the algorithm (`ES256K`: the key signs the JWT as such;
//! `ES256KADR36`: a browser wallet signs it as an ADR-36 document) and the public key. The
//! issuer must be the address of that key. No chain is needed to verify a token.

mod adr36;
mod claims;
mod sign;
mod verify;

pub use claims::{Access, Audience, Claims, LeaseAccess, MAX_LIFETIME, Scope};
pub use sign::{address, issue, signing_document};
pub use verify::{Policy, TokenError, verify};

use serde::{Deserialize, Serialize};

/// The protected header.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Header {
    alg: Algorithm,
    typ: String,
    /// The compressed public key, base64url.
    #[serde(rename = "pub")]
    public_key: String,
}

/// How the token was signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Algorithm {
    /// ECDSA over SHA-256 of the JWT's first two parts.
    #[serde(rename = "ES256K")]
    Es256k,
    /// ECDSA over SHA-256 of an ADR-36 document that holds the JWT's first two parts.
    #[serde(rename = "ES256KADR36")]
    Es256kAdr36,
}
