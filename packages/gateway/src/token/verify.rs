//! Reading a token, with distrust.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use k256::ecdsa::{Signature, VerifyingKey, signature::Verifier};
use serde::de::DeserializeOwned;
use thiserror::Error;

use super::{Algorithm, Audience, Claims, Header, MAX_LIFETIME, address, adr36};

/// Larger tokens are not read.
const MAX_TOKEN: usize = 8 * 1024;
/// How far clocks may differ, in seconds.
const SKEW: u64 = 60;

/// What a gateway accepts.
#[derive(Clone, Debug)]
pub struct Policy {
    /// Itself.
    pub audience: Audience,
    /// The bech32 prefix of addresses.
    pub prefix: String,
}

/// Why a token opens nothing.
#[derive(Debug, Clone, Error, PartialEq, Eq)]
pub enum TokenError {
    /// Not three parts of base64url JSON, or too large.
    #[error("the token is malformed: {0}")]
    Malformed(&'static str),
    /// The key does not fit the signature or the signature is not canonical.
    #[error("the token's signature is not valid: {0}")]
    Signature(&'static str),
    /// The issuer is not the key's address.
    #[error("the token says it is from {claimed}, but its key belongs to {actual}")]
    Issuer {
        /// What it says.
        claimed: String,
        /// Whose key it is.
        actual: String,
    },
    /// For somebody else.
    #[error("the token is for {field} {found}, this is {expected}")]
    Audience {
        /// Chain, orderbook or provider.
        field: &'static str,
        /// Whom it is for.
        found: String,
        /// Who this is.
        expected: String,
    },
    /// Over.
    #[error("the token ended at {exp}, it is {now}; make a new one")]
    Expired {
        /// Its end.
        exp: u64,
        /// Now.
        now: u64,
    },
    /// From the future.
    #[error("the token was made at {iat}, it is {now}; check the clock")]
    NotYet {
        /// When it was made.
        iat: u64,
        /// Now.
        now: u64,
    },
    /// Too long.
    #[error("the token lives {0} seconds, the limit is {MAX_LIFETIME}")]
    Lifetime(u64),
}

/// Verifies a token and returns what it says. `now` is in Unix seconds.
///
/// # Errors
/// The first thing that is wrong with it: its form, signature, issuer, audience, then its times.
pub fn verify(token: &str, policy: &Policy, now: u64) -> Result<Claims, TokenError> {
    if token.len() > MAX_TOKEN {
        return Err(TokenError::Malformed("it is larger than 8 KiB"));
    }
    let (input, signature) =
        token.rsplit_once('.').ok_or(TokenError::Malformed("it has no signature"))?;
    let (header, claims) =
        input.split_once('.').ok_or(TokenError::Malformed("it has no claims"))?;
    let header: Header = part(header, "its header cannot be read")?;
    let claims: Claims = part(claims, "its claims cannot be read")?;

    check_signature(&header, &claims, input, signature, &policy.prefix)?;
    check_audience(&claims.aud, &policy.audience)?;
    check_time(&claims, now)?;
    Ok(claims)
}

fn part<T: DeserializeOwned>(text: &str, what: &'static str) -> Result<T, TokenError> {
    let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| TokenError::Malformed(what))?;
    serde_json::from_slice(&bytes).map_err(|_| TokenError::Malformed(what))
}

fn check_signature(
    header: &Header,
    claims: &Claims,
    input: &str,
    signature: &str,
    prefix: &str,
) -> Result<(), TokenError> {
    let decode = |text: &str| URL_SAFE_NO_PAD.decode(text).ok();
    let key = decode(&header.public_key)
        .filter(|bytes| bytes.len() == 33)
        .and_then(|bytes| VerifyingKey::from_sec1_bytes(&bytes).ok())
        .ok_or(TokenError::Signature("the header's key is not a compressed secp256k1 key"))?;
    let signature = decode(signature)
        .and_then(|bytes| Signature::from_slice(&bytes).ok())
        .ok_or(TokenError::Signature("it is not 64 bytes of base64url"))?;
    if signature.normalize_s().is_some() {
        return Err(TokenError::Signature("it is malleable (high S)"));
    }
    let actual = address(prefix, &key).ok_or(TokenError::Signature("the key has no address"))?;
    if actual != claims.iss {
        return Err(TokenError::Issuer { claimed: claims.iss.clone(), actual });
    }
    let message = match header.alg {
        Algorithm::Es256k => input.as_bytes().to_vec(),
        Algorithm::Es256kAdr36 => adr36::document(&claims.iss, input.as_bytes()),
    };
    key.verify(&message, &signature).map_err(|_| TokenError::Signature("the key did not make it"))
}

fn check_audience(found: &Audience, expected: &Audience) -> Result<(), TokenError> {
    for (field, found, expected) in [
        ("chain", &found.chain_id, &expected.chain_id),
        ("orderbook", &found.orderbook, &expected.orderbook),
        ("provider", &found.provider, &expected.provider),
    ] {
        if found != expected {
            let (found, expected) = (found.clone(), expected.clone());
            return Err(TokenError::Audience { field, found, expected });
        }
    }
    Ok(())
}

fn check_time(claims: &Claims, now: u64) -> Result<(), TokenError> {
    let Claims { iat, exp, .. } = *claims;
    if exp <= now {
        return Err(TokenError::Expired { exp, now });
    }
    if iat > now.saturating_add(SKEW) {
        return Err(TokenError::NotYet { iat, now });
    }
    let lifetime = exp.saturating_sub(iat);
    if lifetime > MAX_LIFETIME {
        return Err(TokenError::Lifetime(lifetime));
    }
    Ok(())
}
