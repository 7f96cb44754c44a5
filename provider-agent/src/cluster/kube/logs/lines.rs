//! Lines out of a log as the API server sends it, each with its time.
//!
//! A line that is too long comes in pieces, cut at a character's start; all but the last say that
//! the next one continues them. A "line" without a time is not the container's: it is what the node
//! says instead of a log, with status 200.

use std::io;

use futures::{AsyncBufRead, AsyncBufReadExt};
use k8s_openapi::jiff::Timestamp;

use super::budget::Budget;

/// The most bytes of one piece, with the time in front of it.
pub const LONGEST_PIECE: usize = 256 << 10;
/// The most bytes of one piece while memory is short.
const SHORT_PIECE: usize = 8 << 10;

/// A line, or a part of one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Piece {
    /// When its line was written; none if the node says this, not the container.
    pub time: Option<Timestamp>,
    /// What it says, without time and end.
    pub text: String,
    /// Whether it begins its line.
    pub first: bool,
    /// Whether the next piece is of the same line.
    pub continues: bool,
    /// Whether its line had an end. The last one of a log that is still written may come again, whole.
    pub ended: bool,
}

/// Reads a log piece by piece.
pub struct Lines<R> {
    reader: R,
    /// What was read of the present line and not given out.
    rest: Vec<u8>,
    /// The time of the present line, after its first piece.
    within: Option<Option<Timestamp>>,
    budget: Budget,
}

impl<R: AsyncBufRead + Unpin> Lines<R> {
    /// Of a log with times. `budget` says when memory is short.
    pub fn new(reader: R, budget: Budget) -> Self {
        Self { reader, rest: Vec::new(), within: None, budget }
    }

    /// The next piece; none at the end.
    ///
    /// # Errors
    ///
    /// If the connection breaks. What was read of an unfinished line is lost.
    pub async fn next(&mut self) -> io::Result<Option<Piece>> {
        loop {
            let longest = if self.budget.is_tight() { SHORT_PIECE } else { LONGEST_PIECE };
            let available = self.reader.fill_buf().await?;
            if available.is_empty() {
                let rest = std::mem::take(&mut self.rest);
                let nothing = rest.is_empty() && self.within.is_none();
                return Ok((!nothing).then(|| self.piece(&rest, true, false)));
            }
            let room = longest.saturating_sub(self.rest.len());
            let newline = available.iter().take(room + 1).position(|byte| *byte == b'\n');
            let length = newline.unwrap_or(available.len().min(room));
            self.rest.extend_from_slice(available.get(..length).unwrap_or_default());
            self.reader.consume_unpin(length + usize::from(newline.is_some()));
            if newline.is_some() {
                let line = std::mem::take(&mut self.rest);
                return Ok(Some(self.piece(&line, true, true)));
            }
            if self.rest.len() >= longest {
                let rest = self.rest.split_off(start_of_character(&self.rest));
                let whole = std::mem::replace(&mut self.rest, rest);
                return Ok(Some(self.piece(&whole, false, false)));
            }
        }
    }

    fn piece(&mut self, bytes: &[u8], last: bool, ended: bool) -> Piece {
        let text = String::from_utf8_lossy(bytes);
        let text = if last { text.trim_end_matches('\r') } else { &text };
        let (first, time, text) = match self.within {
            Some(time) => (false, time, text),
            None => {
                let (time, text) = split_time(text);
                (true, time, text)
            }
        };
        self.within = (!last).then_some(time);
        Piece { time, text: text.to_owned(), first, continues: !last, ended }
    }
}

fn split_time(line: &str) -> (Option<Timestamp>, &str) {
    let (start, text) = line.split_once(' ').unwrap_or((line, ""));
    match start.parse() {
        Ok(time) => (Some(time), text),
        Err(_) => (None, line),
    }
}

/// The most bytes that end with a whole character. All, if they are not UTF-8 anyway.
fn start_of_character(bytes: &[u8]) -> usize {
    let is_start = |byte: &u8| byte & 0b1100_0000 != 0b1000_0000;
    let Some(start) = bytes.iter().rposition(is_start) else { return bytes.len() };
    let length = match bytes.get(start) {
        Some(byte) if *byte >= 0b1111_0000 => 4,
        Some(byte) if *byte >= 0b1110_0000 => 3,
        Some(byte) if *byte >= 0b1100_0000 => 2,
        _ => 1,
    };
    let is_whole = bytes.len() - start >= length;
    if is_whole || start == 0 { bytes.len() } else { start }
}

#[cfg(test)]
mod tests {
    use futures::io::{BufReader, Cursor};
    use proptest::prelude::*;

    use super::*;

    const TIME: &str = "2026-01-02T03:04:05.000000006Z";

    fn read(log: &[u8], buffer: usize, budget: &Budget) -> Vec<Piece> {
        let reader = BufReader::with_capacity(buffer, Cursor::new(log));
        let mut lines = Lines::new(reader, budget.clone());
        let next = || futures::executor::block_on(lines.next()).unwrap();
        std::iter::from_fn(next).collect()
    }

    /// The lines of the pieces.
    fn joined(pieces: &[Piece]) -> Vec<String> {
        let mut lines = Vec::new();
        for piece in pieces {
            if piece.first {
                lines.push(String::new());
            }
            lines.last_mut().unwrap().push_str(&piece.text);
        }
        lines
    }

    #[test]
    fn a_line_that_is_too_long_is_cut_at_a_characters_start_and_marked() {
        for start in ["", "x", "xx", "xxx"] {
            for character in ["é", "語", "🦀"] {
                let line = format!("{start}{}", character.repeat(200_000));
                let log = format!("{TIME} {line}\n{TIME} short\n");
                let pieces = read(log.as_bytes(), 8_191, &Budget::new(1 << 30));
                assert_eq!(joined(&pieces), [line.as_str(), "short"]);
                assert!(pieces.len() > 2);
                for (i, piece) in pieces.iter().enumerate() {
                    assert!(piece.time.is_some() && piece.text.len() <= LONGEST_PIECE);
                    assert_eq!(piece.continues, i + 2 < pieces.len());
                }
            }
        }
    }

    #[test]
    fn while_memory_is_short_pieces_are_short() {
        let budget = Budget::new(100);
        assert!(budget.take(90));
        let log = format!("{TIME} {}\n", "x".repeat(100_000));
        let pieces = read(log.as_bytes(), 8_192, &budget);
        assert!(pieces.iter().all(|piece| piece.text.len() <= SHORT_PIECE));
        assert_eq!(joined(&pieces), ["x".repeat(100_000)]);
    }

    #[test]
    fn the_last_line_without_an_end_is_a_line() {
        let log = format!("{TIME} one\r\n{TIME}\n{TIME} last");
        let pieces = read(log.as_bytes(), 64, &Budget::new(1 << 20));
        assert_eq!(joined(&pieces), ["one", "", "last"]);
        assert_eq!(pieces.iter().map(|piece| piece.ended).collect::<Vec<_>>(), [true, true, false]);
    }

    #[test]
    fn what_the_node_says_instead_of_a_log_has_no_time() {
        for said in [
            "unable to retrieve container logs for containerd://0123abcd",
            "failed to try resolving symlinks in path \"/var/log/pods/a\": no such file",
        ] {
            let pieces = read(said.as_bytes(), 64, &Budget::new(1 << 20));
            assert!(matches!(&pieces[..], [Piece { time: None, .. }]), "{pieces:?}");
        }
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic_and_no_text_is_lost(
            lines in proptest::collection::vec("[^\n\r]{0,40}", 0..20),
            noise in proptest::collection::vec(any::<u8>(), 0..300),
            buffer in 1_usize..50,
        ) {
            let log: String = lines.iter().map(|line| format!("{TIME} {line}\n")).collect();
            let pieces = read(log.as_bytes(), buffer, &Budget::new(1 << 20));
            prop_assert_eq!(joined(&pieces), lines);
            for piece in read(&noise, buffer, &Budget::new(0)) {
                prop_assert!(piece.text.len() <= 3 * noise.len());
            }
        }
    }
}
