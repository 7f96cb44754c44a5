//! Random transactions: no coin appears or vanishes, and a failed transaction changes nothing but fee and sequence.
#![allow(clippy::unwrap_used)]

mod support;

use std::collections::BTreeMap;

use cosmwasm_std::coins;
use proptest::prelude::*;
use serde_json::json;
use souk_devchain::Handle;
use support::tester::{TesterMsg, tester};
use support::{DENOM, Draft, Environment, START, Wallet};

const FEE: u128 = 50_000;

/// One message of a random transaction.
#[derive(Clone, Debug)]
enum Step {
    Send { to: usize, amount: u128 },
    Execute(TesterMsg),
}

fn amount() -> impl Strategy<Value = u128> {
    prop_oneof![4 => 0..1_000u128, 1 => START / 2..2 * START]
}

fn message() -> impl Strategy<Value = TesterMsg> {
    let leaf = prop_oneof![
        Just(TesterMsg::Fail {}),
        Just(TesterMsg::Crash {}),
        Just(TesterMsg::WriteForever {}),
        ("[a-c]", "[a-z]{0,8}").prop_map(|(key, value)| TesterMsg::Write { key, value }),
        amount().prop_map(|n| TesterMsg::Burn { amount: coins(n, DENOM) }),
        amount().prop_map(|n| TesterMsg::Pay {
            to: Wallet::named("bob", 1).address,
            amount: coins(n, DENOM)
        }),
    ];
    leaf.prop_recursive(3, 8, 3, |inner| {
        let limit = prop_oneof![Just(None), (1_000..300_000u64).prop_map(Some)];
        prop_oneof![
            (inner.clone(), any::<bool>(), limit).prop_map(|(what, catch, gas_limit)| {
                TesterMsg::Call { what: Box::new(what), catch, gas_limit }
            }),
            prop::collection::vec(inner, 0..3).prop_map(|what| TesterMsg::All { what }),
        ]
    })
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        (0..4usize, amount()).prop_map(|(to, amount)| Step::Send { to, amount }),
        message().prop_map(Step::Execute),
    ]
}

/// Everything that a transaction may change: balances, and the tester's storage.
type Snapshot = (BTreeMap<String, u128>, Vec<(Vec<u8>, Vec<u8>)>);

async fn snapshot(chain: &Handle, contract: &str) -> Snapshot {
    let balances = chain.balances().await.unwrap();
    let balances = balances.into_iter().map(|(owner, coin)| (owner, coin.amount.u128())).collect();
    let storage = chain.contract_storage(contract).await.unwrap();
    (balances, storage)
}

async fn play(steps: Vec<(usize, Vec<Step>)>) {
    let chain = support::builder().code("tester", tester);
    let env = Environment::with(chain).await;
    let made = env.run(&env.ann, 0, vec![env.ann.instantiate(2, &json!({}))]).await;
    let contract = support::attribute(&made, "instantiate", "_contract_address");
    env.run(&env.ann, 1, vec![env.ann.send(&contract, 2_000)]).await;
    let wallets = [&env.ann, &env.bob, &env.cid];
    let mut sequences = [2, 0, 0];
    let mut burned = 0;
    for (who, messages) in steps {
        let wallet = wallets[who];
        let built: Vec<_> = messages
            .iter()
            .map(|step| match step {
                Step::Send { to, amount } => {
                    let to = wallets.get(*to).map_or(contract.as_str(), |w| w.address.as_str());
                    wallet.send(to, *amount)
                }
                Step::Execute(what) => {
                    wallet.execute(&contract, &serde_json::to_value(what).unwrap(), 0)
                }
            })
            .collect();
        let before = snapshot(&env.chain, &contract).await;
        if before.0.get(&wallet.address).copied().unwrap_or(0) < FEE {
            continue;
        }
        let draft = Draft { gas: 1_500_000, ..Draft::new(built, sequences[who]) };
        let result = env.deliver(&draft.sign(wallet)).await;
        sequences[who] += 1;
        let (mut balances, storage) = snapshot(&env.chain, &contract).await;
        if result["code"] == 0 {
            for event in result["events"].as_array().unwrap() {
                if event["type"] == "burn" {
                    let one = json!({ "events": [event] });
                    let text = support::attribute(&one, "burn", "amount");
                    burned += text.strip_suffix(DENOM).unwrap().parse::<u128>().unwrap();
                }
            }
        } else {
            let payer = balances.get_mut(&wallet.address).map(|left| *left += FEE);
            if payer.is_none() {
                balances.insert(wallet.address.clone(), FEE);
            }
            // The fee has gone to the collector, and the payer is made whole here.
            let sum = |snapshot: &BTreeMap<String, u128>| -> u128 { snapshot.values().sum() };
            assert_eq!(sum(&balances), sum(&before.0) + FEE, "{result}");
            let known = [&wallets[0].address, &wallets[1].address, &wallets[2].address, &contract];
            for owner in known {
                assert_eq!(balances.get(owner), before.0.get(owner), "{owner}: {result}");
            }
            assert_eq!(storage, before.1, "{result}");
        }
        assert_eq!(env.total().await, 3 * START - burned, "{result}");
        assert_eq!(env.supply().await, 3 * START - burned, "{result}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]
    #[test]
    fn coins_are_conserved_and_failures_leave_no_trace(
        steps in prop::collection::vec((0..3usize, prop::collection::vec(step(), 1..4)), 1..12)
    ) {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .unwrap();
        runtime.block_on(play(steps));
    }
}
