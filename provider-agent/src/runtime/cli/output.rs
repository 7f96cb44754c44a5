//! Output: answers to standard output, errors to standard error.

use serde::Serialize;

/// Writes an answer, as JSON or as `text` makes it.
pub fn answer<T: Serialize>(
    value: &T,
    json: bool,
    text: impl FnOnce(&T) -> String,
) -> anyhow::Result<()> {
    if json {
        println!("{}", serde_json::to_string_pretty(value)?);
    } else {
        println!("{}", text(value));
    }
    Ok(())
}

/// Writes an error.
pub fn error(error: &anyhow::Error, json: bool) {
    let text = format!("{error:#}");
    if json {
        eprintln!("{}", serde_json::json!({ "error": text }));
    } else {
        eprintln!("error: {text}");
    }
}
