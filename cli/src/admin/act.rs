//! Carrying a plan out: one transaction, then the chain is looked at again.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result};
use serde::Serialize;
use serde_json::Value;
use souk_chain::{
    Any, SecretKey,
    query::SimulationError,
    tx::{GasConfig, Refusal, RefusalKind, TxPlan},
};
use souk_client::{Error, Record};

use super::{
    compare::Difference,
    journal::Journal,
    observe::Observed,
    plan::{self, Plan, Transaction},
    proposal,
    session::Session,
    unsigned,
};
use crate::output::Output;

/// What the administrator wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Goal {
    /// All contracts are there.
    Deployed,
    /// All contracts run the artifacts' code.
    Migrated,
}

/// What is written where nothing is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// Transactions for `tx sign`, with this gas limit; simulated if there is none.
    Transactions(Option<u64>),
    /// Proposals for a DAO of DAO DAO.
    Proposals,
}

/// What came of it.
#[derive(Debug, Serialize)]
pub struct Report {
    /// Transactions that were executed.
    pub executed: Vec<Done>,
    /// What is still to be done, with who must do it.
    pub remaining: Plan,
    /// Files with transactions that are to be signed, or proposals that are to be voted on.
    pub files: Vec<PathBuf>,
    /// How the contracts differ from the terms; nothing of that is changed.
    pub differences: Vec<Difference>,
    /// The contracts, if all are there.
    pub deployment: Option<Record>,
}

/// A transaction that was executed.
#[derive(Debug, Serialize)]
pub struct Done {
    /// What it did.
    pub what: String,
    /// Its hash.
    pub hash: String,
    /// Its block.
    pub height: u64,
    /// Gas that it used, if a node tells.
    pub gas_used: Option<u64>,
}

impl Goal {
    /// What is missing.
    pub fn plan(self, session: &Session, seen: &Observed) -> Result<Plan> {
        Ok(match self {
            Self::Deployed => {
                plan::deploy(&session.target, seen, &session.predicted()?, &session.sender)
            }
            Self::Migrated => plan::migrate(&session.target, seen, &session.sender)
                .map_err(|reason| Error::NotFound(reason.to_string()))?,
        })
    }
}

/// Shows a plan to a person.
pub fn show(out: Output, session: &Session, plan: &Plan) {
    out.progress(format!(
        "{} on {} ({}), by {}",
        session.target.terms.market, session.network.name, session.network.chain_id, session.sender
    ));
    for (number, transaction) in plan.transactions.iter().enumerate() {
        let by = match transaction.sender == session.sender {
            true => String::new(),
            false => format!(" (must be sent by {})", transaction.sender),
        };
        out.progress(format!("  transaction {}{by}", number + 1));
        for step in &transaction.steps {
            out.progress(format!("    {step}"));
        }
    }
    if plan.transactions.is_empty() {
        out.progress("  nothing to do");
    }
}

/// Sends what the sender can send, one transaction after another.
pub async fn carry_out(
    out: Output,
    session: &mut Session,
    goal: Goal,
    journal: &Journal,
) -> Result<Vec<Done>> {
    let mut executed = Vec::new();
    let mut last: Option<Transaction> = None;
    loop {
        let seen = session.observe().await?;
        let plan = goal.plan(session, &seen)?;
        let Some(next) = plan.next_of(&session.sender) else { return Ok(executed) };
        if last.as_ref() == Some(next) {
            anyhow::bail!(
                "`{next}` was executed, but the chain does not show it; is an endpoint of \
                 {} behind the others?",
                session.network.name
            );
        }
        let what = next.to_string();
        let messages =
            session.messages(next, &seen)?.context("the plan uses code before it is uploaded")?;
        out.progress(format!("{what} ..."));
        let done = journal.send(&what, messages).await?;
        let gas = done.gas_used.map(|gas| format!(", {gas} gas")).unwrap_or_default();
        out.progress(format!("  in block {} as {}{gas}", done.height, done.hash));
        executed.push(Done {
            what,
            hash: done.hash.to_string(),
            height: done.height,
            gas_used: done.gas_used,
        });
        last = Some(next.clone());
    }
}

/// Writes the sender's transactions without signatures, or as proposals, as far as they can be
/// known now.
pub async fn write_unsigned(
    out: Output,
    session: &Session,
    plan: &Plan,
    seen: &Observed,
    folder: &Path,
    form: Form,
) -> Result<Vec<PathBuf>> {
    if form == Form::Proposals {
        proposal::needs_no_upload(plan, &session.sender)?;
    }
    fs::create_dir_all(folder).with_context(|| format!("folder {}", folder.display()))?;
    let mut files = Vec::new();
    let own = plan.transactions.iter().filter(|one| one.sender == session.sender);
    for (number, transaction) in own.enumerate() {
        let Some(messages) = session.messages(transaction, seen)? else { continue };
        let steps: Vec<String> = transaction.steps.iter().map(ToString::to_string).collect();
        let what = transaction.to_string();
        let value = written(out, session, form, &what, &steps, &messages).await?;
        let path = folder.join(format!("{:02}-{}.json", number + 1, slug(transaction)));
        write(&path, &value)?;
        files.push(path);
    }
    Ok(files)
}

/// Writes one transaction of the sender without signatures, or as a proposal, into a folder; its
/// file. `steps` say what each message does.
pub async fn write_one(
    out: Output,
    session: &Session,
    name: &str,
    steps: &[String],
    messages: &[Any],
    folder: &Path,
    form: Form,
) -> Result<PathBuf> {
    let value = written(out, session, form, name, steps, messages).await?;
    fs::create_dir_all(folder).with_context(|| format!("folder {}", folder.display()))?;
    let path = folder.join(format!("{name}.json"));
    write(&path, &value)?;
    Ok(path)
}

/// What a file says.
async fn written(
    out: Output,
    session: &Session,
    form: Form,
    what: &str,
    steps: &[String],
    messages: &[Any],
) -> Result<Value> {
    let gas = match form {
        Form::Proposals => {
            let title = format!("{}: {what}", session.target.terms.market);
            return Ok(proposal::proposal(&title, steps, messages)?);
        }
        Form::Transactions(gas) => gas,
    };
    let limit = match gas {
        Some(gas) => gas,
        None => gas_limit(out, session, what, steps.len(), messages).await?,
    };
    let fee = session.network.gas_price.fee(limit);
    Ok(unsigned::transaction(messages, limit, &fee)?)
}

fn write(path: &Path, value: &Value) -> Result<()> {
    let mut text = serde_json::to_vec(value)?;
    text.push(b'\n');
    fs::write(path, text).map_err(|source| Error::File { path: path.to_owned(), source })?;
    Ok(())
}

/// What a file is called after.
fn slug(transaction: &Transaction) -> String {
    use plan::Step;
    match transaction.steps.first() {
        Some(Step::Upload { contract }) => format!("upload-{contract}"),
        Some(Step::Instantiate { .. }) => "make".to_owned(),
        Some(Step::Migrate { .. }) => "migrate".to_owned(),
        _ => "link".to_owned(),
    }
}

/// The gas limit for messages of an account whose key is not here: a simulation verifies no
/// signature, so any key will do. An account that several keys sign for cannot be simulated by
/// one; for it the limit is guessed.
async fn gas_limit(
    out: Output,
    session: &Session,
    what: &str,
    steps: usize,
    messages: &[Any],
) -> Result<u64> {
    let chain = session.client.query();
    let account = chain.account(&session.sender).await?;
    let plan = TxPlan { messages: messages.to_vec(), ..TxPlan::default() };
    let any_key = SecretKey::generate().public_key();
    match chain.simulate(&plan.for_simulation(&any_key, account.sequence)).await {
        Ok(simulated) => {
            let config = GasConfig::new(session.network.gas_price.clone());
            Ok(config.limit(simulated.gas_used, 0))
        }
        Err(SimulationError::WouldFail(refusal)) if !is_of_a_message(&refusal) => {
            let bytes = messages.iter().map(|message| message.value.len()).sum();
            let guess = guessed(steps, bytes);
            out.progress(format!(
                "`{what}` cannot be simulated for {} ({refusal}); {guess} gas is a guess",
                session.sender
            ));
            Ok(guess)
        }
        Err(SimulationError::WouldFail(refusal)) => {
            let (action, reason) = (what.to_owned(), refusal.log);
            Err(Error::Refused { action, reason }.into())
        }
        Err(SimulationError::Query(error)) => Err(error.into()),
    }
}

fn is_of_a_message(refusal: &Refusal) -> bool {
    matches!(refusal.kind, RefusalKind::Message { index: Some(_) })
}

/// Twice what steps and bytes took on wasmd, roughly: what is not used costs coins, what is
/// missing costs another round of signatures.
fn guessed(steps: usize, bytes: usize) -> u64 {
    let each =
        |count: usize, gas: u64| u64::try_from(count).unwrap_or(u64::MAX).saturating_mul(gas);
    each(steps, 500_000).saturating_add(each(bytes, 40))
}
