//! `souk bids`: who bid on an order, and why others did not.

use std::sync::Arc;

use anyhow::Result;
use clap::Args;
use souk_client::{deploy::read_offers, gateway, show};
use souk_core::OrderId;

use crate::{context::Context, exit::Exit};

/// Show the bids on an order, and why other providers did not bid.
#[derive(Debug, Args)]
pub struct Bids {
    /// The order's number.
    order: OrderId,
    /// Do not ask the other providers why they did not bid.
    #[arg(long)]
    no_reasons: bool,
}

impl Bids {
    /// Shows them. With the tenant's key it asks the providers' gateways for their reasons.
    pub async fn run(self, context: &Context) -> Result<Exit> {
        let market = context.market()?;
        let order = market.orderbook.order(self.order).await?;
        let mut offers = read_offers(&market, &order).await?;
        if !self.no_reasons {
            let wallet = context.wallet().ok().map(Arc::new);
            offers.others = gateway::reasons(&market, wallet, &order, &offers.providers()).await?;
        }
        context.out.result(&offers, show::offers);
        Ok(Exit::Ok)
    }
}
