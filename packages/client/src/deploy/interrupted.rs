//! What a command before this one left behind when it was stopped between sending and the answer.

use std::time::Duration;

use souk_api::orderbook::{DeploymentResponse, DeploymentState};
use souk_gateway::body::ManifestUpload;
use tokio::time::{self, Instant};

use super::{Created, Plan, Progress};
use crate::{
    error::Error,
    home::{Home, Unnumbered},
    market::Market,
    wallet::Wallet,
};

/// In how many blocks after it was kept a creation can still come into one: twice those for which a transaction is
/// good, since the account's sequence may have been taken at first.
const BLOCKS: u64 = 40;
/// How long is waited for these blocks at most.
const WAIT: Duration = Duration::from_secs(600);
const POLL: Duration = Duration::from_millis(300);

/// The deployment that a command before this one created of the same file and did not see through, with what its
/// winners get; none if there is none. While one may still come into a block, that is waited for: nobody pays two
/// deposits because a machine went down.
///
/// # Errors
/// If the chain does not answer, or makes no blocks.
pub async fn interrupted(
    market: &Market,
    wallet: &Wallet,
    home: &Home,
    plan: &Plan,
    mut report: impl FnMut(Progress<'_>),
) -> Result<Option<(Created, ManifestUpload)>, Error> {
    let chain_id = &market.network.chain_id;
    let version = plan.upload.manifest.version();
    let mut kept = home.unnumbered(chain_id);
    kept.retain(|one| {
        one.sending.tenant == wallet.address && one.upload.manifest.version() == version
    });
    let begun = Instant::now();
    let mut said = false;
    while !kept.is_empty() {
        // Read before what is on the chain: what is not there then, and can't be after this block, never will be.
        let (height, _) = market.now().await?;
        let deployments = market.orderbook.deployments(&wallet.address).await?;
        for one in &kept {
            let is_it = |found: &&DeploymentResponse| {
                is_of(found, one, plan) && !home.is_numbered(chain_id, found.id)
            };
            let Some(found) = deployments.iter().find(is_it) else { continue };
            if let Err(error) = home.number_upload(chain_id, &one.commitment, found.id) {
                tracing::warn!(%error, "the manifest keeps its commitment's name");
            }
            let orders = found.groups.iter().map(|group| group.order).collect();
            let deployment = found.id;
            let created = Created { deployment, orders, dropped_notice: None, no_absence: false };
            return Ok(Some((created, one.upload.clone())));
        }
        kept.retain(|one| {
            let may_come = height <= one.sending.height.saturating_add(BLOCKS);
            let exists = deployments.iter().any(|found| found.commitment == one.commitment);
            if !may_come && !exists {
                home.drop_upload(chain_id, &one.commitment);
            }
            may_come
        });
        if kept.is_empty() {
            break;
        }
        if !said {
            report(Progress::Interrupted);
            said = true;
        }
        if begun.elapsed() > WAIT {
            return Err(Error::TimedOut {
                what: "the end of what a command before this one may have sent".to_owned(),
                seconds: WAIT.as_secs(),
                next: "the chain makes no blocks; try again later".to_owned(),
            });
        }
        time::sleep(POLL).await;
    }
    Ok(None)
}

/// Whether a deployment is the one that was about to be created, and what this plan would create.
fn is_of(found: &DeploymentResponse, one: &Unnumbered, plan: &Plan) -> bool {
    found.state == DeploymentState::Active
        && found.commitment == one.commitment
        && found.created_at >= one.sending.time
        && found.auction == plan.auction
        && found.groups.iter().map(|group| &group.spec).eq(&plan.groups)
}
