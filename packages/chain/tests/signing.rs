//! Sending once and waiting: what a tool's user sees.

#![allow(clippy::unwrap_used)]

mod support;

use std::time::Duration;

use souk_chain::signer::SendError;
use souk_chain::tx::{GasConfig, store_code};
use souk_chain::{Coin, Signer};
use support::proxy::{Effect, On};
use support::*;

fn signer_with(url: &str, n: u8, gas: GasConfig) -> Signer {
    Signer::new(client(url), key(n), PREFIX, gas).unwrap().poll(Duration::from_millis(20))
}

#[tokio::test(flavor = "multi_thread")]
async fn the_outcome_names_block_gas_and_fee() {
    let chain = running_chain().await;
    let url = chain.rpc_url();
    let sender = signer(&url, 1);
    let estimate = sender.estimate(vec![pay(5)]).await.unwrap();
    let outcome = sender.send_and_confirm(vec![pay(5)]).await.unwrap();
    assert_eq!((outcome.gas_limit, &outcome.fee), (estimate.gas_limit, &estimate.fee));
    assert!(outcome.gas_used > 0 && outcome.gas_used <= outcome.gas_limit);
    let fee: u128 = outcome.fee.iter().map(|coin| coin.amount).sum();
    let left = client(&url).query().balance(&address(1), DENOM).await;
    assert_eq!(left.unwrap(), 1_000_000_000 - 5 - fee);
    assert_eq!(paid(&url).await, 5);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_that_never_had_coins_is_told_so() {
    let chain = running_chain().await;
    let error = signer(&chain.rpc_url(), 9).send_and_confirm(vec![pay(1)]).await.unwrap_err();
    assert!(matches!(error, SendError::NoAccount { .. }), "{error:?}");
    assert!(error.to_string().contains(&address(9)));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_that_was_made_after_the_genesis_signs() {
    let chain = running_chain().await;
    let url = chain.rpc_url();
    signer(&url, 1).send_and_confirm(vec![pay(1_000_000)]).await.unwrap();
    let account = client(&url).query().account(&address(3)).await.unwrap();
    assert!(account.number >= 1 << 63, "{account:?}");
    let back = souk_chain::tx::send(&address(3), &address(1), &[Coin::new(1, DENOM)]);
    signer(&url, 3).send_and_confirm(vec![back]).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_would_fail_is_not_sent() {
    let chain = running_chain().await;
    let proxy = Proxy::before(&chain.rpc_url()).await;
    let error =
        signer(proxy.url(), 1).send_and_confirm(vec![pay(5_000_000_000)]).await.unwrap_err();
    assert!(matches!(error, SendError::WouldFail(_)), "{error:?}");
    let no_code = signer(proxy.url(), 1)
        .send_and_confirm(vec![store_code(&address(1), b"no wasm".to_vec())])
        .await;
    assert!(matches!(no_code, Err(SendError::WouldFail(_))), "{no_code:?}");
    assert_eq!(proxy.broadcasts().len(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_needs_more_gas_than_the_maximum_is_not_sent() {
    let chain = running_chain().await;
    let proxy = Proxy::before(&chain.rpc_url()).await;
    let one = signer(proxy.url(), 1).estimate(vec![pay(1)]).await.unwrap().gas_limit;
    let sparing = signer_with(proxy.url(), 1, GasConfig { max_gas: one, ..gas() });
    let many: Vec<_> = (1..=20).map(pay).collect();
    for refused in [
        sparing.estimate(many.clone()).await.map(drop),
        sparing.send_and_confirm(many).await.map(drop),
    ] {
        let error = refused.unwrap_err();
        assert!(matches!(error, SendError::TooMuchGas { max, .. } if max == one), "{error:?}");
    }
    assert_eq!(proxy.broadcasts().len(), 0);
    sparing.send_and_confirm(vec![pay(1)]).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fee_is_raised_within_the_bound_and_not_above() {
    let chain = running_chain().await;
    let url = chain.rpc_url();
    let gas = |max: &str| GasConfig {
        max_price: max.parse().unwrap(),
        ..GasConfig::new("0.001usouk".parse().unwrap())
    };
    let generous = signer_with(&url, 1, gas("0.05usouk"));
    let outcome = generous.send_and_confirm(vec![pay(1)]).await.unwrap();
    let enough = Coin::new(u128::from(outcome.gas_limit).div_ceil(40), DENOM);
    assert_eq!(outcome.fee, [enough]);
    let sparing = signer_with(&url, 1, gas("0.002usouk"));
    let error = sparing.send_and_confirm(vec![pay(1)]).await.unwrap_err();
    assert!(matches!(error, SendError::FeeAboveBound { .. }), "{error:?}");
    assert!(!error.may_have_happened());
}

#[tokio::test(flavor = "multi_thread")]
async fn coins_that_do_not_cover_the_fee_are_told_apart() {
    let chain = running_chain().await;
    let url = chain.rpc_url();
    signer(&url, 1).send_and_confirm(vec![pay(100)]).await.unwrap();
    let back = souk_chain::tx::send(&address(3), &address(1), &[Coin::new(1, DENOM)]);
    let error = signer(&url, 3).send_and_confirm(vec![back]).await.unwrap_err();
    assert!(matches!(error, SendError::CannotPay { .. }), "{error:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_transaction_that_no_block_takes_ends_at_its_timeout() {
    let chain = running_chain().await;
    chain.swallow_transactions(true).await.unwrap();
    let error = signer(&chain.rpc_url(), 1)
        .timeout_blocks(3)
        .send_and_confirm(vec![pay(1)])
        .await
        .unwrap_err();
    assert!(matches!(error, SendError::NotIncluded { .. }), "{error:?}");
    assert!(!error.may_have_happened());
}

#[tokio::test(flavor = "multi_thread")]
async fn two_processes_with_one_key_both_get_through() {
    let chain = running_chain().await;
    let url = chain.rpc_url();
    let sending = (0..4).map(|n| {
        let sender = signer(&url, 1);
        tokio::spawn(async move { sender.send_and_confirm(vec![pay(1 << n)]).await })
    });
    let sending: Vec<_> = sending.collect();
    for sent in sending {
        sent.await.unwrap().unwrap();
    }
    assert_eq!(paid(&url).await, 15);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_answer_to_the_broadcast_does_not_send_twice() {
    let chain = running_chain().await;
    let proxy = Proxy::before(&chain.rpc_url()).await;
    proxy.once(On("broadcast_tx_sync", ""), Effect::LoseReply);
    let sent = signer(proxy.url(), 1).send_and_confirm(vec![pay(1)]).await;
    sent.unwrap();
    assert_eq!(proxy.transactions().len(), 1);
    assert_eq!(paid(proxy.url()).await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_chain_that_vanishes_after_the_broadcast_leaves_the_question_open() {
    let chain = manual_chain().await;
    let proxy = Proxy::before(&chain.rpc_url()).await;
    let sender = signer(proxy.url(), 1).stall_timeout(Duration::from_millis(300));
    let sending = tokio::spawn(async move { sender.send_and_confirm(vec![pay(1)]).await });
    in_mempool(&chain).await;
    chain.endpoint().faults().set_mode(souk_devchain::EndpointMode::Refuse);
    let error = sending.await.unwrap().unwrap_err();
    assert!(error.may_have_happened(), "{error:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_chain_that_stands_still_is_not_waited_for_without_end() {
    let chain = manual_chain().await;
    let proxy = Proxy::before(&chain.rpc_url()).await;
    let sender = signer(proxy.url(), 1).stall_timeout(Duration::from_millis(300));
    // A sequence that was refused is waited for, too: nothing was sent then.
    let refusal = serde_json::json!({"code": 32, "codespace": "sdk", "log": ""});
    proxy.once(On("broadcast_tx_sync", ""), Effect::Result(refusal));
    let error = sender.send_and_confirm(vec![pay(1)]).await.unwrap_err();
    assert!(matches!(error, SendError::Standstill { .. }), "{error:?}");
    assert!(!error.may_have_happened());
    let error = sender.send_and_confirm(vec![pay(1)]).await.unwrap_err();
    assert!(error.may_have_happened() && error.to_string().contains("stands"), "{error:?}");
}
