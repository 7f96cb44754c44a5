//! What a token says.

use serde::{Deserialize, Serialize};
use souk_core::OrderId;

/// The longest life of a token, in seconds.
pub const MAX_LIFETIME: u64 = 3_600;

/// The claims of a token.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Claims {
    /// The wallet's address.
    pub iss: String,
    /// Whom it is for.
    pub aud: Audience,
    /// When it was made, Unix seconds.
    pub iat: u64,
    /// When it ends, Unix seconds; at most an hour after `iat`.
    pub exp: u64,
    /// What it opens.
    pub access: Access,
}

/// Whom a token is for: a token for one provider opens nothing at another, and one for a
/// test network nothing on the main one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Audience {
    /// The chain.
    pub chain_id: String,
    /// The orderbook's address.
    pub orderbook: String,
    /// The provider's address.
    pub provider: String,
}

/// What a token opens.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Access {
    /// Everything that is the issuer's at this provider.
    Full,
    /// Some leases and orders of the issuer's, for some purposes.
    Leases(Vec<LeaseAccess>),
}

/// Purposes for one lease or order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LeaseAccess {
    /// The lease or order.
    pub order: OrderId,
    /// For what.
    pub scopes: Vec<Scope>,
}

/// A purpose.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    /// Send a manifest.
    SendManifest,
    /// Read the manifest back.
    GetManifest,
    /// Services and pods.
    Status,
    /// Logs.
    Logs,
    /// Kubernetes events.
    Events,
    /// Run commands in containers.
    Shell,
    /// Why the provider did not bid.
    Reason,
    /// Delete the volumes of a lease that ended.
    DeleteVolumes,
}

impl Access {
    /// Whether it opens `scope` of `order`.
    pub fn allows(&self, order: OrderId, scope: Scope) -> bool {
        match self {
            Self::Full => true,
            Self::Leases(leases) => {
                leases.iter().any(|lease| lease.order == order && lease.scopes.contains(&scope))
            }
        }
    }
}
