//! `souk devnet` and `souk demo`: done by the program `souk-localnet`, so that this one needs
//! neither the contracts nor a simulated cluster.

use std::{ffi::OsString, os::unix::process::CommandExt as _, process::Command};

use anyhow::{Context as _, Result};
use clap::Args;

use crate::{context::Global, exit::Exit};

const PROGRAM: &str = "souk-localnet";

/// Arguments that `souk-localnet` reads.
#[derive(Debug, Args)]
#[command(disable_help_flag = true)]
pub struct Localnet {
    /// Options and arguments for the program `souk-localnet`; `souk demo --help` and `souk devnet
    /// --help` show them.
    #[arg(value_name = "ARGUMENTS", trailing_var_arg = true, allow_hyphen_values = true)]
    arguments: Vec<OsString>,
}

impl Localnet {
    /// Becomes `souk-localnet COMMAND` with the same options: it has this process's id, so exit
    /// code and signals are its own.
    ///
    /// # Errors
    /// If the program is not in the folder of this one, or cannot be started.
    pub fn run(self, global: &Global, command: &str) -> Result<Exit> {
        let own = std::env::current_exe().context("this program's own path")?;
        let program = own.with_file_name(PROGRAM);
        if !program.is_file() {
            anyhow::bail!(
                "`souk {command}` needs the program `{PROGRAM}`, and it is not at {}; build it with `cargo build -p {PROGRAM}`, or put it beside `souk`",
                program.display()
            );
        }
        let mut process = Command::new(&program);
        process.arg(command).args(global.to_arguments()).args(self.arguments);
        let error = process.exec();
        Err(error).with_context(|| format!("starting {}", program.display()))
    }
}
