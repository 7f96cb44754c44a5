//! Responses: JSON, text, and failures as `Status`.

use axum::{body::Body, response::Response};
use http::{HeaderValue, header};
use serde_json::Value;

use crate::error::ApiError;

/// A JSON answer, with warnings for the client to show.
pub fn reply(code: u16, body: &Value, warnings: &[String]) -> Response {
    let bytes = serde_json::to_vec(body).unwrap_or_default();
    let mut response = raw(code, "application/json", Body::from(bytes));
    for warning in warnings {
        let text = format!("299 - {:?}", warning);
        if let Ok(value) = HeaderValue::from_str(&text) {
            response.headers_mut().append(header::WARNING, value);
        }
    }
    response
}

/// A plain text answer.
pub fn text(code: u16, body: impl Into<Body>) -> Response {
    raw(code, "text/plain; charset=utf-8", body.into())
}

/// A refusal.
pub fn failure(error: &ApiError) -> Response {
    let mut response = reply(error.code, &error.status(), &[]);
    if let Some(seconds) = error.details.retry_after {
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    response
}

/// An answer of any type.
pub fn raw(code: u16, content_type: &'static str, body: Body) -> Response {
    let mut response = Response::new(body);
    *response.status_mut() = http::StatusCode::from_u16(code).unwrap_or_default();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache, private"));
    response
}
