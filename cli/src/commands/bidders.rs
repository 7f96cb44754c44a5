//! `souk bidders`: who may bid on a deployment's orders to come.

use anyhow::Result;
use clap::Args;
use souk_api::orderbook::{DeploymentResponse, ExecuteMsg};
use souk_core::DeploymentId;

use crate::{context::Context, exit::Exit};

/// Say who may bid on a deployment's orders to come, or show it; what is not given stays. Open orders keep the lists that they
/// were opened with. The tenant's key alone can do this.
#[derive(Debug, Args)]
pub struct Bidders {
    /// The deployment's number.
    deployment: DeploymentId,
    /// A provider that may bid, and no others but those named so; 16 at most.
    #[arg(long, value_name = "ADDRESS|KEY")]
    allow: Vec<String>,
    /// All providers may bid that are not refused.
    #[arg(long, conflicts_with = "allow")]
    allow_all: bool,
    /// A provider that may not bid; 16 at most.
    #[arg(long, value_name = "ADDRESS|KEY")]
    refuse: Vec<String>,
    /// No provider is refused.
    #[arg(long, conflicts_with = "refuse")]
    refuse_none: bool,
}

impl Bidders {
    /// Changes the lists, if any is given, and shows them.
    pub async fn run(self, context: &Context) -> Result<Exit> {
        let (market, deployment) = (context.market()?, self.deployment);
        let list = |names: Vec<String>, none: bool| -> Result<Option<Vec<String>>> {
            if names.is_empty() && !none {
                return Ok(None);
            }
            Ok(Some(names.iter().map(|name| context.address(name)).collect::<Result<_>>()?))
        };
        let allow = list(self.allow, self.allow_all)?;
        let refuse = list(self.refuse, self.refuse_none)?;
        if allow.is_some() || refuse.is_some() {
            let wallet = context.wallet()?;
            let message =
                ExecuteMsg::UpdateDeployment { deployment, commitment: None, allow, refuse };
            let message = wallet.execute(&market.contracts.orderbook, &message, &[])?;
            wallet.send(&format!("changing who may bid on {deployment}"), vec![message]).await?;
        }
        let shown = market.orderbook.deployment(deployment).await?;
        context.out.result(&shown, describe);
        Ok(Exit::Ok)
    }
}

/// Who may bid.
fn describe(shown: &DeploymentResponse) -> String {
    let allowed = match &shown.allow[..] {
        [] if !shown.refuse.is_empty() => "all providers may bid but".to_owned(),
        [] => "all providers may bid".to_owned(),
        providers => format!("only {} may bid", providers.join(", ")),
    };
    let refused = match &shown.refuse[..] {
        [] => String::new(),
        providers if shown.allow.is_empty() => format!(" {}", providers.join(", ")),
        providers => format!(", not {}", providers.join(", ")),
    };
    format!("On the orders to come of deployment {} {allowed}{refused}.", shown.id)
}
