//! `souk bids`: who bid on an order, and why others did not.

use std::sync::Arc;

use anyhow::Result;
use clap::Args;
use souk_client::{deploy::read_offers, gateway, show};
use souk_core::OrderId;

use crate::{context::Context, exit::Exit};

/// Show the bids on an order.
#[derive(Debug, Args)]
pub struct Bids {
    /// The order.
    order: OrderId,
    /// Ask nobody for reasons.
    #[arg(long)]
    no_reasons: bool,
}

impl Bids {
    /// Shows them. With the tenant's key, providers' gateways tell their reasons too.
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
