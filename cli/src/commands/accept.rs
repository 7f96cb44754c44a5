//! `souk accept`: take a bid and send the manifest.

use anyhow::Result;
use clap::Args;
use souk_core::{OrderId, Price};

use crate::{
    context::Context,
    error::CliError,
    exit::Exit,
    tenant::{self, BidTable, Pick},
};

/// Accept a bid.
#[derive(Debug, Args)]
pub struct Accept {
    /// The order.
    order: OrderId,
    /// Which bid: `lowest`, a row of `souk bids`, or a provider's address.
    bid: Pick,
    /// The most to pay an hour, in base units; the bid's present price if not given.
    #[arg(long)]
    max_price: Option<Price>,
    /// Do not send the manifest; `souk lease send` does it later.
    #[arg(long)]
    no_send: bool,
}

impl Accept {
    /// Accepts, then sends the manifest that was kept at creation.
    pub async fn run(self, context: &Context) -> Result<Exit> {
        let market = context.market()?;
        let wallet = context.wallet()?;
        let order = market.order(self.order).await?;
        let table = BidTable::read(&market, &order).await?;
        let none = || {
            let order = self.order;
            CliError::NotFound(match table.bids.len() {
                0 => format!("order {order} has no bids yet; `souk bids {order}` tells why"),
                n => {
                    format!("order {order} has no such bid among its {n}; see `souk bids {order}`")
                }
            })
        };
        let mut bid = self.bid.of(&table.bids).ok_or_else(none)?.clone();
        if let Some(most) = self.max_price {
            bid.price = most;
        }
        // Without a manifest to send the lease would be paid for nothing.
        let (chain, deployment) = (&market.network.chain_id, order.group.deployment);
        let upload = match self.no_send {
            true => None,
            false => Some(context.home.saved_deployment(chain, deployment)?),
        };
        tenant::accept(&market, &wallet, self.order, &bid).await?;
        if let Some(upload) = upload {
            tenant::launch(&market, &wallet, self.order, &upload).await?;
        }
        let lease = market.lease(self.order).await?;
        context.out.result(&lease, |lease| {
            format!(
                "Lease {} runs at {}; see `souk lease status {}`.",
                lease.order, lease.provider, lease.order
            )
        });
        Ok(Exit::Ok)
    }
}
