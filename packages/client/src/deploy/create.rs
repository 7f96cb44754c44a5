//! From a plan to open orders.

use std::path::Path;

use cosmwasm_std::HexBinary;
use souk_api::orderbook::{ExecuteMsg, NewDeployment, OrderbookEvent, Reclamation};
use souk_core::{DeploymentId, OrderId};
use souk_gateway::commitment;

use super::Plan;
use crate::{error::Error, events, home::Home, market::Market, wallet::Wallet};

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
    let commitment = commitment(plan.upload.salt.as_ref(), &plan.upload.manifest.version());
    let message = ExecuteMsg::CreateDeployment(NewDeployment {
        commitment: HexBinary::from(&commitment),
        groups: plan.groups.clone(),
        auction: plan.auction,
        delegate: None,
        delegate_limit: None,
        allow: Vec::new(),
        refuse: Vec::new(),
        reclamation: plan.reclamation.map(|min_window| Reclamation { min_window }),
        absence: None,
    });
    let orderbook = &market.contracts.orderbook;
    let funds = std::slice::from_ref(&plan.deposit);
    let message = wallet.execute(orderbook, &message, funds)?;
    let chain_id = &market.network.chain_id;
    let kept = home.keep_upload(chain_id, &commitment, &plan.upload)?;
    let sent = wallet.send("creating the deployment", vec![message]).await;
    let outcome = sent.map_err(|error| not_created(error, plan, &kept))?;
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
    let dropped_notice = dropped_notice(market, deployment, plan).await;
    Ok(Created { deployment, orders: events::opened_orders(&found), dropped_notice })
}

/// The notice that the plan asks for and the orderbook did not store. What cannot be looked up now does not make
/// the deployment a failure.
async fn dropped_notice(market: &Market, deployment: DeploymentId, plan: &Plan) -> Option<u64> {
    let asked = plan.reclamation?;
    let stored = market.orderbook.deployment(deployment).await.ok()?.reclamation;
    (stored.map(|stored| stored.min_window) != Some(asked)).then_some(asked)
}

/// What is certain not to be created needs no manifest; of what may be, the manifest is found
/// again by its commitment.
fn not_created(error: Error, plan: &Plan, kept: &Path) -> Error {
    match error {
        Error::Sending { action, source } if source.may_have_happened() => {
            let kept = kept.display();
            let action = format!(
                "its manifest is kept in {kept}; if `souk list` shows the deployment, `souk bids` \
                 and `souk accept` go on with it: {action}"
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
