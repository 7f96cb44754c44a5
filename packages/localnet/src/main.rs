//! The `souk-localnet` program.

use std::process::ExitCode;

use clap::Parser;
use souk_cli::exit;
use souk_localnet::program::{Cli, run};

#[tokio::main]
async fn main() -> ExitCode {
    let cli = Cli::parse();
    let json = cli.global.json;
    souk_cli::start_logging();
    match run(cli).await {
        Ok(exit) => exit.into(),
        Err(error) => {
            let exit = exit::of(&error);
            souk_cli::print_error(&error, exit, json);
            exit.into()
        }
    }
}
