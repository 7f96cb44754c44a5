//! `souk accept`: take a bid and send the manifest.

use std::io::{self, IsTerminal};

use anyhow::Result;
use clap::Args;
use souk_client::{
    Error,
    deploy::{self, Offer, Pick, Via, no_such_offer, read_offers},
    show::amount,
};
use souk_core::{OrderId, Price};

use crate::{
    context::Context,
    exit::Exit,
    output::{self, Output},
};

/// Accept a bid and send the manifest to its provider.
#[derive(Debug, Args)]
pub struct Accept {
    /// The order's number.
    order: OrderId,
    /// The bid to accept: `lowest`, a row of `souk bids`, a bid's number there (`#17`), or a provider's
    /// address. A number is refused if that bid was withdrawn, and placed again, since you saw it. Row and
    /// address mean what is there now, so the bid is shown and you are asked, unless you say --max-price.
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
        match self.max_price {
            Some(most) => bid.price = most,
            // What was seen at that place or of that provider may be another bid by now.
            None if matches!(self.bid, Pick::Row(_) | Pick::Provider(_))
                && !confirm(context.out, &bid)? =>
            {
                context.out.progress("nothing accepted");
                return Ok(Exit::Ok);
            }
            None => {}
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

/// Asks whether this is the bid that is meant, where somebody can answer.
fn confirm(out: Output, offer: &Offer) -> Result<bool> {
    let Via::Bid(number) = offer.via;
    let price = amount(offer.price.u128(), &offer.denom);
    let found = format!("bid #{number} of {} at {price} an hour", offer.provider);
    if out.is_json() || !io::stdin().is_terminal() {
        let reason = format!(
            "that is {found} by now; accept it by its number, '#{number}', or say the most that you pay with --max-price"
        );
        return Err(Error::input("bid", reason).into());
    }
    output::ask(&format!("Accept {found}? (y/N) "));
    let mut answer = String::new();
    io::stdin().read_line(&mut answer)?;
    Ok(matches!(answer.trim(), "y" | "Y" | "yes"))
}
