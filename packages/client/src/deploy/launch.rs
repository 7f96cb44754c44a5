//! From a bid to a provider that has the manifest.

use anyhow::Result;
use souk_api::orderbook::{DeploymentResponse, ExecuteMsg, LeaseResponse, OrderState};
use souk_core::OrderId;
use souk_gateway::body::ManifestUpload;

use super::BidRow;
use crate::{
    gateway::{client_for, send_manifest},
    market::Market,
    wallet::Wallet,
};

/// Accepts a bid at the price that was seen, or a lower one.
pub async fn accept(market: &Market, wallet: &Wallet, order: OrderId, bid: &BidRow) -> Result<()> {
    let message =
        ExecuteMsg::AcceptBid { order, provider: bid.provider.clone(), max_price: bid.price };
    let message = wallet.execute(&market.contracts.orderbook, &message, &[])?;
    wallet.send(&format!("accepting the bid of {}", bid.provider), vec![message]).await?;
    Ok(())
}

/// Sends the manifest to the winner of an order, once its gateway has seen the lease.
pub async fn launch(
    market: &Market,
    wallet: &Wallet,
    order: OrderId,
    upload: &ManifestUpload,
) -> Result<LeaseResponse> {
    let lease = market.lease(order).await?;
    let client = client_for(market, wallet, &lease.provider).await?;
    send_manifest(&client, order, upload).await?;
    Ok(lease)
}

/// The leases that run for a deployment.
pub async fn leases_of(
    market: &Market,
    deployment: &DeploymentResponse,
) -> Result<Vec<LeaseResponse>> {
    let running = deployment.groups.iter().filter(|group| group.order_state == OrderState::Active);
    let leases = running.map(|group| market.lease(group.order));
    Ok(futures::future::try_join_all(leases).await?)
}
