//! `access`: what a cluster administrator applies for the agent: its user, role, the policy that keeps its
//! writes to its own namespaces, and the lock that no agent has held.

use std::{path::Path, process::ExitCode};

use anyhow::Result;
use clap::Args;
use serde_json::{Value, json};

use super::output;
use crate::{
    config::Config,
    model::scope::MarketScope,
    runtime::{
        check::{Access, User},
        lock,
    },
};

#[derive(Debug, Args)]
pub struct Arguments {
    /// The name of the service account, role, policy and their bindings.
    #[arg(long, default_value = "souk-provider")]
    name: String,
    /// The namespace of the service account, which must exist.
    #[arg(long, default_value = "default")]
    namespace: String,
    /// A user that the cluster knows already, such as that of a certificate, instead of a service account.
    #[arg(long, conflicts_with = "namespace")]
    user: Option<String>,
}

/// Writes all of it as one list for kubectl. Provider and market are the configuration's.
pub fn run(config: &Path, arguments: &Arguments) -> Result<ExitCode> {
    let scope = MarketScope::of(&Config::load(config)?);
    let (name, namespace) = (&arguments.name, &arguments.namespace);
    let user = match &arguments.user {
        Some(user) => User::Named(user),
        None => User::Account { name, namespace },
    };
    let Access { account, role, binding, policy, policy_binding } = Access::of(name, user, &scope);
    let (own, lock) = lock::never_held(&scope);
    let rest = [
        serde_json::to_value(role)?,
        serde_json::to_value(binding)?,
        serde_json::to_value(policy)?,
        serde_json::to_value(policy_binding)?,
        serde_json::to_value(own)?,
        serde_json::to_value(lock)?,
    ];
    let account = account.map(serde_json::to_value).transpose()?;
    let items: Vec<Value> = account.into_iter().chain(rest).collect();
    let list = json!({ "apiVersion": "v1", "kind": "List", "items": items });
    output::line(&serde_json::to_string_pretty(&list)?)?;
    Ok(ExitCode::SUCCESS)
}
