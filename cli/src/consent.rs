//! Asking for consent before something that cannot be taken back.

use std::io::{self, IsTerminal as _};

use anyhow::Result;
use souk_client::Error;

use crate::output::{self, Output};

/// Asks for consent; where nobody can be asked, it must have been given. `otherwise` says how.
///
/// # Errors
/// If nobody can be asked and it was not given, or standard input cannot be read.
pub fn ask(out: Output, given: bool, question: &str, otherwise: &str) -> Result<bool> {
    if given {
        return Ok(true);
    }
    if out.is_json() || !io::stdin().is_terminal() {
        let reason = format!("nobody can be asked here; {otherwise}");
        return Err(Error::input("confirmation", reason).into());
    }
    output::ask(&format!("{question} (y/N) "));
    let mut answer = String::new();
    io::stdin().read_line(&mut answer)?;
    Ok(matches!(answer.trim(), "y" | "Y" | "yes"))
}
