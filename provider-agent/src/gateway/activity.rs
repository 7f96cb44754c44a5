//! Whether a connection is in use: requests that are being answered, response bodies included, and
//! whether the peer reads the responses.

use std::{
    collections::HashMap,
    convert::Infallible,
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
    task::{Context, Poll},
    time::Duration,
};

use axum::{
    Router,
    body::{Body, Bytes, HttpBody},
    response::Response,
};
use futures::future::BoxFuture;
use http::Request;
use http_body::{Frame, SizeHint};
use tokio::{
    sync::watch,
    time::{self, Instant},
};
use tower::{Service, ServiceExt};

/// A response body is sent in chunks of this many bytes, so that a peer that does not read is seen
/// after one chunk.
const CHUNK: usize = 16 << 10;

/// A router that tracks its requests.
#[derive(Clone, Debug)]
pub struct TrackedRouter {
    router: Router,
    requests: watch::Sender<usize>,
    waiting: PendingWrites,
}

/// The activity of a connection.
#[derive(Debug)]
pub struct Activity {
    requests: watch::Receiver<usize>,
    waiting: PendingWrites,
}

/// Tracks the requests of a router, and returns their activity.
pub fn track(router: Router) -> (TrackedRouter, Activity) {
    let (requests, count) = watch::channel(0);
    let waiting = PendingWrites::default();
    let tracked = TrackedRouter { router, requests, waiting: waiting.clone() };
    (tracked, Activity { requests: count, waiting })
}

impl Activity {
    /// Returns when there was no request for `idle`, or when the peer read nothing of a response for
    /// `write`, such as an HTTP/2 peer that never opens its window.
    pub async fn ended(self, idle: Duration, write: Duration) {
        tokio::select! {
            () = no_request(self.requests, idle) => {}
            () = no_progress(self.waiting, write) => {}
        }
    }
}

async fn no_request(mut requests: watch::Receiver<usize>, timeout: Duration) {
    while requests.wait_for(|count| *count == 0).await.is_ok() {
        if time::timeout(timeout, requests.changed()).await.is_err() {
            return;
        }
    }
    // The router is dropped: the connection is about to end by itself.
    std::future::pending().await
}

async fn no_progress(waiting: PendingWrites, timeout: Duration) {
    loop {
        let now = Instant::now();
        let until = waiting.oldest().unwrap_or(now) + timeout;
        if until <= now {
            return;
        }
        time::sleep_until(until).await;
    }
}

/// The responses of a connection that wait for the peer, each with the time since when.
#[derive(Clone, Debug, Default)]
struct PendingWrites(Arc<Mutex<(u64, HashMap<u64, Instant>)>>);

impl PendingWrites {
    /// Adds a response, which waits from now on.
    fn begin(&self) -> u64 {
        let mut waiting = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        waiting.0 += 1;
        let number = waiting.0;
        waiting.1.insert(number, Instant::now());
        number
    }

    /// Sets whether a response waits for the peer.
    fn set(&self, answer: u64, waits: bool) {
        let mut waiting = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if waits {
            waiting.1.insert(answer, Instant::now());
        } else {
            waiting.1.remove(&answer);
        }
    }

    fn oldest(&self) -> Option<Instant> {
        let waiting = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        waiting.1.values().min().copied()
    }
}

/// Counts one request until it is dropped.
#[derive(Debug)]
struct RequestGuard(watch::Sender<usize>);

impl RequestGuard {
    fn new(requests: &watch::Sender<usize>) -> Self {
        requests.send_modify(|count| *count += 1);
        Self(requests.clone())
    }
}

impl Drop for RequestGuard {
    fn drop(&mut self) {
        self.0.send_modify(|count| *count = count.saturating_sub(1));
    }
}

/// A response body that is tracked until it is sent or dropped.
struct TrackedBody {
    body: Body,
    /// The part of the body's last frame that was not sent yet.
    rest: Bytes,
    number: u64,
    waiting: PendingWrites,
    _counted: RequestGuard,
}

impl TrackedBody {
    fn new(body: Body, waiting: &PendingWrites, counted: RequestGuard) -> Self {
        let (number, waiting) = (waiting.begin(), waiting.clone());
        Self { body, rest: Bytes::new(), number, waiting, _counted: counted }
    }
}

impl Drop for TrackedBody {
    fn drop(&mut self) {
        self.waiting.set(self.number, false);
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
                self.waiting.set(self.number, false);
                return polled;
            };
            match frame.into_data() {
                Ok(data) => self.rest = data,
                Err(frame) => return Poll::Ready(Some(Ok(frame))),
            }
        }
        self.waiting.set(self.number, true);
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

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let counted = RequestGuard::new(&self.requests);
        let waiting = self.waiting.clone();
        let answer = self.router.clone().oneshot(request.map(Body::new));
        Box::pin(async move {
            let answer = answer.await?;
            Ok(answer.map(|body| Body::new(TrackedBody::new(body, &waiting, counted))))
        })
    }
}
