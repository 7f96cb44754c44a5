//! How the program says what went wrong.

use std::process::ExitCode;

use souk_client::exit::{self, Exit};

use crate::say;

/// Prints an error and its causes on standard error, as text or as an object with `error` and
/// `exit`. The exit codes are those of `souk`.
pub fn report(error: &anyhow::Error, json: bool) -> ExitCode {
    let exit = error.chain().find_map(exit::of_cause).unwrap_or(Exit::Failure);
    let text = exit::describe(error.chain());
    match json {
        true => say::note(serde_json::json!({ "error": text, "exit": exit as u8 })),
        false => say::note(format!("error: {text}")),
    }
    exit.into()
}
