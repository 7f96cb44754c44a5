//! Fetches what events do not carry: an order's group, a deployment's commitment, an account's
//! clock. A failed fetch stays in the store's list and is retried as long as it is needed.

use std::time::Duration;

use futures::{StreamExt, stream};
use souk_core::{DeploymentId, OrderId};
use tokio_util::sync::CancellationToken;

use super::{ChainError, Market, rebuild::clock};
use crate::{
    model::OrderDetail,
    store::{
        DeploymentRow, Pending, PendingRow, Store, StoreError, Topic, Tx, deployments, leases,
        orders, pending,
    },
};

/// Fetches at once.
const PARALLEL: usize = 8;
/// Rows fetched in one round.
const PAGE: u32 = 64;
/// The least and the most time between two rounds after a failure.
const BACKOFF: (Duration, Duration) = (Duration::from_millis(250), Duration::from_secs(15));

/// Fetches until stopped.
///
/// # Errors
///
/// Only if the store fails.
pub async fn run(market: Market, store: Store, stop: CancellationToken) -> Result<(), StoreError> {
    let mut listener = store.listen(&[Topic::Pending]);
    let mut wait = BACKOFF.0;
    loop {
        let left = round(&market, &store).await?;
        wait = if left == Left::Failed { (wait * 2).min(BACKOFF.1) } else { BACKOFF.0 };
        let again = async {
            match left {
                Left::Failed => tokio::time::sleep(wait).await,
                Left::More => {}
                // Resync, in case a notification was lost.
                Left::Nothing => {
                    let _ = tokio::time::timeout(BACKOFF.1, listener.changed()).await;
                }
            }
        };
        tokio::select! {
            () = stop.cancelled() => return Ok(()),
            () = again => {}
        }
    }
}

/// What is left on the list after a round.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Left {
    /// Failed fetches.
    Failed,
    /// More than one page.
    More,
    Nothing,
}

/// Fetches one page of the list.
async fn round(market: &Market, store: &Store) -> Result<Left, StoreError> {
    let rows = store.read(|sql| pending::list(sql, PAGE)).await?;
    let full = rows.len() == PAGE as usize;
    let outcomes: Vec<Result<bool, StoreError>> = stream::iter(rows)
        .map(|row| one(market, store, row))
        .buffer_unordered(PARALLEL)
        .collect()
        .await;
    let mut failed = false;
    for outcome in outcomes {
        failed |= !outcome?;
    }
    Ok(match (failed, full) {
        (true, _) => Left::Failed,
        (false, true) => Left::More,
        (false, false) => Left::Nothing,
    })
}

async fn one(market: &Market, store: &Store, row: PendingRow) -> Result<bool, StoreError> {
    let PendingRow { kind, id, .. } = row;
    let fetched = match kind {
        Pending::Order => order(market, store, OrderId(id)).await,
        Pending::Deployment => deployment(market, store, DeploymentId(id)).await,
        Pending::Account => account(market, store, souk_core::AccountId(id)).await,
    };
    match fetched {
        Ok(()) => Ok(true),
        Err(ChainError::Store(error)) => Err(error),
        Err(error) => {
            let needed = store
                .write(move |tx| {
                    if !is_needed(tx, kind, id)? {
                        pending::done(tx, kind, id)?;
                        return Ok::<_, StoreError>(false);
                    }
                    pending::failed(tx, kind, id, &error.to_string())?;
                    tracing::debug!(%kind, id, %error, "fetch failed, retrying");
                    Ok(true)
                })
                .await?;
            Ok(!needed)
        }
    }
}

async fn order(market: &Market, store: &Store, id: OrderId) -> Result<(), ChainError> {
    let order = market.orderbook.order(id).await?;
    store
        .write(move |tx| {
            orders::set_detail(tx, id, &OrderDetail::from(&order))?;
            if let Some(closes_at) = order.closes_at {
                orders::extend(tx, id, closes_at)?;
            }
            pending::done(tx, Pending::Order, id.0)?;
            Ok(())
        })
        .await
}

/// Pinned to the cursor's height: what events changed since then is newer and stays.
async fn deployment(market: &Market, store: &Store, id: DeploymentId) -> Result<(), ChainError> {
    let height = store.height().await?.unwrap_or(0);
    let found = market.at(height).orderbook.deployment(id).await?;
    let row = DeploymentRow { id, tenant: found.tenant, commitment: found.commitment, height };
    store
        .write(move |tx| {
            deployments::put(tx, &row)?;
            pending::done(tx, Pending::Deployment, id.0)?;
            Ok(())
        })
        .await
}

async fn account(
    market: &Market,
    store: &Store,
    id: souk_core::AccountId,
) -> Result<(), ChainError> {
    let height = store.height().await?.unwrap_or(0);
    let found = market.at(height).escrow.account(id).await?;
    store
        .write(move |tx| {
            leases::put_clock(tx, id, &clock(&found, height))?;
            pending::done(tx, Pending::Account, id.0)?;
            Ok(())
        })
        .await
}

fn is_needed(tx: &Tx<'_>, kind: Pending, id: u64) -> Result<bool, StoreError> {
    match kind {
        Pending::Order => Ok(orders::get(tx, OrderId(id))?.is_some_and(|order| order.open)),
        Pending::Deployment => {
            let is = |deployment: DeploymentId| deployment.0 == id;
            let leased = leases::active(tx)?.iter().any(|l| is(l.group.deployment));
            Ok(leased || orders::open(tx)?.iter().any(|o| is(o.group.deployment)))
        }
        Pending::Account => leases::is_paid_by(tx, souk_core::AccountId(id)),
    }
}
