//! What contracts can rely on: storage, calls, replies, roll-back, and what clients see of them.
#![allow(clippy::unwrap_used)]

mod support;

use cosmrs::proto::cosmwasm::wasm::v1 as wasm;
use cosmwasm_std::coins;
use serde_json::{Value, json};
use souk_devchain::marker;
use support::tester::{TesterMsg, tester};
use support::{DENOM, Draft, Environment, START, any, attribute};

/// An environment with the tester as code 2, and one instance of it by ann, whose sequence is 1 then.
async fn tested() -> (Environment, String) {
    let env = Environment::with(support::builder().code("tester", tester)).await;
    let result = env.run(&env.ann, 0, vec![env.ann.instantiate(2, &json!({}))]).await;
    let contract = attribute(&result, "instantiate", "_contract_address");
    (env, contract)
}

/// Address of a module account.
fn address(module: &str) -> String {
    let bytes = souk_devchain::address::of_module(module);
    souk_devchain::address::AddressCodec::new("souk").unwrap().encode(&bytes)
}

fn execute(env: &Environment, contract: &str, what: &TesterMsg) -> cosmrs::Any {
    let msg = serde_json::to_value(what).unwrap();
    env.ann.execute(contract, &msg, 0)
}

async fn read(env: &Environment, contract: &str, key: &str) -> Value {
    env.client.smart(contract, &json!({ "read": { "key": key } })).await
}

async fn run_message(env: &Environment, contract: &str, sequence: u64, what: &TesterMsg) -> Value {
    let tx = Draft::new(vec![execute(env, contract, what)], sequence).sign(&env.ann);
    env.deliver(&tx).await
}

fn write(key: &str) -> TesterMsg {
    TesterMsg::Write { key: key.into(), value: "yes".into() }
}

fn call(what: TesterMsg, catch: bool, gas_limit: Option<u64>) -> TesterMsg {
    TesterMsg::Call { what: Box::new(what), catch, gas_limit }
}

#[tokio::test]
async fn a_token_is_made_moved_and_asked() {
    let env = Environment::start().await;
    let token = env.token().await;
    let msg = json!({ "transfer": { "recipient": env.bob.address, "amount": "15" } });
    let result = env.run(&env.ann, 1, vec![env.ann.execute(&token, &msg, 0)]).await;
    assert_eq!(attribute(&result, "wasm", "_contract_address"), token);
    assert_eq!(attribute(&result, "wasm", "action"), "transfer");
    let held = json!({ "balance": { "address": env.bob.address } });
    assert_eq!(env.client.smart(&token, &held).await, json!({ "balance": "15" }));
}

#[tokio::test]
async fn events_come_in_wasmds_order_and_form() {
    let env = Environment::start().await;
    let token = env.token().await;
    let (ann, bob) = (&env.ann.address, &env.bob.address);
    let msg = json!({ "transfer": { "recipient": bob, "amount": "15" } });
    let result = env.run(&env.ann, 1, vec![env.ann.execute(&token, &msg, 3)]).await;
    let events: Vec<String> = result["events"]
        .as_array()
        .unwrap()
        .iter()
        .map(|event| {
            let attributes = event["attributes"].as_array().unwrap().iter();
            let pairs: Vec<_> = attributes
                .filter(|a| a["key"] != "signature")
                .map(|a| format!("{}={}", a["key"].as_str().unwrap(), a["value"].as_str().unwrap()))
                .collect();
            format!("{}: {}", event["type"].as_str().unwrap(), pairs.join(", "))
        })
        .collect();
    let collector = address("fee_collector");
    let expected = [
        format!("coin_spent: spender={ann}, amount=50000usouk"),
        format!("coin_received: receiver={collector}, amount=50000usouk"),
        format!("transfer: recipient={collector}, sender={ann}, amount=50000usouk"),
        format!("message: sender={ann}"),
        format!("tx: fee=50000usouk, fee_payer={ann}"),
        format!("tx: acc_seq={ann}/1"),
        "tx: ".to_owned(),
        format!(
            "message: action=/cosmwasm.wasm.v1.MsgExecuteContract, sender={ann}, module=wasm, msg_index=0"
        ),
        format!("coin_spent: spender={ann}, amount=3usouk, msg_index=0"),
        format!("coin_received: receiver={token}, amount=3usouk, msg_index=0"),
        format!("transfer: recipient={token}, sender={ann}, amount=3usouk, msg_index=0"),
        format!("execute: _contract_address={token}, msg_index=0"),
        format!(
            "wasm: _contract_address={token}, action=transfer, from={ann}, to={bob}, amount=15, msg_index=0"
        ),
    ];
    assert_eq!(events, expected);
}

#[tokio::test]
async fn a_contracts_error_is_wasmds_execute_failed() {
    let (env, contract) = tested().await;
    let result = run_message(&env, &contract, 1, &TesterMsg::Fail {}).await;
    assert_eq!((&result["code"], &result["codespace"]), (&json!(5), &json!("wasm")));
    assert_eq!(
        result["log"],
        "failed to execute message; message index: 0: \
         Generic error: fail as requested: execute wasm contract failed"
    );
}

#[tokio::test]
async fn a_crash_fails_the_transaction_and_the_chain_goes_on() {
    let (env, contract) = tested().await;
    let messages =
        vec![execute(&env, &contract, &write("a")), execute(&env, &contract, &TesterMsg::Crash {})];
    let result = env.deliver(&Draft::new(messages, 1).sign(&env.ann)).await;
    assert_eq!((&result["code"], &result["codespace"]), (&json!(29), &json!("wasm")));
    assert_eq!(read(&env, &contract, "a").await, Value::Null);
    assert_eq!(env.client.balance(&env.ann.address).await, START - 2 * 50_000);
    assert_eq!(run_message(&env, &contract, 2, &write("a")).await["code"], 0);
    assert_eq!(read(&env, &contract, "a").await, "yes");
}

#[tokio::test]
async fn endless_writing_ends_with_the_gas() {
    let (env, contract) = tested().await;
    let result = run_message(&env, &contract, 1, &TesterMsg::WriteForever {}).await;
    assert_eq!((&result["code"], &result["codespace"]), (&json!(11), &json!("sdk")));
    let count = env.client.smart(&contract, &json!({ "count": {} })).await;
    assert_eq!(count, 0);
}

#[tokio::test]
async fn a_caught_failure_rolls_back_its_own_writes_alone() {
    let (env, contract) = tested().await;
    let failing = TesterMsg::All { what: vec![write("inner"), TesterMsg::Fail {}] };
    let result = run_message(&env, &contract, 1, &call(failing, true, None)).await;
    assert_eq!(result["code"], 0, "{result}");
    assert_eq!(read(&env, &contract, "inner").await, Value::Null);
    assert_eq!(read(&env, &contract, "before").await, "yes");
    assert_eq!(
        read(&env, &contract, "reply").await,
        "Generic error: fail as requested: execute wasm contract failed"
    );
}

#[tokio::test]
async fn a_failure_that_nobody_catches_rolls_back_everything() {
    let (env, contract) = tested().await;
    let result = run_message(&env, &contract, 1, &call(TesterMsg::Fail {}, false, None)).await;
    assert_eq!((&result["code"], &result["codespace"]), (&json!(5), &json!("wasm")));
    assert_eq!(read(&env, &contract, "before").await, Value::Null);
}

#[tokio::test]
async fn a_caught_crash_and_a_missing_balance_show_their_code_alone() {
    let (env, contract) = tested().await;
    assert_eq!(
        run_message(&env, &contract, 1, &call(TesterMsg::Crash {}, true, None)).await["code"],
        0
    );
    assert_eq!(read(&env, &contract, "reply").await, "codespace: wasm, code: 29");
    let pay = TesterMsg::Pay { to: env.bob.address.clone(), amount: coins(5, DENOM) };
    assert_eq!(run_message(&env, &contract, 2, &call(pay, true, None)).await["code"], 0);
    assert_eq!(read(&env, &contract, "reply").await, "codespace: sdk, code: 5");
}

#[tokio::test]
async fn a_caught_call_of_nobody_shows_its_code_alone() {
    let (env, contract) = tested().await;
    let nobody = [
        (env.bob.address.clone(), "codespace: wasm, code: 22"),
        ("nonsense".to_owned(), "codespace: undefined, code: 1"),
    ];
    for (sequence, (address, message)) in (1..).zip(nobody) {
        let called = TesterMsg::CallOther { contract: address };
        let result = run_message(&env, &contract, sequence, &called).await;
        assert_eq!(result["code"], 0, "{result}");
        assert_eq!(read(&env, &contract, "reply").await, message);
    }
}

#[tokio::test]
async fn a_sub_message_that_uses_up_its_gas_limit_fails_alone() {
    let (env, contract) = tested().await;
    let forever = call(TesterMsg::WriteForever {}, true, Some(200_000));
    let result = run_message(&env, &contract, 1, &forever).await;
    assert_eq!(result["code"], 0, "{result}");
    assert_eq!(read(&env, &contract, "reply").await, "codespace: sdk, code: 11");
    let used: u64 = result["gas_used"].as_str().unwrap().parse().unwrap();
    assert!(used > 200_000, "{used}");
}

#[tokio::test]
async fn attributes_of_sub_messages_come_sorted_as_wasmd_sorts_them() {
    let (env, contract) = tested().await;
    let pairs = vec![("z".into(), "1".into()), ("a".into(), "2".into())];
    let keys = |result: &Value, ty: &str| -> Vec<String> {
        let events = result["events"].as_array().unwrap();
        let event = events.iter().find(|event| event["type"] == ty).unwrap();
        let attributes = event["attributes"].as_array().unwrap().iter();
        attributes.map(|a| a["key"].as_str().unwrap().to_owned()).collect()
    };
    let message = TesterMsg::Emit { attributes: pairs };
    let direct = run_message(&env, &contract, 1, &message).await;
    assert_eq!(keys(&direct, "wasm-emitted"), ["_contract_address", "z", "a", "msg_index"]);
    let nested = run_message(&env, &contract, 2, &call(message, false, None)).await;
    assert_eq!(keys(&nested, "wasm-emitted"), ["_contract_address", "a", "z", "msg_index"]);
    assert_eq!(keys(&nested, "wasm"), ["_contract_address", "a", "z", "msg_index"]);
}

#[tokio::test]
async fn reserved_attributes_and_short_events_are_refused() {
    let (env, contract) = tested().await;
    for attribute in [("_contract_address", "x"), (" ", "x")] {
        let (key, value) = attribute;
        let message = TesterMsg::Emit { attributes: vec![(key.into(), value.into())] };
        let tx = Draft::new(vec![execute(&env, &contract, &message)], 1);
        let simulated = env.simulate(&tx, 1).await;
        assert!(simulated["log"].as_str().unwrap().contains("invalid event"), "{simulated}");
    }
}

#[tokio::test]
async fn a_contract_pays_and_burns_and_the_supply_follows() {
    let (env, contract) = tested().await;
    let fund = env.ann.send(&contract, 100);
    env.run(&env.ann, 1, vec![fund]).await;
    let pay = TesterMsg::Pay { to: env.bob.address.clone(), amount: coins(30, DENOM) };
    let burn = TesterMsg::Burn { amount: coins(20, DENOM) };
    let result = run_message(&env, &contract, 2, &TesterMsg::All { what: vec![pay, burn] }).await;
    assert_eq!(result["code"], 0, "{result}");
    assert_eq!(env.client.balance(&env.bob.address).await, START + 30);
    assert_eq!(env.client.balance(&contract).await, 50);
    assert_eq!(env.total().await, 3 * START - 20);
    assert_eq!(env.supply().await, 3 * START - 20);
    assert_eq!(attribute(&result, "burn", "amount"), "20usouk");
}

#[tokio::test]
async fn queries_nest_to_the_limit_and_crashes_of_queries_are_errors() {
    let (env, contract) = tested().await;
    let deep = |depth: u32| json!({ "deep": { "depth": depth } });
    assert_eq!(env.client.smart(&contract, &deep(9)).await, "bottom");
    for msg in
        [deep(10), json!({ "crash": {} }), json!({ "other": { "contract": env.bob.address } })]
    {
        let query = wasm::QuerySmartContractStateRequest {
            address: contract.clone(),
            query_data: msg.to_string().into_bytes(),
        };
        let data = prost::Message::encode_to_vec(&query);
        let path = "/cosmwasm.wasm.v1.Query/SmartContractState";
        let response = env.client.abci_raw(path, &data, 0).await;
        assert_eq!(
            (&response["code"], &response["codespace"]),
            (&json!(6), &json!("sdk")),
            "{msg}"
        );
    }
}

#[tokio::test]
async fn a_marker_is_uploaded_and_anything_else_is_refused_with_wasmds_code() {
    let env = Environment::with(support::builder().uploadable("tester", tester)).await;
    let store = |bytes: Vec<u8>| {
        any(wasm::MsgStoreCode {
            sender: env.ann.address.clone(),
            wasm_byte_code: bytes,
            instantiate_permission: None,
        })
    };
    let stored = env.run(&env.ann, 0, vec![store(marker("tester"))]).await;
    assert_eq!(attribute(&stored, "store_code", "code_id"), "2");
    env.run(&env.ann, 1, vec![env.ann.instantiate(2, &json!({}))]).await;
    for (sequence, bytes) in [(2, marker("unknown")), (3, b"text".to_vec())] {
        let result = env.deliver(&Draft::new(vec![store(bytes)], sequence).sign(&env.ann)).await;
        assert_eq!((&result["code"], &result["codespace"]), (&json!(2), &json!("wasm")));
        assert!(result["log"].as_str().unwrap().ends_with("create wasm contract failed"));
    }
}

#[tokio::test]
async fn the_admin_alone_migrates_and_hands_over() {
    let env = Environment::start().await;
    let token = env.token().await;
    let migrate = |sender: &str| {
        any(wasm::MsgMigrateContract {
            sender: sender.into(),
            contract: token.clone(),
            code_id: 1,
            msg: b"{}".to_vec(),
        })
    };
    let hand_over = any(wasm::MsgUpdateAdmin {
        sender: env.ann.address.clone(),
        new_admin: env.bob.address.clone(),
        contract: token.clone(),
    });
    let by_bob = Draft::new(vec![migrate(&env.bob.address)], 0).sign(&env.bob);
    let refused = env.deliver(&by_bob).await;
    assert_eq!((&refused["code"], &refused["codespace"]), (&json!(4), &json!("sdk")));
    env.run(&env.ann, 1, vec![migrate(&env.ann.address), hand_over]).await;
    env.run(&env.bob, 1, vec![migrate(&env.bob.address)]).await;
}
