//! Streams of JSON lines: a limited number per lease, each until the client disconnects, the token
//! expires or the lease ends.

use std::{
    collections::HashMap,
    convert::Infallible,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use axum::{body::Body, response::Response};
use bytes::Bytes;
use futures::{Stream, StreamExt, future, stream};
use http::header::CONTENT_TYPE;
use serde::Serialize;
use souk_api::orderbook::LeaseState;
use souk_core::OrderId;

use super::{GatewayError, State, auth};
use crate::{
    cluster::workloads::LineStream,
    store::{Store, Topic},
};

/// Counts the open streams of each lease.
#[derive(Debug)]
pub struct StreamCounter {
    limit: u32,
    open: Arc<Mutex<HashMap<OrderId, u32>>>,
}

/// Counts as one open stream until it is dropped.
#[derive(Debug)]
struct StreamPermit {
    order: OrderId,
    open: Arc<Mutex<HashMap<OrderId, u32>>>,
}

impl StreamCounter {
    /// At most `limit` streams per lease.
    pub fn new(limit: u32) -> Self {
        Self { limit, open: Arc::default() }
    }

    fn acquire(&self, order: OrderId) -> Result<StreamPermit, GatewayError> {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let count = open.entry(order).or_default();
        if *count >= self.limit {
            return Err(GatewayError::Streams { order, limit: self.limit });
        }
        *count += 1;
        Ok(StreamPermit { order, open: Arc::clone(&self.open) })
    }
}

impl Drop for StreamPermit {
    fn drop(&mut self) {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = open.get_mut(&self.order) {
            *count = count.saturating_sub(1);
            if *count == 0 {
                open.remove(&self.order);
            }
        }
    }
}

/// A response that streams the values line by line. `expires_at` is the token's expiry.
///
/// # Errors
///
/// If the lease has too many open streams.
pub fn answer<T: Serialize + Send + 'static>(
    state: &State,
    order: OrderId,
    expires_at: u64,
    values: LineStream<T>,
) -> Result<Response, GatewayError> {
    let permit = state.streams.acquire(order)?;
    let left = Duration::from_secs(expires_at.saturating_sub(auth::now()));
    let over = Box::pin(future::select(
        Box::pin(tokio::time::sleep(left)),
        Box::pin(lease_ended(state.store.clone(), order)),
    ));
    let lines = lines(values).take_until(over).map(move |line| {
        // The permit lives as long as the stream.
        let _permit = &permit;
        Ok::<_, Infallible>(line)
    });
    let mut response = Response::new(Body::from_stream(lines));
    let ndjson = http::HeaderValue::from_static("application/x-ndjson");
    response.headers_mut().insert(CONTENT_TYPE, ndjson);
    Ok(response)
}

/// Each value as a line; an error is the last line.
fn lines<T: Serialize + Send + 'static>(values: LineStream<T>) -> impl Stream<Item = Bytes> {
    values
        .scan(false, |failed, value| {
            if *failed {
                return future::ready(None);
            }
            let line = match value {
                Ok(value) => to_line(&value),
                Err(error) => {
                    *failed = true;
                    tracing::warn!(?error, "a stream ended");
                    to_line(&GatewayError::from(error).body())
                }
            };
            future::ready(Some(line))
        })
        .chain(stream::empty())
}

fn to_line(value: &impl Serialize) -> Bytes {
    let mut line = serde_json::to_vec(value).unwrap_or_default();
    line.push(b'\n');
    line.into()
}

/// Returns when the lease is no longer active.
async fn lease_ended(store: Store, order: OrderId) {
    let mut changes = store.listen(&[Topic::Leases]);
    loop {
        let running = match store.lease(order).await {
            Ok(lease) => lease.is_some_and(|lease| lease.state == LeaseState::Active),
            // A failing store does not end streams.
            Err(_) => true,
        };
        if !running {
            return;
        }
        changes.changed().await;
    }
}
