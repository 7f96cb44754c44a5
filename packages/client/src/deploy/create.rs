//! From an SDL file to open orders.

use std::path::Path;

use anyhow::Result;
use cosmwasm_std::HexBinary;
use rand::RngCore;
use souk_api::orderbook::{ConfigResponse, DenomConfig, ExecuteMsg, NewDeployment, OrderbookEvent};
use souk_chain::{Coin, signer::SendError};
use souk_core::{AuctionPolicy, Denom, DeploymentId, GroupSpec, OrderId};
use souk_gateway::{Salt, body::ManifestUpload, commitment};

use crate::{
    error::Error,
    home::Home,
    market::Market,
    sdl::Compiled,
    wallet::{Wallet, book_events, opened_orders},
};

/// How many hours at the ceilings a deposit covers unless the tenant says how much.
const DEFAULT_HOURS: u128 = 24;

/// What is about to be created.
#[derive(Debug)]
pub struct Plan {
    /// What the orderbook gets.
    pub groups: Vec<GroupSpec>,
    /// How winners are found.
    pub auction: AuctionPolicy,
    /// The coins that go into the account.
    pub deposit: Coin,
    /// What the winners get.
    pub upload: ManifestUpload,
}

/// A deployment that has been created.
#[derive(Debug)]
pub struct Created {
    /// The deployment.
    pub deployment: DeploymentId,
    /// Its orders, one a group, in the order of the groups.
    pub orders: Vec<OrderId>,
}

/// Works out what to send, and refuses what the orderbook would refuse.
pub fn plan(
    compiled: Compiled,
    deposit: Option<Coin>,
    with_salt: bool,
    config: &ConfigResponse,
) -> Result<Plan> {
    let denom = Denom::native(compiled.denom.clone());
    let terms = config.denoms.iter().find(|terms| terms.denom == denom).ok_or_else(|| {
        let taken: Vec<String> = config.denoms.iter().map(|terms| terms.denom.to_string()).collect();
        Error::input(
            format!("denom {denom}"),
            format!(
                "this market takes {}; change the file's pricing, or map the denom in the network file under [map.denoms]",
                taken.join(", ")
            ),
        )
    })?;
    let ceilings: u128 = compiled.groups.iter().map(|group| group.ceiling.u128()).sum();
    let least = least_deposit(terms, compiled.groups.len());
    let deposit = deposit
        .unwrap_or_else(|| Coin::new(least.max(ceilings * DEFAULT_HOURS), compiled.denom.clone()));
    if deposit.denom != compiled.denom {
        let reason = format!("the file is priced in {denom}; the deposit must be too");
        return Err(Error::input(format!("deposit {deposit}"), reason).into());
    }
    if deposit.amount < least {
        let reason =
            format!("at least {least}{denom} are needed, {}{denom} a group", terms.min_deposit);
        return Err(Error::input(format!("deposit {deposit}"), reason).into());
    }
    let upload = ManifestUpload { manifest: compiled.manifest, salt: with_salt.then(new_salt) };
    Ok(Plan { groups: compiled.groups, auction: compiled.auction, deposit, upload })
}

fn least_deposit(terms: &DenomConfig, groups: usize) -> u128 {
    terms.min_deposit.u128().saturating_mul(groups as u128)
}

fn new_salt() -> Salt {
    let mut salt = [0; 32];
    rand::rngs::OsRng.fill_bytes(&mut salt);
    Salt(salt)
}

/// Creates the deployment. Manifest and salt are kept at home before anything is sent, so that
/// whatever happens after that nothing but the command is lost.
pub async fn create(market: &Market, wallet: &Wallet, home: &Home, plan: &Plan) -> Result<Created> {
    let commitment = commitment(plan.upload.salt.as_ref(), &plan.upload.manifest.version());
    let message = ExecuteMsg::CreateDeployment(NewDeployment {
        commitment: HexBinary::from(&commitment),
        groups: plan.groups.clone(),
        auction: plan.auction,
        delegate: None,
        allow: Vec::new(),
        refuse: Vec::new(),
    });
    let orderbook = &market.contracts.orderbook;
    let funds = std::slice::from_ref(&plan.deposit);
    let message = wallet.execute(orderbook, &message, funds)?;
    let chain_id = &market.network.chain_id;
    let kept = home.keep_upload(chain_id, &commitment, &plan.upload)?;
    let sent = wallet.send("creating the deployment", vec![message]).await;
    let outcome = sent.map_err(|error| not_created(error, plan, &kept))?;
    let events = book_events(&outcome, orderbook);
    let deployment = events
        .iter()
        .find_map(|event| match event {
            OrderbookEvent::DeploymentCreated(created) => Some(created.deployment),
            _ => None,
        })
        .ok_or_else(|| Error::NotFound("the transaction created no deployment".to_owned()))?;
    if let Err(error) = home.number_upload(chain_id, &commitment, deployment) {
        tracing::warn!(%error, kept = %kept.display(), "the manifest keeps its commitment's name");
    }
    Ok(Created { deployment, orders: opened_orders(&events) })
}

/// What is certain not to be created needs no manifest; of what may be, the manifest is found
/// again by its commitment.
fn not_created(error: anyhow::Error, plan: &Plan, kept: &Path) -> anyhow::Error {
    let causes = || error.chain().filter_map(|cause| cause.downcast_ref::<SendError>());
    if causes().any(SendError::may_have_happened) {
        let kept = kept.display();
        return error.context(format!(
            "its manifest is kept in {kept}; if `souk list` shows the deployment, `souk bids` and \
             `souk accept` go on with it"
        ));
    }
    // Without a salt another deployment may have the same. Nothing is lost if it stays.
    if plan.upload.salt.is_some() {
        let _ = std::fs::remove_file(kept);
    }
    error
}
