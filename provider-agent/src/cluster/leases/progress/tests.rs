use super::*;

fn applied(generation: i64, uid: u64) -> AppliedAs {
    AppliedAs {
        kind: Kind::Deployment,
        name: "web".into(),
        content: 1,
        fingerprint: Fingerprint(1),
        generation,
        uid,
    }
}

#[test]
fn a_workload_counts_once_the_caches_have_what_was_applied() {
    let seen = |generation, uid| {
        let replicas = Replicas { wanted: 1, ready: 1, generation, uid, is_old: false };
        let detail = Detail::Workload(replicas);
        let object = SeenObject { detail, ..applied(0, 0).as_seen() };
        LeaseObjects { objects: vec![object], pods: Vec::new() }
    };
    for (at, shown, expected) in [
        ((2, 7), (1, 7), false),
        ((2, 7), (2, 7), true),
        ((2, 7), (3, 7), true),
        ((0, 0), (1, 7), true),
        // The one before it had been changed more often.
        ((1, 8), (5, 7), false),
        ((1, 8), (1, 8), true),
    ] {
        let progress = Progress { objects: vec![applied(at.0, at.1)], ..Progress::default() };
        assert_eq!(progress.is_seen(&seen(shown.0, shown.1)), expected, "{at:?} {shown:?}");
    }
}

#[test]
fn the_caches_are_behind_for_a_time_after_an_apply_and_after_the_list_that_may_be_older() {
    let (all, order) = (ProgressMap::default(), OrderId(7));
    let now = Instant::now();
    let is_behind = |at| all.get(order).cache_delay(at).is_some();
    all.restore(vec![applied_row(order)]);
    all.renew(order, now);
    assert!(!is_behind(now), "this process applied nothing");
    all.applied(order, None, vec![applied(1, 1)], true);
    let later = now + 9 * CACHE_DELAY;
    assert!(is_behind(Instant::now()) && !is_behind(later));
    all.renew(order, later);
    assert!(is_behind(later) && !is_behind(later + CACHE_DELAY));
}

fn applied_row(order: OrderId) -> AppliedRow {
    Progress { objects: vec![applied(1, 1)], ..Progress::default() }.row(order)
}

#[test]
fn the_longer_a_lease_waits_for_the_same_the_more_seldom_it_is_looked_at() {
    let (all, order) = (ProgressMap::default(), OrderId(7));
    let wait = |what: &str| all.waits(order, what.to_owned(), true).as_secs();
    let waits: Vec<u64> = (0..7).map(|_| wait("pod db-1")).collect();
    assert_eq!(waits, [2, 4, 8, 16, 32, 60, 60]);
    assert_eq!((wait("pod db-2"), wait("pod db-2")), (2, 4), "it waits for something else");
    all.applied(order, None, vec![applied(1, 1)], false);
    assert_eq!(wait("pod db-2"), 8, "nothing was written");
    all.applied(order, None, vec![applied(2, 1)], true);
    assert_eq!(wait("pod db-2"), 2, "something was");
    all.failed(order, "refused".to_owned(), false);
    assert_eq!(wait("pod db-2"), 2);
}

#[test]
fn the_store_gets_a_row_that_differs_until_it_has_it_and_no_other() {
    let (all, order) = (ProgressMap::default(), OrderId(7));
    let put = |generation, version: Option<u64>| {
        let what = version.map(|version| Applied { version, running: true });
        all.applied(order, what, vec![applied(generation, 1)], false)
    };
    let row = put(1, None).unwrap();
    assert_eq!(put(1, None), Some(row), "the store failed");
    all.stored(order);
    assert_eq!(put(1, None), None);
    assert_eq!(put(2, None), None, "generations are not stored");
    assert_eq!(put(2, Some(5)).unwrap().version, Some(5));
    let progress = all.get(order);
    assert_eq!(progress.applied_at, None, "nothing was written to the cluster");
}

#[test]
fn what_is_a_leases_own_doing_is_not_a_failure_of_the_agent() {
    let all = ProgressMap::default();
    all.failed(OrderId(1), "no answer".into(), false);
    all.failed(OrderId(2), "refused".into(), true);
    all.waits(OrderId(3), "GPUs are not reserved".into(), false);
    all.waits(OrderId(4), "web-0 is not ready".into(), true);
    let failures = ["lease 1: no answer", "lease 3: GPUs are not reserved"];
    assert_eq!(all.failures(), failures);
    assert_eq!(all.refused(), ["lease 2: refused"]);
    all.succeeded(OrderId(2));
    assert!(all.refused().is_empty());
    all.failed(OrderId(4), "no answer".into(), false);
    assert_eq!(all.failures().len(), 3);
}
