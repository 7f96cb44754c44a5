//! Authentication by wallet token, and authorization for leases and orders.

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
use crate::model::Lease;

/// A caller with a valid token.
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

/// Seconds since the epoch. Tokens expire by wall time, since wallets do not know block time.
pub fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map(|time| time.as_secs()).unwrap_or(0)
}

impl Caller {
    /// When the token ends, Unix seconds.
    pub fn expires_at(&self) -> u64 {
        self.0.exp
    }

    /// Checks that the token has this scope for the lease.
    ///
    /// # Errors
    ///
    /// If it does not.
    pub fn must_have(&self, order: OrderId, scope: Scope) -> Result<(), GatewayError> {
        if self.0.access.allows(order, scope) { Ok(()) } else { Err(GatewayError::Scope(order)) }
    }

    /// Checks that the caller is this tenant.
    ///
    /// # Errors
    ///
    /// If it is not.
    pub fn must_be(&self, tenant: &str, order: OrderId) -> Result<(), GatewayError> {
        if self.0.iss == tenant {
            return Ok(());
        }
        Err(GatewayError::NotTheTenant { issuer: self.0.iss.clone(), order })
    }

    /// The caller's own lease, for one scope.
    ///
    /// # Errors
    ///
    /// If the token lacks the scope, or the lease is unknown or another tenant's.
    pub async fn lease(
        &self,
        state: &State,
        order: OrderId,
        scope: Scope,
    ) -> Result<Lease, GatewayError> {
        self.must_have(order, scope)?;
        let Some(lease) = state.store.lease(order).await? else {
            let on_chain = state.chain.has_lease(order).await.map_err(GatewayError::Chain)?;
            return Err(match on_chain {
                true => GatewayError::TooEarly(format!("lease {order}")),
                false => GatewayError::NoLease(order),
            });
        };
        self.must_be(&lease.tenant, order)?;
        Ok(lease)
    }

    /// The caller's own active lease, for one scope.
    ///
    /// # Errors
    ///
    /// As for [`lease`](Self::lease), and if the lease has ended.
    pub async fn running_lease(
        &self,
        state: &State,
        order: OrderId,
        scope: Scope,
    ) -> Result<Lease, GatewayError> {
        let lease = self.lease(state, order, scope).await?;
        if lease.state == LeaseState::Active { Ok(lease) } else { Err(GatewayError::Ended(order)) }
    }
}
