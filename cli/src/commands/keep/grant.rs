//! `souk keep grant`, `revoke` and `show`: what a watcher's key may spend of its tenant's coins.

use anyhow::Result;
use clap::{Args, Subcommand};
use serde::Serialize;
use souk_client::{
    Error, Market,
    keep::{Allowance, Pair, grantable},
    show::{amount, moment},
};
use souk_core::{Amount, Denom, DeploymentId};

use crate::{context::Context, exit::Exit, units};

/// What a key may spend on topping up.
#[derive(Debug, Subcommand)]
pub enum Spending {
    /// Let another key top this deployment up with your coins: deposit into its account, up to a sum, until a time.
    /// It can do nothing else with them, and what it deposits is yours as if you had. For closing and starting again
    /// name it your delegate as well (`souk delegate`).
    Grant(Give),
    /// Take that back. What was deposited stays deposited.
    Revoke(Which),
    /// Show what a key may still spend.
    Show(Shown),
}

/// Let another key top a deployment up.
#[derive(Debug, Args)]
pub struct Give {
    #[command(flatten)]
    which: Which,
    /// How much it may spend in all, such as 50000000usouk. This replaces what was left of a grant for the same
    /// deployment.
    #[arg(long, value_name = "AMOUNT")]
    limit: String,
    /// Until when: a time such as 2027-01-31 or 2027-01-31T12:00:00Z, or from now on, such as 90d.
    #[arg(long, value_name = "TIME")]
    until: String,
    /// Take back whatever else the key may execute for you, for which the chain keeps one time. Without this flag
    /// grants for other deployments stay, and the command is refused if their time is another.
    #[arg(long)]
    replace: bool,
}

/// A deployment, and the key that keeps it.
#[derive(Debug, Args)]
pub struct Which {
    /// The deployment's number.
    deployment: DeploymentId,
    /// The key that `souk keep` runs with: its address, or its name.
    #[arg(long, value_name = "ADDRESS|KEY")]
    to: String,
}

/// A deployment, and the key that keeps it.
#[derive(Debug, Args)]
pub struct Shown {
    /// The deployment's number.
    deployment: DeploymentId,
    /// The key that `souk keep` runs with: its address, or its name; the chosen key if not given.
    #[arg(long, value_name = "ADDRESS|KEY")]
    to: Option<String>,
}

/// What holds after it.
#[derive(Serialize)]
struct Report {
    deployment: DeploymentId,
    tenant: String,
    keeper: String,
    /// None if the key may spend nothing.
    allowance: Option<Allowance>,
    /// What was left of the grant that was there before.
    #[serde(skip_serializing_if = "Option::is_none")]
    replaced: Option<Allowance>,
    /// How many grants for other accounts and contracts stayed.
    kept: usize,
    /// How many were taken back.
    dropped: usize,
    #[serde(skip)]
    denom: Denom,
}

impl Spending {
    /// Does it, and shows what holds then.
    ///
    /// # Errors
    /// If it is not the tenant's key, or cannot be granted; if the chain refuses.
    pub async fn run(self, context: &Context) -> Result<Exit> {
        let market = context.market()?;
        match self {
            Self::Grant(give) => give.run(context, &market).await,
            Self::Revoke(which) => which.revoke(context, &market).await,
            Self::Show(shown) => shown.run(context, &market).await,
        }
    }
}

impl Give {
    async fn run(self, context: &Context, market: &Market) -> Result<Exit> {
        let Which { deployment, to } = &self.which;
        let (keeper, shown) =
            (context.address(to)?, market.orderbook.deployment(*deployment).await?);
        let wallet = context.wallet()?;
        let denom = grantable(&shown, &wallet.address).map_err(Error::from)?;
        let limit = units::amount_of(&self.limit, denom)?;
        if limit == Amount::ZERO {
            return Err(Error::input(
                "--limit",
                "nothing is no limit; `souk keep revoke` takes a grant back",
            )
            .into());
        }
        let (_, now) = market.now().await.map_err(Error::from)?;
        let until = units::until(&self.until, now)?;
        let pair = Pair { tenant: &wallet.address, keeper: &keeper, deployment: &shown };
        let change = pair.give(market, limit, until, self.replace).await?;
        let action = format!("letting {keeper} top deployment {deployment} up");
        wallet.send(&action, vec![pair.message(&change)]).await?;
        let allowance = pair.allowance(market).await?;
        let report = Report::of(&pair, allowance, change.replaced, (change.kept, change.dropped));
        context.out.result(&report, |report| {
            let mut text = report.describe();
            if let Some(replaced) = &report.replaced {
                let left = amount(replaced.left.u128(), &report.denom);
                text += &format!(" Replaced is the grant that was there, of which {left} was left.");
            }
            text += &match (report.kept, report.dropped) {
                (0, 0) => String::new(),
                (kept, 0) => format!(" Its {kept} other grants of yours stay."),
                (_, dropped) => format!(" Its {dropped} other grants of yours are taken back."),
            };
            text + &format!(
                "\nOn its machine: `souk keep {} --runway 172800 --granted-by {}`; it pays the fees of what it sends. To \
                 close and start again it has to be your delegate as well: `souk delegate {} {}`.",
                report.deployment, report.tenant, report.deployment, report.keeper
            )
        });
        Ok(Exit::Ok)
    }
}

impl Which {
    async fn revoke(self, context: &Context, market: &Market) -> Result<Exit> {
        let (keeper, wallet) = (context.address(&self.to)?, context.wallet()?);
        let shown = market.orderbook.deployment(self.deployment).await?;
        let pair = Pair { tenant: &wallet.address, keeper: &keeper, deployment: &shown };
        let change = pair.take_back(market).await?;
        let action = format!("taking back that {keeper} tops deployment {} up", self.deployment);
        wallet.send(&action, vec![pair.message(&change)]).await?;
        let allowance = pair.allowance(market).await?;
        let report = Report::of(&pair, allowance, change.replaced, (change.kept, change.dropped));
        context.out.result(&report, Report::describe);
        Ok(Exit::Ok)
    }
}

impl Shown {
    async fn run(self, context: &Context, market: &Market) -> Result<Exit> {
        let keeper = match &self.to {
            Some(to) => context.address(to)?,
            None => context.key()?.address(&market.network.prefix)?,
        };
        let shown = market.orderbook.deployment(self.deployment).await?;
        let pair = Pair { tenant: &shown.tenant, keeper: &keeper, deployment: &shown };
        let allowance = pair.allowance(market).await?;
        context.out.result(&Report::of(&pair, allowance, None, (0, 0)), Report::describe);
        Ok(Exit::Ok)
    }
}

impl Report {
    fn of(
        pair: &Pair<'_>,
        allowance: Option<Allowance>,
        replaced: Option<Allowance>,
        (kept, dropped): (usize, usize),
    ) -> Self {
        Self {
            deployment: pair.deployment.id,
            tenant: pair.tenant.to_owned(),
            keeper: pair.keeper.to_owned(),
            allowance,
            replaced,
            kept,
            dropped,
            denom: pair.deployment.denom.clone(),
        }
    }

    fn describe(&self) -> String {
        let Self { keeper, tenant, deployment, .. } = self;
        match &self.allowance {
            None => {
                format!("{keeper} may not top deployment {deployment} up with coins of {tenant}.")
            }
            Some(Allowance { left, until }) => {
                let left = amount(left.u128(), &self.denom);
                let until =
                    until.map_or("for ever".to_owned(), |at| format!("until {}", moment(at)));
                format!(
                    "{keeper} may top deployment {deployment} up with {left} of {tenant}, {until}."
                )
            }
        }
    }
}
