//! `souk accept`: take a bid or a quote and send the manifest.

use std::io;

use anyhow::Result;
use clap::Args;
use souk_api::orderbook::OrderResponse;
use souk_client::{
    Error, Market, Wallet,
    deploy::{self, Offer, Pick, Via, no_such_offer, read_offers},
    quoting::Wanted,
    show::{self, amount},
};
use souk_core::{AuctionPolicy, OrderId, Price};
use souk_gateway::body::ManifestUpload;

use super::deploy::{can_ask, choose_quote};
use crate::{
    context::Context,
    exit::Exit,
    output::{self, Output},
};

/// Accept a bid or a quote for an open order, and send the manifest to its provider.
#[derive(Debug, Args)]
pub struct Accept {
    /// The order's number.
    order: OrderId,
    /// The bid to accept: `lowest`, a row of `souk bids`, a bid's number there (`#17`), or a provider's
    /// address. A number is refused if that bid was withdrawn, and placed again, since you saw it. Row and
    /// address mean what is there now, so the bid is shown and you are asked, unless you say --max-price. With
    /// --quotes it is a row of the prices that are shown then, and need not be given: you are asked.
    #[arg(value_name = "lowest|ROW|#BID|ADDRESS", required_unless_present = "quotes")]
    bid: Option<Pick>,
    /// Ask providers for signed prices off the chain, and take one of those; not in an auction that the lowest bid
    /// wins.
    #[arg(long)]
    quotes: bool,
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
        let upload = match self.quotes {
            true => self.accept_quote(context, &market, &wallet, &order).await?,
            false => self.accept_bid(context, &market, &wallet, &order).await?,
        };
        let Some(upload) = upload else {
            context.out.progress("nothing accepted");
            return Ok(Exit::Ok);
        };
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

    /// Accepts a bid. Gives the manifest to send, if one is; nothing if no bid was accepted.
    async fn accept_bid(
        &self,
        context: &Context,
        market: &Market,
        wallet: &Wallet,
        order: &OrderResponse,
    ) -> Result<Option<Option<ManifestUpload>>> {
        let offers = read_offers(market, order).await?;
        let pick = self.bid.as_ref();
        let bid = pick.and_then(|pick| pick.of(&offers.offers)).cloned();
        let mut bid = bid.ok_or_else(|| no_such_offer(&offers))?;
        match self.max_price {
            Some(most) => bid.price = most,
            // What was seen at that place or of that provider may be another bid by now.
            None if matches!(pick, Some(Pick::Row(_) | Pick::Provider(_)))
                && !confirm(context.out, &bid)? =>
            {
                return Ok(None);
            }
            None => {}
        }
        let upload = self.upload(context, market, order).await?;
        deploy::accept(market, wallet, self.order, &bid).await?;
        Ok(Some(upload))
    }

    /// Takes a quote, likewise.
    async fn accept_quote(
        &self,
        context: &Context,
        market: &Market,
        wallet: &Wallet,
        order: &OrderResponse,
    ) -> Result<Option<Option<ManifestUpload>>> {
        let AuctionPolicy::TenantChoice {} = order.auction else {
            let reason = "its lowest bid wins by itself; no quote is taken for it";
            return Err(Error::input(format!("order {}", order.id), reason).into());
        };
        let only = match &self.bid {
            Some(Pick::Bid(number)) => {
                let reason = "a bid has a number, a quote has none; leave out --quotes";
                return Err(Error::input(format!("#{number}"), reason).into());
            }
            Some(Pick::Provider(provider)) => Some(provider.as_str()),
            _ => None,
        };
        let wanted = Wanted::by_order(order, &market.orderbook.config().await?)?;
        let asking = deploy::quotes(market, wanted, only, deploy::SHOWN).await?;
        asking.quotes.iter().for_each(|quotes| context.out.progress(show::quotes(quotes)));
        let offers = asking.quotes.first().map(|quotes| quotes.offers.as_slice());
        let offers = offers.unwrap_or_default();
        let none =
            || Error::NotFound(format!("order {}: no such price among {}", order.id, offers.len()));
        let chosen = match (&self.bid, asking.quotes.first()) {
            (Some(Pick::Lowest), _) if !offers.is_empty() => None,
            (Some(pick @ Pick::Provider(_)), _) => Some(pick.of(offers).cloned().ok_or_else(none)?),
            (Some(pick @ Pick::Row(_)), _) => {
                let offer = pick.of(offers).cloned().ok_or_else(none)?;
                if self.max_price.is_none() && !confirm(context.out, &offer)? {
                    return Ok(None);
                }
                Some(offer)
            }
            (None, Some(quotes)) if can_ask(context.out) => {
                match choose_quote(context.out, quotes)? {
                    Some(offer) => Some(offer),
                    None => return Ok(None),
                }
            }
            (None, _) if !offers.is_empty() => {
                let reason = "nobody can be asked here; say `lowest` or an address";
                return Err(Error::input("quote", reason).into());
            }
            _ => return Err(none().into()),
        };
        let upload = self.upload(context, market, order).await?;
        let choice = (chosen.as_ref(), self.max_price);
        let (quote, outcome) =
            deploy::accept_by_quote(market, wallet, order, &asking, choice).await?;
        let (provider, price) = (quote.provider, amount(quote.price.u128(), &order.denom));
        let gas = outcome.gas_used;
        context.out.progress(format!("took the quote of {provider} at {price} an hour; {gas} gas"));
        Ok(Some(upload))
    }

    /// What is sent to the winner, if it is. Without a manifest to send the lease would be paid for nothing.
    async fn upload(
        &self,
        context: &Context,
        market: &Market,
        order: &OrderResponse,
    ) -> Result<Option<ManifestUpload>> {
        if self.no_send {
            return Ok(None);
        }
        let deployment = market.orderbook.deployment(order.group.deployment).await?;
        let chain_id = &market.network.chain_id;
        Ok(Some(context.home.saved_deployment(chain_id, &deployment)?))
    }
}

/// Asks whether this is the bid that is meant, where somebody can answer.
fn confirm(out: Output, offer: &Offer) -> Result<bool> {
    let price = amount(offer.price.u128(), &offer.denom);
    let (found, by_number) = match offer.via {
        Via::Bid(number) => {
            let by_number = format!("accept it by its number, '#{number}', or ");
            (format!("bid #{number} of {} at {price} an hour", offer.provider), by_number)
        }
        Via::Quote {} => {
            (format!("the quote of {} at {price} an hour", offer.provider), String::new())
        }
    };
    if !can_ask(out) {
        let reason = format!(
            "that is {found} by now; {by_number}say the most that you pay with --max-price"
        );
        return Err(Error::input("bid", reason).into());
    }
    output::ask(&format!("Accept {found}? (y/N) "));
    let mut answer = String::new();
    io::stdin().read_line(&mut answer)?;
    Ok(matches!(answer.trim(), "y" | "Y" | "yes"))
}
