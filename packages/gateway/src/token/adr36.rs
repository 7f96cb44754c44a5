//! The document that browser wallets sign for arbitrary data (Cosmos ADR-36), in amino JSON
//! with sorted keys.

use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::json;

/// The bytes to sign for `data` by `signer`.
pub fn document(signer: &str, data: &[u8]) -> Vec<u8> {
    // serde_json sorts the keys of `json!` objects, as amino JSON wants.
    json!({
        "account_number": "0",
        "chain_id": "",
        "fee": { "amount": [], "gas": "0" },
        "memo": "",
        "msgs": [{
            "type": "sign/MsgSignData",
            "value": { "data": STANDARD.encode(data), "signer": signer },
        }],
        "sequence": "0",
    })
    .to_string()
    .into_bytes()
}

#[cfg(test)]
mod tests {
    #[test]
    fn keys_are_sorted_and_nothing_is_added() {
        let document = String::from_utf8(super::document("souk1x", b"hi")).unwrap();
        assert_eq!(
            document,
            r#"{"account_number":"0","chain_id":"","fee":{"amount":[],"gas":"0"},"memo":"","msgs":[{"type":"sign/MsgSignData","value":{"data":"aGk=","signer":"souk1x"}}],"sequence":"0"}"#
        );
    }
}
