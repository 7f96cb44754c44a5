//! `access`: the service account and role that a cluster administrator creates for the agent.

use std::process::ExitCode;

use anyhow::Result;
use clap::Args;
use serde_json::json;

use super::output;
use crate::runtime::check::Access;

#[derive(Debug, Args)]
pub struct Arguments {
    /// The name of the service account, role and binding.
    #[arg(long, default_value = "souk-provider")]
    name: String,
    /// The namespace of the service account, which must exist.
    #[arg(long, default_value = "default")]
    namespace: String,
}

/// Writes service account, role and binding as one list for kubectl.
pub fn run(arguments: &Arguments) -> Result<ExitCode> {
    let Access { account, role, binding } = Access::of(&arguments.name, &arguments.namespace);
    let list = json!({ "apiVersion": "v1", "kind": "List", "items": [account, role, binding] });
    output::line(&serde_json::to_string_pretty(&list)?)?;
    Ok(ExitCode::SUCCESS)
}
