//! GET presence: the provider's word that it is there, for whoever passes it on to the chain.

use std::{sync::Arc, time::Instant};

use axum::{Json, extract};
use souk_core::presence::Market;
use souk_gateway::Presence;

use crate::{
    gateway::{GatewayError, State},
    model::presence::{NotThere, may_say},
};

/// Open to anyone.
pub async fn get(
    extract::State(state): extract::State<Arc<State>>,
) -> Result<Json<Presence>, GatewayError> {
    let word = state.word.as_ref().ok_or(NotThere::Behind)?;
    let time = state.store.block_time().await?;
    let there = word.heartbeats.borrow().there;
    let issued_at = may_say(&there, *word.registered.borrow(), time, Instant::now())?;
    let audience = &state.policy.audience;
    let market = Market { chain_id: &audience.chain_id, orderbook: &audience.orderbook };
    Ok(Json(Presence::sign(word.key.signing(), market, &audience.provider, issued_at)))
}
