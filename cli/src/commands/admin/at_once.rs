//! A pause or its end by a key that is here: sent to the addresses that the network's file or the deployment's
//! record says. Who has to stop a market at night has neither its artifacts nor its terms.

use anyhow::Result;
use futures::future::try_join_all;
use serde_json::json;
use souk_chain::tx;
use souk_client::{Contract, PerContract};

use super::{
    Target,
    owner::{Change, Report, alone, state, summary},
};
use crate::{
    admin::{
        observe::{self, Observed},
        session, warnings,
    },
    consent,
    context::Context,
    exit::Exit,
};

/// Sends it, and shows what the contracts say then.
pub async fn run(
    context: &Context,
    target: &Target,
    change: Change,
    of: &[Contract],
    yes: bool,
) -> Result<Exit> {
    let (out, network, wallet) = (context.out, context.network()?, context.wallet()?);
    let at = network.contracts()?;
    let sender = target.sender(context)?.unwrap_or_else(|| wallet.address.clone());
    session::check_sender(&sender, &wallet.address)?;
    let names: Vec<&str> = of.iter().map(|one| one.name()).collect();
    let question = format!("{} {}?{}", change.title(), names.join(", "), alone(change, of));
    if !consent::ask(out, yes, &question, "give --yes to act")? {
        out.progress("nothing sent");
        return Ok(Exit::Failure);
    }
    let message = match change {
        Change::Unpause => json!({ "unpause": {} }),
        _ => json!({ "pause": {} }),
    };
    let messages = of.iter().map(|one| tx::execute(&sender, at.of(*one), &message, &[]));
    wallet.send(change.verb(), messages.collect::<Result<_, _>>()?).await?;

    let chain = wallet.chain();
    let looks = Contract::ALL.map(|one| observe::contract(&chain, at.of(one)));
    let seen = try_join_all(looks).await?;
    let contracts = PerContract::make(|contract| {
        let mut each = Contract::ALL.into_iter().zip(&seen);
        each.find(|(one, _)| *one == contract).and_then(|(_, seen)| seen.clone())
    });
    let observed = Observed { codes: PerContract::default(), contracts };
    if let Some(warning) = warnings::of_pauses(&observed) {
        out.progress(format!("warning: {warning}"));
    }
    let contracts = of.iter().map(|one| state(*one, &observed)).collect();
    let report = Report { sent: true, file: None, contracts };
    out.result(&report, |report| summary(report, None));
    Ok(Exit::Ok)
}
