//! Services that mount none of the volumes that they have.

use super::*;

#[test]
fn a_service_that_mounts_nothing_leaves_the_data_of_another_that_is_renamed() {
    for is_decided in [true, false] {
        let mut there = There::default();
        let before = there.step(&[("a", "small", 1, &["data"]), ("b", "small", 1, &[])]);
        if !is_decided {
            there.assigned = Assignment::default();
        }
        let after = there.step(&[("b", "small", 1, &[]), ("x", "small", 1, &["data"])]);
        assert_eq!(claims_of(&after, "x", "data"), claims_of(&before, "a", "data"));
        assert_eq!(there.claims.len(), 1);
        assert_eq!(names(&after, "b"), ["b"]);
    }
}

#[test]
fn a_service_that_mounts_nothing_gives_back_what_it_got_and_not_what_it_had() {
    let mut there = There::default();
    let start = [("a", "small", 2, &["data"] as &[_]), ("b", "small", 1, &[])];
    let before = there.step(&start);
    let plan = there.step(&[("a", "small", 1, &["data"]), ("b", "small", 2, &[])]);
    assert_eq!(names(&plan, "b"), ["b", "a-1"]);
    let back = there.step(&start);
    assert_eq!(claims_of(&back, "a", "data"), claims_of(&before, "a", "data"));
    assert_eq!((names(&back, "b"), there.claims.len()), (vec!["b".to_owned()], 2));
}

#[test]
fn a_renamed_service_that_mounts_nothing_is_not_one_with_data() {
    let mut there = There::default();
    let before = there.step(&[("m", "small", 1, &["data"]), ("n", "small", 1, &[])]);
    // Both have other names, which are ordered the other way round.
    let after = there.step(&[("a", "small", 1, &[]), ("z", "small", 1, &["data"])]);
    assert_eq!(claims_of(&after, "z", "data"), claims_of(&before, "m", "data"));
    assert_eq!((names(&after, "a"), there.claims.len()), (vec!["n".to_owned()], 1));
}

#[test]
fn what_a_service_mounts_no_more_it_has_when_it_mounts_it_again() {
    let mut there = There::default();
    let before = there.step(&[("a", "small", 1, &["data"]), ("b", "small", 1, &["data"])]);
    there.step(&[("a", "small", 1, &[]), ("b", "small", 1, &["data"])]);
    there.step(&[("b", "small", 1, &["data"]), ("x", "small", 1, &[])]);
    let after = there.step(&[("b", "small", 1, &["data"]), ("x", "small", 1, &["data"])]);
    assert_eq!(claims_of(&after, "x", "data"), claims_of(&before, "a", "data"));
    assert_eq!(claims_of(&after, "b", "data"), claims_of(&before, "b", "data"));
}
