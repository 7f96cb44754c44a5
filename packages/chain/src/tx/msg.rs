//! The messages that this project sends, as the protobuf `Any` that a transaction holds.

use cosmrs::Any;
use cosmrs::proto::cosmos::bank::v1beta1::MsgSend;
use cosmrs::proto::cosmwasm::wasm::v1::{
    MsgClearAdmin, MsgExecuteContract, MsgInstantiateContract, MsgInstantiateContract2,
    MsgMigrateContract, MsgStoreCode, MsgUpdateAdmin,
};
use cosmrs::proto::traits::{Message, Name};
use serde::Serialize;

use crate::Coin;
use crate::coin::normalized;

/// A message that cannot be written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("message for {to} cannot be written as JSON: {reason}")]
pub struct MsgError {
    /// The contract or code that it is for.
    pub to: String,
    /// What is wrong with it.
    pub reason: String,
}

/// What an instantiation says beside its message.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Instantiate {
    /// The code to run.
    pub code_id: u64,
    /// Its label.
    pub label: String,
    /// Who may migrate the contract, if anyone.
    pub admin: Option<String>,
    /// Coins that go with it.
    pub funds: Vec<Coin>,
    /// With a salt the address is predictable (`MsgInstantiateContract2`).
    pub salt: Option<Vec<u8>>,
}

/// Executes `contract` with a JSON message and coins.
///
/// # Errors
/// If the message cannot be written as JSON.
pub fn execute(
    sender: &str,
    contract: &str,
    msg: &impl Serialize,
    funds: &[Coin],
) -> Result<Any, MsgError> {
    Ok(execute_bytes(sender, contract, json(contract, msg)?, funds))
}

/// Executes `contract` with a message that is JSON bytes already.
pub fn execute_bytes(sender: &str, contract: &str, msg: Vec<u8>, funds: &[Coin]) -> Any {
    any(&MsgExecuteContract {
        sender: sender.to_owned(),
        contract: contract.to_owned(),
        msg,
        funds: normalized(funds),
    })
}

/// Makes a new contract.
///
/// # Errors
/// If the message cannot be written as JSON.
pub fn instantiate(
    sender: &str,
    what: &Instantiate,
    msg: &impl Serialize,
) -> Result<Any, MsgError> {
    let msg = json(&format!("code {}", what.code_id), msg)?;
    let sender = sender.to_owned();
    let admin = what.admin.clone().unwrap_or_default();
    let label = what.label.clone();
    let funds = normalized(&what.funds);
    let code_id = what.code_id;
    Ok(match &what.salt {
        None => any(&MsgInstantiateContract { sender, admin, code_id, label, msg, funds }),
        Some(salt) => any(&MsgInstantiateContract2 {
            sender,
            admin,
            code_id,
            label,
            msg,
            funds,
            salt: salt.clone(),
            fix_msg: false,
        }),
    })
}

/// Uploads wasm; anyone may instantiate it, as the chain's default says.
pub fn store_code(sender: &str, wasm: Vec<u8>) -> Any {
    any(&MsgStoreCode {
        sender: sender.to_owned(),
        wasm_byte_code: wasm,
        instantiate_permission: None,
    })
}

/// Moves `contract` to another code.
///
/// # Errors
/// If the message cannot be written as JSON.
pub fn migrate(
    sender: &str,
    contract: &str,
    code_id: u64,
    msg: &impl Serialize,
) -> Result<Any, MsgError> {
    Ok(any(&MsgMigrateContract {
        sender: sender.to_owned(),
        contract: contract.to_owned(),
        code_id,
        msg: json(contract, msg)?,
    }))
}

/// Names another admin of `contract`.
pub fn update_admin(sender: &str, contract: &str, new_admin: &str) -> Any {
    any(&MsgUpdateAdmin {
        sender: sender.to_owned(),
        new_admin: new_admin.to_owned(),
        contract: contract.to_owned(),
    })
}

/// Leaves `contract` without an admin for good.
pub fn clear_admin(sender: &str, contract: &str) -> Any {
    any(&MsgClearAdmin { sender: sender.to_owned(), contract: contract.to_owned() })
}

/// Sends coins to an account.
pub fn send(from: &str, to: &str, coins: &[Coin]) -> Any {
    any(&MsgSend {
        from_address: from.to_owned(),
        to_address: to.to_owned(),
        amount: normalized(coins),
    })
}

pub(super) fn any<M: Message + Name>(msg: &M) -> Any {
    Any { type_url: format!("/{}", M::full_name()), value: msg.encode_to_vec() }
}

pub(super) fn json(to: &str, msg: &impl Serialize) -> Result<Vec<u8>, MsgError> {
    serde_json::to_vec(msg).map_err(|e| MsgError { to: to.to_owned(), reason: e.to_string() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_have_the_type_urls_that_the_chain_knows() {
        let what = Instantiate::default();
        let salted = Instantiate { salt: Some(vec![1]), ..Instantiate::default() };
        let urls = [
            (execute("a", "c", &(), &[]).unwrap(), "/cosmwasm.wasm.v1.MsgExecuteContract"),
            (instantiate("a", &what, &()).unwrap(), "/cosmwasm.wasm.v1.MsgInstantiateContract"),
            (instantiate("a", &salted, &()).unwrap(), "/cosmwasm.wasm.v1.MsgInstantiateContract2"),
            (store_code("a", vec![]), "/cosmwasm.wasm.v1.MsgStoreCode"),
            (migrate("a", "c", 2, &()).unwrap(), "/cosmwasm.wasm.v1.MsgMigrateContract"),
            (update_admin("a", "c", "b"), "/cosmwasm.wasm.v1.MsgUpdateAdmin"),
            (clear_admin("a", "c"), "/cosmwasm.wasm.v1.MsgClearAdmin"),
            (send("a", "b", &[]), "/cosmos.bank.v1beta1.MsgSend"),
        ];
        for (any, url) in urls {
            assert_eq!(any.type_url, url);
        }
    }
}
