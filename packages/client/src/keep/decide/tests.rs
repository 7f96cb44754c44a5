use serde_json::json;
use souk_core::time::HOUR;

use super::*;

/// A deployment with one lease of 100 an hour and a limit of six hours, seen at 100,000, of which the money lasts
/// for `units / 100` hours.
fn kept(units: u128) -> Kept {
    let spec = json!({
        "name": "web", "units": [], "ceiling": "100", "requirements": { "attributes": [] },
    });
    let deployment = json!({
        "id": 7, "tenant": "souk1ann", "delegate": null, "commitment": "07",
        "denom": { "native": "usouk" }, "auction": { "tenant_choice": {} }, "state": "active",
        "account": 7, "created_at": 1, "marked_at": null,
        "absence": { "limit": 21_600 },
        "groups": [{
            "seq": 1, "state": "open", "order": 9, "order_state": "active", "excluded": [],
            "spec": spec,
        }],
    });
    let lease = json!({
        "order": 9, "group": { "deployment": 7, "group": 1 }, "tenant": "souk1ann",
        "provider": "souk1pro", "price": "100", "denom": { "native": "usouk" }, "account": 7,
        "state": "active", "created_at": 1, "closed_at": null, "reason": null,
        "absence": { "limit": 21_600 },
        "unseen": {
            "since": 99_000, "from": 120_600, "from_block": 1, "anyone_from": 142_200,
            "anyone_from_block": 1, "absent": false, "paid_until": 104_400,
        },
    });
    let account = json!({
        "id": 7, "tenant": "souk1ann", "denom": { "native": "usouk" },
        "clock": {
            "remaining": (units * 3_600).to_string(), "rate": "100", "clock": 0,
            "anchor": 100_000, "depleted_since": null,
        },
        "balance": units.to_string(), "withdrawable": "0", "reserved": "0",
        "depletion": 100_000 + units as u64 * 36, "streams": 1, "deposits": 0, "closed": false,
    });
    Kept {
        now: 100_000,
        min_runway: HOUR,
        deployment: serde_json::from_value(deployment).unwrap(),
        leases: vec![serde_json::from_value(lease).unwrap()],
        account: serde_json::from_value(account).unwrap(),
        heard: vec![],
        leave: Leave::NotNeeded,
    }
}

fn amount(units: u128) -> Amount {
    Amount::new(units).unwrap()
}

fn spending(units: u128) -> Wishes {
    let runway = Some(10 * HOUR);
    Wishes { runway, spend: amount(units), close_absent: true, start_again: true, pass_on: true }
}

#[test]
fn nothing_is_told_or_done_while_all_is_well() {
    let decided = decide(&kept(1_000), &spending(9_999), &mut Memory::default());
    assert_eq!(decided, (vec![], vec![]));
    let decided = decide(&kept(1), &Wishes::default(), &mut Memory::default());
    assert_eq!(decided, (vec![], vec![]), "nobody asked for a runway");
}

#[test]
fn money_that_lasts_too_short_is_topped_up_to_twice_the_runway_within_the_limit() {
    for (units, spend, added) in [(999, 9_999, 1_001), (0, 2_000, 2_000), (999, 5, 5)] {
        let mut memory = Memory::default();
        let (news, steps) = decide(&kept(units), &spending(spend), &mut memory);
        assert_eq!(steps, [Step::TopUp(amount(added))], "{units} units, {spend} to spend");
        assert_eq!(news.len(), 1);
        let again = decide(&kept(units), &spending(spend), &mut memory);
        assert_eq!(again, (vec![], steps), "it is told once");
    }
    let (news, steps) = decide(&kept(999), &spending(0), &mut Memory::default());
    assert_eq!(steps, []);
    assert!(news.contains(&News::LimitUsedUp { left: amount(0), needed: amount(1_001) }));
}

#[test]
fn a_clock_that_stands_gets_what_starts_it_or_nothing() {
    let mut seen = kept(50);
    seen.account.clock.depleted_since = Some(90_000);
    let (news, steps) = decide(&seen, &spending(49), &mut Memory::default());
    assert_eq!(steps, [], "49 more last for less than an hour");
    assert_eq!(news[0], News::Depleted { since: 90_000 });
    let (_, steps) = decide(&seen, &spending(50), &mut Memory::default());
    assert_eq!(steps, [Step::TopUp(amount(50))]);
}

#[test]
fn a_provider_that_was_not_seen_is_told_at_half_of_the_limit_and_closed_at_its_end() {
    let (mut seen, mut memory) = (kept(1_000), Memory::default());
    seen.now = 99_000 + 10_801;
    let (news, steps) = decide(&seen, &spending(0), &mut memory);
    assert_eq!(steps, []);
    assert!(matches!(news[..], [News::Unseen { since: 99_000, absent_from: 120_600, .. }]));
    seen.leases[0].unseen.as_mut().unwrap().absent = true;
    let (news, steps) = decide(&seen, &spending(0), &mut memory);
    assert_eq!(steps, [Step::CloseAbsent(OrderId(9))]);
    assert!(matches!(news[..], [News::Absent { paid_until: 104_400, .. }]));
    let told_only = Wishes { close_absent: false, ..spending(0) };
    assert_eq!(decide(&seen, &told_only, &mut memory), (vec![], vec![]));
}

#[test]
fn a_group_that_rests_after_its_lease_is_started_again_where_that_is_wanted() {
    let (mut seen, mut memory) = (kept(1_000), Memory::default());
    seen.deployment.groups[0].state = GroupState::Paused;
    seen.leases[0].reason = Some(souk_core::CloseReason::Unspecified);
    let (news, steps) = decide(&seen, &spending(0), &mut memory);
    assert_eq!(steps, [Step::Start(GroupSeq(1))]);
    assert!(matches!(news[..], [News::LeaseEnded { .. }, News::Rests { .. }]), "{news:?}");
    let told_only = Wishes { start_again: false, ..spending(0) };
    assert_eq!(decide(&seen, &told_only, &mut memory), (vec![], vec![]));
    // Started and resting again is told again.
    seen.deployment.groups[0].state = GroupState::Open;
    decide(&seen, &told_only, &mut memory);
    seen.deployment.groups[0].state = GroupState::Paused;
    assert_eq!(decide(&seen, &told_only, &mut memory).0.len(), 1);
}

#[test]
fn a_lease_is_closed_before_coins_are_added_for_it() {
    let mut seen = kept(50);
    seen.account.clock.depleted_since = Some(90_000);
    seen.leases[0].unseen.as_mut().unwrap().absent = true;
    let (_, steps) = decide(&seen, &spending(9_999), &mut Memory::default());
    assert_eq!(steps, [Step::CloseAbsent(OrderId(9))]);
}

#[test]
fn what_its_tenant_ended_or_sent_no_manifest_for_is_not_started_again() {
    for (reason, started) in CloseReason::ALL.into_iter().map(|reason| {
        (reason, !matches!(reason, CloseReason::Tenant | CloseReason::ManifestTimeout))
    }) {
        let mut seen = kept(1_000);
        seen.deployment.groups[0].state = GroupState::Paused;
        seen.leases[0].reason = Some(reason);
        let (_, steps) = decide(&seen, &spending(0), &mut Memory::default());
        assert_eq!(!steps.is_empty(), started, "{reason}");
    }
}

#[test]
fn a_limit_that_is_used_up_is_told_once_while_more_and_more_is_needed() {
    let mut memory = Memory::default();
    let news = |units, memory: &mut Memory| decide(&kept(units), &spending(0), memory).0.len();
    assert_eq!(news(999, &mut memory), 2);
    assert_eq!((news(990, &mut memory), news(500, &mut memory)), (0, 0));
    assert_eq!(news(1_000, &mut memory), 0, "there is enough again");
    assert_eq!(news(999, &mut memory), 2);
}

#[test]
fn a_closed_deployment_ends_the_watch() {
    let (mut seen, mut memory) = (kept(0), Memory::default());
    seen.deployment.state = DeploymentState::Closed;
    assert_eq!(decide(&seen, &spending(9), &mut memory), (vec![News::Closed], vec![]));
    assert_eq!(decide(&seen, &spending(9), &mut memory), (vec![], vec![]));
}

/// Its provider says at the second `issued_at` that it is there.
fn heard(said: Said, issued_at: u64) -> Vec<Heard> {
    let word = Presence { provider: "souk1pro".to_owned(), issued_at, signature: String::new() };
    vec![Heard { order: OrderId(9), word, said }]
}

/// Seen last at 99,000, with a word of now; `absent` by the chain.
fn unseen(now: u64, absent: bool, said: Said) -> Kept {
    let mut seen = kept(1_000);
    seen.now = now;
    seen.leases[0].unseen.as_mut().unwrap().absent = absent;
    seen.heard = heard(said, now);
    seen
}

#[test]
fn the_word_of_a_provider_that_is_not_seen_is_passed_on_once_its_pay_would_be_cut() {
    for said in [Said::Served, Said::Unknown] {
        let seen = unseen(99_000 + 5_401, false, said);
        let (news, steps) = decide(&seen, &spending(0), &mut Memory::default());
        assert_eq!((news, steps), (vec![], vec![Step::PassOn(seen.heard[0].word.clone())]));
    }
    let early = unseen(99_000 + 5_400, false, Said::Served);
    assert_eq!(decide(&early, &spending(0), &mut Memory::default()).1, []);
    // Nothing that matters is new in it.
    let mut old = unseen(99_000 + 5_401, false, Said::Served);
    old.heard = heard(Said::Served, 99_000 + 4_319);
    assert_eq!(decide(&old, &spending(0), &mut Memory::default()).1, []);
}

#[test]
fn a_word_is_passed_on_no_more_often_than_each_fifth_of_the_limit() {
    let mut memory = Memory::default();
    memory.passed_on("souk1pro", 105_000);
    let mut tried =
        |now| decide(&unseen(now, false, Said::Served), &spending(0), &mut memory).1.len();
    assert_eq!((tried(105_000 + 4_319), tried(105_000 + 4_320)), (0, 1));
}

#[test]
fn a_provider_that_says_it_is_there_and_serves_is_not_closed_as_absent() {
    let seen = unseen(121_000, true, Said::Served);
    let (news, steps) = decide(&seen, &spending(9_999), &mut Memory::default());
    assert!(matches!(news[..], [News::Absent { .. }]), "{news:?}");
    assert_eq!(steps, [Step::PassOn(seen.heard[0].word.clone())]);
    let told_only = Wishes { pass_on: false, ..spending(0) };
    let (news, steps) = decide(&seen, &told_only, &mut Memory::default());
    assert!(matches!(news[..], [News::Absent { .. }, News::SaysItIsThere { .. }]), "{news:?}");
    assert_eq!(steps, []);
    // What the chain refused to hear says nothing.
    let mut memory = Memory::default();
    memory.passed_on("souk1pro", 120_940);
    let (_, steps) = decide(&seen, &spending(0), &mut memory);
    assert_eq!(steps, [Step::CloseAbsent(OrderId(9))]);
}

#[test]
fn one_that_says_it_is_there_and_runs_nothing_is_told_once_and_closed_if_it_is_absent() {
    let mut memory = Memory::default();
    let seen = unseen(105_000, false, Said::NothingRuns);
    let (news, steps) = decide(&seen, &spending(0), &mut memory);
    assert!(matches!(news[..], [News::NothingRuns { issued_at: 105_000, .. }]), "{news:?}");
    assert_eq!(steps, []);
    let seen = unseen(105_060, false, Said::NothingRuns);
    assert_eq!(decide(&seen, &spending(0), &mut memory), (vec![], vec![]));
    let seen = unseen(121_000, true, Said::NothingRuns);
    let (_, steps) = decide(&seen, &spending(0), &mut memory);
    assert_eq!(steps, [Step::CloseAbsent(OrderId(9))]);
}

#[test]
fn coins_are_not_added_for_an_absent_provider_before_its_word_is_passed_on() {
    let mut seen = unseen(121_000, true, Said::Served);
    seen.account = kept(50).account;
    seen.account.clock.depleted_since = Some(90_000);
    let (_, steps) = decide(&seen, &spending(9_999), &mut Memory::default());
    assert!(matches!(steps[..], [Step::PassOn(_)]), "{steps:?}");
    seen.leases[0].unseen.as_mut().unwrap().absent = false;
    let (_, steps) = decide(&seen, &spending(9_999), &mut Memory::default());
    assert!(matches!(steps[..], [Step::TopUp(_), Step::PassOn(_)]), "{steps:?}");
}

/// With leave for `units` until a second.
fn granted(units: u128, until: u64) -> Leave {
    Leave::UpTo(Allowance { left: amount(units), until: Some(until) })
}

#[test]
fn coins_of_the_tenants_are_added_within_what_is_left_of_the_grant() {
    let far = 999_999_999;
    for (leave, spend, added) in [
        (granted(9_999, far), 9_999, 1_001),
        (granted(30, far), 9_999, 30),
        (granted(9_999, far), 40, 40),
    ] {
        let seen = Kept { leave, ..kept(999) };
        let (_, steps) = decide(&seen, &spending(spend), &mut Memory::default());
        assert_eq!(steps, [Step::TopUp(amount(added))], "{leave:?}");
    }
}

#[test]
fn a_grant_that_is_over_or_too_small_is_told_once_and_nothing_is_added() {
    let mut depleted = Kept { leave: granted(49, 999_999_999), ..kept(50) };
    depleted.account.clock.depleted_since = Some(90_000);
    let mut memory = Memory::default();
    let (news, steps) = decide(&depleted, &spending(9_999), &mut memory);
    assert_eq!(steps, []);
    assert!(matches!(news[1], News::GrantTooSmall { left, .. } if left == amount(49)), "{news:?}");
    assert_eq!(decide(&depleted, &spending(9_999), &mut memory), (vec![], vec![]));
    // It is the watcher's own limit that is too small.
    let (news, _) = decide(&depleted, &spending(9), &mut Memory::default());
    assert!(matches!(news[1], News::LimitUsedUp { .. }), "{news:?}");
    let none = Kept { leave: Leave::Nothing, ..kept(999) };
    let mut memory = Memory::default();
    let (news, steps) = decide(&none, &spending(9_999), &mut memory);
    assert_eq!(steps, []);
    assert_eq!(news[1], News::NoGrant { needed: amount(1_001) });
    assert_eq!(decide(&none, &spending(9_999), &mut memory), (vec![], vec![]));
}

#[test]
fn a_grant_that_ends_within_the_runway_is_told_before_it_ends() {
    for (until, count) in [(100_000 + 10 * HOUR, 0), (100_000 + 10 * HOUR - 1, 1)] {
        let seen = Kept { leave: granted(9_999, until), ..kept(1_000) };
        let mut memory = Memory::default();
        assert_eq!(decide(&seen, &spending(9_999), &mut memory).0.len(), count, "{until}");
        assert_eq!(decide(&seen, &spending(9_999), &mut memory).0.len(), 0);
    }
}
