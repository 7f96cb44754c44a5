//! The next provider of a group that was put out again.

use std::time::Duration;

use souk_api::orderbook::{DeploymentState, GroupState, OrderState};
use souk_core::{AuctionPolicy, DeploymentId, GroupSeq, OrderId, Price};
use souk_gateway::body::ManifestUpload;

use super::Keeper;
use crate::{
    deploy::{self, Bids, COLLECT, Pick, no_such_offer},
    error::Error,
};

/// A group that was put out again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reopened {
    /// The group.
    pub group: GroupSeq,
    /// Its order, once a bid on it is accepted.
    accepted: Option<OrderId>,
    /// How long a first bid is waited for.
    wait: Duration,
}

/// How far it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fill {
    /// Nobody bid yet, or its auction goes on.
    Waits,
    /// A provider runs it, and has the manifest.
    Placed {
        /// The lease.
        order: OrderId,
        /// Whose.
        provider: String,
        /// Base units an hour.
        price: Price,
    },
    /// It takes bids, and none is accepted without a manifest: its lease would be paid for nothing.
    NeedsManifest,
    /// It rests again, or is closed.
    Over,
}

impl Reopened {
    /// That group, for whose first bid so long is waited once.
    pub fn new(group: GroupSeq, wait: Duration) -> Self {
        Self { group, accepted: None, wait }
    }
}

impl Keeper {
    /// Accepts the lowest bid on the group's order, once there was time for others, and sends its provider the manifest.
    /// The first time a bid is waited for; later what is there counts. A group is filled once: if its provider leaves
    /// again, its tenant should look.
    ///
    /// # Errors
    /// If the chain refuses, or if the gateway does not take the manifest: try again.
    pub async fn fill(
        &self,
        id: DeploymentId,
        reopened: &mut Reopened,
        upload: Option<&ManifestUpload>,
    ) -> Result<Fill, Error> {
        let Self { market, wallet, .. } = self;
        let deployment = market.orderbook.deployment(id).await?;
        let group = deployment.groups.iter().find(|group| group.seq == reopened.group);
        let Some(group) = group.filter(|group| group.state == GroupState::Open) else {
            return Ok(Fill::Over);
        };
        let order = group.order;
        if deployment.state == DeploymentState::Closed
            || reopened.accepted.is_some_and(|accepted| accepted != order)
        {
            return Ok(Fill::Over);
        }
        if group.order_state == OrderState::Closed {
            return Ok(Fill::Over);
        }
        let Some(upload) = upload else { return Ok(Fill::NeedsManifest) };
        match group.order_state {
            OrderState::Active | OrderState::Closed => {}
            OrderState::Open if matches!(deployment.auction, AuctionPolicy::LowestPrice { .. }) => {
                return Ok(Fill::Waits);
            }
            OrderState::Open => {
                let further = Duration::from_secs(COLLECT);
                let wait = std::mem::replace(&mut reopened.wait, further);
                let pick = Pick::Lowest;
                let times = (wait, further);
                let found = deploy::collect(&Bids(market), order, Some(&pick), times, |_| ()).await;
                let offers = match found {
                    Err(Error::NoOffer { .. }) => return Ok(Fill::Waits),
                    found => found?,
                };
                let offer = pick.of(&offers.offers).ok_or_else(|| no_such_offer(&offers))?;
                deploy::accept(market, wallet, order, offer).await?;
            }
        }
        reopened.accepted = Some(order);
        let lease = deploy::launch(market, wallet, order, upload).await?;
        Ok(Fill::Placed { order, provider: lease.provider, price: lease.price })
    }
}
