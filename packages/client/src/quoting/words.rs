//! Words of strangers, for a line of a table.

/// As many letters are shown at most.
const MOST: usize = 160;

/// The text in one line, without what steers a terminal, cut if it is long.
pub(super) fn short(text: &str) -> String {
    let plain = |letter: char| if letter.is_control() { ' ' } else { letter };
    let mut letters = text.chars().map(plain);
    let mut shown: String = letters.by_ref().take(MOST).collect();
    if letters.next().is_some() {
        shown.push('\u{2026}');
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_strangers_words_stay_in_their_line_and_are_no_longer_than_one() {
        assert_eq!(short("no GPU"), "no GPU");
        assert_eq!(short("no\n  1 souk1eve 0.01\u{1b}[2J"), "no   1 souk1eve 0.01 [2J");
        let long = short(&"\u{fc}".repeat(100_000));
        assert_eq!(long.chars().count(), MOST + 1);
    }
}
