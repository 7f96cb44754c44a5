//! Is the embedded chain what a real one is? The same transactions and queries are played to a
//! wasmd node, which runs the contracts' wasm, and to devchain, which runs their native code and
//! repeats wasmd's blocks at their heights and times. Codes, events, data, balances, the
//! contracts' storage and answers must be equal; hashes, gas and the texts of logs are not
//! compared.
//!
//! `SOUK_SEED` sets the random sequence's seed, `SOUK_STEPS` its length.

#![allow(clippy::unwrap_used)]

mod accounts;
mod authz;
mod bad;
mod calls;
mod compare;
mod market;
mod pair;
mod quoting;
mod random;
mod script;
mod state;
mod tx;

use pair::Pair;

/// Batches of the random sequence unless `SOUK_STEPS` says otherwise.
const STEPS: usize = 120;

#[tokio::test(flavor = "multi_thread")]
async fn devchain_answers_a_written_sequence_as_wasmd_does() {
    let Some(mut pair) = Pair::start().await else { return };
    let contracts = market::deploy_contracts(&mut pair).await;
    script::providers(&mut pair, &contracts).await;
    script::play(&mut pair, &contracts).await;
    authz::play(&mut pair, &contracts).await;
    calls::compare(&mut pair).await;
    pair.finish("written sequence");
}

#[tokio::test(flavor = "multi_thread")]
async fn devchain_answers_a_random_sequence_as_wasmd_does() {
    let Some(mut pair) = Pair::start().await else { return };
    let number = |name: &str| std::env::var(name).ok().map(|text| text.parse().unwrap());
    let seed = number("SOUK_SEED").unwrap_or_else(rand::random::<u32>);
    let steps = number("SOUK_STEPS").map_or(STEPS, |steps| steps as usize);
    println!(
        "random sequence of {steps} batches; to repeat it: SOUK_SEED={seed} SOUK_STEPS={steps}"
    );
    let contracts = market::deploy_contracts(&mut pair).await;
    script::providers(&mut pair, &contracts).await;
    random::Walk::new(u64::from(seed), &contracts).play(&mut pair, steps).await;
    pair.finish(&format!("random sequence with seed {seed}"));
}
