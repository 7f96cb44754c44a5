//! Transactions without signatures, in the form that `tx sign` of the SDK's programs reads: for a
//! multisig account, the chain's governance, a key that is elsewhere.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use cosmrs::proto::{
    cosmos::base::v1beta1::Coin as ProtoCoin,
    cosmwasm::wasm::v1::{
        MsgExecuteContract, MsgInstantiateContract2, MsgMigrateContract, MsgStoreCode,
    },
    traits::{Message, Name},
};
use serde_json::{Value, json};
use souk_chain::{Any, Coin};
use souk_client::Error;

/// A whole transaction without signatures.
pub fn transaction(messages: &[Any], gas_limit: u64, fee: &[Coin]) -> Result<Value, Error> {
    let messages = messages.iter().map(message).collect::<Result<Vec<_>, _>>()?;
    let fee: Vec<Value> = fee
        .iter()
        .map(|coin| json!({"denom": coin.denom, "amount": coin.amount.to_string()}))
        .collect();
    Ok(json!({
        "body": {
            "messages": messages,
            "memo": "",
            "timeout_height": "0",
            "extension_options": [],
            "non_critical_extension_options": [],
        },
        "auth_info": {
            "signer_infos": [],
            "fee": {
                "amount": fee,
                "gas_limit": gas_limit.to_string(),
                "payer": "",
                "granter": "",
            },
        },
        "signatures": [],
    }))
}

/// A message as the SDK writes it in JSON.
fn message(any: &Any) -> Result<Value, Error> {
    let bad = |reason: String| Error::input(any.type_url.clone(), reason);
    let json = |bytes: &[u8]| -> Result<Value, Error> {
        serde_json::from_slice(bytes).map_err(|error| bad(error.to_string()))
    };
    let bytes = any.value.as_slice();
    let mut value = if any.type_url == url::<MsgStoreCode>() {
        let store: MsgStoreCode = decode(bytes).map_err(bad)?;
        json!({
            "sender": store.sender,
            "wasm_byte_code": STANDARD.encode(&store.wasm_byte_code),
            "instantiate_permission": null,
        })
    } else if any.type_url == url::<MsgInstantiateContract2>() {
        let make: MsgInstantiateContract2 = decode(bytes).map_err(bad)?;
        json!({
            "sender": make.sender,
            "admin": make.admin,
            "code_id": make.code_id.to_string(),
            "label": make.label,
            "msg": json(&make.msg)?,
            "funds": coins(&make.funds),
            "salt": STANDARD.encode(&make.salt),
            "fix_msg": make.fix_msg,
        })
    } else if any.type_url == url::<MsgExecuteContract>() {
        let execute: MsgExecuteContract = decode(bytes).map_err(bad)?;
        json!({
            "sender": execute.sender,
            "contract": execute.contract,
            "msg": json(&execute.msg)?,
            "funds": coins(&execute.funds),
        })
    } else if any.type_url == url::<MsgMigrateContract>() {
        let migrate: MsgMigrateContract = decode(bytes).map_err(bad)?;
        json!({
            "sender": migrate.sender,
            "contract": migrate.contract,
            "code_id": migrate.code_id.to_string(),
            "msg": json(&migrate.msg)?,
        })
    } else {
        return Err(bad("this message cannot be written without a signature".to_owned()));
    };
    if let Some(entries) = value.as_object_mut() {
        entries.insert("@type".to_owned(), json!(any.type_url));
    }
    Ok(value)
}

/// A message's type, as `Any` names it.
pub(super) fn url<M: Name>() -> String {
    format!("/{}", M::full_name())
}

/// Reads a message's bytes.
pub(super) fn decode<M: Message + Default>(bytes: &[u8]) -> Result<M, String> {
    M::decode(bytes).map_err(|error| error.to_string())
}

/// Coins as chains and contracts write them in JSON.
pub(super) fn coins(coins: &[ProtoCoin]) -> Vec<Value> {
    coins.iter().map(|coin| json!({"denom": coin.denom, "amount": coin.amount})).collect()
}

#[cfg(test)]
mod tests {
    use souk_chain::tx::{self, Instantiate};

    use super::*;

    #[test]
    fn each_message_is_written_with_its_type_and_its_json() {
        let what = Instantiate {
            code_id: 7,
            label: "souk escrow".to_owned(),
            admin: Some("wasm1dao".to_owned()),
            salt: Some(b"souk/escrow".to_vec()),
            ..Instantiate::default()
        };
        let body = json!({"a": 1});
        let messages = [
            tx::store_code("wasm1me", b"\0asm".to_vec()),
            tx::instantiate("wasm1me", &what, &body).unwrap(),
            tx::execute("wasm1me", "wasm1escrow", &body, &[]).unwrap(),
            tx::migrate("wasm1me", "wasm1escrow", 9, &body).unwrap(),
        ];
        let written = transaction(&messages, 500, &[Coin::new(13, "ucosm")]).unwrap();
        assert_eq!(
            written["body"]["messages"],
            json!([
                {"@type": "/cosmwasm.wasm.v1.MsgStoreCode", "sender": "wasm1me",
                 "wasm_byte_code": "AGFzbQ==", "instantiate_permission": null},
                {"@type": "/cosmwasm.wasm.v1.MsgInstantiateContract2", "sender": "wasm1me",
                 "admin": "wasm1dao", "code_id": "7", "label": "souk escrow", "msg": {"a": 1},
                 "funds": [], "salt": "c291ay9lc2Nyb3c=", "fix_msg": false},
                {"@type": "/cosmwasm.wasm.v1.MsgExecuteContract", "sender": "wasm1me",
                 "contract": "wasm1escrow", "msg": {"a": 1}, "funds": []},
                {"@type": "/cosmwasm.wasm.v1.MsgMigrateContract", "sender": "wasm1me",
                 "contract": "wasm1escrow", "code_id": "9", "msg": {"a": 1}},
            ])
        );
        let fee = &written["auth_info"]["fee"];
        assert_eq!(fee["amount"], json!([{"denom": "ucosm", "amount": "13"}]));
        assert_eq!(fee["gas_limit"], "500");
        assert_eq!(written["signatures"], json!([]));
    }

    #[test]
    fn another_message_is_refused_by_its_type() {
        let error = transaction(&[tx::send("a", "b", &[])], 1, &[]).unwrap_err().to_string();
        assert!(error.contains("MsgSend"), "{error}");
    }
}
