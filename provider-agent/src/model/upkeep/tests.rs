//! When tasks are due.

use souk_core::{AccountId, CloseReason, Denom, GroupId, GroupSeq, Price};

use super::*;
use crate::model::{AccountClock, Reclaim, reach::LastAttempt};

const LEASE: OrderId = OrderId(7);

fn policy() -> Bidding {
    toml::from_str("rates = []\nmanifest_timeout = \"10m\"\nwithdraw_every = \"1day\"").unwrap()
}

fn lease(created_at: u64) -> Lease {
    Lease {
        order: LEASE,
        group: GroupId { deployment: DeploymentId(3), group: GroupSeq(1) },
        tenant: "souk1ann".into(),
        price: Price::new(100).unwrap(),
        denom: Denom::native("usouk"),
        account: AccountId(3),
        state: LeaseState::Active,
        reason: None,
        created_at,
        closed_at: None,
        withdrawn_at: created_at,
        clock: None,
        reclaim: None,
        absence_limit: None,
        paid_until: None,
    }
}

#[test]
fn a_tenants_time_for_its_manifest_runs_only_while_the_agent_could_take_it() {
    let (none, there) = (BTreeSet::new(), BTreeSet::from([LEASE]));
    for (case, created, current_since, manifests, in_cluster, late) in [
        ("in time", 9_500, Some(100), &none, Some(&none), false),
        ("late", 9_300, Some(100), &none, Some(&none), true),
        ("it came", 9_300, Some(100), &there, Some(&none), false),
        ("the agent was away until now", 9_300, Some(9_990), &none, Some(&none), false),
        ("the agent is behind", 9_300, None, &none, Some(&none), false),
        ("it runs, and the store was lost", 9_300, Some(100), &none, Some(&there), false),
        ("the cluster cannot be seen", 9_300, Some(100), &none, None, false),
    ] {
        let input = UpkeepInput {
            at: Some(Cursor { height: 5, time: 10_000 }),
            leases: vec![lease(created)],
            taken_up: Some(200),
            with_manifest: manifests.clone(),
            current_since,
            manifest_timeouts: BTreeMap::from([(LEASE, 300)]),
            in_cluster: in_cluster.cloned(),
            ..UpkeepInput::default()
        };
        let expected = if late { vec![UpkeepTask::ManifestTimeout(LEASE)] } else { vec![] };
        assert_eq!(plan(&input, &policy()), expected, "{case}");
    }
}

#[test]
fn a_lease_from_before_the_store_was_filled_is_never_closed_for_its_manifest() {
    for (case, taken_up, late) in [
        ("the store has all since the lease began", None, true),
        ("it was put back before", Some(8_999), true),
        ("with the lease", Some(9_000), false),
        ("after it", Some(9_500), false),
    ] {
        let input = UpkeepInput {
            at: Some(Cursor { height: 5, time: 11_000 }),
            leases: vec![lease(9_000)],
            current_since: Some(9_500),
            manifest_timeouts: BTreeMap::from([(LEASE, 300)]),
            taken_up,
            in_cluster: Some(BTreeSet::new()),
            ..UpkeepInput::default()
        };
        let tasks = plan(&input, &policy());
        assert_eq!(tasks.contains(&UpkeepTask::ManifestTimeout(LEASE)), late, "{case}");
    }
}

#[test]
fn a_tenants_time_runs_only_while_the_gateway_is_reached_and_is_prolonged_to_four_times() {
    let attempts = |times: &[(u64, bool)]| {
        let (mut up, mut last) = (UpTime::default(), LastAttempt::default());
        for (time, succeeds) in times {
            last = last.next(if *succeeds { Ok(()) } else { Err("no route".into()) });
            up.record(*time, &last);
        }
        up
    };
    let always: Vec<_> = (0..=100).map(|i| (10_000 + i * 30, true)).collect();
    let never: Vec<_> = (0..=100).map(|i| (10_000 + i * 30, false)).collect();
    let half: Vec<_> = (0..=100).map(|i| (10_000 + i * 30, i % 4 < 3)).collect();
    let both = |one: &[(u64, bool)], other: &[(u64, bool)]| vec![attempts(one), attempts(other)];
    for (case, attempts, waited, late) in [
        ("reached", vec![attempts(&always)], 600, false),
        ("reached", vec![attempts(&always)], 601, true),
        ("never reached", vec![attempts(&never)], 601, false),
        ("never reached", vec![attempts(&never)], 2_400, false),
        ("never reached, four times", vec![attempts(&never)], 2_401, true),
        ("reached half of the time", vec![attempts(&half)], 1_190, false),
        ("reached half of the time", vec![attempts(&half)], 1_290, true),
        ("reached, and nothing can be tried", both(&always, &never), 2_400, false),
        ("reached, and nothing can be tried", both(&always, &never), 2_401, true),
        ("not reached, and all can be tried", both(&never, &always), 2_400, false),
        ("both half of the time", both(&half, &always), 1_190, false),
        ("both half of the time", both(&half, &always), 1_290, true),
    ] {
        let input = UpkeepInput {
            at: Some(Cursor { height: 5, time: 10_000 + waited }),
            leases: vec![lease(10_000)],
            current_since: Some(100),
            manifest_timeouts: BTreeMap::from([(LEASE, 300)]),
            up: attempts,
            in_cluster: Some(BTreeSet::new()),
            ..UpkeepInput::default()
        };
        let expected = if late { vec![UpkeepTask::ManifestTimeout(LEASE)] } else { vec![] };
        assert_eq!(plan(&input, &policy()), expected, "{case} for {waited}");
    }
}

/// Whether a lease of second 10,000 is closed for want of its manifest `waited` seconds later, by an agent that is
/// there since `current_since`, with the chain's time `least` if it is known.
fn is_late_after(waited: u64, least: Option<u64>, current_since: u64, policy: &Bidding) -> bool {
    let input = UpkeepInput {
        at: Some(Cursor { height: 5, time: 10_000 + waited }),
        leases: vec![lease(10_000)],
        current_since: Some(current_since),
        manifest_timeouts: least.map(|seconds| (LEASE, seconds)).into_iter().collect(),
        in_cluster: Some(BTreeSet::new()),
        ..UpkeepInput::default()
    };
    plan(&input, policy).contains(&UpkeepTask::ManifestTimeout(LEASE))
}

#[test]
fn a_lease_is_closed_for_its_manifest_only_while_the_chain_allows_it() {
    // The tenant's own time of 10 minutes is over in each.
    for (case, least, current_since, waited, late) in [
        ("the chain's time is shorter", Some(300), 100, 601, true),
        ("the chain's time is longer", Some(900), 100, 700, false),
        ("the chain's time is longer, and over", Some(900), 100, 901, true),
        ("the last second in which it is sent", Some(300), 100, 3_840, true),
        ("too late to be in a block in time", Some(300), 100, 3_841, false),
        ("days later", Some(300), 100, 400_000, false),
        ("the agent came back within the window", Some(300), 11_000, 1_700, true),
        ("the agent came back before its end", Some(300), 13_540, 3_840, true),
        ("the agent came back at its end", Some(300), 13_541, 3_840, false),
        ("the chain's time is not known", None, 100, 700, false),
    ] {
        let is_late = is_late_after(waited, least, current_since, &policy());
        assert_eq!(is_late, late, "{case}");
    }
}

#[test]
fn a_configured_time_beyond_the_chains_hour_ends_shortly_before_it() {
    let policy = Bidding { manifest_timeout: "1day".parse().unwrap(), ..policy() };
    for (case, current_since, waited, late) in [
        ("minutes before", 100, 3_540, false),
        ("the last five minutes", 100, 3_541, true),
        ("the last second in which it is sent", 100, 3_840, true),
        ("too late to be in a block in time", 100, 3_841, false),
        ("the tenant had less than the chain's time", 13_541, 3_840, false),
    ] {
        let is_late = is_late_after(waited, Some(300), current_since, &policy);
        assert_eq!(is_late, late, "{case}");
    }
    assert_eq!(longest_manifest_timeout(300), 3_540);
}

#[test]
fn a_lease_that_is_taken_back_is_ended_when_time_and_blocks_of_the_notice_are_over() {
    let reclaim =
        Reclaim { reason: CloseReason::Decommission, deadline: 2_000, block: 50, ended: false };
    for (time, height, state, due) in [
        (1_999, 50, LeaseState::Active, false),
        (2_000, 49, LeaseState::Active, false),
        (2_000, 50, LeaseState::Active, true),
        (9_000, 90, LeaseState::Closed, false),
    ] {
        let closed_at = (state == LeaseState::Closed).then_some(2_500);
        let lease = Lease { state, closed_at, reclaim: Some(reclaim), ..lease(1_000) };
        let at = Some(Cursor { height, time });
        let input = UpkeepInput { at, leases: vec![lease], ..UpkeepInput::default() };
        let tasks = plan(&input, &policy());
        assert_eq!(tasks.contains(&UpkeepTask::EndReclaim(LEASE)), due, "at {time}, {height}");
    }
    assert!(UpkeepTask::EndReclaim(LEASE).is_final());
}

#[test]
fn an_agent_that_came_back_within_a_long_time_of_the_chains_closes_at_the_end_of_the_hour() {
    // The chain's time is six hours; the window ends an hour later, at 25,200.
    for (case, current_since, waited, late) in [
        ("before the last call", 17_200, 24_840, false),
        ("the last call", 17_200, 24_841, true),
        ("the tenant had its ten minutes", 34_241, 24_841, true),
        ("the tenant had less", 34_242, 24_841, false),
    ] {
        let is_late = is_late_after(waited, Some(21_600), current_since, &policy());
        assert_eq!(is_late, late, "{case}");
    }
}

#[test]
fn while_the_chain_is_in_doubt_nothing_is_due_that_cannot_be_taken_back() {
    let due = |doubt: Option<&str>| {
        let clock = AccountClock {
            remaining: 0,
            rate: "1".parse().unwrap(),
            anchor: 1_000_000,
            depletion: Some(1_000_100),
            depleted: true,
            closed: false,
            height: 4,
        };
        let depleted = Lease { clock: Some(clock), withdrawn_at: 1_000, ..lease(1_000_000) };
        let input = UpkeepInput {
            at: Some(Cursor { height: 5, time: 1_000_800 }),
            leases: vec![depleted],
            current_since: Some(100),
            manifest_timeouts: BTreeMap::from([(LEASE, 300)]),
            in_cluster: Some(BTreeSet::new()),
            doubt: doubt.map(str::to_owned),
            ..UpkeepInput::default()
        };
        let tasks = plan(&input, &policy());
        tasks.iter().map(UpkeepTask::is_final).collect::<Vec<_>>()
    };
    assert_eq!(due(None), [false, true, true], "withdraw, close, mark");
    assert_eq!(due(Some("the endpoints differ")), [false], "withdraw");
}

#[test]
fn what_nobody_bid_on_is_ended_before_an_auction_of_its_deployment() {
    let (auction, other) = (OrderId(4), OrderId(9));
    let order = Order {
        id: auction,
        group: GroupId { deployment: DeploymentId(3), group: GroupSeq(1) },
        tenant: "souk1ann".into(),
        ceiling: Price::new(100).unwrap(),
        denom: Denom::native("usouk"),
        auction: AuctionPolicy::LowestPrice { closes_after: 60 },
        expires_at: 99_000,
        closes_at: Some(10_000),
        open: true,
        opened_height: 1,
        bids_height: 2,
        detail: None,
    };
    let bid = Bid {
        order: auction,
        tenant: "souk1ann".into(),
        price: Price::new(50).unwrap(),
        progress: BidProgress::Open,
        decided_height: 2,
        attempt: 0,
        why: None,
    };
    let overdue = |order, auction, expired| Overdue { order: OrderId(order), auction, expired };
    let input = |time| UpkeepInput {
        at: Some(Cursor { height: 5, time }),
        bids: vec![bid.clone()],
        orders: vec![order.clone()],
        overdue: vec![
            overdue(5, auction, true),
            overdue(6, auction, false),
            overdue(7, other, false),
        ],
        ..UpkeepInput::default()
    };
    assert_eq!(plan(&input(9_999), &policy()), []);
    let expected = [
        UpkeepTask::ExpireOrder { order: OrderId(5), auction },
        UpkeepTask::CloseEmpty { order: OrderId(6), auction },
        UpkeepTask::CloseAuction(auction),
    ];
    assert_eq!(plan(&input(10_000), &policy()), expected);
    assert!(expected.iter().all(UpkeepTask::is_final));
}

#[test]
fn an_open_bid_is_taken_back_once_its_time_is_over() {
    for (placed, accepting_since, due) in [
        (9_401, 0, false),
        (9_400, 0, true),
        (1, 9_400, true),
        (1, 9_401, false),
        (10_001, 0, false),
    ] {
        let input = UpkeepInput {
            at: Some(Cursor { height: 5, time: 10_000 }),
            waiting: vec![(LEASE, placed)],
            accepting_since,
            ..UpkeepInput::default()
        };
        let policy = Bidding { take_bids_back_after: "10m".parse().unwrap(), ..policy() };
        let expected = if due { vec![UpkeepTask::TakeBack(LEASE)] } else { vec![] };
        let case = format!("placed at {placed}, accepting since {accepting_since}");
        assert_eq!(plan(&input, &policy), expected, "{case}");
    }
}

#[test]
fn an_ended_lease_is_asked_about_until_it_is_seen_to_owe_nothing() {
    for (withdrawn_at, due) in [(8_000, true), (9_000, true), (9_001, false)] {
        let ended = Lease {
            state: LeaseState::Closed,
            closed_at: Some(9_000),
            withdrawn_at,
            ..lease(7_000)
        };
        let at = Some(Cursor { height: 5, time: 10_000 });
        let input = UpkeepInput { at, leases: vec![ended], ..UpkeepInput::default() };
        let withdraw = UpkeepTask::Withdraw { order: LEASE, since: withdrawn_at };
        let expected = if due { vec![withdraw] } else { vec![] };
        assert_eq!(plan(&input, &policy()), expected, "{withdrawn_at}");
    }
}

#[test]
fn nothing_is_withdrawn_while_all_that_was_earned_is_held_back_and_all_of_it_after_the_end() {
    const DAY: u64 = 86_400;
    let held = Lease { absence_limit: Some(DAY), ..lease(DAY) };
    let withdrawn = Lease { withdrawn_at: 3 * DAY + 5, ..held.clone() };
    let ended = Lease { closed_at: Some(DAY + 60), state: LeaseState::Closed, ..held.clone() };
    for (case, lease, at, due) in [
        ("a day's pay is held back", &held, 2 * DAY + 3_600, false),
        ("nearly a day can be paid out", &held, 3 * DAY - 1, false),
        ("a whole day can", &held, 3 * DAY, true),
        ("older than the rule", &lease(DAY), 2 * DAY, true),
        ("the next one is a day later", &withdrawn, 4 * DAY + 4, false),
        ("as always", &withdrawn, 4 * DAY + 5, true),
        ("what was held back is due at the end", &ended, DAY + 61, true),
    ] {
        let with_manifest = [LEASE].into();
        let at = Some(Cursor { height: 5, time: at });
        let leases = vec![lease.clone()];
        let input = UpkeepInput { at, leases, with_manifest, ..UpkeepInput::default() };
        let since = lease.withdrawn_at;
        let expected = due.then_some(UpkeepTask::Withdraw { order: LEASE, since });
        assert_eq!(plan(&input, &policy()), Vec::from_iter(expected), "{case}");
    }
}
