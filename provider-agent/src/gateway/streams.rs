//! Streams of JSON lines: so many for each lease, each until the client goes away, its token
//! ends or the lease does.

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
use crate::cluster::workloads::LineStream;
use crate::store::{Store, Topic};

/// How many streams each lease has open.
#[derive(Debug)]
pub struct StreamCounter {
    limit: u32,
    open: Arc<Mutex<HashMap<OrderId, u32>>>,
}

/// Counts as one open stream until it is dropped.
#[derive(Debug)]
struct Ticket {
    order: OrderId,
    open: Arc<Mutex<HashMap<OrderId, u32>>>,
}

impl StreamCounter {
    /// At most `limit` streams for each lease.
    pub fn new(limit: u32) -> Self {
        Self { limit, open: Arc::default() }
    }

    fn take(&self, order: OrderId) -> Result<Ticket, GatewayError> {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let count = open.entry(order).or_default();
        if *count >= self.limit {
            return Err(GatewayError::Streams { order, limit: self.limit });
        }
        *count += 1;
        Ok(Ticket { order, open: Arc::clone(&self.open) })
    }
}

impl Drop for Ticket {
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

/// An answer that gives the values line by line. `expires_at` is the token's end.
pub fn answer<T: Serialize + Send + 'static>(
    state: &State,
    order: OrderId,
    expires_at: u64,
    values: LineStream<T>,
) -> Result<Response, GatewayError> {
    let ticket = state.streams.take(order)?;
    let left = Duration::from_secs(expires_at.saturating_sub(auth::now()));
    let over = Box::pin(future::select(
        Box::pin(tokio::time::sleep(left)),
        Box::pin(lease_ended(state.store.clone(), order)),
    ));
    let lines = lines(values).take_until(over).map(move |line| {
        // The stream counts for as long as it has lines to give.
        let _counted = &ticket;
        Ok::<_, Infallible>(line)
    });
    let mut response = Response::new(Body::from_stream(lines));
    let ndjson = http::HeaderValue::from_static("application/x-ndjson");
    response.headers_mut().insert(CONTENT_TYPE, ndjson);
    Ok(response)
}

/// Each value as a line; an error is told as the last line.
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
            // A store that fails now and then is no reason to cut a stream off.
            Err(_) => true,
        };
        if !running {
            return;
        }
        changes.changed().await;
    }
}
