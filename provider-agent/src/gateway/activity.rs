//! Whether a connection is in use: requests that are being answered, response bodies included, and
//! whether the peer reads the responses.

use std::{
    collections::HashMap,
    convert::Infallible,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::{Duration, Instant},
};

use axum::{
    Router,
    body::{Body, Bytes, HttpBody},
    response::{IntoResponse, Response},
};
use futures::future::BoxFuture;
use http::Request;
use http_body::{Frame, SizeHint};
use parking_lot::Mutex;
use tokio::{sync::watch, time};
use tower::{Service, ServiceExt};

use super::{GatewayError, visit::Visit};

/// A response body is sent in chunks of this many bytes, so that a peer that does not read is seen
/// after one chunk.
const CHUNK: usize = 16 << 10;
/// A connection whose peer reads nothing of a response for this time is not in use.
const STALLED: Duration = Duration::from_secs(5);

/// A router that tracks the requests of one connection and limits their rate.
#[derive(Clone, Debug)]
pub struct TrackedRouter {
    router: Router,
    visit: Visit,
}

impl TrackedRouter {
    /// The router for the requests of a visit.
    pub fn new(router: Router, visit: Visit) -> Self {
        Self { router, visit }
    }
}

/// What a connection is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UseState {
    /// Nothing: no request, or none whose answer the peer reads.
    Idle {
        /// Since when.
        since: Instant,
    },
    /// A request of somebody who has not shown to have a lease.
    Busy {
        /// Since when it has requests.
        since: Instant,
    },
    /// A request of somebody with a lease.
    Tenant,
}

/// The activity of a connection.
#[derive(Debug)]
pub struct Activity {
    requests: watch::Sender<usize>,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    /// When the first request began or the last one ended.
    since: Instant,
    tenant: bool,
    /// The responses that wait for the peer, each with the time since when.
    waiting: HashMap<u64, Instant>,
    last_response: u64,
}

impl Activity {
    /// Of a connection without requests.
    pub fn new(now: Instant) -> Self {
        let state = State { since: now, tenant: false, waiting: HashMap::new(), last_response: 0 };
        Self { requests: watch::Sender::new(0), state: Mutex::new(state) }
    }

    /// Counts a request until the guard is dropped.
    pub fn begin(self: &Arc<Self>) -> RequestGuard {
        self.requests.send_modify(|count| {
            *count += 1;
            if *count == 1 {
                self.state.lock().since = Instant::now();
            }
        });
        RequestGuard(Arc::clone(self))
    }

    /// Records that whoever asks has a lease here.
    pub fn mark_tenant(&self) {
        self.state.lock().tenant = true;
    }

    /// What the connection is doing.
    pub fn use_state(&self, now: Instant) -> UseState {
        let requests = *self.requests.borrow();
        let state = self.state.lock();
        let oldest = state.waiting.values().min().copied();
        match oldest {
            Some(since) if now.saturating_duration_since(since) >= STALLED => {
                UseState::Idle { since }
            }
            _ if requests == 0 => UseState::Idle { since: state.since },
            _ if state.tenant => UseState::Tenant,
            _ => UseState::Busy { since: state.since },
        }
    }

    /// Returns when there was no request for `idle`, or when the peer read nothing of a response for
    /// `write`, such as an HTTP/2 peer that never opens its window.
    pub async fn ended(&self, idle: Duration, write: Duration) {
        tokio::select! {
            () = self.no_request(idle) => {}
            () = self.no_progress(write) => {}
        }
    }

    async fn no_request(&self, timeout: Duration) {
        let mut requests = self.requests.subscribe();
        // The sender is here, so that the channel never closes.
        while requests.wait_for(|count| *count == 0).await.is_ok() {
            if time::timeout(timeout, requests.changed()).await.is_err() {
                return;
            }
        }
    }

    async fn no_progress(&self, timeout: Duration) {
        loop {
            let now = Instant::now();
            let oldest = self.state.lock().waiting.values().min().copied();
            let until = oldest.unwrap_or(now) + timeout;
            if until <= now {
                return;
            }
            time::sleep_until(until.into()).await;
        }
    }

    /// Adds a response, which waits from now on.
    fn begin_response(&self) -> u64 {
        let mut state = self.state.lock();
        state.last_response += 1;
        let number = state.last_response;
        state.waiting.insert(number, Instant::now());
        number
    }

    /// Sets whether a response waits for the peer.
    fn set_waiting(&self, response: u64, waits: bool) {
        let mut state = self.state.lock();
        if waits {
            state.waiting.insert(response, Instant::now());
        } else {
            state.waiting.remove(&response);
        }
    }
}

/// Counts one request until it is dropped.
#[derive(Debug)]
pub struct RequestGuard(Arc<Activity>);

impl Drop for RequestGuard {
    fn drop(&mut self) {
        self.0.requests.send_modify(|count| {
            *count = count.saturating_sub(1);
            if *count == 0 {
                self.0.state.lock().since = Instant::now();
            }
        });
    }
}

/// A response body that is tracked until it is sent or dropped.
struct TrackedBody {
    body: Body,
    /// The part of the body's last frame that was not sent yet.
    rest: Bytes,
    number: u64,
    counted: RequestGuard,
}

impl TrackedBody {
    fn new(body: Body, counted: RequestGuard) -> Self {
        let number = counted.0.begin_response();
        Self { body, rest: Bytes::new(), number, counted }
    }

    fn set_waiting(&self, waits: bool) {
        self.counted.0.set_waiting(self.number, waits);
    }
}

impl Drop for TrackedBody {
    fn drop(&mut self) {
        self.set_waiting(false);
    }
}

impl HttpBody for TrackedBody {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        if self.rest.is_empty() {
            let polled = Pin::new(&mut self.body).poll_frame(cx);
            let Poll::Ready(Some(Ok(frame))) = polled else {
                self.set_waiting(false);
                return polled;
            };
            match frame.into_data() {
                Ok(data) => self.rest = data,
                Err(frame) => return Poll::Ready(Some(Ok(frame))),
            }
        }
        self.set_waiting(true);
        let length = self.rest.len().min(CHUNK);
        let chunk = self.rest.split_to(length);
        Poll::Ready(Some(Ok(Frame::data(chunk))))
    }

    fn is_end_stream(&self) -> bool {
        self.rest.is_empty() && self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        let (of_body, rest) = (self.body.size_hint(), self.rest.len() as u64);
        let mut hint = SizeHint::new();
        if let Some(upper) = of_body.upper() {
            hint.set_upper(upper.saturating_add(rest));
        }
        hint.set_lower(of_body.lower().saturating_add(rest));
        hint
    }
}

impl<B> Service<Request<B>> for TrackedRouter
where
    B: HttpBody<Data = Bytes> + Send + 'static,
    B::Error: Into<axum::BoxError>,
{
    type Response = Response;
    type Error = Infallible;
    type Future = BoxFuture<'static, Result<Response, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, mut request: Request<B>) -> Self::Future {
        let counted = self.visit.activity().begin();
        if !self.visit.may_request(Instant::now()) {
            let refused = GatewayError::TooManyRequests.into_response();
            let body = |body| Body::new(TrackedBody::new(body, counted));
            return Box::pin(std::future::ready(Ok(refused.map(body))));
        }
        request.extensions_mut().insert(self.visit.clone());
        let answer = self.router.clone().oneshot(request.map(Body::new));
        Box::pin(async move {
            let answer = answer.await?;
            Ok(answer.map(|body| Body::new(TrackedBody::new(body, counted))))
        })
    }
}
