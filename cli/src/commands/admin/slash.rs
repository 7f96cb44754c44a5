//! `souk admin slash`: what a slasher says of a provider's bond, and does.

use anyhow::Result;
use clap::Subcommand;
use serde::Serialize;
use souk_api::registry::{ExecuteMsg, NoticeResponse};
use souk_client::show::duration;
use souk_core::Amount;

use crate::{consent, context::Context, exit::Exit, units};

/// Notice a slash of a provider's bond, carry it out, or take the notice back, as one of the market's slashers.
#[derive(Debug, Subcommand)]
pub enum Slash {
    /// Say that coins will be taken, and why. They stay at stake, and can be taken after the market's delay, for a
    /// week.
    Notice {
        /// The provider.
        #[arg(value_name = "ADDRESS|KEY")]
        provider: String,
        /// How much, such as 5000000usouk: at most the share of bond and unbonding that the market allows.
        amount: String,
        /// Why, for the record and for the provider.
        #[arg(long)]
        reason: String,
    },
    /// Take what the notice says. It goes to the market's receiver, and all open bids of the provider are void.
    CarryOut {
        /// The provider.
        #[arg(value_name = "ADDRESS|KEY")]
        provider: String,
        /// How much the notice says.
        amount: String,
        /// Do not ask for confirmation.
        #[arg(long)]
        yes: bool,
    },
    /// Take your own notice back, unless it replaced another slasher's.
    Withdraw {
        /// The provider.
        #[arg(value_name = "ADDRESS|KEY")]
        provider: String,
    },
}

/// What the provider has at stake then.
#[derive(Debug, Serialize)]
struct Report {
    provider: String,
    bond: Amount,
    notice: Option<NoticeResponse>,
    slashes: u32,
    #[serde(skip)]
    now: u64,
}

impl Slash {
    /// Sends it, and shows what is at stake then.
    pub async fn run(self, context: &Context) -> Result<Exit> {
        let (market, wallet) = (context.market()?, context.wallet()?);
        let denom = market.registry.config().await?.bond_denom;
        let (provider, action, message) = match self {
            Self::Notice { provider, amount, reason } => {
                let provider = context.address(&provider)?;
                let amount = units::amount_of(&amount, &denom)?;
                let message =
                    ExecuteMsg::NoticeSlash { provider: provider.clone(), amount, reason };
                (provider, "noticing a slash", message)
            }
            Self::CarryOut { provider, amount, yes } => {
                let provider = context.address(&provider)?;
                let amount = units::amount_of(&amount, &denom)?;
                let question = format!("Take {amount}{denom} of {provider}'s bond for good?");
                if !consent::ask(context.out, yes, &question, "give --yes to take it")? {
                    context.out.progress("nothing taken");
                    return Ok(Exit::Failure);
                }
                let message = ExecuteMsg::Slash { provider: provider.clone(), amount };
                (provider, "slashing", message)
            }
            Self::Withdraw { provider } => {
                let provider = context.address(&provider)?;
                let message = ExecuteMsg::WithdrawNotice { provider: provider.clone() };
                (provider, "taking a notice back", message)
            }
        };
        let message = wallet.execute(&market.contracts.registry, &message, &[])?;
        wallet.send(action, vec![message]).await?;
        let shown = market.registry.provider(&provider).await?;
        let (_, now) = market.now().await?;
        let (bond, notice, slashes) = (shown.bond, shown.notice, shown.slashes);
        let report = Report { provider, bond, notice, slashes, now };
        context.out.result(&report, |report| describe(report, &denom));
        Ok(Exit::Ok)
    }
}

fn describe(report: &Report, denom: &str) -> String {
    let Report { provider, bond, notice, slashes, now } = report;
    let at_stake = format!("{provider} has a bond of {bond}{denom}, slashed {slashes} times");
    let Some(notice) = notice else { return format!("{at_stake}; no slash is noticed.") };
    let NoticeResponse { amount, executable_at, lapses_at, reason } = notice;
    let when = match executable_at.saturating_sub(*now) {
        0 => "now".to_owned(),
        wait => format!("in {}", duration(wait)),
    };
    let until = duration(lapses_at.saturating_sub(*now));
    format!("{at_stake}; {amount}{denom} can be taken {when}, for {until} from now: {reason}.")
}
