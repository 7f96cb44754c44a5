//! `souk-provider`: the provider's agent as a program.

use std::process::ExitCode;

#[tokio::main]
async fn main() -> ExitCode {
    // Two TLS providers in one process would panic, so the one is named.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let _armed = souk_provider::failpoint::arm();
    souk_provider::runtime::cli::main().await
}
