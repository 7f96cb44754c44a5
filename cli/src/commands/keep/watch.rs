//! The watch itself.

use std::{process::Stdio, time::Duration};

use anyhow::{Context as _, Result};
use clap::{ArgGroup, Args};
use reqwest::Url;
use serde::Serialize;
use souk_client::{
    Error, deploy,
    keep::{self, Fill, Keeper, Kept, Memory, News, Reopened, Step, Wishes, grantable},
};
use souk_core::{Amount, DeploymentId, GroupSeq};
use tokio::{
    io::AsyncWriteExt as _,
    process::Command,
    time::{sleep, timeout},
};

use super::webhook::{self, Webhook};
use crate::{
    context::Context,
    exit::Exit,
    output::{Output, to_json},
    units,
};

/// For how long a command may run.
const LONGEST: Duration = Duration::from_secs(60);

/// What is watched, and what is done.
#[derive(Debug, Args)]
#[command(group = ArgGroup::new("money").args(["spend", "granted_by"]).multiple(true))]
pub struct Watch {
    /// The deployment's number.
    #[arg(required = true)]
    deployment: Option<DeploymentId>,
    /// Seconds for which the money shall last. When it does not, coins are added so that it lasts twice as long.
    #[arg(long, value_name = "SECONDS", value_parser = units::wait(), requires = "money")]
    runway: Option<u64>,
    /// What may be spent on that in all while this runs, such as 50000000usouk; with --granted-by what the tenant
    /// allowed, if not given.
    #[arg(long, value_name = "AMOUNT", requires = "runway")]
    spend: Option<String>,
    /// Add the coins of this tenant, who let your key do that with `souk keep grant`.
    #[arg(long, value_name = "ADDRESS|KEY", requires = "runway")]
    granted_by: Option<String>,
    /// Close leases whose provider is absent, and those whose provider's notice is over. The gateway of an absent
    /// provider is asked before: one that says that it is there, and runs the workload, is left alone.
    #[arg(long)]
    close_absent: bool,
    /// Put groups out again whose provider left, or whose money was used up and is there again. The lowest bid is then
    /// accepted, a few seconds after the first, and its provider gets the manifest, if the deployment was made with
    /// this --home; otherwise `souk bids` and `souk accept` take the next provider.
    #[arg(long)]
    start_again: bool,
    /// Seconds to wait for the first bid on a group that was put out again, before anything else is looked at. A bid that
    /// comes later is found with the next look.
    #[arg(long, value_name = "SECONDS", default_value_t = deploy::WAIT, value_parser = units::wait(), requires = "start_again")]
    wait: u64,
    /// Do not pass on to the chain what a provider says at its gateway, and leave its lease alone while it says it.
    /// Without this flag the word of one that the chain has not seen for a quarter of the lease's limit is passed
    /// on, for the fee of a transaction, once in a fifth of the limit at most.
    #[arg(long)]
    no_pass_on: bool,
    /// A command that is run for each piece of news, with it as JSON on its standard input.
    #[arg(long, value_name = "COMMAND")]
    run: Option<String>,
    /// A web address to which each piece of news is posted, as the same JSON: within 10 seconds, three times at most.
    #[arg(long, value_name = "URL", value_parser = webhook::url)]
    webhook: Option<Url>,
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

/// News as commands and webhooks get it.
#[derive(Serialize)]
struct Message<'a> {
    deployment: DeploymentId,
    #[serde(flatten)]
    news: &'a News,
}

/// A watch that runs.
struct Running<'a> {
    context: &'a Context,
    keeper: Keeper,
    deployment: DeploymentId,
    wishes: Wishes,
    memory: Memory,
    /// Groups that were put out again and have no provider yet.
    reopened: Vec<Reopened>,
    /// How long the first bid on one is waited for.
    wait: Duration,
    command: Option<String>,
    webhook: Option<Webhook>,
}

impl Watch {
    /// Whether anything is to be watched or done.
    pub fn is_given(&self) -> bool {
        self.deployment.is_some()
            || self.runway.is_some()
            || self.spend.is_some()
            || self.granted_by.is_some()
            || self.close_absent
            || self.start_again
            || self.once
    }

    /// Looks until the deployment is closed. What fails once is told and tried again with the next look.
    ///
    /// # Errors
    /// If there is no such deployment, or if a flag cannot be read.
    pub async fn run(self, context: &Context) -> Result<Exit> {
        let (market, wallet) = (context.market()?, context.wallet()?);
        let id = self.deployment.ok_or_else(|| Error::input("deployment", "name one"))?;
        let deployment = market.orderbook.deployment(id).await?;
        let granter = self.granted_by.as_deref().map(|name| context.address(name)).transpose()?;
        if let Some(granter) = &granter {
            grantable(&deployment, granter).map_err(Error::from)?;
            if *granter == wallet.address {
                let reason =
                    "that is your own key, whose coins need no grant; give --spend in its place";
                return Err(Error::input("--granted-by", reason).into());
            }
        }
        let paid_in = deployment.denom.to_string();
        let spend =
            self.spend.as_deref().map(|text| units::amount_of(text, &paid_in)).transpose()?;
        let without = if granter.is_some() { Amount::saturating(u128::MAX) } else { Amount::ZERO };
        let out = context.out;
        let webhook = self.webhook.map(|url| {
            let what = format!("posting to {}", url.host_str().unwrap_or_default());
            Webhook::start(url, move |why| say(out, &Line::Failed { what: what.clone(), why }))
        });
        let mut running = Running {
            context,
            keeper: Keeper { market, wallet, granter },
            deployment: id,
            wishes: Wishes {
                runway: self.runway,
                spend: spend.unwrap_or(without),
                close_absent: self.close_absent,
                start_again: self.start_again,
                pass_on: !self.no_pass_on,
            },
            memory: Memory::default(),
            reopened: Vec::new(),
            wait: Duration::from_secs(self.wait),
            command: self.run,
            webhook: webhook.transpose()?,
        };
        let ended = running.watch(Duration::from_secs(self.every), self.once).await;
        if let Some(webhook) = running.webhook {
            webhook.finish().await;
        }
        ended
    }
}

impl Running<'_> {
    async fn watch(&mut self, every: Duration, once: bool) -> Result<Exit> {
        loop {
            let seen = match self.keeper.look(self.deployment).await {
                Ok(seen) => seen,
                Err(error) if once => return Err(error.into()),
                Err(error) => {
                    self.failed("looking".to_owned(), error.to_string());
                    sleep(every).await;
                    continue;
                }
            };
            let (news, steps) = keep::decide(&seen, &self.wishes, &mut self.memory);
            for news in &news {
                self.report(news).await;
            }
            let mut failed = false;
            for step in &steps {
                failed |= !self.take(&seen, step).await;
            }
            failed |= !self.fill(&seen).await;
            if once && failed {
                return Ok(Exit::Failure);
            }
            if once || news.contains(&News::Closed) {
                return Ok(Exit::Ok);
            }
            sleep(every).await;
        }
    }

    /// Says news here and wherever else it is wanted.
    async fn report(&self, news: &News) {
        say(self.context.out, &Line::News(news));
        let message = to_json(&Message { deployment: self.deployment, news });
        if let Some(webhook) = &self.webhook {
            webhook.post(message.clone());
        }
        if let Some(command) = &self.command
            && let Err(error) = hand_over(command, &message).await
        {
            self.failed(format!("running `{command}`"), format!("{error:#}"));
        }
    }

    /// Takes a step; gives whether it went well.
    async fn take(&mut self, seen: &Kept, step: &Step) -> bool {
        let left = self.wishes.spend;
        if let Step::TopUp(amount) = step {
            // Before it is sent: what may have gone is spent.
            self.wishes.spend = left.saturating_sub(*amount);
        }
        let taken = self.keeper.take(&seen.deployment, step).await;
        if let (Step::PassOn(word), Ok(()) | Err(Error::Refused { .. })) = (step, &taken) {
            self.memory.passed_on(&word.provider, seen.now);
        }
        let what = describe(step);
        match taken {
            Ok(()) => {
                say(self.context.out, &Line::Done { what });
                if let Some(group) = reopens(seen, step).filter(|_| self.wishes.start_again) {
                    self.reopened.retain(|one| one.group != group);
                    self.reopened.push(Reopened::new(group, self.wait));
                }
                true
            }
            Err(error) => {
                let gone =
                    matches!(&error, Error::Sending { source, .. } if source.may_have_happened());
                if !gone {
                    self.wishes.spend = left;
                }
                self.failed(what, error.to_string());
                false
            }
        }
    }

    /// Finds the next provider of each group that was put out again; gives whether that went well.
    async fn fill(&mut self, seen: &Kept) -> bool {
        if self.reopened.is_empty() {
            return true;
        }
        let chain_id = &self.keeper.market.network.chain_id;
        let upload = self.context.home.saved_deployment(chain_id, &seen.deployment).ok();
        let (mut left, mut fine) = (Vec::new(), true);
        for mut reopened in std::mem::take(&mut self.reopened) {
            let group = reopened.group;
            match self.keeper.fill(self.deployment, &mut reopened, upload.as_ref()).await {
                Ok(Fill::NeedsManifest) => self.report(&News::NeedsManifest { group }).await,
                Ok(Fill::Waits) => left.push(reopened),
                Ok(Fill::Over) => {}
                Ok(Fill::Placed { order, provider, price }) => {
                    self.report(&News::Placed { order, provider, price }).await;
                }
                Err(error) => {
                    fine = false;
                    self.failed(format!("find group {group} a provider"), error.to_string());
                    left.push(reopened);
                }
            }
        }
        self.reopened = left;
        fine
    }

    fn failed(&self, what: String, why: String) {
        say(self.context.out, &Line::Failed { what, why });
    }
}

/// The group that a step puts out again, or may: a lease that ends may do that by its terms.
fn reopens(seen: &Kept, step: &Step) -> Option<GroupSeq> {
    match step {
        Step::Start(group) => Some(*group),
        Step::CloseAbsent(order) | Step::EndReclaim(order) => {
            let lease = seen.leases.iter().find(|lease| lease.order == *order)?;
            Some(lease.group.group)
        }
        Step::TopUp(_) | Step::PassOn(_) => None,
    }
}

fn say(out: Output, line: &Line<'_>) {
    out.result(line, |line| match line {
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
async fn hand_over(command: &str, news: &str) -> Result<()> {
    let mut child = Command::new("sh")
        .args(["-c", command])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .context("cannot be started")?;
    if let Some(mut input) = child.stdin.take() {
        // A command that does not read is none that fails.
        let _ = input.write_all(news.as_bytes()).await;
    }
    let ended = timeout(LONGEST, child.wait()).await.context("it did not end in a minute")??;
    anyhow::ensure!(ended.success(), "it ended with {ended}");
    Ok(())
}
