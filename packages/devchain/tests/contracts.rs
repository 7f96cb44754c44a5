//! What contracts can rely on: storage, calls, replies, roll-back, and what clients see of them.
#![allow(clippy::unwrap_used)]

mod support;

use cosmrs::proto::cosmwasm::wasm::v1 as wasm;
use cosmwasm_std::coins;
use serde_json::{Value, json};
use souk_devchain::marker;
use support::tester::{Do, tester};
use support::{DENOM, Draft, START, World, any, attribute};

/// A world with the tester as code 2, and one instance of it by ann, whose sequence is 1 then.
async fn tested() -> (World, String) {
    let world = World::with(support::builder().code("tester", tester)).await;
    let result = world.run(&world.ann, 0, vec![world.ann.instantiate(2, &json!({}))]).await;
    let contract = attribute(&result, "instantiate", "_contract_address");
    (world, contract)
}

/// Address of a module account.
fn address(module: &str) -> String {
    let bytes = souk_devchain::address::of_module(module);
    souk_devchain::address::AddressCodec::new("souk").unwrap().encode(&bytes)
}

fn doing(world: &World, contract: &str, what: &Do) -> cosmrs::Any {
    let msg = serde_json::to_value(what).unwrap();
    world.ann.execute(contract, &msg, 0)
}

async fn read(world: &World, contract: &str, key: &str) -> Value {
    world.client.smart(contract, &json!({ "read": { "key": key } })).await
}

async fn tell(world: &World, contract: &str, sequence: u64, what: &Do) -> Value {
    let tx = Draft::new(vec![doing(world, contract, what)], sequence).sign(&world.ann);
    world.deliver(&tx).await
}

fn write(key: &str) -> Do {
    Do::Write { key: key.into(), value: "yes".into() }
}

fn call(what: Do, catch: bool, gas_limit: Option<u64>) -> Do {
    Do::Call { what: Box::new(what), catch, gas_limit }
}

#[tokio::test]
async fn a_token_is_made_moved_and_asked() {
    let world = World::start().await;
    let token = world.token().await;
    let msg = json!({ "transfer": { "recipient": world.bob.address, "amount": "15" } });
    let result = world.run(&world.ann, 1, vec![world.ann.execute(&token, &msg, 0)]).await;
    assert_eq!(attribute(&result, "wasm", "_contract_address"), token);
    assert_eq!(attribute(&result, "wasm", "action"), "transfer");
    let held = json!({ "balance": { "address": world.bob.address } });
    assert_eq!(world.client.smart(&token, &held).await, json!({ "balance": "15" }));
}

#[tokio::test]
async fn events_come_in_wasmds_order_and_form() {
    let world = World::start().await;
    let token = world.token().await;
    let (ann, bob) = (&world.ann.address, &world.bob.address);
    let msg = json!({ "transfer": { "recipient": bob, "amount": "15" } });
    let result = world.run(&world.ann, 1, vec![world.ann.execute(&token, &msg, 3)]).await;
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
    let (world, contract) = tested().await;
    let result = tell(&world, &contract, 1, &Do::Fail {}).await;
    assert_eq!((&result["code"], &result["codespace"]), (&json!(5), &json!("wasm")));
    assert_eq!(
        result["log"],
        "failed to execute message; message index: 0: \
         Generic error: told to fail: execute wasm contract failed"
    );
}

#[tokio::test]
async fn a_crash_fails_the_transaction_and_the_chain_goes_on() {
    let (world, contract) = tested().await;
    let messages =
        vec![doing(&world, &contract, &write("a")), doing(&world, &contract, &Do::Crash {})];
    let result = world.deliver(&Draft::new(messages, 1).sign(&world.ann)).await;
    assert_eq!((&result["code"], &result["codespace"]), (&json!(29), &json!("wasm")));
    assert_eq!(read(&world, &contract, "a").await, Value::Null);
    assert_eq!(world.client.balance(&world.ann.address).await, START - 2 * 50_000);
    assert_eq!(tell(&world, &contract, 2, &write("a")).await["code"], 0);
    assert_eq!(read(&world, &contract, "a").await, "yes");
}

#[tokio::test]
async fn endless_writing_ends_with_the_gas() {
    let (world, contract) = tested().await;
    let result = tell(&world, &contract, 1, &Do::WriteForever {}).await;
    assert_eq!((&result["code"], &result["codespace"]), (&json!(11), &json!("sdk")));
    let count = world.client.smart(&contract, &json!({ "count": {} })).await;
    assert_eq!(count, 0);
}

#[tokio::test]
async fn a_caught_failure_rolls_back_its_own_writes_alone() {
    let (world, contract) = tested().await;
    let failing = Do::All { what: vec![write("inner"), Do::Fail {}] };
    let result = tell(&world, &contract, 1, &call(failing, true, None)).await;
    assert_eq!(result["code"], 0, "{result}");
    assert_eq!(read(&world, &contract, "inner").await, Value::Null);
    assert_eq!(read(&world, &contract, "before").await, "yes");
    assert_eq!(
        read(&world, &contract, "reply").await,
        "Generic error: told to fail: execute wasm contract failed"
    );
}

#[tokio::test]
async fn a_failure_that_nobody_catches_rolls_back_everything() {
    let (world, contract) = tested().await;
    let result = tell(&world, &contract, 1, &call(Do::Fail {}, false, None)).await;
    assert_eq!((&result["code"], &result["codespace"]), (&json!(5), &json!("wasm")));
    assert_eq!(read(&world, &contract, "before").await, Value::Null);
}

#[tokio::test]
async fn a_caught_crash_and_a_missing_balance_are_told_by_code_alone() {
    let (world, contract) = tested().await;
    assert_eq!(tell(&world, &contract, 1, &call(Do::Crash {}, true, None)).await["code"], 0);
    assert_eq!(read(&world, &contract, "reply").await, "codespace: wasm, code: 29");
    let pay = Do::Pay { to: world.bob.address.clone(), amount: coins(5, DENOM) };
    assert_eq!(tell(&world, &contract, 2, &call(pay, true, None)).await["code"], 0);
    assert_eq!(read(&world, &contract, "reply").await, "codespace: sdk, code: 5");
}

#[tokio::test]
async fn a_caught_call_of_nobody_is_told_by_code_alone() {
    let (world, contract) = tested().await;
    let nobody = [
        (world.bob.address.clone(), "codespace: wasm, code: 22"),
        ("nonsense".to_owned(), "codespace: undefined, code: 1"),
    ];
    for (sequence, (address, told)) in (1..).zip(nobody) {
        let called = Do::CallOther { contract: address };
        let result = tell(&world, &contract, sequence, &called).await;
        assert_eq!(result["code"], 0, "{result}");
        assert_eq!(read(&world, &contract, "reply").await, told);
    }
}

#[tokio::test]
async fn a_sub_message_that_uses_up_its_gas_limit_fails_alone() {
    let (world, contract) = tested().await;
    let forever = call(Do::WriteForever {}, true, Some(200_000));
    let result = tell(&world, &contract, 1, &forever).await;
    assert_eq!(result["code"], 0, "{result}");
    assert_eq!(read(&world, &contract, "reply").await, "codespace: sdk, code: 11");
    let used: u64 = result["gas_used"].as_str().unwrap().parse().unwrap();
    assert!(used > 200_000, "{used}");
}

#[tokio::test]
async fn attributes_of_sub_messages_come_sorted_as_wasmd_sorts_them() {
    let (world, contract) = tested().await;
    let pairs = vec![("z".into(), "1".into()), ("a".into(), "2".into())];
    let keys = |result: &Value, ty: &str| -> Vec<String> {
        let events = result["events"].as_array().unwrap();
        let event = events.iter().find(|event| event["type"] == ty).unwrap();
        let attributes = event["attributes"].as_array().unwrap().iter();
        attributes.map(|a| a["key"].as_str().unwrap().to_owned()).collect()
    };
    let told = Do::Tell { attributes: pairs };
    let direct = tell(&world, &contract, 1, &told).await;
    assert_eq!(keys(&direct, "wasm-told"), ["_contract_address", "z", "a", "msg_index"]);
    let nested = tell(&world, &contract, 2, &call(told, false, None)).await;
    assert_eq!(keys(&nested, "wasm-told"), ["_contract_address", "a", "z", "msg_index"]);
    assert_eq!(keys(&nested, "wasm"), ["_contract_address", "a", "z", "msg_index"]);
}

#[tokio::test]
async fn reserved_attributes_and_short_events_are_refused() {
    let (world, contract) = tested().await;
    for attribute in [("_contract_address", "x"), (" ", "x")] {
        let (key, value) = attribute;
        let told = Do::Tell { attributes: vec![(key.into(), value.into())] };
        let tx = Draft::new(vec![doing(&world, &contract, &told)], 1);
        let simulated = world.simulate(&tx, 1).await;
        assert!(simulated["log"].as_str().unwrap().contains("invalid event"), "{simulated}");
    }
}

#[tokio::test]
async fn a_contract_pays_and_burns_and_the_supply_follows() {
    let (world, contract) = tested().await;
    let fund = world.ann.send(&contract, 100);
    world.run(&world.ann, 1, vec![fund]).await;
    let pay = Do::Pay { to: world.bob.address.clone(), amount: coins(30, DENOM) };
    let burn = Do::Burn { amount: coins(20, DENOM) };
    let result = tell(&world, &contract, 2, &Do::All { what: vec![pay, burn] }).await;
    assert_eq!(result["code"], 0, "{result}");
    assert_eq!(world.client.balance(&world.bob.address).await, START + 30);
    assert_eq!(world.client.balance(&contract).await, 50);
    assert_eq!(world.total().await, 3 * START - 20);
    assert_eq!(world.supply().await, 3 * START - 20);
    assert_eq!(attribute(&result, "burn", "amount"), "20usouk");
}

#[tokio::test]
async fn queries_nest_to_the_limit_and_crashes_of_queries_are_errors() {
    let (world, contract) = tested().await;
    let deep = |depth: u32| json!({ "deep": { "depth": depth } });
    assert_eq!(world.client.smart(&contract, &deep(9)).await, "bottom");
    for msg in
        [deep(10), json!({ "crash": {} }), json!({ "other": { "contract": world.bob.address } })]
    {
        let query = wasm::QuerySmartContractStateRequest {
            address: contract.clone(),
            query_data: msg.to_string().into_bytes(),
        };
        let data = prost::Message::encode_to_vec(&query);
        let path = "/cosmwasm.wasm.v1.Query/SmartContractState";
        let response = world.client.abci_raw(path, &data, 0).await;
        assert_eq!(
            (&response["code"], &response["codespace"]),
            (&json!(6), &json!("sdk")),
            "{msg}"
        );
    }
}

#[tokio::test]
async fn a_marker_is_uploaded_and_anything_else_is_refused_with_wasmds_code() {
    let world = World::with(support::builder().uploadable("tester", tester)).await;
    let store = |bytes: Vec<u8>| {
        any(wasm::MsgStoreCode {
            sender: world.ann.address.clone(),
            wasm_byte_code: bytes,
            instantiate_permission: None,
        })
    };
    let stored = world.run(&world.ann, 0, vec![store(marker("tester"))]).await;
    assert_eq!(attribute(&stored, "store_code", "code_id"), "2");
    world.run(&world.ann, 1, vec![world.ann.instantiate(2, &json!({}))]).await;
    for (sequence, bytes) in [(2, marker("unknown")), (3, b"text".to_vec())] {
        let result =
            world.deliver(&Draft::new(vec![store(bytes)], sequence).sign(&world.ann)).await;
        assert_eq!((&result["code"], &result["codespace"]), (&json!(2), &json!("wasm")));
        assert!(result["log"].as_str().unwrap().ends_with("create wasm contract failed"));
    }
}

#[tokio::test]
async fn the_admin_alone_migrates_and_hands_over() {
    let world = World::start().await;
    let token = world.token().await;
    let migrate = |sender: &str| {
        any(wasm::MsgMigrateContract {
            sender: sender.into(),
            contract: token.clone(),
            code_id: 1,
            msg: b"{}".to_vec(),
        })
    };
    let hand_over = any(wasm::MsgUpdateAdmin {
        sender: world.ann.address.clone(),
        new_admin: world.bob.address.clone(),
        contract: token.clone(),
    });
    let by_bob = Draft::new(vec![migrate(&world.bob.address)], 0).sign(&world.bob);
    let refused = world.deliver(&by_bob).await;
    assert_eq!((&refused["code"], &refused["codespace"]), (&json!(4), &json!("sdk")));
    world.run(&world.ann, 1, vec![migrate(&world.ann.address), hand_over]).await;
    world.run(&world.bob, 1, vec![migrate(&world.bob.address)]).await;
}
