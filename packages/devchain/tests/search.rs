//! What `tx_search` finds, as wasmd 0.70.3 with CometBFT 0.39 answers: an index of strings, not a subscription.
#![allow(clippy::unwrap_used)]

mod support;

use serde_json::{Value, json};
use support::{Draft, Environment};

/// Heights of what a query finds.
async fn found(env: &Environment, query: &str) -> Vec<u64> {
    let params = json!({ "query": query, "per_page": "100" });
    let answer = env.client.call("tx_search", params).await;
    let height = |tx: &Value| tx["height"].as_str().unwrap().parse().unwrap();
    let heights: Vec<u64> = answer["txs"].as_array().unwrap().iter().map(height).collect();
    assert_eq!(answer["total_count"], heights.len().to_string(), "{query}");
    heights
}

/// Blocks 2 to 4: ann pays bob 100 and cid 7, and bob pays cid 70.
async fn paid() -> Environment {
    let env = Environment::start().await;
    let (ann, bob, cid) = (&env.ann, &env.bob, &env.cid);
    env.run(ann, 0, vec![ann.send(&bob.address, 100)]).await;
    env.run(ann, 1, vec![ann.send(&cid.address, 7)]).await;
    env.run(bob, 0, vec![bob.send(&cid.address, 70)]).await;
    env
}

#[tokio::test]
async fn a_value_is_found_with_what_follows_it_after_a_slash() {
    let env = paid().await;
    let ann = &env.ann.address;
    assert_eq!(found(&env, &format!("tx.acc_seq='{ann}/1'")).await, [3]);
    assert_eq!(found(&env, &format!("tx.acc_seq='{ann}'")).await, [2, 3]);
    let shorter = &ann[..ann.len() - 1];
    assert_eq!(found(&env, &format!("tx.acc_seq='{shorter}'")).await, [0u64; 0]);
    // The height follows the value in the index.
    assert_eq!(found(&env, &format!("tx.acc_seq='{ann}/1/3'")).await, [3]);
    assert_eq!(found(&env, &format!("tx.acc_seq='{ann}/1/2'")).await, [0u64; 0]);
    // Where a height is asked for, the value must end there.
    assert_eq!(found(&env, &format!("tx.acc_seq='{ann}' AND tx.height=2")).await, [0u64; 0]);
    assert_eq!(found(&env, &format!("tx.acc_seq='{ann}/0' AND tx.height=2")).await, [2]);
}

#[tokio::test]
async fn all_conditions_must_hold_in_one_event() {
    let env = paid().await;
    let (ann, cid) = (&env.ann.address, &env.cid.address);
    let sent = "message.action='/cosmos.bank.v1beta1.MsgSend'";
    assert_eq!(found(&env, sent).await, [2, 3, 4]);
    assert_eq!(found(&env, &format!("{sent} AND message.sender='{ann}'")).await, [2, 3]);
    assert_eq!(found(&env, &format!("transfer.recipient='{cid}'")).await, [3, 4]);
    assert_eq!(found(&env, &format!("{sent} AND transfer.recipient='{cid}'")).await, [0u64; 0]);
    let both = format!("transfer.recipient='{cid}' AND transfer.sender='{ann}'");
    assert_eq!(found(&env, &both).await, [3]);
}

#[tokio::test]
async fn a_search_knows_no_kinds_of_events_and_reads_no_number_out_of_an_amount() {
    let env = paid().await;
    let none = [0u64; 0];
    assert_eq!(found(&env, "tm.event='Tx'").await, none);
    assert_eq!(found(&env, "tm.event='Tx' AND transfer.amount='70usouk'").await, none);
    assert_eq!(found(&env, "transfer.amount='70usouk'").await, [4]);
    assert_eq!(found(&env, "transfer.amount=70").await, none);
    assert_eq!(found(&env, "transfer.amount>1").await, none);
    assert_eq!(found(&env, "transfer EXISTS").await, none);
    for all in ["transfer.msg_index=0", "transfer.msg_index>=0", "transfer.amount CONTAINS '7'"] {
        let expected = if all.contains("CONTAINS") { vec![3, 4] } else { vec![2, 3, 4] };
        assert_eq!(found(&env, all).await, expected, "{all}");
    }
}

#[tokio::test]
async fn heights_bound_a_search() {
    let env = paid().await;
    let cid = format!("transfer.recipient='{}'", env.cid.address);
    assert_eq!(found(&env, "tx.height=3").await, [3]);
    assert_eq!(found(&env, "tx.height>2 AND tx.height<=4").await, [3, 4]);
    assert_eq!(found(&env, &format!("{cid} AND tx.height=4")).await, [4]);
    assert_eq!(found(&env, &format!("tx.height<4 AND {cid}")).await, [3]);
    assert_eq!(found(&env, "tx.height=99").await, [0u64; 0]);
    assert_eq!(found(&env, "tx.height EXISTS").await, [2, 3, 4]);
    assert_eq!(found(&env, "tx.height CONTAINS '3'").await, [3]);
    assert_eq!(found(&env, &format!("tx.height EXISTS AND {cid}")).await, [0u64; 0]);
}

#[tokio::test]
async fn a_height_in_quotes_is_a_height() {
    let env = paid().await;
    let cid = format!("transfer.recipient='{}'", env.cid.address);
    assert_eq!(found(&env, "tx.height='3'").await, [3]);
    assert_eq!(found(&env, "tx.height='3' AND tx.height=4").await, [3]);
    assert_eq!(found(&env, &format!("{cid} AND tx.height='4'")).await, [4]);
    assert_eq!(found(&env, &format!("{cid} AND tx.height='2'")).await, [0u64; 0]);
    // Alone it is looked for as it is written; beside another condition it is read as a number.
    assert_eq!(found(&env, "tx.height='03'").await, [0u64; 0]);
    assert_eq!(found(&env, "tx.height=03").await, [0u64; 0]);
    assert_eq!(found(&env, &format!("{cid} AND tx.height='03'")).await, [3]);
    assert_eq!(found(&env, "tx.height='0'").await, [0u64; 0]);
    assert_eq!(found(&env, &format!("{cid} AND tx.height='0'")).await, [3, 4]);
    assert_eq!(found(&env, "tx.height='x'").await, [0u64; 0]);
    assert_eq!(found(&env, &format!("{cid} AND tx.height='x'")).await, [3, 4]);
}

#[tokio::test]
async fn a_hash_is_found_whatever_else_is_asked_and_must_be_hex() {
    let env = paid().await;
    let block = env.client.call("tx_search", json!({ "query": "tx.height=3" })).await;
    let hash = block["txs"][0]["hash"].as_str().unwrap().to_lowercase();
    assert_eq!(found(&env, &format!("tx.hash='{hash}' AND tx.height=99")).await, [3]);
    assert_eq!(found(&env, "tx.hash='ab'").await, [0u64; 0]);
    for query in ["tx.hash='zz'", "tx.hash=''", "tx.hash EXISTS"] {
        let refused = env.client.raw("tx_search", json!({ "query": query })).await;
        assert_eq!(refused["error"]["code"], -32603, "{query}: {refused}");
    }
}

#[tokio::test]
async fn a_failed_transaction_is_found_by_its_fee_and_signer() {
    let env = Environment::start().await;
    let (ann, bob) = (&env.ann, &env.bob);
    let failing = Draft::new(vec![ann.send(&bob.address, 2 * support::START)], 0).sign(ann);
    assert_eq!(env.deliver(&failing).await["code"], 5);
    let payer = format!("tx.fee_payer='{}'", ann.address);
    assert_eq!(found(&env, &payer).await, [2]);
    assert_eq!(found(&env, "message.action EXISTS").await, [0u64; 0]);
}
