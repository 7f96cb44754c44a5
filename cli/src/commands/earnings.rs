//! `souk provider earnings`: what a provider's leases earned, were paid, and are still owed.

use anyhow::Result;
use futures::{StreamExt as _, TryStreamExt as _};
use serde::Serialize;
use souk_api::escrow::StreamResponse;
use souk_client::{
    Market, MarketError,
    show::{amount, duration, table},
};
use souk_core::{Denom, OrderId};

use crate::{context::Context, exit::Exit};

/// Questions to the chain at a time.
const AT_ONCE: usize = 8;

/// What one lease pays.
#[derive(Debug, Serialize)]
struct Earned {
    lease: OrderId,
    denom: Denom,
    #[serde(flatten)]
    stream: StreamResponse,
}

/// Shows the streams of a provider's leases that run or still owe something.
pub async fn show(context: &Context, provider: &str) -> Result<Exit> {
    let market = context.market()?;
    let leases = market.orderbook.leases(provider).await?;
    let streams = futures::stream::iter(leases).map(|lease| {
        let market: &Market = &market;
        async move {
            let stream = market.escrow.stream(lease.account, lease.order.0).await?;
            let earned = |stream| Earned { lease: lease.order, denom: lease.denom, stream };
            Ok::<_, MarketError>(stream.map(earned))
        }
    });
    let found: Vec<Option<Earned>> = streams.buffered(AT_ONCE).try_collect().await?;
    let found: Vec<Earned> = found.into_iter().flatten().collect();
    context.out.result(&found, |found| text(found));
    Ok(Exit::Ok)
}

fn text(found: &[Earned]) -> String {
    if found.is_empty() {
        return "No lease runs or owes anything.".to_owned();
    }
    let mut rows = table(["lease", "an hour", "earned", "of it fee", "paid", "owed now", "held"]);
    for Earned { lease, denom, stream } in found {
        let held = match stream.hold {
            0 => "-".to_owned(),
            hold => format!("{} (last {})", amount(stream.held.u128(), denom), duration(hold)),
        };
        rows.add_row([
            lease.to_string(),
            amount(stream.rate.u128(), denom),
            amount(stream.earned.u128(), denom),
            amount(stream.fee.u128(), denom),
            amount(stream.paid.u128(), denom),
            amount(stream.owed.u128(), denom),
            held,
        ]);
    }
    let why = match found.iter().any(|one| one.stream.hold > 0) {
        true => {
            "\n\nWhat is held is the pay of a running lease's last hours, as many as its provider may not be seen \
             for. It is owed when the lease ends, unless the provider was absent."
        }
        false => "",
    };
    format!("{rows}{why}")
}
