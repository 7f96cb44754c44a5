//! Proposals for a DAO of DAO DAO, whose module `dao-proposal-single` executes messages of
//! cosmwasm-std 1.5: `wasm`, and `stargate` for all that has no form of its own there. It knows
//! neither `any` nor `instantiate2`, nor the SDK's JSON with `@type`.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use cosmrs::proto::cosmwasm::wasm::v1::{MsgExecuteContract, MsgMigrateContract};
use serde_json::{Value, json};
use souk_chain::Any;
use souk_client::Error;

use super::{
    plan::{Plan, Step},
    unsigned::{coins, decode, url},
};

/// A proposal whose JSON is longer is refused by the module.
const MOST_BYTES: usize = 30_000;

/// What the module's `propose` takes: the DAO executes these messages, of which `steps` say what
/// each does.
pub fn proposal(title: &str, steps: &[String], messages: &[Any]) -> Result<Value, Error> {
    let msgs = messages.iter().map(message).collect::<Result<Vec<_>, _>>()?;
    let description: Vec<String> = steps.iter().map(|step| format!("- {step}")).collect();
    let value = json!({"propose": {
        "title": title,
        "description": description.join("\n"),
        "msgs": msgs,
    }});
    let bytes = value.to_string().len();
    if bytes > MOST_BYTES {
        let reason = format!("`{title}` has {bytes} bytes, and DAO DAO takes {MOST_BYTES}");
        return Err(Error::input("--proposal", reason));
    }
    Ok(value)
}

/// Code is longer than a proposal may be, so it has to be on the chain before.
pub fn needs_no_upload(plan: &Plan, sender: &str) -> Result<(), Error> {
    let own = plan.transactions.iter().filter(|one| one.sender == sender);
    let files: Vec<String> = own
        .flat_map(|one| &one.steps)
        .filter_map(|step| match step {
            Step::Upload { contract } => Some(contract.file()),
            _ => None,
        })
        .collect();
    if files.is_empty() {
        return Ok(());
    }
    Err(Error::input(
        "--proposal",
        format!(
            "{} is not on the chain yet, and no proposal may be so long; any account can upload \
             it (`tx wasm store` of the chain's own program), then run the same command again",
            files.join(", ")
        ),
    ))
}

fn message(any: &Any) -> Result<Value, Error> {
    let bad = |reason: String| Error::input(any.type_url.clone(), reason);
    let bytes = any.value.as_slice();
    Ok(if any.type_url == url::<MsgExecuteContract>() {
        let execute: MsgExecuteContract = decode(bytes).map_err(bad)?;
        json!({"wasm": {"execute": {
            "contract_addr": execute.contract,
            "msg": STANDARD.encode(&execute.msg),
            "funds": coins(&execute.funds),
        }}})
    } else if any.type_url == url::<MsgMigrateContract>() {
        let migrate: MsgMigrateContract = decode(bytes).map_err(bad)?;
        json!({"wasm": {"migrate": {
            "contract_addr": migrate.contract,
            "new_code_id": migrate.code_id,
            "msg": STANDARD.encode(&migrate.msg),
        }}})
    } else {
        json!({"stargate": {"type_url": any.type_url, "value": STANDARD.encode(bytes)}})
    })
}

#[cfg(test)]
mod tests {
    use souk_chain::{Coin, tx};
    use souk_client::Contract;

    use super::*;
    use crate::admin::plan::Transaction;

    #[test]
    fn each_message_is_written_as_the_module_knows_it() {
        let body = json!({"a": 1});
        let what =
            tx::Instantiate { code_id: 7, salt: Some(b"salt".to_vec()), ..Default::default() };
        let messages = [
            tx::instantiate("wasm1dao", &what, &body).unwrap(),
            tx::execute("wasm1dao", "wasm1escrow", &body, &[Coin::new(5, "ucosm")]).unwrap(),
            tx::migrate("wasm1dao", "wasm1escrow", 9, &body).unwrap(),
        ];
        let steps = ["make it", "link it"].map(str::to_owned);
        let written = proposal("souk: make it", &steps, &messages).unwrap();
        let propose = &written["propose"];
        assert_eq!(propose["title"], "souk: make it");
        assert_eq!(propose["description"], "- make it\n- link it");
        assert_eq!(
            propose["msgs"],
            json!([
                {"stargate": {"type_url": "/cosmwasm.wasm.v1.MsgInstantiateContract2",
                 "value": STANDARD.encode(&messages[0].value)}},
                {"wasm": {"execute": {"contract_addr": "wasm1escrow", "msg": "eyJhIjoxfQ==",
                 "funds": [{"denom": "ucosm", "amount": "5"}]}}},
                {"wasm": {"migrate": {"contract_addr": "wasm1escrow", "new_code_id": 9,
                 "msg": "eyJhIjoxfQ=="}}},
            ])
        );
    }

    #[test]
    fn what_the_module_would_refuse_for_its_length_is_not_written() {
        let upload = tx::store_code("wasm1dao", vec![0; 30_000]);
        let error = proposal("souk: upload", &[], &[upload]).unwrap_err().to_string();
        assert!(error.contains("DAO DAO takes 30000"), "{error}");
        let steps = vec![Step::Upload { contract: Contract::Escrow }];
        let upload = Transaction { sender: "wasm1dao".to_owned(), steps };
        let plan = Plan { transactions: vec![upload] };
        let error = needs_no_upload(&plan, "wasm1dao").unwrap_err().to_string();
        assert!(error.contains("souk_escrow.wasm"), "{error}");
        assert!(needs_no_upload(&plan, "wasm1me").is_ok(), "another's upload is its own matter");
    }
}
