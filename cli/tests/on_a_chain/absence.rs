//! Providers that are gone: what tenants and providers see, and where the coins go.

use std::fs;

use predicates::{prelude::*, str::contains};
use serde_json::Value;
use souk_api::orderbook;
use souk_localnet::chain::PREFIX;

use crate::fixture::{COINS, Fixture};

const HOUR: u64 = 3_600;

impl Fixture {
    /// Puts `souk.absence` into the file that ann deploys.
    fn ask_for(&self, absence: &str) {
        let file = self.home.path().join("web.yaml");
        let text = fs::read_to_string(&file).unwrap();
        let kept: String = text
            .lines()
            .filter(|line| !line.contains("absence:"))
            .map(|line| format!("{line}\n"))
            .collect();
        assert!(kept.contains("\nsouk:\n"), "{kept}");
        let with = kept.replace("\nsouk:\n", &format!("\nsouk:\n  absence: {absence}\n"));
        fs::write(file, with).unwrap();
    }

    /// Lets hours pass in which nothing is heard of the provider, with more blocks than that takes.
    async fn vanish(&self, hours: u64) {
        self.pass(hours * HOUR).await;
        self.chain.handle.produce_blocks(10 * hours).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_tenant_whose_provider_vanished_ends_the_lease_and_has_the_pay_back() {
    let fixture = Fixture::new().await;
    fixture.ask_for("{ limit: 6h }");
    let said =
        contains("If a provider is not seen for 6 h, `souk lease absent LEASE` ends its lease")
            .and(contains("paid for 1 h 30 min of that at most"))
            .and(contains("Volumes do not move to another provider"));
    let deployed = fixture.souk("ann", "deploy web.yaml --wait 0");
    deployed.code(7).stderr(said.and(contains("knows no absence").not()));
    fixture.bid(1, 15_000).await;
    let nothing = fixture.souk("provider", "provider heartbeat");
    nothing
        .code(4)
        .stderr(contains("has no lease that runs").and(contains("from a lease's beginning")));
    fixture.souk("ann", "accept 1 lowest --no-send").success();

    let provider = fixture.keys[2].address(PREFIX).unwrap();
    let foreign = fixture.souk("bob", &format!("provider heartbeat --provider {provider}"));
    foreign.code(4).stderr(contains("operator"));
    let seen = fixture.souk("provider", "provider heartbeat").success();
    seen.stdout(contains("last seen").and(contains(" ago, 20")));
    fixture.pass(60).await;
    let early = fixture.souk("ann", "lease absent 1");
    early.code(4).stderr(
        contains("ending lease 1 as absent was refused: the provider of lease 1 counts as absent")
            .and(contains("you can end it in 5 h 5").and(contains("not before block"))),
    );
    let stranger = fixture.souk("bob", "lease absent 1");
    stranger.code(4).stderr(contains("you can end it in 11 h 5"));
    let status = fixture.souk("ann", "status 1").success();
    status.stdout(
        contains("Lease 1: its provider was last seen ")
            .and(contains("ago (absent after 6 h)"))
            .and(contains("(the pay of the last 6 h, owed when the lease ends)")),
    );

    fixture.vanish(7).await;
    let status = fixture.souk("ann", "status 1").success();
    let absent = contains("Lease 1: its provider is absent since 20");
    status.stdout(absent.and(contains("(limit 6 h): `souk lease absent 1` ends it")));
    // Its gateway is gone with it; what the chain knows is said all the same.
    let gone = fixture.souk("ann", "lease status 1");
    gone.code(5).stderr(contains("`souk lease absent 1` ends it").and(contains("p.example")));
    fixture.souk("ann", "lease list").success().stdout(contains("absent, 7 h"));
    let earned = fixture.souk("provider", "provider earnings provider").success();
    earned.stdout(contains("(last 6 h)").and(contains("unless the provider was absent")));
    let stranger = fixture.souk("bob", "lease absent 1");
    stranger.code(4).stderr(contains("you can end it in 4 h 5"));

    let ended = fixture.souk("ann", "lease absent 1 --json").success();
    let ended: Value = serde_json::from_slice(&ended.get_output().stdout).unwrap();
    assert_eq!(
        (&ended["state"], &ended["group_now"]["state"]),
        (&"closed".into(), &"paused".into())
    );
    // Five and a half hours of seven, and what the commands took.
    let returned: u128 = ended["returned"].as_str().unwrap().parse().unwrap();
    assert!((82_500..85_000).contains(&returned), "{returned}");
    fixture.souk("ann", "lease absent 1").code(4).stderr(contains("lease 1"));
    let status = fixture.souk("ann", "status 1").success();
    status.stdout(contains("Lease 1 ended: its provider was absent and is paid until 20"));
    let list = fixture.souk("ann", "lease list --provider provider").success();
    list.stdout(contains("paid until 20"));
    let shown = fixture.souk("ann", "provider show provider").success();
    shown.stdout(contains("0 broken off, 0 without manifest, 0 taken back, 1 ended as absent"));

    let before = [fixture.coins(0).await, fixture.coins(2).await];
    fixture.souk("ann", "close 1").success();
    // The deposit was 500,000. Of seven hours at 15,000 one and a half are paid, less the fee of 2 %.
    let paid = fixture.coins(2).await - before[1];
    assert!((22_050..24_500).contains(&paid), "{paid}");
    let back = fixture.coins(0).await - before[0];
    assert!(back > 430_000, "{back}, less the transaction's fee");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn whatever_ends_the_lease_of_an_absent_provider_says_that_its_pay_came_back() {
    let fixture = Fixture::new().await;
    let deployed = fixture.souk("ann", "deploy web.yaml --wait 0");
    deployed.code(7).stderr(contains("If a provider is not seen for 1 d,"));
    fixture.bid(1, 15_000).await;
    for order in [2, 3] {
        fixture.souk("ann", "deploy web.yaml --wait 0").code(7);
        fixture.place(order, 15_000).await;
    }
    for order in 1..=3 {
        fixture.souk("ann", &format!("accept {order} lowest --no-send")).success();
    }
    fixture.vanish(25).await;
    let closed = fixture.souk("ann", "lease close 1").success();
    closed.stdout(contains(
        "Lease 1 is closed: tenant. Its provider was absent and is paid until 20",
    ));
    let paused = fixture.souk("ann", "group pause 2 1").success();
    paused
        .stdout(contains("Group 2/1 is paused"))
        .stderr(contains("Lease 2: its provider was absent and is paid until 20"));
    let closed = fixture.souk("ann", "close 3").success();
    closed.stdout(
        contains("and the pay that was taken back,")
            .and(contains("Lease 3: its provider was absent")),
    );
    let shown = fixture.souk("ann", "provider show provider").success();
    shown.stdout(contains("0 taken back, 3 ended as absent"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn anyone_ends_it_and_the_group_goes_out_again_if_the_file_says_so_but_not_in_a_pause() {
    let fixture = Fixture::new().await;
    fixture.ask_for("{ limit: 6h, closes: anyone, then: reopen }");
    let deployed = fixture.souk("ann", "deploy web.yaml --wait 0");
    let terms = contains("anyone may end its lease").and(contains("takes bids again, without it"));
    deployed.code(7).stderr(terms);
    fixture.bid(1, 15_000).await;
    fixture.souk("ann", "accept 1 lowest --no-send").success();
    // Who was absent before a pause stays so; nobody becomes it in one.
    fixture.decide(&orderbook::ExecuteMsg::Pause {}).await;
    fixture.vanish(7).await;
    let paused = fixture.souk("bob", "lease absent 1");
    paused.code(4).stderr(
        contains("the market is paused, and nobody counts as absent")
            .and(contains("takes no pay back")),
    );
    let status = fixture.souk("ann", "status 1").success();
    status
        .stdout(contains("Lease 1: the market is paused, and nobody counts as absent (limit 6 h)"));
    fixture.souk("provider", "provider heartbeat").success();
    fixture.decide(&orderbook::ExecuteMsg::Unpause {}).await;
    fixture.pass(60).await;
    fixture.souk("bob", "lease absent 1").code(4).stderr(contains("you can end it in 5 h 5"));
    fixture.vanish(7).await;
    let ended = fixture.souk("bob", "lease absent 1").success();
    let words = contains("Lease 1 is closed: its provider was absent and is paid until 20")
        .and(contains("(about 0.08"))
        .and(contains("Group 1/1 is open, order 2 is open; excluded: "))
        .and(contains("do not move to another provider"));
    ended.stdout(words);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_limit_that_no_lease_can_have_is_refused_before_it_costs() {
    let fixture = Fixture::new().await;
    for (absence, words) in [
        ("{ limit: 5h59m }", "a limit of 5h59m is outside 6h to 720h"),
        ("{ limit: 721h }", "a limit of 721h is outside 6h to 720h"),
        ("{ limit: soon }", "`soon` is not a duration of whole seconds"),
        ("{ closes: everyone }", "write one of tenant, anyone"),
        ("{ then: start }", "write one of rest, reopen"),
    ] {
        fixture.ask_for(absence);
        let refused = fixture.souk("ann", "deploy web.yaml --wait 0");
        refused.code(3).stderr(contains(words).and(contains("web.yaml:")));
    }
    assert_eq!(fixture.coins(0).await, COINS, "not even a fee was paid");
    fixture.souk("ann", "lease absent 7").code(6).stderr(contains("order 7 is not there"));
    fixture.souk("ann", "lease absent").code(2);
}
