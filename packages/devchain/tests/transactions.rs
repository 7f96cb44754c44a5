//! What a client can rely on when it sends transactions.
#![allow(clippy::unwrap_used)]

mod support;

use prost::Message;
use serde_json::json;
use support::{Draft, Environment, NewerBody, START, Timestamp, Wallet};

#[tokio::test]
async fn a_transfer_moves_coins_and_charges_the_fee() {
    let env = Environment::start().await;
    let (ann, bob) = (&env.ann, &env.bob);
    let result = env.run(ann, 0, vec![ann.send(&bob.address, 7_000)]).await;
    assert_eq!(env.client.balance(&bob.address).await, START + 7_000);
    assert_eq!(env.client.balance(&ann.address).await, START - 7_000 - 50_000);
    assert_eq!(env.total().await, 3 * START);
    let used: u64 = result["gas_used"].as_str().unwrap().parse().unwrap();
    assert!((40_000..120_000).contains(&used), "{used}");
}

#[tokio::test]
async fn a_wrong_sequence_is_refused_with_the_sdks_code_and_text() {
    let env = Environment::start().await;
    let (ann, bob) = (&env.ann, &env.bob);
    let tx = Draft::new(vec![ann.send(&bob.address, 1)], 5).sign(ann);
    let checked = env.client.broadcast(&tx).await;
    assert_eq!(checked["code"], 32);
    assert_eq!(checked["codespace"], "sdk");
    assert_eq!(
        checked["log"],
        "account sequence mismatch, expected 0, got 5: incorrect account sequence"
    );
}

#[tokio::test]
async fn several_transactions_of_one_account_fit_in_one_block() {
    let env = Environment::start().await;
    let (ann, bob) = (&env.ann, &env.bob);
    for sequence in 0..5 {
        let tx = Draft::new(vec![ann.send(&bob.address, 10)], sequence).sign(ann);
        assert_eq!(env.client.broadcast(&tx).await["code"], 0);
    }
    let block = env.chain.produce_block().await.unwrap();
    assert_eq!(block.txs.len(), 5);
    assert!(block.txs.iter().all(|tx| tx.result.code() == 0));
    assert_eq!(env.client.balance(&bob.address).await, START + 50);
}

#[tokio::test]
async fn the_same_bytes_are_refused_while_they_are_known() {
    let env = Environment::start().await;
    let (ann, bob) = (&env.ann, &env.bob);
    let tx = Draft::new(vec![ann.send(&bob.address, 10)], 0).sign(ann);
    assert_eq!(env.client.broadcast(&tx).await["code"], 0);
    let params = json!({ "tx": support::base64(&tx) });
    let again = env.client.raw("broadcast_tx_sync", params.clone()).await;
    assert_eq!(again["error"]["code"], -32603);
    assert_eq!(again["error"]["data"], "tx already exists in cache");
    env.chain.produce_block().await.unwrap();
    let later = env.client.raw("broadcast_tx_sync", params).await;
    assert_eq!(later["error"]["data"], "tx already exists in cache");
}

#[tokio::test]
async fn what_the_sdk_refuses_is_refused_with_its_codes() {
    let env = Environment::start().await;
    let (ann, bob) = (&env.ann, &env.bob);
    let plain = Draft::new(vec![ann.send(&bob.address, 10)], 0);
    let stranger = Wallet::named("stranger", 99);
    let table: Vec<(&str, Vec<u8>, u64)> = vec![
        ("garbage", b"garbage".to_vec(), 2),
        ("other chain", Draft { chain_id: "other".into(), ..plain.clone() }.sign(ann), 4),
        ("other account number", plain.sign(&Wallet { account_number: 9, ..ann.clone() }), 4),
        ("key of another", plain.sign(bob), 8),
        ("no account", Draft::new(vec![stranger.send(&bob.address, 1)], 0).sign(&stranger), 9),
        (
            "gas below the size of the transaction",
            Draft { gas: 1_000, ..plain.clone() }.sign(ann),
            11,
        ),
        ("long memo", Draft { memo: "m".repeat(257), ..plain.clone() }.sign(ann), 12),
        ("small fee", Draft { fee: 49_999, ..plain.clone() }.sign(ann), 13),
        ("fee beyond the balance", Draft { fee: START + 1, ..plain.clone() }.sign(ann), 5),
        (
            "no signature",
            {
                let mut raw = plain.unsigned(&[(ann, 0)]);
                raw.signatures.clear();
                raw.encode_to_vec()
            },
            15,
        ),
        ("no message", Draft::new(vec![], 0).sign(ann), 18),
        ("no gas", Draft { gas: 0, ..plain.clone() }.sign(ann), 11),
        ("empty signature", plain.unsigned(&[(ann, 0)]).encode_to_vec(), 4),
    ];
    for (what, tx, code) in table {
        let checked = env.client.broadcast(&tx).await;
        assert_eq!(checked["code"], code, "{what}: {checked}");
        assert_eq!(checked["codespace"], "sdk", "{what}");
    }
    env.chain.produce_block().await.unwrap();
    assert_eq!(env.client.balance(&ann.address).await, START);
}

#[tokio::test]
async fn a_malleable_signature_is_refused() {
    use cosmrs::proto::cosmos::tx::v1beta1::TxRaw;
    let env = Environment::start().await;
    let (ann, bob) = (&env.ann, &env.bob);
    let tx = Draft::new(vec![ann.send(&bob.address, 10)], 0).sign(ann);
    let mut raw = TxRaw::decode(tx.as_slice()).unwrap();
    let low = k256::ecdsa::Signature::from_slice(&raw.signatures[0]).unwrap();
    let (r, s) = low.split_scalars();
    let high = k256::ecdsa::Signature::from_scalars(r, -s).unwrap();
    raw.signatures[0] = high.to_bytes().to_vec();
    let checked = env.client.broadcast(&raw.encode_to_vec()).await;
    assert_eq!((&checked["code"], &checked["codespace"]), (&json!(4), &json!("sdk")));
    assert_eq!(env.client.broadcast(&tx).await["code"], 0);
}

#[tokio::test]
async fn a_failed_transaction_pays_its_fee_and_uses_its_sequence_and_nothing_else() {
    let env = Environment::start().await;
    let (ann, bob) = (&env.ann, &env.bob);
    let messages = vec![ann.send(&bob.address, 10), ann.send(&bob.address, 2 * START)];
    let result = env.deliver(&Draft::new(messages, 0).sign(ann)).await;
    assert_eq!((&result["code"], &result["codespace"]), (&json!(5), &json!("sdk")));
    assert!(
        result["log"]
            .as_str()
            .unwrap()
            .starts_with("failed to execute message; message index: 1: spendable balance")
    );
    assert_eq!(env.client.balance(&bob.address).await, START);
    assert_eq!(env.client.balance(&ann.address).await, START - 50_000);
    env.run(ann, 1, vec![ann.send(&bob.address, 10)]).await;
}

#[tokio::test]
async fn running_out_of_gas_changes_nothing_but_fee_and_sequence() {
    let env = Environment::start().await;
    let (ann, bob) = (&env.ann, &env.bob);
    let send = || vec![ann.send(&bob.address, 10)];
    // The first transaction of an account costs more: it stores the public key.
    env.run(ann, 0, send()).await;
    let second = env.run(ann, 1, send()).await;
    let used: u64 = second["gas_used"].as_str().unwrap().parse().unwrap();
    let draft = Draft { gas: used - 1, ..Draft::new(send(), 2) };
    let result = env.deliver(&draft.sign(ann)).await;
    assert_eq!((&result["code"], &result["codespace"]), (&json!(11), &json!("sdk")));
    assert!(result["log"].as_str().unwrap().contains("out of gas in location"));
    assert_eq!(env.client.balance(&bob.address).await, START + 20);
    assert_eq!(env.client.balance(&ann.address).await, START - 20 - 3 * 50_000);
    env.run(ann, 3, send()).await;
}

#[tokio::test]
async fn a_transaction_past_its_timeout_height_is_not_executed() {
    let env = Environment::start().await;
    let (ann, bob) = (&env.ann, &env.bob);
    let height = env.chain.height().await.unwrap();
    let draft = Draft { timeout_height: height, ..Draft::new(vec![ann.send(&bob.address, 10)], 0) };
    let result = env.deliver(&draft.sign(ann)).await;
    assert_eq!((&result["code"], &result["codespace"]), (&json!(30), &json!("sdk")));
    assert_eq!(env.client.balance(&ann.address).await, START);
    let late = env.client.broadcast(&draft.sign(ann)).await;
    assert_eq!(late["code"], 30);
}

#[tokio::test]
async fn a_transaction_past_its_timeout_timestamp_is_not_executed() {
    let env = Environment::start().await;
    let (ann, bob) = (&env.ann, &env.bob);
    let until = |ns: u64| Draft {
        newer: NewerBody { timeout_timestamp: Some(Timestamp::of(ns)), ..NewerBody::default() },
        ..Draft::new(vec![ann.send(&bob.address, 10)], 0)
    };
    // The next block is 5 s after this one: it may be as late as that, and not a nanosecond less.
    let next = env.chain.time_ns().await.unwrap() + 5_000_000_000;
    let result = env.deliver(&until(next - 1).sign(ann)).await;
    assert_eq!((&result["code"], &result["codespace"]), (&json!(42), &json!("sdk")));
    assert!(result["log"].as_str().unwrap().ends_with("tx timeout"), "{result}");
    assert_eq!(env.client.balance(&ann.address).await, START);
    let late = env.client.broadcast(&until(next - 1).sign(ann)).await;
    assert_eq!(late["code"], 42);
    let result = env.deliver(&until(next + 5_000_000_000).sign(ann)).await;
    assert_eq!(result["code"], 0, "{result}");
    assert_eq!(env.client.balance(&bob.address).await, START + 10);
}

#[tokio::test]
async fn a_transaction_without_an_order_or_with_an_extension_is_refused() {
    let env = Environment::start().await;
    let (ann, bob) = (&env.ann, &env.bob);
    let plain = Draft::new(vec![ann.send(&bob.address, 10)], 0);
    let soon = Timestamp::of(env.chain.time_ns().await.unwrap() + 60_000_000_000);
    let unordered = Draft {
        newer: NewerBody { unordered: true, timeout_timestamp: Some(soon) },
        ..plain.clone()
    };
    let extended = Draft { extensions: vec![ann.send(&bob.address, 1)], ..plain };
    for (what, draft, code) in [("unordered", unordered, 37), ("extended", extended, 31)] {
        let checked = env.client.broadcast(&draft.sign(ann)).await;
        assert_eq!(
            (&checked["code"], &checked["codespace"]),
            (&json!(code), &json!("sdk")),
            "{what}"
        );
    }
    env.chain.produce_block().await.unwrap();
    assert_eq!(env.client.balance(&ann.address).await, START);
}

#[tokio::test]
async fn an_account_that_is_made_after_the_genesis_has_a_number_with_the_top_bit_set() {
    use cosmrs::proto::cosmos::auth::v1beta1::{QueryAccountInfoRequest, QueryAccountInfoResponse};
    let env = Environment::start().await;
    let (ann, bob) = (&env.ann, &env.bob);
    let account = async |address: &str| {
        let query = QueryAccountInfoRequest { address: address.to_owned() };
        let path = "/cosmos.auth.v1beta1.Query/AccountInfo";
        let answer: QueryAccountInfoResponse = env.client.abci(path, query).await;
        answer.info.unwrap().account_number
    };
    let new = ["dan", "eve"].map(|name| Wallet::named(name, 0));
    let messages = new.iter().map(|wallet| ann.send(&wallet.address, 1_000_000)).collect();
    env.run(ann, 0, messages).await;
    assert_eq!((account(&ann.address).await, account(&bob.address).await), (0, 1));
    let mut numbers = Vec::new();
    for wallet in new {
        let account_number = account(&wallet.address).await;
        assert!(account_number >= 1 << 63, "{account_number}");
        let wallet = Wallet { account_number, ..wallet };
        env.run(&wallet, 0, vec![wallet.send(&bob.address, 10)]).await;
        numbers.push(account_number);
    }
    assert_ne!(numbers[0], numbers[1]);
}

#[tokio::test]
async fn two_signers_sign_one_transaction() {
    let env = Environment::start().await;
    let (ann, bob, cid) = (&env.ann, &env.bob, &env.cid);
    let messages = vec![ann.send(&cid.address, 1), bob.send(&cid.address, 2)];
    let draft = Draft::new(messages, 0);
    let alone = env.client.broadcast(&draft.sign(ann)).await;
    assert_eq!(alone["code"], 4);
    let result = env.deliver(&draft.sign_as(&[(ann, 0), (bob, 0)])).await;
    assert_eq!(result["code"], 0);
    assert_eq!(env.client.balance(&cid.address).await, START + 3);
}

#[tokio::test]
async fn a_dropped_mempool_forgets_and_the_same_bytes_may_come_again() {
    let env = Environment::start().await;
    let (ann, bob) = (&env.ann, &env.bob);
    let tx = Draft::new(vec![ann.send(&bob.address, 10)], 0).sign(ann);
    assert_eq!(env.client.broadcast(&tx).await["code"], 0);
    assert_eq!(env.chain.drop_mempool().await.unwrap(), 1);
    assert_eq!(env.chain.produce_block().await.unwrap().txs.len(), 0);
    assert_eq!(env.deliver(&tx).await["code"], 0);
}

#[tokio::test]
async fn a_swallowed_transaction_is_accepted_and_never_included() {
    let env = Environment::start().await;
    let (ann, bob) = (&env.ann, &env.bob);
    env.chain.swallow_transactions(true).await.unwrap();
    let tx = Draft::new(vec![ann.send(&bob.address, 10)], 0).sign(ann);
    assert_eq!(env.client.broadcast(&tx).await["code"], 0);
    assert_eq!(env.chain.produce_block().await.unwrap().txs.len(), 0);
    env.chain.swallow_transactions(false).await.unwrap();
    env.run(ann, 0, vec![ann.send(&bob.address, 11)]).await;
}
