//! Who asks, and whether the lease or order is theirs.

use std::{
    sync::Arc,
    time::{SystemTime, UNIX_EPOCH},
};

use axum::extract::FromRequestParts;
use http::{header::AUTHORIZATION, request::Parts};
use souk_api::orderbook::LeaseState;
use souk_core::OrderId;
use souk_gateway::{Claims, Scope, token};

use super::{GatewayError, State};
use crate::store::LeaseRow;

/// A caller with a token that counts.
#[derive(Debug)]
pub struct Caller(Claims);

impl FromRequestParts<Arc<State>> for Caller {
    type Rejection = GatewayError;

    async fn from_request_parts(
        parts: &mut Parts,
        state: &Arc<State>,
    ) -> Result<Self, Self::Rejection> {
        let header = parts.headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok());
        let token = header.and_then(|value| value.strip_prefix("Bearer "));
        let token = token.ok_or(GatewayError::NoToken)?;
        Ok(Self(token::verify(token, &state.policy, now())?))
    }
}

/// Seconds since the epoch. Tokens follow the wall's clock: the wallet has no other.
pub fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map(|time| time.as_secs()).unwrap_or(0)
}

impl Caller {
    /// When the token ends, Unix seconds.
    pub fn expires_at(&self) -> u64 {
        self.0.exp
    }

    /// Refuses purposes that the token does not name.
    pub fn must_have(&self, order: OrderId, scope: Scope) -> Result<(), GatewayError> {
        if self.0.access.allows(order, scope) { Ok(()) } else { Err(GatewayError::Scope(order)) }
    }

    /// Refuses everyone but the tenant `tenant`.
    pub fn must_be(&self, tenant: &str, order: OrderId) -> Result<(), GatewayError> {
        if self.0.iss == tenant {
            return Ok(());
        }
        Err(GatewayError::NotTheTenant { issuer: self.0.iss.clone(), order })
    }

    /// The caller's own lease, for one purpose.
    pub async fn lease(
        &self,
        state: &State,
        order: OrderId,
        scope: Scope,
    ) -> Result<LeaseRow, GatewayError> {
        self.must_have(order, scope)?;
        let Some(lease) = state.store.lease(order).await? else {
            return Err(state.book.missing_lease(order, &state.policy.audience.provider).await);
        };
        self.must_be(&lease.tenant, order)?;
        Ok(lease)
    }

    /// The caller's own lease that has not ended.
    pub async fn running_lease(
        &self,
        state: &State,
        order: OrderId,
        scope: Scope,
    ) -> Result<LeaseRow, GatewayError> {
        let lease = self.lease(state, order, scope).await?;
        if lease.state == LeaseState::Active { Ok(lease) } else { Err(GatewayError::Ended(order)) }
    }
}
