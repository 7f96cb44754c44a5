//! Authentication by wallet token, and authorization for leases and orders.

use std::{
    sync::Arc,
    time::{SystemTime, UNIX_EPOCH},
};

use axum::extract::FromRequestParts;
use http::{header::AUTHORIZATION, request::Parts};
use souk_api::orderbook::LeaseState;
use souk_core::{DeploymentId, OrderId};
use souk_gateway::{Access, Claims, Scope, token};

use super::{GatewayError, State, visit::Visit};
use crate::model::Lease;

/// A caller with a valid token.
#[derive(Debug)]
pub struct Caller {
    claims: Claims,
    visit: Option<Visit>,
}

impl FromRequestParts<Arc<State>> for Caller {
    type Rejection = GatewayError;

    async fn from_request_parts(
        parts: &mut Parts,
        state: &Arc<State>,
    ) -> Result<Self, Self::Rejection> {
        let header = parts.headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok());
        let token = header.and_then(bearer).ok_or(GatewayError::NoToken)?;
        let claims = token::verify(token, &state.policy, now())?;
        Ok(Self { claims, visit: parts.extensions.get::<Visit>().cloned() })
    }
}

/// The token of an `Authorization` header. The scheme's case does not matter (RFC 9110, 11.1), and it
/// may be followed by several spaces.
fn bearer(header: &str) -> Option<&str> {
    let (scheme, token) = header.trim().split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim_start())
}

/// Seconds since the epoch. Tokens expire by wall time, since wallets do not know block time.
pub fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map(|time| time.as_secs()).unwrap_or(0)
}

impl Caller {
    /// When the token ends, Unix seconds.
    pub fn expires_at(&self) -> u64 {
        self.claims.exp
    }

    /// The wallet, if its token is for everything: one that is for some leases asks for nothing new.
    ///
    /// # Errors
    ///
    /// If it is for some leases alone.
    pub fn wallet(&self) -> Result<&str, GatewayError> {
        match self.claims.access {
            Access::Full => Ok(&self.claims.iss),
            _ => Err(GatewayError::NotFull),
        }
    }

    /// The widest network that the caller comes from; none where all visitors share an address.
    pub fn network(&self) -> Option<String> {
        self.visit.as_ref()?.network()
    }

    /// Checks that the token has this scope for the lease.
    ///
    /// # Errors
    ///
    /// If it does not.
    pub fn must_have(&self, order: OrderId, scope: Scope) -> Result<(), GatewayError> {
        if self.claims.access.allows(order, scope) {
            Ok(())
        } else {
            Err(GatewayError::Scope(order))
        }
    }

    /// Checks that the caller is this tenant and no delegate.
    ///
    /// # Errors
    ///
    /// If it is another.
    pub fn must_be(&self, tenant: &str, order: OrderId) -> Result<(), GatewayError> {
        let issuer = &self.claims.iss;
        match issuer == tenant {
            true => Ok(()),
            false => Err(GatewayError::NotTheTenant { issuer: issuer.clone(), order }),
        }
    }

    /// Checks that the caller is this tenant or the delegate of the deployment.
    ///
    /// # Errors
    ///
    /// If it is neither, or the chain cannot be asked for the delegate.
    pub async fn must_act_for(
        &self,
        state: &State,
        tenant: &str,
        deployment: DeploymentId,
        order: OrderId,
    ) -> Result<(), GatewayError> {
        let issuer = &self.claims.iss;
        let acts = issuer == tenant
            || state.delegates.is_delegate(&state.chain, deployment, issuer).await?;
        if !acts {
            return Err(GatewayError::NotTheTenant { issuer: issuer.clone(), order });
        }
        if let Some(visit) = &self.visit {
            visit.activity().mark_tenant();
        }
        Ok(())
    }

    /// The caller's own lease, for one scope.
    ///
    /// # Errors
    ///
    /// If the token lacks the scope, or the lease is unknown or neither the caller's nor of a
    /// deployment whose delegate it is.
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
        self.must_act_for(state, &lease.tenant, lease.group.deployment, order).await?;
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

#[cfg(test)]
mod tests {
    use super::bearer;

    #[test]
    fn the_schemes_case_does_not_matter() {
        for header in ["Bearer a.b.c", "bearer a.b.c", "BEARER a.b.c", "bearer   a.b.c "] {
            assert_eq!(bearer(header), Some("a.b.c"), "{header}");
        }
        for header in ["a.b.c", "Basic a.b.c", "Bearer", "Bearera.b.c", ""] {
            assert_eq!(bearer(header), None, "{header}");
        }
    }
}
