//! `souk keys`: make and list keys.

use std::io::{IsTerminal, Read};

use anyhow::{Context as _, Result};
use clap::Subcommand;
use serde::Serialize;
use souk_chain::keys::{
    KdfCost, Mnemonic, Passphrase, SecretKey, WordCount, write_encrypted_key_file,
    write_plain_key_file,
};
use souk_client::{Error, home::PASSPHRASE, show::table};

use crate::{context::Context, exit::Exit, output};

/// Make and list keys.
#[derive(Debug, Subcommand)]
pub enum Keys {
    /// Make a key, or import one with --recover. The file is encrypted with the passphrase in
    /// SOUK_PASSPHRASE, unless --plain is given.
    Add {
        /// The key's name.
        name: String,
        /// Import a key: read its mnemonic or its 64 hexadecimal digits from standard input.
        #[arg(long)]
        recover: bool,
        /// Do not encrypt the file; only you can read it.
        #[arg(long)]
        plain: bool,
    },
    /// List all keys, with the addresses of those that are not encrypted or that SOUK_PASSPHRASE
    /// decrypts.
    List,
    /// Show a key's address.
    Show {
        /// The key's name.
        name: String,
    },
}

/// A key, without its secret.
#[derive(Debug, Serialize)]
struct Shown {
    name: String,
    address: Option<String>,
    /// To be written down once; only when the key is made.
    #[serde(skip_serializing_if = "Option::is_none")]
    mnemonic: Option<String>,
}

impl Keys {
    /// Does it.
    pub fn run(self, context: &Context) -> Result<Exit> {
        let prefix = context.network().map_or_else(|_| "souk".to_owned(), |n| n.prefix);
        match self {
            Self::Add { name, recover, plain } => add(context, &name, recover, plain, &prefix),
            Self::List => {
                let shown: Vec<Shown> = context
                    .home
                    .key_names()
                    .into_iter()
                    .map(|name| {
                        let key = context.home.key(&name).ok();
                        let address = key.and_then(|key| key.address(&prefix).ok());
                        Shown { name, address, mnemonic: None }
                    })
                    .collect();
                context.out.result(&shown, |keys| {
                    let mut rows = table(["name", "address"]);
                    for key in keys {
                        let locked = format!("locked: set {PASSPHRASE}");
                        rows.add_row([key.name.clone(), key.address.clone().unwrap_or(locked)]);
                    }
                    rows.to_string()
                });
                Ok(Exit::Ok)
            }
            Self::Show { name } => {
                let key = context.home.key(&name)?;
                let address = Some(key.address(&prefix)?);
                let shown = Shown { name, address, mnemonic: None };
                context.out.result(&shown, |key| key.address.clone().unwrap_or_default());
                Ok(Exit::Ok)
            }
        }
    }
}

fn add(context: &Context, name: &str, recover: bool, plain: bool, prefix: &str) -> Result<Exit> {
    let passphrase = Passphrase::from_environment(PASSPHRASE).ok();
    if passphrase.is_none() && !plain {
        let reason = format!("set {PASSPHRASE} to encrypt the key, or give --plain");
        return Err(Error::input(format!("key `{name}`"), reason).into());
    }
    let (key, mnemonic) = if recover { (recovered()?, None) } else { new_key()? };
    let path = context.home.new_key_path(name)?;
    match passphrase.filter(|_| !plain) {
        Some(passphrase) => write_encrypted_key_file(&path, &key, &passphrase, KdfCost::default())?,
        None => write_plain_key_file(&path, &key)?,
    }
    let shown = Shown { name: name.to_owned(), address: Some(key.address(prefix)?), mnemonic };
    context.out.result(&shown, |key| {
        let address = key.address.clone().unwrap_or_default();
        match &key.mnemonic {
            Some(words) => {
                format!("{address}\nWrite these words down; they are shown this once:\n{words}")
            }
            None => address,
        }
    });
    Ok(Exit::Ok)
}

fn new_key() -> Result<(SecretKey, Option<String>)> {
    let mnemonic = Mnemonic::generate(WordCount::TwentyFour)?;
    Ok((mnemonic.key(0)?, Some(mnemonic.phrase().to_owned())))
}

fn recovered() -> Result<SecretKey> {
    if std::io::stdin().is_terminal() {
        output::note("Type the mnemonic or the hexadecimal key, then Ctrl-D:");
    }
    let mut text = String::new();
    std::io::stdin().read_to_string(&mut text).context("standard input")?;
    let text = text.trim();
    if text.split_whitespace().count() > 1 {
        return Ok(Mnemonic::parse(text)?.key(0)?);
    }
    Ok(SecretKey::from_hex(text)?)
}
