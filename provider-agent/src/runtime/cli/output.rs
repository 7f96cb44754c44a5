//! Output: answers to standard output, errors to standard error.

use std::io::{self, ErrorKind, Write};

use anyhow::Context;
use serde::Serialize;

/// Writes an answer, as JSON or as `text` makes it.
pub fn answer<T: Serialize>(
    value: &T,
    json: bool,
    text: impl FnOnce(&T) -> String,
) -> anyhow::Result<()> {
    let shown = if json { serde_json::to_string_pretty(value)? } else { text(value) };
    line(&shown)
}

/// Writes a line to standard output. If nobody reads it any more, as below `| head`, that is no
/// error.
pub fn line(text: &str) -> anyhow::Result<()> {
    let mut out = io::stdout().lock();
    match writeln!(out, "{text}").and_then(|()| out.flush()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            Err(error).context("standard output")
        }
        _ => Ok(()),
    }
}

/// Writes an error. Where standard error is closed there is nobody to write to.
pub fn error(error: &anyhow::Error, json: bool) {
    let text = format!("{error:#}");
    let mut out = io::stderr().lock();
    let _ = match json {
        true => writeln!(out, "{}", serde_json::json!({ "error": text })),
        false => writeln!(out, "error: {text}"),
    };
}
