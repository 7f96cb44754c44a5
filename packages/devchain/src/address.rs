//! Addresses: bech32 text with the chain's prefix, and the derivations of module and contract addresses.

use bech32::{Bech32, Hrp, primitives::decode::CheckedHrpstring};
use ripemd::Ripemd160;
use sha2::{Digest, Sha256};

/// An address prefix that bech32 does not allow.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{prefix:?} cannot be an address prefix: {reason}")]
pub struct BadPrefix {
    prefix: String,
    reason: String,
}

/// Turns address bytes into text and back for one prefix.
#[derive(Clone, Debug)]
pub struct AddressCodec {
    hrp: Hrp,
}

impl AddressCodec {
    /// A codec for `prefix`, for instance `souk`.
    ///
    /// # Errors
    /// If bech32 does not allow the prefix.
    pub fn new(prefix: &str) -> Result<Self, BadPrefix> {
        let hrp = Hrp::parse(prefix)
            .map_err(|err| BadPrefix { prefix: prefix.to_owned(), reason: err.to_string() })?;
        Ok(Self { hrp })
    }

    /// The prefix of every address of this chain.
    pub fn prefix(&self) -> &str {
        self.hrp.as_str()
    }

    /// Text of an address; nothing for bytes too long for bech32.
    pub fn encode(&self, bytes: &[u8]) -> String {
        bech32::encode::<Bech32>(self.hrp, bytes).unwrap_or_default()
    }

    /// What is wrong with a text that [`Self::decode`] refused.
    pub fn invalid_reason(&self, text: &str) -> String {
        if text.is_empty() {
            return "empty address string is not allowed".to_owned();
        }
        format!("decoding bech32 failed: {text:?} is not a {} address", self.prefix())
    }

    /// Bytes of an address: bech32, this chain's prefix, at most 255 bytes.
    pub fn decode(&self, text: &str) -> Option<Vec<u8>> {
        let checked = CheckedHrpstring::new::<Bech32>(text).ok()?;
        if checked.hrp() != self.hrp {
            return None;
        }
        let bytes: Vec<u8> = checked.byte_iter().collect();
        (!bytes.is_empty() && bytes.len() <= 255).then_some(bytes)
    }
}

/// Address of a secp256k1 public key in its compressed form.
pub fn of_public_key(compressed: &[u8]) -> Vec<u8> {
    Ripemd160::digest(Sha256::digest(compressed)).to_vec()
}

/// Address of a module account such as `fee_collector`.
pub fn of_module(name: &str) -> Vec<u8> {
    Sha256::digest(name.as_bytes())[..20].to_vec()
}

/// Contract address by code and instance number, as wasmd's classic generator makes it.
pub fn of_contract(code_id: u64, instance_id: u64) -> Vec<u8> {
    let mut key = Vec::with_capacity(16);
    key.extend_from_slice(&code_id.to_be_bytes());
    key.extend_from_slice(&instance_id.to_be_bytes());
    derived("wasm", &key)
}

/// Contract address that creator, code and salt determine (Instantiate2).
pub fn of_predictable_contract(
    checksum: &[u8],
    creator: &[u8],
    salt: &[u8],
    msg: &[u8],
) -> Vec<u8> {
    let mut key = Vec::new();
    for part in [checksum, creator, salt, msg] {
        key.extend_from_slice(&(part.len() as u64).to_be_bytes());
        key.extend_from_slice(part);
    }
    derived("wasm", &key)
}

/// The SDK's derived address: sha256(sha256("module"), module, 0, key).
fn derived(module: &str, key: &[u8]) -> Vec<u8> {
    let mut hash = Sha256::new();
    hash.update(Sha256::digest(b"module"));
    hash.update(module.as_bytes());
    hash.update([0]);
    hash.update(key);
    hash.finalize().to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn contract_addresses_are_those_of_wasmd() {
        let codec = AddressCodec::new("wasm").unwrap();
        assert_eq!(
            codec.encode(&of_contract(1, 1)),
            "wasm14hj2tavq8fpesdwxxcu44rty3hh90vhujrvcmstl4zr3txmfvw9s0phg4d"
        );
        let creator = codec.decode("wasm15yk64u7zc9g9k2yr2wmzeva5qgwxps6yvw76s4").unwrap();
        let checksum =
            hex::decode("750acce3097ae485c823b9adae4b63ded13062bbb2e0d80829b2db489bfe245e")
                .unwrap();
        assert_eq!(
            codec.encode(&of_predictable_contract(&checksum, &creator, b"salt", b"")),
            "wasm1wtr8tcfvyqx7whel02paghwfgpl3q7vazt6aspm749uz6534jnfq840rhm"
        );
    }

    #[test]
    fn the_fee_collectors_address_is_the_sdks() {
        let codec = AddressCodec::new("cosmos").unwrap();
        assert_eq!(
            codec.encode(&of_module("fee_collector")),
            "cosmos17xpfvakm2amg962yls6f84z3kell8c5lserqta"
        );
    }

    #[test]
    fn other_prefixes_checksums_and_forms_are_refused() {
        let codec = AddressCodec::new("souk").unwrap();
        let good = codec.encode(&[7; 20]);
        assert_eq!(codec.decode(&good).unwrap(), [7; 20]);
        let other = AddressCodec::new("wasm").unwrap().encode(&[7; 20]);
        let broken = good.replace('q', "p");
        for text in ["", "souk1", "nonsense", other.as_str(), broken.as_str()] {
            assert_eq!(codec.decode(text), None, "{text}");
        }
    }
}
