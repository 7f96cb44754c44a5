//! What a command prints: a table or sentence for people, one JSON value a line for programs.

use std::{
    borrow::Cow,
    io::{ErrorKind, IsTerminal as _, Write as _},
};

use serde::Serialize;

/// How to print.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Output {
    /// For people.
    Text,
    /// For programs.
    Json,
}

impl Output {
    /// Prints a result: `value` as JSON, or what `text` makes of it.
    pub fn result<T: Serialize>(self, value: &T, text: impl FnOnce(&T) -> String) {
        match self {
            Self::Text => line(&plain(text(value).trim_end())),
            Self::Json => line(&to_json(value)),
        }
    }

    /// Shows a person how far things are; programs read results alone. Goes to
    /// standard error, so that results can be piped.
    pub fn progress(self, line: impl AsRef<str>) {
        if self == Self::Text {
            note(&plain(line.as_ref()));
        }
    }

    /// Whether programs read this.
    pub fn is_json(self) -> bool {
        self == Self::Json
    }
}

/// One line of JSON.
pub fn to_json<T: Serialize>(value: &T) -> String {
    serde_json::to_string(value)
        .unwrap_or_else(|error| format!(r#"{{"error":"not JSON: {error}"}}"#))
}

/// Prints a line on standard output. If nobody reads it any more, as below `| head`, that is the
/// end of the command.
pub fn line(text: &str) {
    if let Err(error) = writeln!(std::io::stdout().lock(), "{text}") {
        let read = error.kind() == ErrorKind::BrokenPipe;
        if !read {
            note(&format!("error: standard output: {error}"));
        }
        std::process::exit(i32::from(!read));
    }
}

/// Writes a line to standard error. Where that is closed there is nobody to write to.
pub fn note(text: &str) {
    let _ = writeln!(std::io::stderr().lock(), "{text}");
}

/// Writes a question to standard error, without an end of line.
pub fn ask(text: &str) {
    let mut out = std::io::stderr().lock();
    let _ = write!(out, "{text}").and_then(|()| out.flush());
}

/// Prints a line that somebody else wrote: as it is into files and pipes, harmless on a terminal.
pub fn foreign_line(text: &str) {
    line(&for_reader(text, std::io::stdout().is_terminal()));
}

fn for_reader(text: &str, is_terminal: bool) -> Cow<'_, str> {
    if is_terminal { plain(text) } else { Cow::Borrowed(text) }
}

/// Text for a terminal. What providers claim, offer and answer stands in it, and must not move
/// the cursor, rewrite lines or change the terminal.
pub fn plain(text: &str) -> Cow<'_, str> {
    let steers = |c: char| c.is_control() && c != '\n' && c != '\t';
    if !text.contains(steers) {
        return Cow::Borrowed(text);
    }
    Cow::Owned(text.replace(steers, "\u{fffd}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_steers_a_terminal_is_not_printed() {
        assert_eq!(plain("region\teu\n"), "region\teu\n");
        assert_eq!(for_reader("\u{1b}[2Jgone", true), "\u{fffd}[2Jgone");
        assert_eq!(for_reader("\u{1b}[1mbold", false), "\u{1b}[1mbold", "in a file");
        assert_eq!(plain("\u{1b}[2Jgone\r\u{9b}1m"), "\u{fffd}[2Jgone\u{fffd}\u{fffd}1m");
    }
}
