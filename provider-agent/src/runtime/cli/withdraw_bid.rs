//! `withdraw-bid`: the operator takes an open bid back. The message is put into the outbox; the running agent
//! sends it.

use std::{path::Path, process::ExitCode};

use anyhow::{Context, Result, bail};
use serde::Serialize;
use souk_core::{AuctionPolicy, OrderId};

use super::{
    enqueue::{enqueue, messages},
    output,
};
use crate::{
    config::Config,
    model::BidProgress,
    runtime::app,
    store::{StoreError, bids, orders},
};

#[derive(Serialize)]
struct Answer {
    order: OrderId,
    outbox_key: String,
}

/// Puts the message into the outbox, under a key of the operator's: a doubt about the chain keeps back what the
/// agent wants by itself, and not this.
pub async fn run(path: &Path, order: OrderId, json: bool) -> Result<ExitCode> {
    let config = Config::load(path)?;
    let store = app::open_store(&config).await?;
    let known = store
        .read(move |sql| Ok::<_, StoreError>((bids::get(sql, order)?, orders::get(sql, order)?)))
        .await?;
    let bid = known.0.with_context(|| format!("there is no bid on order {order}"))?;
    if bid.progress != BidProgress::Open {
        bail!("the bid on order {order} is not open, it is {}", bid.progress);
    }
    let binds = |auction| matches!(auction, AuctionPolicy::LowestPrice { .. });
    if known.1.is_some_and(|order| binds(order.auction)) {
        bail!("order {order} is an auction, whose bids bind");
    }
    let msg = messages(&config)?.withdraw_bid(order)?;
    let outbox_key = enqueue(&store, &format!("withdraw_bid/{order}/operator"), false, msg).await?;
    let answer = Answer { order, outbox_key };
    output::answer(&answer, json, |answer| {
        format!("queued: take back the bid on order {}", answer.order)
    })?;
    Ok(ExitCode::SUCCESS)
}
