#![allow(clippy::unwrap_used)]

use super::SentLines;

/// Which of the lines written at these seconds are sent on.
fn pass(sent: &mut SentLines, times: &[&str]) -> Vec<bool> {
    let time = |text: &&str| format!("2026-01-02T03:04:{text}Z").parse().unwrap();
    times.iter().map(|text| sent.is_new(Some(time(text)))).collect()
}

#[test]
fn lines_of_one_instant_are_all_sent() {
    let mut sent = SentLines::default();
    assert_eq!(pass(&mut sent, &["05.1", "05.1", "05.1", "05.2"]), [true; 4]);
}

#[test]
fn a_clock_that_goes_back_loses_no_line() {
    let mut sent = SentLines::default();
    assert_eq!(pass(&mut sent, &["05.1", "04.9", "05"]), [true; 3]);
}

#[test]
fn after_a_break_exactly_the_lines_that_were_sent_are_dropped() {
    let mut sent = SentLines::default();
    sent.opened();
    assert_eq!(pass(&mut sent, &["04.9", "05.1", "05.1"]), [true; 3]);
    // From second 05 on: two of 05.1 were sent on, a third was written meanwhile.
    sent.opened();
    let again = pass(&mut sent, &["05.0", "05.1", "05.1", "05.1", "05.1", "05.3"]);
    assert_eq!(again, [false, false, false, true, true, true]);
    sent.opened();
    assert_eq!(
        pass(&mut sent, &["05.1", "05.1", "05.1", "05.1", "05.3", "05.4"]),
        [false, false, false, false, false, true]
    );
}

#[test]
fn a_log_that_restarts_after_a_break_is_sent_on() {
    let mut sent = SentLines::default();
    assert_eq!(pass(&mut sent, &["05.1"]), [true]);
    sent.opened();
    assert_eq!(pass(&mut sent, &["06.0", "06.0"]), [true; 2]);
}

#[test]
fn a_line_without_time_is_sent() {
    let mut sent = SentLines::default();
    assert!(sent.is_new(None));
    pass(&mut sent, &["05.1"]);
    sent.opened();
    assert!(sent.is_new(None));
    assert_eq!(pass(&mut sent, &["05.1", "05.1"]), [false, true]);
}
