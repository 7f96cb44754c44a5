//! How far a log was read, so that a reopened one continues there.

use k8s_openapi::jiff::Timestamp;

/// A line's place in its log: when it was written, and its number among the lines of that time,
/// from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// When it was written.
    pub time: Timestamp,
    /// Its number among the lines of that time.
    pub number: u64,
}

/// What was read of a log.
#[derive(Debug, Default)]
pub struct Position {
    last: Option<Place>,
    /// How many lines of that time come again.
    to_come: u64,
}

impl Position {
    /// The last line.
    pub fn last(&self) -> Option<Place> {
        self.last
    }

    /// The log is opened from the last line's time on. The API counts in whole seconds: older lines
    /// come again, and of the lines of that time those that were read come first.
    pub fn opened(&mut self) {
        self.to_come = self.last.map_or(0, |last| last.number);
    }

    /// The place of the next line, written at `time`; none if it was read before.
    pub fn next(&mut self, time: Timestamp) -> Option<Place> {
        if let Some(last) = self.last
            && self.to_come > 0
            && time <= last.time
        {
            if time == last.time {
                self.to_come -= 1;
            }
            return None;
        }
        // In a stream that did not break every line is new, whatever its clock does.
        self.to_come = 0;
        let number = self.last.filter(|last| last.time == time).map_or(1, |last| last.number + 1);
        let place = Place { time, number };
        self.last = Some(place);
        Some(place)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Which of the lines written at these seconds are new.
    fn pass(position: &mut Position, times: &[&str]) -> Vec<bool> {
        let time = |text: &&str| format!("2026-01-02T03:04:{text}Z").parse().unwrap();
        times.iter().map(|text| position.next(time(text)).is_some()).collect()
    }

    #[test]
    fn lines_of_one_instant_are_all_new() {
        let mut position = Position::default();
        assert_eq!(pass(&mut position, &["05.1", "05.1", "05.1", "05.2"]), [true; 4]);
    }

    #[test]
    fn a_clock_that_goes_back_loses_no_line() {
        let mut position = Position::default();
        assert_eq!(pass(&mut position, &["05.1", "04.9", "05"]), [true; 3]);
    }

    #[test]
    fn after_a_break_exactly_the_lines_that_were_read_are_dropped() {
        let mut position = Position::default();
        position.opened();
        assert_eq!(pass(&mut position, &["04.9", "05.1", "05.1"]), [true; 3]);
        // From second 05 on: two of 05.1 were read, a third was written meanwhile.
        position.opened();
        let again = pass(&mut position, &["05.0", "05.1", "05.1", "05.1", "05.1", "05.3"]);
        assert_eq!(again, [false, false, false, true, true, true]);
        position.opened();
        assert_eq!(
            pass(&mut position, &["05.1", "05.1", "05.1", "05.1", "05.3", "05.4"]),
            [false, false, false, false, false, true]
        );
    }

    #[test]
    fn a_log_that_restarts_after_a_break_is_read_on() {
        let mut position = Position::default();
        assert_eq!(pass(&mut position, &["05.1"]), [true]);
        position.opened();
        assert_eq!(pass(&mut position, &["06.0", "06.0"]), [true; 2]);
    }
}
