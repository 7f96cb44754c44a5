//! What accounts that act for another can rely on.
#![allow(clippy::unwrap_used)]

mod support;

use cosmrs::proto::Timestamp;
use cosmrs::proto::cosmos::authz::v1beta1::{
    GenericAuthorization, Grant, MsgExec, MsgGrant, MsgRevoke, QueryGrantsRequest,
    QueryGrantsResponse,
};
use cosmrs::proto::cosmwasm::wasm::v1 as wasm;
use prost::{Message, Name};
use serde_json::{Value, json};
use support::{Draft, Environment, START, Wallet, any, attribute, proto_coin};

const GRANTS: &str = "/cosmos.authz.v1beta1.Query/Grants";
const EXECUTE: &str = "/cosmwasm.wasm.v1.MsgExecuteContract";

/// A message that the token takes, with coins or without.
fn approve() -> Value {
    json!({ "increase_allowance": { "spender": Wallet::named("cid", 2).address, "amount": "1" } })
}

fn funds(amount: u128) -> cosmrs::Any {
    any(wasm::MaxFundsLimit { amounts: vec![proto_coin(amount)] })
}

/// Ann allows bob to send this message within this limit.
fn grant(env: &Environment, contract: &str, limit: cosmrs::Any, until: Option<i64>) -> cosmrs::Any {
    let messages = vec![approve().to_string().into_bytes()];
    let grants = vec![wasm::ContractGrant {
        contract: contract.to_owned(),
        limit: Some(limit),
        filter: Some(any(wasm::AcceptedMessagesFilter { messages })),
    }];
    any(MsgGrant {
        granter: env.ann.address.clone(),
        grantee: env.bob.address.clone(),
        grant: Some(Grant {
            authorization: Some(any(wasm::ContractExecutionAuthorization { grants })),
            expiration: until.map(|seconds| Timestamp { seconds, nanos: 0 }),
        }),
    })
}

fn exec(env: &Environment, msgs: Vec<cosmrs::Any>) -> cosmrs::Any {
    any(MsgExec { grantee: env.bob.address.clone(), msgs })
}

/// A transaction of bob's and its codespace and code.
async fn by_bob(env: &Environment, sequence: u64, msgs: Vec<cosmrs::Any>) -> (Value, String, u64) {
    let bytes = Draft::new(vec![exec(env, msgs)], sequence).sign(&env.bob);
    let result = env.deliver(&bytes).await;
    let codespace = result["codespace"].as_str().unwrap_or_default().to_owned();
    let code = result["code"].as_u64().unwrap();
    (result, codespace, code)
}

async fn grants(env: &Environment) -> Vec<Grant> {
    let request = QueryGrantsRequest {
        granter: env.ann.address.clone(),
        grantee: env.bob.address.clone(),
        ..QueryGrantsRequest::default()
    };
    let answer: QueryGrantsResponse = env.client.abci(GRANTS, request).await;
    assert_eq!(answer.pagination.unwrap().total, answer.grants.len() as u64);
    answer.grants
}

/// The coins that are left of the only grant.
async fn left(env: &Environment) -> Option<u128> {
    let grant = grants(env).await.pop()?;
    let held = grant.authorization.unwrap();
    let held = wasm::ContractExecutionAuthorization::decode(held.value.as_slice()).unwrap();
    let limit = held.grants[0].limit.clone().unwrap();
    let limit = wasm::MaxFundsLimit::decode(limit.value.as_slice()).unwrap();
    Some(limit.amounts[0].amount.parse().unwrap())
}

#[tokio::test]
async fn a_grantee_spends_the_granters_coins_up_to_the_limit() {
    let env = Environment::start().await;
    let token = env.token().await;
    let granted = env.run(&env.ann, 1, vec![grant(&env, &token, funds(10), None)]).await;
    let event = "cosmos.authz.v1beta1.EventGrant";
    assert_eq!(attribute(&granted, event, "msg_type_url"), format!("\"{EXECUTE}\""));
    let ann = env.client.balance(&env.ann.address).await;

    let call = |amount| env.ann.execute(&token, &approve(), amount);
    let (result, ..) = by_bob(&env, 0, vec![call(7)]).await;
    assert_eq!(result["code"], 0, "{result}");
    assert_eq!(attribute(&result, "execute", "authz_msg_index"), "0");
    assert_eq!(env.client.balance(&env.ann.address).await, ann - 7);
    assert_eq!(env.client.balance(&env.bob.address).await, START - 50_000);
    assert_eq!(env.client.balance(&token).await, 7);
    assert_eq!(left(&env).await, Some(3));

    let (result, codespace, code) = by_bob(&env, 1, vec![call(4)]).await;
    assert_eq!((codespace.as_str(), code), ("sdk", 4), "{result}");
    // The second is too much, and takes the first along.
    let (_, codespace, code) = by_bob(&env, 2, vec![call(2), call(2)]).await;
    assert_eq!((codespace.as_str(), code), ("sdk", 4));
    assert_eq!(left(&env).await, Some(3));
    let (result, ..) = by_bob(&env, 3, vec![call(2), call(1)]).await;
    assert_eq!(result["code"], 0, "{result}");
    let event = "cosmos.authz.v1beta1.EventRevoke";
    assert_eq!(attribute(&result, event, "granter"), format!("\"{}\"", env.ann.address));
    assert_eq!(left(&env).await, None);
    let (_, codespace, code) = by_bob(&env, 4, vec![call(1)]).await;
    assert_eq!((codespace.as_str(), code), ("authz", 2));
    assert_eq!(env.client.balance(&env.ann.address).await, ann - 10);
    assert_eq!(env.total().await, 3 * START);
}

#[tokio::test]
async fn a_call_that_fails_spends_nothing_and_says_which_message_it_was() {
    let env = Environment::start().await;
    let token = env.token().await;
    // Ann has fewer coins than she allows to be spent.
    env.run(&env.ann, 1, vec![grant(&env, &token, funds(2 * START), None)]).await;
    let call = env.ann.execute(&token, &approve(), START);
    let (result, codespace, code) = by_bob(&env, 0, vec![call]).await;
    assert_eq!((codespace.as_str(), code), ("sdk", 5), "{result}");
    let log = result["log"].as_str().unwrap();
    let start = format!(
        "failed to execute message; message index: 0: failed to execute message; message \
         sender:\"{}\" contract:\"{token}\" msg:\"{{\\\"increase_allowance",
        env.ann.address
    );
    assert!(log.starts_with(&start), "{log}");
    assert_eq!(left(&env).await, Some(2 * START));
}

#[tokio::test]
async fn a_new_grant_replaces_the_old_and_a_revoked_one_is_gone() {
    let env = Environment::start().await;
    let token = env.token().await;
    let combined = any(wasm::CombinedLimit { calls_remaining: 2, amounts: vec![proto_coin(9)] });
    env.run(&env.ann, 1, vec![grant(&env, &token, combined, None)]).await;
    let far = 1_900_000_000;
    env.run(&env.ann, 2, vec![grant(&env, &token, funds(5), Some(far))]).await;
    assert_eq!(left(&env).await, Some(5));
    assert_eq!(grants(&env).await[0].expiration, Some(Timestamp { seconds: far, nanos: 0 }));
    let revoke = |type_url: &str| {
        any(MsgRevoke {
            granter: env.ann.address.clone(),
            grantee: env.bob.address.clone(),
            msg_type_url: type_url.to_owned(),
        })
    };
    env.run(&env.ann, 3, vec![revoke(EXECUTE)]).await;
    assert_eq!(grants(&env).await, []);
    let (_, codespace, code) = by_bob(&env, 0, vec![env.ann.execute(&token, &approve(), 1)]).await;
    assert_eq!((codespace.as_str(), code), ("authz", 2));
    for (sequence, type_url, codespace, code) in [(4, EXECUTE, "authz", 2), (5, "", "sdk", 18)] {
        let tx = Draft::new(vec![revoke(type_url)], sequence).sign(&env.ann);
        let result = env.deliver(&tx).await;
        assert_eq!((&result["codespace"], &result["code"]), (&json!(codespace), &json!(code)));
    }
}

#[tokio::test]
async fn a_grant_holds_up_to_its_expiry_and_is_then_removed() {
    let env = Environment::start().await;
    let token = env.token().await;
    let block = env.chain.produce_block().await.unwrap();
    // Blocks come every 5 seconds: that of the grant, one at its expiry, one after it.
    let now = i64::try_from(block.time_ns / 1_000_000_000).unwrap();
    let tx = |until| Draft::new(vec![grant(&env, &token, funds(10), Some(until))], 1);
    env.deliver(&tx(now + 10).sign(&env.ann)).await;
    let call = || vec![env.ann.execute(&token, &approve(), 1)];
    let (result, ..) = by_bob(&env, 0, call()).await;
    assert_eq!(result["code"], 0, "{result}");
    assert_eq!(left(&env).await, Some(9));
    let (_, codespace, code) = by_bob(&env, 1, call()).await;
    assert_eq!((codespace.as_str(), code), ("authz", 2));
    assert_eq!(grants(&env).await, []);
    // The time of the block in which it comes is the first that is too early.
    let late = Draft { sequence: 2, ..tx(now + 20) };
    let result = env.deliver(&late.sign(&env.ann)).await;
    assert_eq!((&result["codespace"], &result["code"]), (&json!("authz"), &json!(3)), "{result}");
}

#[tokio::test]
async fn a_grant_that_was_replaced_does_not_expire_with_the_old_one() {
    let env = Environment::start().await;
    let token = env.token().await;
    let block = env.chain.produce_block().await.unwrap();
    let now = i64::try_from(block.time_ns / 1_000_000_000).unwrap();
    for (sequence, until) in [(1, Some(now + 15)), (2, Some(now + 1_000))] {
        env.run(&env.ann, sequence, vec![grant(&env, &token, funds(10), until)]).await;
    }
    env.chain.produce_blocks(5).await.unwrap();
    assert_eq!(left(&env).await, Some(10));
    env.chain.produce_blocks(300).await.unwrap();
    assert_eq!(left(&env).await, None);
}

#[tokio::test]
async fn authorizations_of_other_kinds_are_refused_in_the_sdks_words() {
    let env = Environment::start().await;
    let generic = any(GenericAuthorization { msg: EXECUTE.to_owned() });
    let message = any(MsgGrant {
        granter: env.ann.address.clone(),
        grantee: env.bob.address.clone(),
        grant: Some(Grant { authorization: Some(generic), expiration: None }),
    });
    let checked = env.client.broadcast(&Draft::new(vec![message], 0).sign(&env.ann)).await;
    assert_eq!((&checked["codespace"], &checked["code"]), (&json!("sdk"), &json!(2)));
    assert_eq!(
        checked["log"],
        format!(
            "no concrete type registered for type URL {} against interface *authz.Authorization: \
             tx parse error",
            GenericAuthorization::type_url()
        )
    );
}
