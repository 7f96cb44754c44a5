//! The notice that a provider gives before it takes a lease back.

use crate::time::{DAY, HOUR};

/// The shortest notice that orders can ask for and bids can offer, in seconds.
pub const MIN_WINDOW: u64 = HOUR;
/// The longest, in seconds.
pub const MAX_WINDOW: u64 = 30 * DAY;

/// Whether a notice may be as long as this, in seconds.
pub fn is_window(seconds: u64) -> bool {
    (MIN_WINDOW..=MAX_WINDOW).contains(&seconds)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_notice_lasts_an_hour_to_thirty_days() {
        for (seconds, fine) in
            [(0, false), (3_599, false), (3_600, true), (2_592_000, true), (2_592_001, false)]
        {
            assert_eq!(is_window(seconds), fine, "{seconds}");
        }
    }
}
