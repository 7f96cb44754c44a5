//! The errors of the gateway: of one request, and of the server.

use std::{io, net::SocketAddr, path::PathBuf};

use axum::{
    Json,
    extract::rejection::{PathRejection, QueryRejection},
    response::{IntoResponse, Response},
};
use http::{StatusCode, header::RETRY_AFTER};
use souk_core::OrderId;
use souk_gateway::{TokenError, body::ErrorBody};
use thiserror::Error;

use crate::{
    cluster::workloads::{DryRunError, WorkloadError},
    market::{bidding::quoting::NotQuoted, lookup::LookupError},
    model::{manifest::Refusal, presence::NotThere},
    store::{HostnameTaken, StoreError},
};

/// Why a request is refused or failed.
#[derive(Debug, Error)]
pub enum GatewayError {
    /// No token.
    #[error("this route needs a wallet token: `Authorization: Bearer TOKEN`")]
    NoToken,
    /// An invalid token.
    #[error(transparent)]
    Token(#[from] TokenError),
    /// The caller is neither the tenant nor its delegate.
    #[error("{issuer} is not the tenant of lease {order}, nor the delegate of its deployment")]
    NotTheTenant {
        /// The token's issuer.
        issuer: String,
        /// The lease or order.
        order: OrderId,
    },
    /// The token lacks the scope.
    #[error("the token does not have this scope for lease {0}; make one that has it")]
    Scope(OrderId),
    /// A token that is for some leases alone.
    #[error("signed quotes need a token with full access; make one that has it")]
    NotFull,
    /// No quotes.
    #[error(transparent)]
    NotQuoted(#[from] NotQuoted),
    /// Groups or terms that the market would refuse.
    #[error("the market would not take this: {0}; correct it")]
    Unacceptable(String),
    /// The lease is neither in the store nor on the chain.
    #[error("there is no lease {0} with this provider")]
    NoLease(OrderId),
    /// No such order, as far as this provider knows.
    #[error("order {0} is not known here")]
    NoOrder(OrderId),
    /// No manifest was sent yet.
    #[error("lease {0} has no manifest yet; send it")]
    NoManifest(OrderId),
    /// It is on the chain, but the follower has not seen it yet.
    #[error("{0} is on the chain but the provider has not read it yet; try again in a few seconds")]
    TooEarly(String),
    /// A manifest that is not the lease's.
    #[error(transparent)]
    Manifest(#[from] Refusal),
    /// A body that cannot be read.
    #[error("the body cannot be read: {0}")]
    Body(String),
    /// A body beyond the limit.
    #[error("the body is larger than this provider takes, which is {0} bytes; send less")]
    TooLarge(u64),
    /// A request that takes too long.
    #[error("the request was not read and answered within {0} seconds; try again")]
    TooSlow(u64),
    /// A path or query that cannot be read.
    #[error("{0}")]
    Request(String),
    /// No such route.
    #[error("there is no such route or method")]
    NoRoute,
    /// A host name that another lease has.
    #[error(transparent)]
    Hostname(#[from] HostnameTaken),
    /// The cluster would not take a manifest, or cannot say.
    #[error(transparent)]
    DryRun(#[from] DryRunError),
    /// Too many at once.
    #[error("lease {order} has {limit} streams open, which is the limit; close one")]
    Streams {
        /// The lease.
        order: OrderId,
        /// How many it may have.
        limit: u32,
    },
    /// More requests than an address may make.
    #[error("there are too many requests from this address or network; wait a few seconds")]
    TooManyRequests,
    /// The lease is over.
    #[error("lease {0} has ended")]
    Ended(OrderId),
    /// The lease is not over.
    #[error("lease {0} runs and uses its volumes; close it first")]
    Runs(OrderId),
    /// The cluster.
    #[error(transparent)]
    Workload(#[from] WorkloadError),
    /// The provider does not say that it is there.
    #[error(transparent)]
    NotThere(#[from] NotThere),
    /// The chain could not be asked.
    #[error("the chain cannot be asked at the moment; try again")]
    Chain(#[source] LookupError),
    /// The store failed.
    #[error("the provider's store failed; try again")]
    Store(#[from] StoreError),
}

fn not_quoted(why: &NotQuoted) -> (StatusCode, &'static str) {
    match why {
        NotQuoted::Off => (StatusCode::NOT_FOUND, "no_quotes"),
        NotQuoted::Busy | NotQuoted::Late(_) => (StatusCode::SERVICE_UNAVAILABLE, "quotes_busy"),
        NotQuoted::Behind | NotQuoted::Chain | NotQuoted::Doubt(_) => {
            (StatusCode::SERVICE_UNAVAILABLE, "chain")
        }
        NotQuoted::NoKey | NotQuoted::Superseded | NotQuoted::EmptyStore(_) => {
            (StatusCode::SERVICE_UNAVAILABLE, "signs_nothing")
        }
        NotQuoted::TooMany(_) => (StatusCode::TOO_MANY_REQUESTS, "too_many_quotes"),
    }
}

impl GatewayError {
    /// HTTP status and error code.
    fn kind(&self) -> (StatusCode, &'static str) {
        match self {
            Self::NoToken => (StatusCode::UNAUTHORIZED, "no_token"),
            Self::Token(_) => (StatusCode::UNAUTHORIZED, "bad_token"),
            Self::NotTheTenant { .. } => (StatusCode::FORBIDDEN, "not_the_tenant"),
            Self::Scope(_) => (StatusCode::FORBIDDEN, "scope"),
            Self::NotFull => (StatusCode::FORBIDDEN, "scope"),
            Self::Unacceptable(_) => (StatusCode::UNPROCESSABLE_ENTITY, "not_acceptable"),
            Self::NotQuoted(why) => not_quoted(why),
            Self::NoLease(_) => (StatusCode::NOT_FOUND, "no_lease"),
            Self::NoOrder(_) => (StatusCode::NOT_FOUND, "no_order"),
            Self::NoManifest(_) => (StatusCode::NOT_FOUND, "no_manifest"),
            Self::TooEarly(_) => (StatusCode::TOO_EARLY, "too_early"),
            Self::Manifest(refusal) => (StatusCode::UNPROCESSABLE_ENTITY, refusal.code()),
            Self::Body(_) => (StatusCode::BAD_REQUEST, "bad_body"),
            Self::TooLarge(_) => (StatusCode::PAYLOAD_TOO_LARGE, "body_too_large"),
            Self::TooSlow(_) => (StatusCode::REQUEST_TIMEOUT, "too_slow"),
            Self::Request(_) => (StatusCode::BAD_REQUEST, "bad_request"),
            Self::NoRoute => (StatusCode::NOT_FOUND, "no_route"),
            Self::Hostname(_) | Self::DryRun(DryRunError::Held(_)) => {
                (StatusCode::CONFLICT, "hostname_taken")
            }
            Self::DryRun(DryRunError::Refused(_)) => {
                (StatusCode::UNPROCESSABLE_ENTITY, "manifest_not_applicable")
            }
            Self::DryRun(DryRunError::HostInUse(_)) => (StatusCode::CONFLICT, "hostname_in_use"),
            Self::DryRun(DryRunError::Busy(_)) => {
                (StatusCode::TOO_MANY_REQUESTS, "manifest_in_check")
            }
            Self::DryRun(DryRunError::Crowded) => {
                (StatusCode::TOO_MANY_REQUESTS, "too_many_manifests")
            }
            Self::DryRun(DryRunError::Unavailable(_) | DryRunError::Late { .. }) => {
                (StatusCode::SERVICE_UNAVAILABLE, "cluster")
            }
            Self::Streams { .. } => (StatusCode::TOO_MANY_REQUESTS, "too_many_streams"),
            Self::TooManyRequests => (StatusCode::TOO_MANY_REQUESTS, "too_many_requests"),
            Self::Ended(_) => (StatusCode::GONE, "lease_ended"),
            Self::Runs(_) => (StatusCode::CONFLICT, "lease_runs"),
            Self::Workload(WorkloadError::NoService { .. }) => {
                (StatusCode::NOT_FOUND, "no_service")
            }
            Self::Workload(WorkloadError::Cluster(_)) => {
                (StatusCode::SERVICE_UNAVAILABLE, "cluster")
            }
            Self::NotThere(NotThere::Behind) => (StatusCode::SERVICE_UNAVAILABLE, "behind"),
            Self::NotThere(NotThere::Superseded) => (StatusCode::SERVICE_UNAVAILABLE, "superseded"),
            Self::NotThere(NotThere::NothingRuns) => {
                (StatusCode::SERVICE_UNAVAILABLE, "nothing_runs")
            }
            Self::Chain(_) => (StatusCode::SERVICE_UNAVAILABLE, "chain"),
            Self::Store(_) => (StatusCode::INTERNAL_SERVER_ERROR, "store"),
        }
    }

    /// Seconds after which the same request may succeed, if that is known.
    fn retry_after(&self) -> Option<u64> {
        match self {
            Self::DryRun(why) => why.retry_after(),
            Self::TooManyRequests => Some(5),
            Self::NotQuoted(NotQuoted::Busy | NotQuoted::Late(_)) => Some(2),
            Self::NotQuoted(NotQuoted::TooMany(_)) => Some(30),
            _ => None,
        }
    }

    /// The response body.
    pub fn body(&self) -> ErrorBody {
        ErrorBody { code: self.kind().1.to_owned(), message: self.to_string() }
    }
}

impl From<PathRejection> for GatewayError {
    fn from(rejection: PathRejection) -> Self {
        Self::Request(rejection.body_text())
    }
}

impl From<QueryRejection> for GatewayError {
    fn from(rejection: QueryRejection) -> Self {
        Self::Request(rejection.body_text())
    }
}

impl IntoResponse for GatewayError {
    fn into_response(self) -> Response {
        let (status, code) = self.kind();
        if status.is_server_error() {
            tracing::warn!(code, error = ?self, "request failed");
        }
        let mut response = (status, Json(self.body())).into_response();
        if let Some(seconds) = self.retry_after() {
            response.headers_mut().insert(RETRY_AFTER, seconds.into());
        }
        response
    }
}

/// Why the gateway cannot serve.
#[derive(Debug, Error)]
pub enum ServeError {
    /// Certificate or key.
    #[error("{}: {reason}; `souk-provider init` makes certificate and key", .path.display())]
    Tls {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// The address.
    #[error("cannot listen on {address}: {error}; free the port or change `gateway.listen`")]
    Listen {
        /// Where.
        address: SocketAddr,
        /// Why not.
        error: io::Error,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_may_send_it_again_learns_when() {
        for (why, status, seconds) in [
            (DryRunError::Crowded, 429, Some("5")),
            (DryRunError::Busy(OrderId(7)), 429, Some("5")),
            (DryRunError::Late { seconds: 18, again: 30 }, 503, Some("30")),
            (DryRunError::Unavailable("connection refused".into()), 503, Some("5")),
            (DryRunError::Refused("service `web`: pod web: no".into()), 422, None),
            (DryRunError::HostInUse("a.example.com".into()), 409, None),
        ] {
            let response = GatewayError::DryRun(why.clone()).into_response();
            let found = response.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok());
            assert_eq!((response.status().as_u16(), found), (status, seconds), "{why}");
        }
    }
}
