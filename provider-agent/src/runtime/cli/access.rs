//! `access`: what an administrator of the cluster gives the agent.

use std::process::ExitCode;

use crate::runtime::check::Access;
use anyhow::Result;
use clap::Args;
use serde_json::json;

#[derive(Debug, Args)]
pub struct Arguments {
    /// The agent's user.
    #[arg(long, default_value = "souk-provider")]
    name: String,
    /// The namespace of that user, which must be there.
    #[arg(long, default_value = "default")]
    namespace: String,
}

/// Writes the agent's user, role and binding as one list, such as kubectl applies.
pub fn run(arguments: &Arguments) -> Result<ExitCode> {
    let Access { account, role, binding } = Access::of(&arguments.name, &arguments.namespace);
    let list = json!({ "apiVersion": "v1", "kind": "List", "items": [account, role, binding] });
    println!("{}", serde_json::to_string_pretty(&list)?);
    Ok(ExitCode::SUCCESS)
}
