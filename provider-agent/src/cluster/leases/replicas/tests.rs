use serde_json::json;
use souk_gateway::body::PodStatus;

use super::*;
use crate::{
    cluster::{
        kube::{container_log::Log, fingerprint::Fingerprint},
        leases::progress::AppliedAs,
    },
    model::names::hash,
};

fn set(name: &str, service: &str, claim: &str, replicas: u32) -> Object {
    let volume = json!({ "name": "data", "persistentVolumeClaim": { "claimName": claim } });
    let template = json!({ "spec": { "volumes": [{ "name": "x", "emptyDir": {} }, volume] } });
    Object {
        kind: Kind::StatefulSet,
        name: name.into(),
        service: Some(service.into()),
        body: json!({ "spec": { "replicas": replicas, "template": template } }),
        labels: Vec::new(),
        annotations: std::collections::BTreeMap::new(),
    }
}

fn seen_set(name: &str, service: &str, replicas: Replicas) -> SeenObject {
    SeenObject {
        kind: Kind::StatefulSet,
        name: name.into(),
        service: Some(service.into()),
        fingerprint: Fingerprint(1),
        terminating: false,
        detail: Detail::Workload(replicas),
    }
}

fn ready(ready: u32) -> Replicas {
    Replicas { wanted: 1, ready, ..Replicas::default() }
}

fn pod(name: &str, claim: &str) -> SeenPod {
    SeenPod {
        uid: "1".into(),
        service: Some("db".into()),
        terminating: true,
        prepared: false,
        failed_at: None,
        finalizers: Box::default(),
        status: PodStatus {
            name: name.into(),
            phase: "Running".into(),
            ready: true,
            restarts: 0,
            reason: None,
            failure: None,
        },
        log: Log::None,
        claims: [claim.into()].into(),
    }
}

fn applied(name: &str, generation: i64, uid: u64) -> AppliedAs {
    AppliedAs {
        kind: Kind::StatefulSet,
        name: name.into(),
        content: 1,
        fingerprint: Fingerprint(1),
        generation,
        uid,
    }
}

/// What a replica of `wanted` waits for, the others being wanted, too.
#[derive(Default)]
struct Case {
    objects: Vec<SeenObject>,
    pods: Vec<SeenPod>,
    before: Vec<AppliedAs>,
    rolling: bool,
    there: Vec<Claim>,
    unseen: [bool; 2],
}

impl Case {
    fn waits(self, at: usize, wanted: &[Object]) -> Option<Other> {
        let seen = LeaseObjects { objects: self.objects, pods: self.pods };
        let before = Progress { objects: self.before, ..Progress::default() };
        let rolling = self.rolling.then(|| "db".to_owned()).into_iter().collect();
        let around = Around {
            wanted,
            seen: &seen,
            before: &before,
            rolling: &rolling,
            there: &self.there,
            pods_are_seen: !self.unseen[0],
            sets_are_seen: !self.unseen[1],
        };
        waits_for(&wanted[at], &around)
    }
}

#[test]
fn a_volume_has_one_pod_at_a_time() {
    let wanted = |replicas| [set("db-1", "db", "data-1", replicas)];
    let there = || vec![Claim { name: "data-1".into(), ..Claim::default() }];
    let waits = |pods, unseen, replicas| {
        Case { pods, unseen, there: there(), ..Case::default() }.waits(0, &wanted(replicas))
    };
    assert_eq!(waits(vec![], [false; 2], 1), None);
    assert_eq!(waits(vec![pod("db-1-0", "data-1"), pod("db-0", "data-0")], [false; 2], 1), None);
    let held = waits(vec![pod("db-1", "data-1")], [false; 2], 1);
    assert_eq!(held, Some(Other::Holds { pod: "db-1".into(), set: Some("db".into()) }));
    assert_eq!(waits(vec![pod("db-1", "data-1")], [false; 2], 0), None, "it starts no pod");
    assert_eq!(waits(vec![], [true, false], 1), Some(Other::Unseen("pods")));
    assert_eq!(waits(vec![], [false, true], 1), Some(Other::Unseen("StatefulSets")));
    assert_eq!(waits(vec![], [true; 2], 0), None);
    let new = Case { unseen: [true; 2], ..Case::default() };
    assert_eq!(new.waits(0, &wanted(1)), None, "nothing was there before");
}

#[test]
fn a_set_of_all_replicas_is_gone_before_another_has_a_claim_of_its_template() {
    let long = format!("{}-long", "a".repeat(46));
    for service in ["db", long.as_str()] {
        let claim = |number: u32| format!("data-{}-{service}-{number}", hash(&[service], 8));
        let old = || {
            let replicas = Replicas { wanted: 2, ready: 2, is_old: true, ..Replicas::default() };
            seen_set(service, service, replicas)
        };
        let others = || vec![seen_set("b", "b", Replicas { is_old: true, ..ready(1) }), old()];
        // No pod of it is seen at the moment: it starts one when it likes.
        let wanted = [set("new", "store", &claim(1), 1)];
        let waits = Case { objects: others(), ..Case::default() }.waits(0, &wanted);
        assert_eq!(waits, Some(Other::Old(service.into())));
        assert_eq!(waits.unwrap().set(), Some(service));
        let wanted = [set("new", "store", "data-0a1b2c3d", 1)];
        assert_eq!(Case { objects: others(), ..Case::default() }.waits(0, &wanted), None);
        // The one of its own name is replaced, and its pod has the same name.
        let wanted = [set(service, "store", &claim(0), 1)];
        assert_eq!(Case { objects: others(), ..Case::default() }.waits(0, &wanted), None);
        let wanted = [set("new", "store", &claim(1), 1)];
        let converted = vec![seen_set(service, service, ready(1))];
        assert_eq!(Case { objects: converted, ..Case::default() }.waits(0, &wanted), None);
    }
}

#[test]
fn ready_replicas_of_a_service_are_changed_one_after_another() {
    let wanted =
        |replicas| ["db", "db-1"].map(|name| set(name, "db", &format!("data-{name}"), replicas));
    let waits = |[first, second]: [u32; 2], rolling: bool, replicas| {
        let objects =
            vec![seen_set("db", "db", ready(first)), seen_set("db-1", "db", ready(second))];
        Case { objects, rolling, ..Case::default() }.waits(1, &wanted(replicas)).is_some()
    };
    assert!(!waits([1, 1], false, 1), "it is the first");
    assert!(waits([1, 1], true, 1), "another was changed just now");
    assert!(waits([0, 1], false, 1), "another is not ready");
    assert!(!waits([0, 0], true, 1), "it is not ready itself");
    assert!(!waits([1, 1], true, 0), "all are stopped at once");
    // Another that has the service's old name still is one of them.
    let objects = vec![seen_set("db", "old", ready(0)), seen_set("db-1", "old", ready(1))];
    assert!(Case { objects, ..Case::default() }.waits(1, &wanted(1)).is_some());
}

#[test]
fn what_is_seen_from_before_the_last_change_is_not_ready() {
    let wanted = ["db", "db-1"].map(|name| set(name, "db", &format!("data-{name}"), 1));
    let seen = |generation, uid| Replicas { generation, uid, ..ready(1) };
    let rolls = Some(Other::Rolls("db".into()));
    for (first, expected, case) in [
        (Some(seen(4, 7)), &rolls, "it is behind"),
        (Some(seen(9, 6)), &rolls, "it is of the set that was replaced"),
        (None, &rolls, "it is not seen at all"),
        (Some(seen(5, 7)), &None, "it is as it was applied"),
        (Some(seen(6, 7)), &None, "somebody else scaled it"),
    ] {
        let mut objects = vec![seen_set("db-1", "db", seen(2, 8))];
        objects.extend(first.map(|first| seen_set("db", "db", first)));
        let before = vec![applied("db", 5, 7), applied("db-1", 2, 8)];
        let waits = Case { objects, before, ..Case::default() }.waits(1, &wanted);
        assert_eq!(waits, *expected, "{case}");
    }
    // One that seems not to be ready may be so by now.
    let own = Replicas { ready: 0, ..seen(1, 8) };
    let objects = vec![seen_set("db", "db", ready(0)), seen_set("db-1", "db", own)];
    let before = vec![applied("db-1", 2, 8)];
    assert_eq!(Case { objects, before, ..Case::default() }.waits(1, &wanted), rolls);
    let before = vec![applied("db-1", 2, 8)];
    let waits = Case { before, unseen: [false, true], ..Case::default() }.waits(1, &wanted);
    assert_eq!(waits, Some(Other::Unseen("StatefulSets")));
}

#[test]
fn a_service_still_runs_while_a_set_that_waits_has_its_label_or_a_pod_its_volumes() {
    let objects = vec![seen_set("db", "store", ready(1)), seen_set("db-1", "db", ready(1))];
    let seen = LeaseObjects { objects, pods: Vec::new() };
    let labels = |waiting: &[Box<str>], seen: &LeaseObjects| -> Vec<String> {
        still_run(waiting, seen).iter().map(ToString::to_string).collect()
    };
    assert_eq!(labels(&[], &seen), [""; 0]);
    assert_eq!(labels(&["db-1".into()], &seen), ["db"]);
    let seen = LeaseObjects { objects: Vec::new(), pods: vec![pod("x-1", "data-1")] };
    assert_eq!(labels(&["db-1".into()], &seen), ["db"]);
}
