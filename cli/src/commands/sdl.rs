//! `souk sdl`: check, compile and create SDL files.

use std::{
    fs::File,
    io::{IsTerminal, Write as _},
    path::{Path, PathBuf},
};

use anyhow::Result;
use clap::Subcommand;
use serde::Serialize;
use souk_api::orderbook::Absence;
use souk_client::{
    Error,
    network::NameMap,
    sdl::{self, Mapped},
    show::table,
};
use souk_core::{AuctionPolicy, GroupSpec};
use souk_sdl::{CompileReport, Options, templates};

use crate::{
    context::Context,
    exit::Exit,
    output::{line, to_json},
};

/// Check, compile and create SDL files.
#[derive(Debug, Subcommand)]
pub enum Sdl {
    /// Check files and print what is wrong with them. Exits with 1 if one is refused.
    Check {
        /// The files.
        #[arg(required = true, value_name = "FILE")]
        files: Vec<PathBuf>,
        /// Treat warnings as errors.
        #[arg(long)]
        strict: bool,
    },
    /// Print manifest, groups and version hash of files, as one line of JSON for each.
    Compile {
        /// The files.
        #[arg(required = true, value_name = "FILE")]
        files: Vec<PathBuf>,
        /// Treat warnings as errors.
        #[arg(long)]
        strict: bool,
        /// Print what the orderbook gets instead: prices an hour, the auction, what holds for an absence,
        /// and the network's names for denoms and auditors.
        #[arg(long)]
        souk: bool,
    },
    /// Print the JSON schema of SDL files, for editors.
    Schema,
    /// Write a commented example file, priced in the network's denom.
    Init {
        /// The kind of workload; the kinds are listed if not given.
        kind: Option<String>,
        /// The file to write; standard output if not given. An existing file is not overwritten.
        #[arg(long, short, value_name = "FILE")]
        output: Option<PathBuf>,
    },
}

/// What the orderbook gets from a file.
#[derive(Debug, Serialize)]
struct OrderbookInput {
    file: String,
    denom: String,
    auction: AuctionPolicy,
    /// Absent if the file says nothing of it: the market's default holds.
    #[serde(skip_serializing_if = "Option::is_none")]
    absence: Option<Absence>,
    groups: Vec<GroupSpec>,
    mapped: Vec<Mapped>,
}

impl Sdl {
    /// Does it.
    pub fn run(self, context: &Context) -> Result<Exit> {
        match self {
            Self::Check { files, strict } => check(context, &files, strict),
            Self::Compile { files, strict, souk: false } => compile(&files, strict),
            Self::Compile { files, strict, souk: true } => orderbook_input(context, &files, strict),
            Self::Schema => {
                line(&serde_json::to_string_pretty(&souk_sdl::schema::schema())?);
                Ok(Exit::Ok)
            }
            Self::Init { kind: None, .. } => {
                list_templates();
                Ok(Exit::Ok)
            }
            Self::Init { kind: Some(kind), output } => init(context, &kind, output.as_deref()),
        }
    }
}

fn read(path: &PathBuf) -> Result<Vec<u8>, Error> {
    std::fs::read(path).map_err(|source| Error::File { path: path.clone(), source })
}

fn check(context: &Context, files: &[PathBuf], strict: bool) -> Result<Exit> {
    let mut exit = Exit::Ok;
    for path in files {
        let bytes = read(path)?;
        let name = path.display().to_string();
        let result = souk_sdl::compile_bytes(&bytes, &Options { strict });
        let report = CompileReport::new(&name, &result);
        if !report.ok {
            exit = Exit::Failure;
        }
        if context.out.is_json() {
            line(&to_json(&report));
            continue;
        }
        let found = match &result {
            Ok(compiled) => &compiled.warnings,
            Err(found) => found,
        };
        if found.is_empty() {
            line(&format!("{name}: fine"));
        } else {
            let color = std::io::stdout().is_terminal();
            line(found.render(&name, &String::from_utf8_lossy(&bytes), color).trim_end());
        }
    }
    Ok(exit)
}

fn compile(files: &[PathBuf], strict: bool) -> Result<Exit> {
    let mut exit = Exit::Ok;
    for path in files {
        let result = souk_sdl::compile_bytes(&read(path)?, &Options { strict });
        let report = CompileReport::new(path.display().to_string(), &result);
        if !report.ok {
            exit = Exit::Failure;
        }
        line(&to_json(&report));
    }
    Ok(exit)
}

fn orderbook_input(context: &Context, files: &[PathBuf], strict: bool) -> Result<Exit> {
    // Without a network the names stay as they are.
    let map = context.network_if_chosen()?.map_or_else(NameMap::default, |network| network.map);
    for path in files {
        let compiled = sdl::read(path, &map, strict)?;
        let input = OrderbookInput {
            file: path.display().to_string(),
            denom: compiled.denom,
            auction: compiled.auction,
            absence: compiled.absence,
            groups: compiled.groups,
            mapped: compiled.mapped,
        };
        line(&to_json(&input));
    }
    Ok(Exit::Ok)
}

fn list_templates() {
    let mut rows = table(["kind", "what it is"]);
    for template in templates::ALL {
        rows.add_row([template.name, template.about]);
    }
    line(&rows.to_string());
}

fn init(context: &Context, kind: &str, output: Option<&Path>) -> Result<Exit> {
    let known = || templates::ALL.iter().map(|one| one.name).collect::<Vec<_>>().join(", ");
    let template = templates::find(kind)
        .ok_or_else(|| Error::input(format!("kind `{kind}`"), format!("choose of {}", known())))?;
    let text = match context.network_if_chosen()? {
        Some(network) => template.priced_in(&network.denom),
        None => template.text.to_owned(),
    };
    let Some(path) = output else {
        line(text.trim_end());
        return Ok(Exit::Ok);
    };
    let file = |source| Error::File { path: path.into(), source };
    let mut created = File::create_new(path).map_err(file)?;
    created.write_all(text.as_bytes()).map_err(file)?;
    let name = path.display();
    line(&format!("{name} is there; `souk deploy {name}` runs it."));
    Ok(Exit::Ok)
}
