//! Extractors for path and query, with the gateway's own errors.

use std::sync::Arc;

use axum::extract::{FromRequestParts, Path, Query};
use http::request::Parts;
use serde::de::DeserializeOwned;
use souk_core::OrderId;

use super::{GatewayError, State};

/// The order or lease in the path.
#[derive(Debug)]
pub struct OrderPath(pub OrderId);

impl FromRequestParts<Arc<State>> for OrderPath {
    type Rejection = GatewayError;

    async fn from_request_parts(
        parts: &mut Parts,
        state: &Arc<State>,
    ) -> Result<Self, Self::Rejection> {
        let Path(order) = Path::from_request_parts(parts, state).await?;
        Ok(Self(order))
    }
}

/// The query parameters.
#[derive(Debug)]
pub struct Params<T>(pub T);

impl<T: DeserializeOwned> FromRequestParts<Arc<State>> for Params<T> {
    type Rejection = GatewayError;

    async fn from_request_parts(
        parts: &mut Parts,
        state: &Arc<State>,
    ) -> Result<Self, Self::Rejection> {
        let Query(params) = Query::from_request_parts(parts, state).await?;
        Ok(Self(params))
    }
}
