//! `souk delegate`: a key for everyday actions on a deployment, and how much it may let it cost.

use anyhow::Result;
use clap::Args;
use souk_api::orderbook::{DeploymentResponse, ExecuteMsg};
use souk_client::{Error, show::amount};
use souk_core::{Denom, DeploymentId, Rate};

use crate::{context::Context, exit::Exit, units};

/// Name a key for everyday actions on a deployment, take it back, or show which it is. The key updates, accepts,
/// pauses, starts and closes, the whole deployment as well; it never gets money, and without a limit it accepts
/// no bid.
#[derive(Debug, Args)]
pub struct Delegate {
    /// The deployment's number.
    deployment: DeploymentId,
    /// The key's address, or its name.
    #[arg(value_name = "ADDRESS|KEY")]
    delegate: Option<String>,
    /// What all leases of the deployment may cost together in an hour after what the key sends, such as
    /// 500000usouk; in auctions the ceilings of open orders count as well.
    #[arg(long, value_name = "AMOUNT", requires = "delegate")]
    limit: Option<String>,
    /// Nobody: the one that is named has no powers any more.
    #[arg(long, conflicts_with_all = ["delegate", "limit"])]
    none: bool,
}

impl Delegate {
    /// Names it, if one is given, and shows what holds then.
    pub async fn run(self, context: &Context) -> Result<Exit> {
        let (market, deployment) = (context.market()?, self.deployment);
        let changes = self.none || self.delegate.is_some();
        let delegate = self.delegate.map(|name| context.address(&name)).transpose()?;
        let limit = match &self.limit {
            None => None,
            Some(text) => Some(parse(text, &market.orderbook.deployment(deployment).await?.denom)?),
        };
        if changes {
            let wallet = context.wallet()?;
            let message = ExecuteMsg::SetDelegate { deployment, delegate, limit };
            let message = wallet.execute(&market.contracts.orderbook, &message, &[])?;
            wallet.send(&format!("naming the delegate of {deployment}"), vec![message]).await?;
        }
        let shown = market.orderbook.deployment(deployment).await?;
        context.out.result(&shown, describe);
        Ok(Exit::Ok)
    }
}

/// A limit in the deployment's denom, which may be left out.
fn parse(text: &str, denom: &Denom) -> Result<Rate> {
    if let Ok(limit) = text.parse() {
        return Ok(limit);
    }
    let coin = units::coin(text, &denom.to_string())?;
    if denom.as_native() != Some(coin.denom.as_str()) {
        let reason = format!("the deployment is paid in {denom}");
        return Err(Error::input(format!("limit {coin}"), reason).into());
    }
    Ok(Rate::new(coin.amount)?)
}

/// Who is named, with which limit.
fn describe(shown: &DeploymentResponse) -> String {
    match (&shown.delegate, shown.delegate_limit) {
        (None, _) => format!("Deployment {} has no delegate.", shown.id),
        (Some(delegate), None) => format!(
            "{delegate} is the delegate of deployment {}. It accepts no bid; set --limit to let it.",
            shown.id
        ),
        (Some(delegate), Some(limit)) => format!(
            "{delegate} is the delegate of deployment {}. What it sends can make that cost {} an hour at most.",
            shown.id,
            amount(limit.u128(), &shown.denom)
        ),
    }
}
