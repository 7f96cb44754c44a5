//! What the command says when the chain is there and the request is wrong: the exit code, the
//! values, what to do, and that nothing was lost by it.
#![allow(clippy::unwrap_used)]

mod absence;
mod deploying;
mod fixture;
mod gateway;
mod granting;
mod groups;
mod keeping;
mod money;
mod presence;
mod quoter;
mod quoting;
mod starting;

use std::fs;

use predicates::{prelude::*, str::contains};
use souk_localnet::chain::PREFIX;

use fixture::{COINS, Fixture};

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_floor_that_would_take_a_provider_off_the_market_is_refused() {
    let fixture = Fixture::new().await;
    let unknown = fixture.souk("bob", "provider set-floors foo=1,2,3");
    unknown.code(3).stderr(contains("floor in foo").and(contains("it has usouk")));
    fixture.souk("bob", "provider set-floors").code(2).stderr(contains("DENOM=CPU,MEMORY,GPU"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_slasher_notices_a_slash_takes_it_back_and_carries_another_out_after_its_delay() {
    let fixture = Fixture::new().await;
    fixture.order_with_a_bid(15_000).await;
    fixture.name_slasher("bob", "ann").await;
    let stranger = fixture.souk("ann", "admin slash notice provider 1usouk --reason fraud");
    stranger.code(4).stderr(contains("slasher"));
    let much = fixture.souk("bob", "admin slash notice provider 9000000usouk --reason fraud");
    much.code(4).stderr(contains("is above 5000000"));
    let noticed = fixture.souk("bob", "admin slash notice provider 4000000usouk --reason fraud");
    noticed.success().stdout(contains("4000000usouk can be taken in ").and(contains("fraud")));
    let early = fixture.souk("bob", "admin slash carry-out provider 4000000usouk --yes");
    early.code(4).stderr(contains("can be carried out at second"));
    let back = fixture.souk("bob", "admin slash withdraw provider").success();
    back.stdout(contains("no slash is noticed"));
    fixture.souk("bob", "admin slash notice provider 3000000usouk --reason fraud").success();
    fixture.pass(3 * 86_400).await;
    fixture
        .souk("bob", "admin slash carry-out provider 3000000usouk")
        .code(3)
        .stderr(contains("--yes"));
    let before = fixture.coins(0).await;
    let taken = fixture.souk("bob", "admin slash carry-out provider 3000000usouk --yes").success();
    taken.stdout(contains("a bond of 17000000usouk, slashed 1 times"));
    assert_eq!(fixture.coins(0).await, before + 3_000_000);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn what_is_not_there_is_named_and_has_an_exit_code_of_its_own() {
    let fixture = Fixture::new().await;
    for (arguments, words) in [
        ("status 7", "deployment 7 does not exist"),
        ("close 7", "deployment 7 does not exist"),
        ("deposit 7 5", "deployment 7 does not exist"),
        ("withdraw 7 5", "deployment 7 does not exist"),
        ("bids 7", "order 7 is not there"),
        ("accept 7 lowest", "order 7 is not there"),
        ("lease status 7", "order 7 is not there"),
        ("provider show bob", "is not registered"),
    ] {
        let noise = contains("souk1").or(contains("wasm")).or(contains("sdk"));
        let noise = noise.and(contains("is not registered").not());
        fixture.souk("ann", arguments).code(6).stderr(contains(words).and(noise.not()));
    }
    fixture.souk("ann", "deploy web.yaml --wait 0").code(7).stderr(contains("souk bids 1"));
    fixture.souk("ann", "accept 1 lowest").code(6).stderr(contains("no bids yet"));
    fixture.souk("ann", "lease status 1").code(6).stderr(contains("order 1 has no lease"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_chain_with_another_id_than_the_network_files_gets_nothing() {
    let fixture = Fixture::new().await;
    let text = fs::read_to_string(fixture.network()).unwrap();
    fs::write(fixture.network(), text.replace("chain_id = \"here\"", "chain_id = \"there\""))
        .unwrap();
    let asked = fixture.souk("ann", "deploy web.yaml");
    asked.code(5).stderr(contains("here").and(contains("there")));
    assert_eq!(fixture.coins(0).await, COINS);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_provider_takes_an_open_bid_back_and_its_slot_is_free() {
    let fixture = Fixture::new().await;
    fixture.order_with_a_bid(15_000).await;
    let provider = fixture.keys[2].address(PREFIX).unwrap();
    let other = fixture.souk("ann", &format!("provider withdraw-bid 1 --provider {provider}"));
    other.code(4).stderr(contains("operator"));
    fixture.souk("provider", "provider withdraw-bid").code(2);
    let free = fixture.souk("provider", "provider withdraw-bid 1").success();
    free.stdout(contains("0 of 20 in use"));
    fixture.souk("provider", "provider withdraw-bid 1").failure().stderr(contains("bid"));
    fixture.souk("ann", "accept 1 lowest --no-send").code(6).stderr(contains("no bids yet"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_provider_names_another_operator_takes_its_bond_back_and_leaves() {
    let fixture = Fixture::new().await;
    let register = "provider register --operator provider --gateway https://p.example --bond";
    fixture.souk("provider", &format!("{register} 20000000")).success();
    let bob = fixture.keys[1].address(PREFIX).unwrap();
    fixture.souk("provider", "provider set-operator bob").success().stdout(contains(bob));

    let foreign = fixture.souk("provider", "provider unbond 5uatom");
    foreign.code(3).stderr(contains("5uatom").and(contains("usouk")));
    let unbonding = fixture.souk("provider", "provider unbond 5000000usouk").success();
    unbonding.stdout(contains("5000000, for another 2"));
    fixture.souk("provider", "provider claim-unbonded").code(4);
    let left = fixture.souk("provider", "provider deregister").success();
    left.stdout(contains("20000000, for another 2").and(contains("registered     false")));

    fixture.pass(21 * 86_400).await;
    let before = fixture.coins(2).await;
    fixture.souk("provider", "provider claim-unbonded").success();
    assert!(fixture.coins(2).await > before + 19_000_000, "the bond is back, less a fee");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn an_auditor_says_who_it_is() {
    let fixture = Fixture::new().await;
    let profile = "audit profile Bob --website https://bob.example --policy visits";
    fixture.souk("bob", profile).success().stdout(contains("Bob"));
}
