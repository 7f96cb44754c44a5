//! Whoever is stopped while he writes claims one by one goes on as if he had not been.

use super::*;

/// All sets of claims that a plan may have written.
fn subsets(plan: &VolumePlan) -> std::ops::Range<u32> {
    0..1 << plan.claims.len()
}

/// All of a plan but what is remembered for the next one.
fn parts(plan: &VolumePlan) -> (String, u64, u64) {
    (format!("{:?} {:?}", plan.replicas, plan.claims), plan.count, plan.bytes)
}

#[test]
fn a_replica_of_an_older_agent_stays_whole_whichever_of_its_claims_were_labelled_before() {
    let mut claims = old_claims("db", "data", 2 << 30, 3);
    claims.extend(old_claims("db", "logs", 3 << 30, 3));
    let start = There::of(claims);
    let group = group(&[("db", "large", 3, &["data", "logs"])]);
    let whole = start.plan(&group, &classes("ssd", "hdd"));
    assert_eq!(
        (names(&whole, "db"), whole.count),
        (["db", "db-1", "db-2"].map(str::to_owned).into(), 6)
    );
    for is_decided in [true, false] {
        for written in subsets(&whole) {
            let mut there = start.clone();
            there.apply_some(&whole, |at| written >> at & 1 == 1);
            if !is_decided {
                there.assigned = Assignment::default();
            }
            let again = there.plan(&group, &classes("ssd", "hdd"));
            assert_eq!(parts(&again), parts(&whole), "{written:b}");
        }
    }
}

#[test]
fn old_services_whose_names_look_like_replicas_keep_theirs_at_every_interruption() {
    let mut claims = old_claims("db", "data", 1 << 30, 2);
    claims.extend(old_claims("db-1", "data", 1 << 30, 2));
    let start = There::of(claims);
    let all = [("db", "small", 2, &["data"] as &[_]), ("db-1", "small", 2, &["data"])];
    let whole = start.plan(&group(&all), &classes("ssd", "hdd"));
    for written in subsets(&whole) {
        let mut there = start.clone();
        there.apply_some(&whole, |at| written >> at & 1 == 1);
        there.assigned = Assignment::default();
        let again = there.plan(&group(&all), &classes("ssd", "hdd"));
        assert_eq!(parts(&again), parts(&whole), "{written:b}");
    }
    assert_eq!(claims_of(&whole, "db-1", "data").len(), 2);
    assert!(claims_of(&whole, "db-1", "data").iter().all(|claim| claim.contains("-db-1-")));
}

#[test]
fn two_services_that_are_renamed_get_no_volume_of_each_other_wherever_it_is_interrupted() {
    let mut start = There::default();
    let before = start.step(&[("a", "small", 2, &["data"]), ("b", "small", 1, &["data"])]);
    let renamed = [("x", "small", 2, &["data"] as &[_]), ("y", "small", 1, &["data"])];
    let whole = start.plan(&group(&renamed), &classes("ssd", "hdd"));
    assert_eq!(claims_of(&whole, "x", "data"), claims_of(&before, "a", "data"));
    for written in subsets(&whole) {
        let mut there = start.clone();
        there.apply_some(&whole, |at| written >> at & 1 == 1);
        assert_eq!(there.plan(&group(&renamed), &classes("ssd", "hdd")), whole, "{written:b}");
        // A newer manifest, which takes it back or goes on.
        for newer in [["a", "b"], ["x", "z"], ["v", "w"]] {
            let mut there = there.clone();
            let [two, one] = newer;
            let plan = there.step(&[(two, "small", 2, &["data"]), (one, "small", 1, &["data"])]);
            let case = format!("{written:b} {newer:?}");
            assert_eq!(claims_of(&plan, two, "data"), claims_of(&before, "a", "data"), "{case}");
            assert_eq!(claims_of(&plan, one, "data"), claims_of(&before, "b", "data"), "{case}");
        }
    }
}

#[test]
fn an_old_replica_that_got_a_new_claim_first_stays_whole() {
    let start = There::of(old_claims("db", "logs", 3 << 30, 2));
    let both = group(&[("db", "large", 2, &["data", "logs"])]);
    let whole = start.plan(&both, &classes("ssd", "hdd"));
    for written in subsets(&whole) {
        let mut there = start.clone();
        there.apply_some(&whole, |at| written >> at & 1 == 1);
        let again = there.plan(&both, &classes("ssd", "hdd"));
        assert_eq!(again, whole, "{written:b}");
    }
}
