use proptest::prelude::*;

use super::*;

const SECOND: Duration = Duration::from_secs(1);

fn keys(queue: &mut WorkQueue<u8>, now: Instant) -> Vec<u8> {
    std::iter::from_fn(|| queue.take(now)).map(|taken| taken.key).collect()
}

#[test]
fn what_is_fresh_goes_before_what_changed_by_itself_and_refreshes_last() {
    let (mut queue, now) = (WorkQueue::default(), Instant::now());
    queue.add(1, Urgency::Refresh, now);
    queue.add(2, Urgency::Observed, now);
    queue.add(3, Urgency::Fresh, now);
    queue.add(4, Urgency::Fresh, now);
    queue.add(1, Urgency::Fresh, now);
    queue.add(1, Urgency::Refresh, now);
    assert_eq!(queue.depth(), 4);
    assert_eq!(keys(&mut queue, now), [3, 4, 1, 2]);
}

#[test]
fn only_what_is_fresh_is_taken_where_that_is_asked_for() {
    let (mut queue, now) = (WorkQueue::default(), Instant::now());
    queue.add(1, Urgency::Observed, now);
    assert_eq!(queue.take_fresh(now), None);
    queue.add(2, Urgency::Fresh, now);
    assert_eq!(queue.take_fresh(now).map(|taken| taken.key), Some(2));
    queue.finish(2, End::Failed, now);
    assert_eq!(queue.take_fresh(now + 9 * SECOND), None, "it waits like what changed by itself");
    assert_eq!(keys(&mut queue, now + 9 * SECOND), [1, 2]);
}

#[test]
fn a_key_that_changes_while_it_is_worked_on_runs_again_and_never_twice_at_once() {
    let (mut queue, now) = (WorkQueue::default(), Instant::now());
    queue.add(1, Urgency::Fresh, now);
    assert_eq!(keys(&mut queue, now), [1]);
    queue.add(1, Urgency::Observed, now);
    assert_eq!(keys(&mut queue, now), [0; 0]);
    queue.finish(1, End::Done, now);
    assert_eq!(keys(&mut queue, now), [1]);
    queue.finish(1, End::Done, now);
    assert_eq!(keys(&mut queue, now), [0; 0]);
    assert!(queue.keys.is_empty(), "a key without work takes no memory");
}

#[test]
fn a_key_that_fails_waits_longer_and_longer_and_a_success_ends_that() {
    let (mut queue, mut now) = (WorkQueue::default(), Instant::now());
    queue.add(1, Urgency::Fresh, now);
    let mut waits = Vec::new();
    for _ in 0..10 {
        assert_eq!(keys(&mut queue, now), [1]);
        queue.finish(1, End::Failed, now);
        let at = queue.next_later().unwrap();
        waits.push(at - now);
        assert_eq!(keys(&mut queue, at - Duration::from_millis(1)), [0; 0]);
        now = at;
    }
    assert!(waits[0] <= SECOND * 5 / 4 && waits[2] >= SECOND * 3, "{waits:?}");
    assert!(waits[9] >= SECOND * 45 && waits[9] <= SECOND * 75, "{waits:?}");
    assert_eq!(keys(&mut queue, now), [1]);
    queue.finish(1, End::Done, now);
    queue.add(1, Urgency::Fresh, now);
    keys(&mut queue, now);
    queue.finish(1, End::Failed, now);
    assert_eq!(queue.next_later().unwrap() - now, waits[0]);
}

#[test]
fn a_failed_key_waits_whatever_it_is_seen_to_do_but_not_for_what_is_fresh() {
    let (mut queue, now) = (WorkQueue::default(), Instant::now());
    queue.add(1, Urgency::Fresh, now);
    keys(&mut queue, now);
    queue.add(1, Urgency::Observed, now);
    queue.finish(1, End::Failed, now);
    queue.add(1, Urgency::Observed, now);
    queue.add(1, Urgency::Refresh, now);
    assert_eq!(keys(&mut queue, now), [0; 0]);
    queue.add(1, Urgency::Fresh, now);
    assert_eq!(keys(&mut queue, now), [1]);
    queue.add(1, Urgency::Fresh, now);
    queue.finish(1, End::Failed, now);
    assert_eq!(keys(&mut queue, now), [1]);
    queue.finish(1, End::Failed, now);
    queue.retry_all(now);
    assert_eq!(keys(&mut queue, now), [1]);
}

#[test]
fn the_oldest_work_is_the_one_that_did_not_succeed_for_longest() {
    let (mut queue, start) = (WorkQueue::default(), Instant::now());
    assert_eq!(queue.oldest(start), Duration::ZERO);
    queue.add(1, Urgency::Fresh, start);
    queue.add(2, Urgency::Fresh, start + SECOND);
    assert_eq!(queue.take(start + SECOND).unwrap().waited, SECOND);
    queue.finish(1, End::Failed, start + SECOND);
    assert_eq!(queue.oldest(start + SECOND * 5), SECOND * 5);
    queue.add(1, Urgency::Fresh, start + SECOND * 5);
    queue.take(start + SECOND * 5);
    queue.take(start + SECOND * 5);
    queue.finish(1, End::Done, start + SECOND * 5);
    assert_eq!(queue.oldest(start + SECOND * 5), SECOND * 4);
}

#[test]
fn what_is_refused_is_tried_again_less_and_less_often_but_is_not_left_undone() {
    let (mut queue, start) = (WorkQueue::default(), Instant::now());
    queue.add(1, Urgency::Fresh, start);
    queue.take(start).unwrap();
    queue.finish(1, End::Refused, start);
    assert_eq!(queue.oldest(start + SECOND * 500), Duration::ZERO);
    assert!(queue.take(start + SECOND / 2).is_none(), "it waits");
    let again = queue.next_later().unwrap();
    queue.take(again).unwrap();
    queue.finish(1, End::Refused, again);
    let wait = queue.next_later().unwrap() - again;
    assert!(wait > again - start, "{wait:?}");
    // What somebody wants meanwhile is done at once, and counts until it is.
    queue.add(1, Urgency::Fresh, again);
    assert!(queue.take(again).is_some());
    assert_eq!(queue.oldest(again + SECOND), SECOND);
}

#[derive(Clone, Debug)]
enum Step {
    Add(u8, Urgency),
    Take,
    Finish(u8, End),
    Wait(u64),
    RetryAll,
}

fn step() -> impl Strategy<Value = Step> {
    let key = || 0..6u8;
    let urgency =
        prop_oneof![Just(Urgency::Refresh), Just(Urgency::Observed), Just(Urgency::Fresh)];
    let end = prop_oneof![
        Just(End::Done),
        Just(End::Failed),
        (0..3_000u64).prop_map(|ms| End::Again(Duration::from_millis(ms)))
    ];
    prop_oneof![
        4 => (key(), urgency).prop_map(|(key, urgency)| Step::Add(key, urgency)),
        4 => Just(Step::Take),
        3 => (key(), end).prop_map(|(key, end)| Step::Finish(key, end)),
        1 => (0..5_000u64).prop_map(Step::Wait),
        1 => Just(Step::RetryAll),
    ]
}

/// What a key is, without lines and times.
#[derive(Clone, Copy, Debug, Default)]
struct Model {
    running: bool,
    /// It is to be taken at once; while it runs, when it ends.
    wanted: Option<Urgency>,
    /// It comes back by itself.
    later: bool,
    failed: bool,
}

proptest! {
    #[test]
    fn no_work_is_lost_and_none_is_done_twice_at_once(steps in prop::collection::vec(step(), 1..200)) {
        let (mut queue, mut now) = (WorkQueue::default(), Instant::now());
        let mut model = [Model::default(); 6];
        for step in steps {
            match step {
                Step::Add(key, urgency) => {
                    queue.add(key, urgency, now);
                    let one = &mut model[usize::from(key)];
                    let waits = !one.running && one.failed && one.later && urgency < Urgency::Fresh;
                    if !waits {
                        one.wanted = one.wanted.max(Some(urgency));
                        one.later &= one.running;
                    }
                }
                Step::Take => {
                    let taken = queue.take(now);
                    // Those whose time has come stand in a line now.
                    for (key, one) in (0u8..).zip(&mut model) {
                        let waits = queue.keys.get(&key).is_some_and(|work| work.later.is_some());
                        if one.later && !waits {
                            *one = Model {
                                wanted: Some(Urgency::Observed),
                                failed: one.failed,
                                ..Model::default()
                            };
                        }
                    }
                    let waiting = model.iter().filter(|one| !one.running);
                    let best = waiting.filter_map(|one| one.wanted).max();
                    match taken {
                        Some(taken) => {
                            let one = &mut model[usize::from(taken.key)];
                            prop_assert!(!one.running, "two at once");
                            prop_assert_eq!(one.wanted, best, "something more urgent was left");
                            prop_assert_eq!(one.wanted, Some(taken.urgency));
                            *one = Model { running: true, failed: one.failed, ..Model::default() };
                        }
                        None => prop_assert_eq!(best, None, "work was left"),
                    }
                }
                Step::Finish(key, end) => {
                    queue.finish(key, end, now);
                    let one = &mut model[usize::from(key)];
                    if one.running {
                        one.running = false;
                        one.failed = end == End::Failed;
                        one.wanted = one.wanted.filter(|w| !one.failed || *w == Urgency::Fresh);
                        one.later = one.wanted.is_none() && end != End::Done;
                    }
                }
                Step::Wait(ms) => now += Duration::from_millis(ms),
                Step::RetryAll => {
                    queue.retry_all(now);
                    for one in &mut model {
                        if one.failed && one.later && !one.running {
                            *one = Model { wanted: Some(Urgency::Observed), failed: true, ..Model::default() };
                        }
                    }
                }
            }
        }
        // In the end, all that has work gets its turn.
        for (key, one) in (0u8..).zip(model) {
            if one.running {
                queue.finish(key, End::Done, now);
            }
        }
        now += BACKOFF.1 * 2;
        let mut left = keys(&mut queue, now);
        left.sort_unstable();
        let open = |one: &Model| one.wanted.is_some() || one.later;
        let expected: Vec<u8> = (0u8..).zip(&model).filter(|(_, one)| open(one)).map(|(key, _)| key).collect();
        prop_assert_eq!(left, expected);
    }
}

#[test]
fn a_refresh_that_fails_is_tried_again_as_one_until_it_succeeds() {
    let (mut queue, mut now) = (WorkQueue::default(), Instant::now());
    queue.add(1, Urgency::Refresh, now);
    for _ in 0..3 {
        assert!(queue.take(now).unwrap().refresh);
        queue.finish(1, End::Failed, now);
        now = queue.next_later().unwrap();
    }
    assert!(queue.take(now).unwrap().refresh);
    queue.finish(1, End::Done, now);
    queue.add(1, Urgency::Observed, now);
    assert!(!queue.take(now).unwrap().refresh);
}

#[test]
fn a_refresh_that_something_urgent_overtakes_is_done_along_with_it() {
    let (mut queue, now) = (WorkQueue::default(), Instant::now());
    queue.add(1, Urgency::Refresh, now);
    queue.add(1, Urgency::Fresh, now);
    let taken = queue.take(now).unwrap();
    assert_eq!((taken.urgency, taken.refresh), (Urgency::Fresh, true));
}
