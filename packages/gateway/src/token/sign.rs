//! Making a token.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use bech32::{Bech32, Hrp};
use k256::ecdsa::{Signature, SigningKey, VerifyingKey, signature::Signer};
use ripemd::Ripemd160;
use sha2::{Digest, Sha256};

use super::{Algorithm, Claims, Header, adr36};

/// The account address of a public key: bech32 of RIPEMD-160 of SHA-256.
pub fn address(prefix: &str, key: &VerifyingKey) -> Option<String> {
    let hash = Ripemd160::digest(Sha256::digest(key.to_sec1_bytes()));
    bech32::encode::<Bech32>(Hrp::parse(prefix).ok()?, &hash).ok()
}

/// Signs the claims with a wallet's key, as `ES256K`.
pub fn issue(key: &SigningKey, claims: &Claims) -> String {
    let input = input(Algorithm::Es256k, key.verifying_key(), claims);
    let signature: Signature = key.sign(input.as_bytes());
    let signature = signature.normalize_s().unwrap_or(signature);
    format!("{input}.{}", URL_SAFE_NO_PAD.encode(signature.to_bytes()))
}

/// For browser wallets: the token without its signature, and the ADR-36 document to sign.
/// The token is complete with `.` and the 64 bytes of the signature as base64url.
pub fn signing_document(key: &VerifyingKey, claims: &Claims) -> (String, Vec<u8>) {
    let input = input(Algorithm::Es256kAdr36, key, claims);
    let document = adr36::document(&claims.iss, input.as_bytes());
    (input, document)
}

fn input(alg: Algorithm, key: &VerifyingKey, claims: &Claims) -> String {
    let public_key = URL_SAFE_NO_PAD.encode(key.to_sec1_bytes());
    let header = Header { alg, typ: "JWT".to_owned(), public_key };
    let encode =
        |json: serde_json::Result<Vec<u8>>| URL_SAFE_NO_PAD.encode(json.unwrap_or_default());
    format!("{}.{}", encode(serde_json::to_vec(&header)), encode(serde_json::to_vec(claims)))
}
