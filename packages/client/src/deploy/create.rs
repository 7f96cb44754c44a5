//! From a plan to open orders.

use std::path::Path;

use cosmwasm_std::HexBinary;
use souk_api::orderbook::{ExecuteMsg, NewDeployment, OrderbookEvent, Quote, Reclamation};
use souk_chain::TxOutcome;
use souk_core::{DeploymentId, OrderId};
use souk_gateway::commitment;

use super::Plan;
use crate::{
    error::Error,
    events,
    home::{Home, Sending},
    market::Market,
    wallet::Wallet,
};

/// A deployment that has been created.
#[derive(Debug)]
pub struct Created {
    /// The deployment.
    pub deployment: DeploymentId,
    /// Its orders, one a group, in the order of the groups.
    pub orders: Vec<OrderId>,
    /// The notice that was asked for, in seconds, if the market took no notice of it: one of the first release
    /// knows none. No lease of the deployment can be taken back then.
    pub dropped_notice: Option<u64>,
    /// Whether the market is older than the rule for absent providers: its orders have no limit, whatever was
    /// asked for. Who is gone is paid until somebody ends the lease.
    pub no_absence: bool,
}

/// Creates the deployment. Manifest and salt are kept at home before anything is sent, so that
/// whatever happens after that nothing but the command is lost.
///
/// # Errors
/// If the manifest cannot be kept, or the transaction is not executed.
pub async fn create(
    market: &Market,
    wallet: &Wallet,
    home: &Home,
    plan: &Plan,
) -> Result<Created, Error> {
    let message = ExecuteMsg::CreateDeployment(new_deployment(plan));
    let (deployment, _, found) = send(market, wallet, home, plan, &message).await?;
    let dropped_notice = dropped_notice(market, deployment, plan).await;
    let orders = events::opened_orders(&found);
    let no_absence = knows_no_absence(market, &orders).await;
    Ok(Created { deployment, orders, dropped_notice, no_absence })
}

/// Creates the deployment with its leases, by a signed quote for each group. Manifest and salt are kept as by
/// [`create`].
///
/// # Errors
/// If the manifest cannot be kept, or the transaction is not executed. After [`Error::Refused`] nothing was, and
/// nothing will be.
pub async fn create_with_quotes(
    market: &Market,
    wallet: &Wallet,
    home: &Home,
    plan: &Plan,
    quotes: Vec<Quote>,
) -> Result<(Created, TxOutcome), Error> {
    let deployment = new_deployment(plan);
    let message = ExecuteMsg::CreateWithQuotes { deployment, quotes };
    let (deployment, outcome, found) = send(market, wallet, home, plan, &message).await?;
    let orders = events::created_leases(&found);
    Ok((Created { deployment, orders, dropped_notice: None, no_absence: false }, outcome))
}

fn commitment_of(plan: &Plan) -> [u8; 32] {
    commitment(plan.upload.salt.as_ref(), &plan.upload.manifest.version())
}

fn new_deployment(plan: &Plan) -> NewDeployment {
    NewDeployment {
        commitment: HexBinary::from(&commitment_of(plan)),
        groups: plan.groups.clone(),
        auction: plan.auction,
        delegate: None,
        delegate_limit: None,
        allow: Vec::new(),
        refuse: Vec::new(),
        reclamation: plan.reclamation.map(|min_window| Reclamation { min_window }),
        absence: plan.absence,
    }
}

/// Keeps what must not be lost, then sends what creates a deployment, with its deposit.
async fn send(
    market: &Market,
    wallet: &Wallet,
    home: &Home,
    plan: &Plan,
    message: &ExecuteMsg,
) -> Result<(DeploymentId, TxOutcome, Vec<OrderbookEvent>), Error> {
    let commitment = commitment_of(plan);
    let orderbook = &market.contracts.orderbook;
    let funds = std::slice::from_ref(&plan.deposit);
    let message = wallet.execute(orderbook, message, funds)?;
    let chain_id = &market.network.chain_id;
    let (height, time) = market.now().await?;
    let sending = Sending { tenant: wallet.address.clone(), height, time };
    let kept = home.keep_upload(chain_id, &commitment, &plan.upload, sending)?;
    let sent = wallet.send("creating the deployment", vec![message]).await;
    let outcome = sent.map_err(|error| not_created(unknown_key(error), plan, &kept))?;
    let found = events::of_orderbook(&outcome.events, orderbook);
    let deployment = found
        .iter()
        .find_map(|event| match event {
            OrderbookEvent::DeploymentCreated(created) => Some(created.deployment),
            _ => None,
        })
        .ok_or_else(|| Error::NotFound("the transaction created no deployment".to_owned()))?;
    if let Err(error) = home.number_upload(chain_id, &commitment, deployment) {
        tracing::warn!(%error, kept = %kept.display(), "the manifest keeps its commitment's name");
    }
    Ok((deployment, outcome, found))
}

/// The notice that the plan asks for and the orderbook did not store. What cannot be looked up now does not make
/// the deployment a failure.
async fn dropped_notice(market: &Market, deployment: DeploymentId, plan: &Plan) -> Option<u64> {
    let asked = plan.reclamation?;
    let stored = market.orderbook.deployment(deployment).await.ok()?.reclamation;
    (stored.map(|stored| stored.min_window) != Some(asked)).then_some(asked)
}

/// Whether the orders were made without a limit for absent providers. What cannot be looked up now does not make
/// the deployment a failure.
async fn knows_no_absence(market: &Market, orders: &[OrderId]) -> bool {
    let Some(order) = orders.first() else { return false };
    market.orderbook.order(*order).await.is_ok_and(|order| order.absence.is_none())
}

/// What an older orderbook says of what it does not know, with what to do about it.
fn unknown_key(error: Error) -> Error {
    let Error::Refused { reason, .. } = &error else { return error };
    let keys = [("absence", "souk.absence"), ("reclamation", "reclamation")];
    let unknown =
        keys.iter().find(|(field, _)| reason.contains(&format!("unknown field `{field}`")));
    let Some((_, key)) = unknown else { return error };
    let advice = format!("this market is older than `{key}`: leave it out of the file");
    error.with_advice(&advice)
}

/// What is certain not to be created needs no manifest; of what may be, the manifest is found
/// again by its commitment.
fn not_created(error: Error, plan: &Plan, kept: &Path) -> Error {
    match error {
        Error::Sending { action, source } if source.may_have_happened() => {
            let kept = kept.display();
            let action = format!(
                "its manifest is kept in {kept}; the same command again waits until it is in a block or cannot be any \
                 more, and goes on with it: {action}"
            );
            Error::Sending { action, source }
        }
        error => {
            // Without a salt another deployment may have the same. Nothing is lost if it stays.
            if plan.upload.salt.is_some() {
                let _ = std::fs::remove_file(kept);
            }
            error
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_an_older_orderbook_does_not_know_is_named_by_the_key_of_the_file() {
        let refused = |reason: &str| {
            let (action, reason) = ("creating the deployment".to_owned(), reason.to_owned());
            unknown_key(Error::Refused { action, reason }).to_string()
        };
        let said = refused("unknown field `absence`, expected one of `commitment`, `groups`");
        assert!(
            said.ends_with("this market is older than `souk.absence`: leave it out of the file")
        );
        let other = "a deployment of 21 groups is above 20";
        assert!(refused(other).ends_with(other));
    }
}
