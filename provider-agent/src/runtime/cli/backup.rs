//! `backup` and `restore`: a sealed copy of configuration, keys and store.

use std::{
    io::Read,
    path::{Path, PathBuf},
    process::ExitCode,
};

use age::secrecy::SecretString;
use anyhow::{Context, Result, bail};
use clap::Args;

use super::output;
use crate::runtime::backup::{self, Restored, Saved};

/// The variable with the passphrase of copies.
const PASSPHRASE: &str = "SOUK_BACKUP_PASSPHRASE";

/// The arguments of `backup` and `restore`.
#[derive(Debug, Args)]
pub struct Arguments {
    /// The copy.
    file: PathBuf,
    /// A file with the passphrase, or `-` for standard input; without it the variable
    /// SOUK_BACKUP_PASSPHRASE has it.
    #[arg(long)]
    passphrase_file: Option<PathBuf>,
}

impl Arguments {
    fn passphrase(&self) -> Result<SecretString> {
        let text = match &self.passphrase_file {
            Some(path) if path == Path::new("-") => {
                let mut text = String::new();
                std::io::stdin().read_to_string(&mut text).context("passphrase")?;
                text
            }
            Some(path) => std::fs::read_to_string(path)
                .with_context(|| format!("passphrase file {}", path.display()))?,
            None => match std::env::var(PASSPHRASE) {
                Ok(text) => text,
                Err(_) => {
                    bail!("there is no passphrase; give --passphrase-file, or set {PASSPHRASE}")
                }
            },
        };
        Ok(SecretString::from(text.trim_end_matches(['\n', '\r']).to_owned()))
    }
}

/// Makes a copy.
pub fn back_up(path: &Path, arguments: &Arguments, json: bool) -> Result<ExitCode> {
    let saved = backup::back_up(path, &arguments.file, arguments.passphrase()?)?;
    output::answer(&saved, json, |saved: &Saved| {
        let file = saved.file.display();
        let mut lines =
            vec![format!("{file}: {} bytes, with {}", saved.bytes, saved.holds.join(", "))];
        lines.extend(saved.without.iter().map(|what| format!("not in it: {what}")));
        lines.join("\n")
    })?;
    Ok(ExitCode::SUCCESS)
}

/// Puts a copy back.
pub async fn restore(path: &Path, arguments: &Arguments, json: bool) -> Result<ExitCode> {
    let restored = backup::restore(&arguments.file, path, arguments.passphrase()?).await?;
    output::answer(&restored, json, |restored: &Restored| {
        let mut lines: Vec<String> =
            restored.written.iter().map(|path| format!("written: {}", path.display())).collect();
        lines.extend(restored.kept.iter().map(|path| format!("was there: {}", path.display())));
        lines.push("next: souk-provider check, then souk-provider run".to_owned());
        lines.push(
            "the agent reads the chain first, and tenants send their manifests again; what runs goes on"
                .to_owned(),
        );
        lines.join("\n")
    })?;
    Ok(ExitCode::SUCCESS)
}
