//! How the program says what went wrong.

use std::process::ExitCode;

use souk_client::Error;

/// Prints an error and its causes on standard error, as text or as an object. The exit code is
/// that of `souk`: 3 for input that was refused before anything was sent, else 1.
pub fn report(error: &anyhow::Error, json: bool) -> ExitCode {
    let code = if error.chain().any(is_input) { 3 } else { 1 };
    let text = format!("{error:#}");
    match json {
        true => eprintln!("{}", serde_json::json!({ "error": text, "exit": code })),
        false => eprintln!("error: {text}"),
    }
    ExitCode::from(code)
}

fn is_input(cause: &(dyn std::error::Error + 'static)) -> bool {
    let found = cause.downcast_ref::<Error>();
    found.is_some_and(Error::is_input) || cause.is::<souk_chain::keys::KeyError>()
}
