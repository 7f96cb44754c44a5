//! What a command prints: a table or sentence for people, one JSON value a line for programs.

pub mod money;
pub mod table;

use std::io::{ErrorKind, Write as _};

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
            Self::Text => line(text(value).trim_end()),
            Self::Json => line(&to_json(value)),
        }
    }

    /// Tells a person how far things are; programs are told by results alone. Goes to
    /// standard error, so that results can be piped.
    pub fn progress(self, line: impl AsRef<str>) {
        if self == Self::Text {
            eprintln!("{}", line.as_ref());
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
            eprintln!("error: standard output: {error}");
        }
        std::process::exit(i32::from(!read));
    }
}
