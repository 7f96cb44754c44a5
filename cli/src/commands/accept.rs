//! `souk accept`: take a bid and send the manifest.

use anyhow::Result;
use clap::Args;
use souk_client::deploy::{self, Pick, no_such_offer, read_offers};
use souk_core::{OrderId, Price};

use crate::{context::Context, exit::Exit};

/// Accept a bid and send the manifest to its provider.
#[derive(Debug, Args)]
pub struct Accept {
    /// The order's number.
    order: OrderId,
    /// The bid to accept: `lowest`, a row of `souk bids`, a bid's number there (`#17`), or a provider's
    /// address. A number is refused if that bid was withdrawn, and placed again, since you saw it.
    #[arg(value_name = "lowest|ROW|#BID|ADDRESS")]
    bid: Pick,
    /// The highest price an hour to accept, in base units; the bid's current price if not given.
    #[arg(long, value_name = "PRICE")]
    max_price: Option<Price>,
    /// Do not send the manifest; `souk lease send` sends it later.
    #[arg(long)]
    no_send: bool,
}

impl Accept {
    /// Accepts, then sends the manifest that was kept at creation.
    pub async fn run(self, context: &Context) -> Result<Exit> {
        let market = context.market()?;
        let wallet = context.wallet()?;
        let order = market.orderbook.order(self.order).await?;
        let offers = read_offers(&market, &order).await?;
        let bid = self.bid.of(&offers.offers).cloned();
        let mut bid = bid.ok_or_else(|| no_such_offer(&offers))?;
        if let Some(most) = self.max_price {
            bid.price = most;
        }
        // Without a manifest to send the lease would be paid for nothing.
        let upload = match self.no_send {
            true => None,
            false => {
                let deployment = market.orderbook.deployment(order.group.deployment).await?;
                let chain_id = &market.network.chain_id;
                Some(context.home.saved_deployment(chain_id, &deployment)?)
            }
        };
        deploy::accept(&market, &wallet, self.order, &bid).await?;
        if let Some(upload) = upload {
            deploy::launch(&market, &wallet, self.order, &upload).await?;
        }
        let lease = market.orderbook.lease(self.order).await?;
        context.out.result(&lease, |lease| {
            format!(
                "Lease {} runs at {}; see `souk lease status {}`.",
                lease.order, lease.provider, lease.order
            )
        });
        Ok(Exit::Ok)
    }
}
