//! Signing in SIGN_MODE_DIRECT: the bytes that a node takes.

use cosmrs::Any;
use cosmrs::proto::cosmos::crypto::secp256k1::PubKey;
use cosmrs::proto::cosmos::tx::signing::v1beta1::SignMode;
use cosmrs::proto::cosmos::tx::v1beta1::{
    AuthInfo, Fee, ModeInfo, SignDoc, SignerInfo, TxBody, TxRaw, mode_info,
};
use cosmrs::proto::traits::{Message, Name};

use crate::coin::normalized;
use crate::keys::{PublicKey, SecretKey};
use crate::{Coin, TxHash};

/// A transaction before it is signed.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct TxPlan {
    /// Executed in order, all or none.
    pub messages: Vec<Any>,
    /// Public text.
    pub memo: String,
    /// The last height at which it may be included; 0 for no limit.
    pub timeout_height: u64,
    /// Gas that it may use.
    pub gas_limit: u64,
    /// What is paid for that gas.
    pub fee: Vec<Coin>,
}

/// What makes a signature valid once and on one chain only.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignerData {
    /// The chain.
    pub chain_id: String,
    /// The account's number.
    pub account_number: u64,
    /// The account's next sequence.
    pub sequence: u64,
}

/// A signed transaction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedTx {
    /// `TxRaw` as nodes take it.
    pub bytes: Vec<u8>,
    /// Its hash.
    pub hash: TxHash,
}

impl TxPlan {
    /// Signs for one account, chain and sequence.
    pub fn sign(&self, key: &SecretKey, signer: &SignerData) -> SignedTx {
        let (body_bytes, auth_info_bytes) = self.parts(&key.public_key(), signer.sequence);
        let doc = SignDoc {
            body_bytes: body_bytes.clone(),
            auth_info_bytes: auth_info_bytes.clone(),
            chain_id: signer.chain_id.clone(),
            account_number: signer.account_number,
        };
        let signature = key.sign_arbitrary(&doc.encode_to_vec());
        let raw = TxRaw { body_bytes, auth_info_bytes, signatures: vec![signature.to_vec()] };
        let bytes = raw.encode_to_vec();
        SignedTx { hash: TxHash::of(&bytes), bytes }
    }

    /// The bytes for a simulation, which verifies no signature: it needs no secret.
    pub fn for_simulation(&self, key: &PublicKey, sequence: u64) -> Vec<u8> {
        let (body_bytes, auth_info_bytes) = self.parts(key, sequence);
        let raw = TxRaw { body_bytes, auth_info_bytes, signatures: vec![vec![0; 64]] };
        raw.encode_to_vec()
    }

    fn parts(&self, key: &PublicKey, sequence: u64) -> (Vec<u8>, Vec<u8>) {
        let body = TxBody {
            messages: self.messages.clone(),
            memo: self.memo.clone(),
            timeout_height: self.timeout_height,
            ..Default::default()
        };
        let public_key = PubKey { key: key.to_bytes().to_vec() };
        let mode = ModeInfo {
            sum: Some(mode_info::Sum::Single(mode_info::Single { mode: SignMode::Direct.into() })),
        };
        let auth_info = AuthInfo {
            signer_infos: vec![SignerInfo {
                public_key: Some(Any {
                    type_url: format!("/{}", PubKey::full_name()),
                    value: public_key.encode_to_vec(),
                }),
                mode_info: Some(mode),
                sequence,
            }],
            fee: Some(Fee {
                amount: normalized(&self.fee),
                gas_limit: self.gas_limit,
                ..Default::default()
            }),
            ..Default::default()
        };
        (body.encode_to_vec(), auth_info.encode_to_vec())
    }
}

/// Messages as bytes for storage: a `TxBody` that holds nothing else.
pub fn messages_to_bytes(messages: &[Any]) -> Vec<u8> {
    let body = TxBody { messages: messages.to_vec(), ..Default::default() };
    body.encode_to_vec()
}

/// The messages in stored bytes, or why they cannot be read.
///
/// # Errors
/// If the bytes are not encoded messages.
pub fn messages_from_bytes(bytes: &[u8]) -> Result<Vec<Any>, cosmrs::proto::prost::DecodeError> {
    Ok(TxBody::decode(bytes)?.messages)
}

#[cfg(test)]
mod tests {
    use super::*;
    use k256::ecdsa::signature::Verifier;
    use k256::ecdsa::{Signature, VerifyingKey};

    fn plan() -> TxPlan {
        TxPlan {
            messages: vec![crate::tx::send("souk1a", "souk1b", &[Coin::new(5, "ustake")])],
            memo: "hello".into(),
            timeout_height: 40,
            gas_limit: 100_000,
            fee: vec![Coin::new(2_500, "ustake")],
        }
    }

    fn signer(sequence: u64) -> SignerData {
        SignerData { chain_id: "souk-1".into(), account_number: 3, sequence }
    }

    #[test]
    fn the_signature_is_over_the_sign_doc() {
        let key = SecretKey::from_bytes(&[7; 32]).unwrap();
        let signed = plan().sign(&key, &signer(9));
        let raw = TxRaw::decode(signed.bytes.as_slice()).unwrap();
        let doc = SignDoc {
            body_bytes: raw.body_bytes,
            auth_info_bytes: raw.auth_info_bytes,
            chain_id: "souk-1".into(),
            account_number: 3,
        };
        let verifying = VerifyingKey::from_sec1_bytes(&key.public_key().to_bytes()).unwrap();
        let signature = Signature::from_slice(&raw.signatures[0]).unwrap();
        assert!(verifying.verify(&doc.encode_to_vec(), &signature).is_ok());
    }

    #[test]
    fn signing_twice_gives_the_same_bytes_and_another_sequence_gives_others() {
        let key = SecretKey::from_bytes(&[7; 32]).unwrap();
        assert_eq!(plan().sign(&key, &signer(9)), plan().sign(&key, &signer(9)));
        assert_ne!(plan().sign(&key, &signer(9)).hash, plan().sign(&key, &signer(10)).hash);
    }

    #[test]
    fn stored_messages_read_back() {
        let messages = plan().messages;
        let read = messages_from_bytes(&messages_to_bytes(&messages)).unwrap();
        assert_eq!(read, messages);
    }
}
