//! `souk admin deploy` and `souk admin migrate`.

use anyhow::Result;
use clap::Args;
use souk_client::{Contract, Record, show::table};

use super::{Target, written::Written};
use crate::{
    admin::{
        act::{self, Goal, Report},
        journal::Journal,
        session::{self, Session},
        warnings,
    },
    consent,
    context::Context,
    exit::Exit,
};

/// Deploy or migrate.
#[derive(Debug, Args)]
pub struct Act {
    #[command(flatten)]
    target: Target,
    /// Do not ask for confirmation.
    #[arg(long)]
    yes: bool,
    /// Show the plan and send nothing.
    #[arg(long, conflicts_with_all = ["yes", "generate_only"])]
    dry_run: bool,
    #[command(flatten)]
    written: Written,
}

impl Act {
    /// Does it.
    pub async fn run(self, context: &Context, goal: Goal) -> Result<Exit> {
        let out = context.out;
        let mut session = self.target.session(context)?;
        // What an earlier run may have left under way is settled before anything is judged.
        let journal = match self.sends() {
            true => Some(open_journal(context, &session).await?),
            false => None,
        };
        let seen = session.observe().await?;
        let plan = goal.plan(&session, &seen)?;
        act::show(out, &session, &plan);
        if goal == Goal::Deployed
            && seen.contracts.orderbook.is_none()
            && let Some(warning) = unfit_pace(&session).await
        {
            out.progress(format!("warning: {warning} (`slowest_block` in the network's file or under [orderbook] in the terms)"));
        }

        let (mut executed, mut files) = (Vec::new(), Vec::new());
        if let Some((folder, form)) = self.written.form() {
            files = act::write_unsigned(out, &session, &plan, &seen, folder, form).await?;
        } else if let Some(journal) = &journal
            && plan.next_of(&session.sender).is_some()
        {
            const OTHERWISE: &str = "give --yes to act, or --dry-run to see the plan";
            if !consent::ask(out, self.yes, "Do this?", OTHERWISE)? {
                return Ok(Exit::Failure);
            }
            executed = act::carry_out(out, &mut session, goal, journal).await?;
        }
        let seen = session.observe().await?;
        let remaining = goal.plan(&session, &seen)?;
        let deployment = match self.dry_run {
            true => session.record.clone(),
            false => session.record(&seen)?.cloned(),
        };
        let differences = match deployment {
            Some(_) => session.differences(&seen)?,
            None => Vec::new(),
        };
        let report = Report { executed, remaining, files, differences, deployment };
        out.result(&report, |report| self.summary(&session, report, goal));
        Ok(Exit::Ok)
    }

    fn sends(&self) -> bool {
        !self.dry_run && self.written.form().is_none()
    }

    fn summary(&self, session: &Session, report: &Report, goal: Goal) -> String {
        let mut lines = Vec::new();
        if let Some(deployment) = &report.deployment {
            lines.push(contracts(deployment));
            let path = Record::path(&session.network_path);
            lines.push(format!("Addresses and code are in {}.", path.display()));
        }
        for difference in &report.differences {
            lines.push(format!(
                "{} {} is {}, and should be {}",
                difference.contract, difference.what, difference.found, difference.expected
            ));
        }
        if !report.differences.is_empty() && goal == Goal::Deployed {
            lines.push("What is there is not changed by `souk admin deploy`: the owner changes the configuration, `souk admin migrate` the code.".to_owned());
        }
        for file in &report.files {
            lines.push(self.written.handed_to(&session.sender, file));
        }
        if !report.files.is_empty() {
            lines.push(
                "When they are executed, run the same command again: it writes what comes next."
                    .to_owned(),
            );
        }
        let others =
            report.remaining.transactions.iter().filter(|one| one.sender != session.sender);
        for transaction in others {
            lines.push(format!(
                "{} must do the rest: {transaction} (--from {} --generate-only FOLDER writes it)",
                transaction.sender, transaction.sender
            ));
        }
        lines.join("\n")
    }
}

/// Whether the terms' blocks are those of the chain, before an orderbook is made with them. A chain that does not
/// say it keeps nobody from going on.
async fn unfit_pace(session: &Session) -> Option<String> {
    let pace = warnings::pace(&session.client).await.ok().flatten()?;
    warnings::of_slowest_block(session.target.terms.orderbook.slowest_block, pace)
}

async fn open_journal(context: &Context, session: &Session) -> Result<Journal> {
    let key = context.key()?;
    let address = key.address(&session.network.prefix)?;
    session::check_sender(&session.sender, &address)?;
    let path = Journal::path(&session.network_path, &address);
    Journal::open(&path, session.client.clone(), key, &session.network).await
}

fn contracts(deployment: &Record) -> String {
    let mut rows = table(["contract", "address", "code", "sha-256"]);
    for contract in Contract::ALL {
        let is = deployment.contracts.of(contract);
        let code = is.code_id.to_string();
        rows.add_row([contract.name(), &is.address, &code, &is.checksum]);
    }
    rows.to_string()
}
