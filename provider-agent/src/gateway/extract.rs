//! What routes read from path and query, refused in the gateway's own words.

use std::sync::Arc;

use axum::extract::{FromRequestParts, Path, Query};
use http::request::Parts;
use serde::de::DeserializeOwned;
use souk_core::OrderId;

use super::{GatewayError, State};

/// The order or lease in the path.
#[derive(Debug)]
pub struct Order(pub OrderId);

impl FromRequestParts<Arc<State>> for Order {
    type Rejection = GatewayError;

    async fn from_request_parts(
        parts: &mut Parts,
        state: &Arc<State>,
    ) -> Result<Self, Self::Rejection> {
        let Path(order) = Path::from_request_parts(parts, state).await?;
        Ok(Self(order))
    }
}

/// What the query asks.
#[derive(Debug)]
pub struct Asked<T>(pub T);

impl<T: DeserializeOwned> FromRequestParts<Arc<State>> for Asked<T> {
    type Rejection = GatewayError;

    async fn from_request_parts(
        parts: &mut Parts,
        state: &Arc<State>,
    ) -> Result<Self, Self::Rejection> {
        let Query(asked) = Query::from_request_parts(parts, state).await?;
        Ok(Self(asked))
    }
}
