//! `souk keep`: watches a deployment for its tenant.

use std::{process::Stdio, time::Duration};

use anyhow::{Context as _, Result};
use clap::Args;
use serde::Serialize;
use souk_client::{
    Error,
    keep::{self, Memory, News, Step, Wishes},
};
use souk_core::{Amount, DeploymentId};
use tokio::{
    io::AsyncWriteExt as _,
    process::Command,
    time::{sleep, timeout},
};

use crate::{context::Context, exit::Exit, units};

/// For how long a command may run.
const LONGEST: Duration = Duration::from_secs(60);

/// Watch a deployment: say what its tenant should know, each thing once, and do what the flags ask for. It ends with
/// the deployment. Any key that may act does: the tenant's; for all but topping up its delegate's.
#[derive(Debug, Args)]
pub struct Keep {
    /// The deployment's number.
    deployment: DeploymentId,
    /// Seconds for which the money shall last. When it does not, coins are added so that it lasts twice as long.
    #[arg(long, value_name = "SECONDS", value_parser = units::wait(), requires = "spend")]
    runway: Option<u64>,
    /// What may be spent on that in all while this runs, such as 50000000usouk.
    #[arg(long, value_name = "AMOUNT", requires = "runway")]
    spend: Option<String>,
    /// Close leases whose provider is absent, and those whose provider's notice is over.
    #[arg(long)]
    close_absent: bool,
    /// Put groups out again whose provider left, or whose money was used up and is there again; `souk bids` and `souk
    /// accept` take the next provider.
    #[arg(long)]
    start_again: bool,
    /// Do not pass on to the chain what a provider says at its gateway, and leave its lease alone while it says it.
    /// Without this flag the word of one that the chain has not seen for a quarter of the lease's limit is passed
    /// on, for the fee of a transaction, once in a fifth of the limit at most.
    #[arg(long)]
    no_pass_on: bool,
    /// A command that is run for each piece of news, with it as JSON on its standard input.
    #[arg(long, value_name = "COMMAND")]
    run: Option<String>,
    /// Seconds between two looks.
    #[arg(long, value_name = "SECONDS", default_value_t = 60, value_parser = clap::value_parser!(u64).range(1..=86_400))]
    every: u64,
    /// Look once, do what there is to do, and end; with 1 if something failed.
    #[arg(long)]
    once: bool,
}

/// What is said and done.
#[derive(Serialize)]
#[serde(rename_all = "snake_case")]
enum Line<'a> {
    News(&'a News),
    Done { what: String },
    Failed { what: String, why: String },
}

impl Keep {
    /// Looks until the deployment is closed. What fails once is told and tried again with the next look.
    ///
    /// # Errors
    /// If there is no such deployment, or if a flag cannot be read.
    pub async fn run(self, context: &Context) -> Result<Exit> {
        let (market, wallet) = (context.market()?, context.wallet()?);
        let denom = market.orderbook.deployment(self.deployment).await?.denom.to_string();
        let spend = self.spend.as_deref().map(|text| units::amount_of(text, &denom)).transpose()?;
        let mut wishes = Wishes {
            runway: self.runway,
            spend: spend.unwrap_or(Amount::ZERO),
            close_absent: self.close_absent,
            start_again: self.start_again,
            pass_on: !self.no_pass_on,
        };
        let mut memory = Memory::default();
        loop {
            let seen = match keep::look(&market, &wallet, self.deployment).await {
                Ok(seen) => seen,
                Err(error) if self.once => return Err(Error::from(error).into()),
                Err(error) => {
                    let (what, why) = ("looking".to_owned(), error.to_string());
                    say(context, &Line::Failed { what, why });
                    sleep(Duration::from_secs(self.every)).await;
                    continue;
                }
            };
            let (news, steps) = keep::decide(&seen, &wishes, &mut memory);
            let mut failed = false;
            for news in &news {
                say(context, &Line::News(news));
                if let Some(command) = &self.run
                    && let Err(error) = hand_over(command, news).await
                {
                    let (what, why) = (format!("running `{command}`"), format!("{error:#}"));
                    say(context, &Line::Failed { what, why });
                }
            }
            for step in &steps {
                let what = describe(step);
                let left = wishes.spend;
                if let Step::TopUp(amount) = step {
                    // Before it is sent: what may have gone is spent.
                    wishes.spend = wishes.spend.saturating_sub(*amount);
                }
                let taken = keep::take(&market, &wallet, &seen.deployment, step).await;
                if let (Step::PassOn(word), Ok(()) | Err(Error::Refused { .. })) = (step, &taken) {
                    memory.passed_on(&word.provider, seen.now);
                }
                match taken {
                    Ok(()) => say(context, &Line::Done { what }),
                    Err(error) => {
                        let gone = matches!(&error, Error::Sending { source, .. } if source.may_have_happened());
                        if !gone {
                            wishes.spend = left;
                        }
                        failed = true;
                        say(context, &Line::Failed { what, why: error.to_string() });
                    }
                }
            }
            if self.once && failed {
                return Ok(Exit::Failure);
            }
            if self.once || news.contains(&News::Closed) {
                return Ok(Exit::Ok);
            }
            sleep(Duration::from_secs(self.every)).await;
        }
    }
}

fn say(context: &Context, line: &Line<'_>) {
    context.out.result(line, |line| match line {
        Line::News(news) => news.to_string(),
        Line::Done { what } => format!("done: {what}"),
        Line::Failed { what, why } => format!("failed: {what}: {why}"),
    });
}

fn describe(step: &Step) -> String {
    match step {
        Step::TopUp(amount) => format!("add {amount} base units"),
        Step::PassOn(word) => format!("tell the chain that {} is there", word.provider),
        Step::CloseAbsent(order) => format!("close lease {order}, whose provider is absent"),
        Step::EndReclaim(order) => format!("end lease {order}, whose notice is over"),
        Step::Start(group) => format!("put group {group} out again"),
    }
}

/// Runs the command by the shell, with the news on its standard input. One that hangs must not end the watch.
async fn hand_over(command: &str, news: &News) -> Result<()> {
    let mut child = Command::new("sh")
        .args(["-c", command])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .context("cannot be started")?;
    if let Some(mut input) = child.stdin.take() {
        // A command that does not read is none that fails.
        let _ = input.write_all(serde_json::to_string(news)?.as_bytes()).await;
    }
    let ended = timeout(LONGEST, child.wait()).await.context("it did not end in a minute")??;
    anyhow::ensure!(ended.success(), "it ended with {ended}");
    Ok(())
}
