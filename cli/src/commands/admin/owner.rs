//! `souk admin pause`, `unpause` and `configure`: what guardian and owner send to contracts that are there.

use std::path::PathBuf;

use anyhow::Result;
use clap::Args;
use serde::Serialize;
use serde_json::{Value, json};
use souk_api::orderbook;
use souk_chain::{Any, tx};
use souk_client::{
    Contract, Error,
    contracts::{Contracts, messages},
    show::table,
};

use super::{Target, at_once, written::Written};
use crate::{
    admin::{
        act, compare,
        observe::Observed,
        session::{self, Session},
    },
    consent,
    context::Context,
    exit::Exit,
};

/// What is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// Stop new business.
    Pause,
    /// Allow it again.
    Unpause,
    /// Set the orderbook's denoms and parameters to those of the terms.
    Configure,
}

/// Send it.
#[derive(Debug, Args)]
pub struct Send {
    #[command(flatten)]
    target: Target,
    /// Do not ask for confirmation.
    #[arg(long)]
    yes: bool,
    #[command(flatten)]
    written: Written,
}

/// Send it to some of the contracts.
#[derive(Debug, Args)]
pub struct SendTo {
    /// The contract; all five if not given. It may be given more than once.
    #[arg(long = "contract", value_name = "NAME", value_parser = contract)]
    contracts: Vec<Contract>,
    #[command(flatten)]
    send: Send,
}

/// What a contract says after it.
#[derive(Debug, Serialize)]
pub(super) struct State {
    contract: &'static str,
    paused: Value,
    /// When a guardian's pause ends by itself, in seconds of block time.
    pause_ends: Value,
}

/// What came of it.
#[derive(Debug, Serialize)]
pub(super) struct Report {
    /// Whether it was sent: nothing if there was nothing to change, or if it was written.
    pub sent: bool,
    /// Where it was written.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file: Option<PathBuf>,
    /// What the contracts say then.
    pub contracts: Vec<State>,
}

fn contract(text: &str) -> Result<Contract, String> {
    let found = Contract::ALL.into_iter().find(|one| one.name() == text);
    let names = || Contract::ALL.map(Contract::name).join(", ");
    found.ok_or_else(|| format!("`{text}` is none of {}", names()))
}

impl SendTo {
    /// Does it.
    pub async fn run(self, context: &Context, change: Change) -> Result<Exit> {
        let of = match self.contracts.is_empty() {
            true => Contract::ALL.to_vec(),
            false => self.contracts,
        };
        match self.send.written.form() {
            None => at_once::run(context, &self.send.target, change, &of, self.send.yes).await,
            Some(_) => self.send.run(context, change, &of).await,
        }
    }
}

impl Send {
    /// Does it, with the orderbook.
    pub async fn configure(self, context: &Context) -> Result<Exit> {
        self.run(context, Change::Configure, &[Contract::Orderbook]).await
    }

    async fn run(self, context: &Context, change: Change, of: &[Contract]) -> Result<Exit> {
        let out = context.out;
        let session = self.target.session(context)?;
        let seen = session.observe_contracts().await?;
        let Some(at) = compare::addresses(&seen) else {
            let reason = "not all contracts are there; run `souk admin deploy` first";
            return Err(Error::NotFound(reason.to_owned()).into());
        };
        let (mut sent, mut file) = (false, None);
        let messages = messages_of(change, &session, &seen, &at, of)?;
        if messages.is_empty() {
            out.progress("nothing to change");
        } else if let Some((folder, form)) = self.written.form() {
            let name = change.verb();
            let steps: Vec<String> = of.iter().map(|one| format!("{name} {one}")).collect();
            let written = act::write_one(out, &session, name, &steps, &messages, folder, form);
            file = Some(written.await?);
            let why = alone(change, of).trim_start();
            if !why.is_empty() {
                out.progress(format!("warning: {why}"));
            }
        } else {
            let wallet = context.wallet()?;
            session::check_sender(&session.sender, &wallet.address)?;
            let names: Vec<&str> = of.iter().map(|one| one.name()).collect();
            let question = format!("{} {}?", change.title(), names.join(", "));
            if !consent::ask(out, self.yes, &question, "give --yes to act")? {
                return Ok(Exit::Failure);
            }
            wallet.send(change.verb(), messages).await?;
            sent = true;
        }
        let seen = session.observe_contracts().await?;
        let contracts = of.iter().map(|one| state(*one, &seen)).collect();
        let report = Report { sent, file, contracts };
        out.result(&report, |report| {
            let handed = |file: &PathBuf| self.written.handed_to(&session.sender, file);
            summary(report, report.file.as_ref().map(handed))
        });
        Ok(Exit::Ok)
    }
}

/// What follows from a pause of the escrow alone; nothing if it is none.
pub(super) fn alone(change: Change, of: &[Contract]) -> &'static str {
    let alone = of.contains(&Contract::Escrow) && !of.contains(&Contract::Orderbook);
    match change == Change::Pause && alone {
        true => {
            " While the escrow alone is paused tenants can take no provider, and notices run out."
        }
        false => "",
    }
}

impl Change {
    /// Its verb.
    pub(super) fn verb(self) -> &'static str {
        match self {
            Self::Pause => "pause",
            Self::Unpause => "unpause",
            Self::Configure => "configure",
        }
    }

    /// How its question begins.
    pub(super) fn title(self) -> &'static str {
        match self {
            Self::Pause => "Pause",
            Self::Unpause => "Unpause",
            Self::Configure => "Set denoms and parameters of",
        }
    }
}

fn messages_of(
    change: Change,
    session: &Session,
    seen: &Observed,
    at: &Contracts,
    of: &[Contract],
) -> Result<Vec<Any>> {
    let sender = session.sender.as_str();
    let message = match change {
        Change::Pause => json!({"pause": {}}),
        Change::Unpause => json!({"unpause": {}}),
        Change::Configure => {
            let differs = session.differences(seen)?.into_iter().any(|one| {
                one.contract == Contract::Orderbook.name()
                    && ["denoms", "params"].contains(&one.what.as_str())
            });
            if !differs {
                return Ok(Vec::new());
            }
            let terms = &session.target.terms;
            let (denoms, params) = (Some(messages::denoms(terms)), Some(messages::params(terms)));
            json!(orderbook::ExecuteMsg::UpdateConfig { guardian: None, denoms, params })
        }
    };
    let execute = |contract: &Contract| tx::execute(sender, at.of(*contract), &message, &[]);
    Ok(of.iter().map(execute).collect::<Result<_, _>>()?)
}

/// What a contract says of pauses.
pub(super) fn state(contract: Contract, seen: &Observed) -> State {
    let config = seen.contracts.of(contract).as_ref().and_then(|seen| seen.config.as_ref().ok());
    let entry =
        |name: &str| config.and_then(|config| config.get(name)).cloned().unwrap_or_default();
    State { contract: contract.name(), paused: entry("paused"), pause_ends: entry("pause_ends") }
}

/// A row for each contract, below where a file went to.
pub(super) fn summary(report: &Report, handed: Option<String>) -> String {
    let mut rows = table(["contract", "paused", "until second"]);
    for one in &report.contracts {
        let until = match one.pause_ends.as_u64() {
            Some(second) => second.to_string(),
            None if one.paused == true => "the owner's `souk admin unpause`".to_owned(),
            None => "-".to_owned(),
        };
        rows.add_row([one.contract, &one.paused.to_string(), &until]);
    }
    match handed {
        Some(handed) => format!("{handed}\n{rows}"),
        None => rows.to_string(),
    }
}
