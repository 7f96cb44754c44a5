//! From an offer to a provider that has the manifest.

use souk_api::orderbook::{DeploymentResponse, ExecuteMsg, LeaseResponse, OrderState, Quote};
use souk_chain::TxOutcome;
use souk_core::OrderId;
use souk_gateway::body::ManifestUpload;

use super::{Offer, Via, expiring::make_room};
use crate::{
    error::Error,
    gateway::{client_for, send_manifest},
    market::{Market, MarketError},
    wallet::Wallet,
};

/// Accepts the offer that was seen, at its price or a lower one.
///
/// # Errors
/// If the chain refuses, for instance since the order is taken by now, or the bid was placed again.
pub async fn accept(
    market: &Market,
    wallet: &Wallet,
    order: OrderId,
    offer: &Offer,
) -> Result<(), Error> {
    let provider = offer.provider.clone();
    let message = match offer.via {
        Via::Bid(bid) => ExecuteMsg::AcceptBid { order, provider, bid, max_price: offer.price },
        Via::Quote {} => {
            return Err(Error::input(
                "offer",
                "it is a price without a signature; ask for its quote",
            ));
        }
    };
    let action = format!("accepting the bid of {}", offer.provider);
    take(market, wallet, order, &action, &message).await?;
    Ok(())
}

/// Makes a quote that was signed for an open order its lease.
///
/// # Errors
/// If the chain refuses, for instance since the order is taken by now, or the quote was used or is over.
pub async fn accept_quote(
    market: &Market,
    wallet: &Wallet,
    order: OrderId,
    quote: Quote,
) -> Result<TxOutcome, Error> {
    let action = format!("accepting the quote of {}", quote.provider);
    let message = ExecuteMsg::AcceptQuote { order, quote };
    take(market, wallet, order, &action, &message).await
}

async fn take(
    market: &Market,
    wallet: &Wallet,
    order: OrderId,
    action: &str,
    message: &ExecuteMsg,
) -> Result<TxOutcome, Error> {
    let message = wallet.execute(&market.contracts.orderbook, message, &[])?;
    match wallet.send(action, vec![message.clone()]).await {
        Err(refused @ Error::Refused { .. }) => {
            let Ok(order) = market.orderbook.order(order).await else { return Err(refused) };
            let deployment = order.group.deployment;
            make_room(market, wallet, deployment, refused, (action, message)).await
        }
        sent => sent,
    }
}

/// Sends the manifest to the winner of an order, once its gateway has seen the lease.
///
/// # Errors
/// If there is no lease, or the gateway does not take the manifest.
pub async fn launch(
    market: &Market,
    wallet: &Wallet,
    order: OrderId,
    upload: &ManifestUpload,
) -> Result<LeaseResponse, Error> {
    let lease = market.orderbook.lease(order).await?;
    let client = client_for(market, wallet, &lease.provider).await?;
    send_manifest(&client, order, upload).await?;
    Ok(lease)
}

/// The leases that run for a deployment.
///
/// # Errors
/// If the orderbook does not answer.
pub async fn leases_of(
    market: &Market,
    deployment: &DeploymentResponse,
) -> Result<Vec<LeaseResponse>, MarketError> {
    let running = deployment.groups.iter().filter(|group| group.order_state == OrderState::Active);
    let leases = running.map(|group| market.orderbook.lease(group.order));
    futures::future::try_join_all(leases).await
}
