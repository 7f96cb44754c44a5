//! Whether a connection is being used: requests that are being answered, their bodies included,
//! and whether the peer takes what it is answered.

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

/// An answer is handed out in pieces of so many bytes. What is behind the piece that waits for
/// the peer stays in the answer, and so in sight.
const PIECE: usize = 16 << 10;

/// A router whose requests are counted.
#[derive(Clone, Debug)]
pub struct Watched {
    router: Router,
    requests: watch::Sender<usize>,
    waiting: Waiting,
}

/// How a connection is used.
#[derive(Debug)]
pub struct Use {
    requests: watch::Receiver<usize>,
    waiting: Waiting,
}

/// The router with its requests watched, and what is seen of them.
pub fn watched(router: Router) -> (Watched, Use) {
    let (requests, count) = watch::channel(0);
    let waiting = Waiting::default();
    let watched = Watched { router, requests, waiting: waiting.clone() };
    (watched, Use { requests: count, waiting })
}

impl Use {
    /// Returns when there was no request for `idle`, or when the peer took nothing of an answer
    /// for `untaken`: an HTTP/2 peer that opens no window would hold it for ever.
    pub async fn ended(self, idle: Duration, untaken: Duration) {
        tokio::select! {
            () = nothing_asked(self.requests, idle) => {}
            () = nothing_taken(self.waiting, untaken) => {}
        }
    }
}

async fn nothing_asked(mut requests: watch::Receiver<usize>, patience: Duration) {
    while requests.wait_for(|count| *count == 0).await.is_ok() {
        if time::timeout(patience, requests.changed()).await.is_err() {
            return;
        }
    }
    // Nobody counts any more: the connection is about to end by itself.
    std::future::pending().await
}

async fn nothing_taken(waiting: Waiting, patience: Duration) {
    loop {
        let now = Instant::now();
        let until = waiting.oldest().unwrap_or(now) + patience;
        if until <= now {
            return;
        }
        time::sleep_until(until).await;
    }
}

/// The answers of a connection that wait for the peer, each since when.
#[derive(Clone, Debug, Default)]
struct Waiting(Arc<Mutex<(u64, HashMap<u64, Instant>)>>);

impl Waiting {
    /// An answer more, which waits from now on.
    fn begin(&self) -> u64 {
        let mut waiting = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        waiting.0 += 1;
        let number = waiting.0;
        waiting.1.insert(number, Instant::now());
        number
    }

    /// Whether an answer waits for the peer, or the peer for it.
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

/// One request, until it is dropped.
#[derive(Debug)]
struct Counted(watch::Sender<usize>);

impl Counted {
    fn new(requests: &watch::Sender<usize>) -> Self {
        requests.send_modify(|count| *count += 1);
        Self(requests.clone())
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.send_modify(|count| *count = count.saturating_sub(1));
    }
}

/// An answer's body, which counts until it is sent or given up.
struct Answer {
    body: Body,
    /// Of the body's last frame, what was not handed out yet.
    rest: Bytes,
    number: u64,
    waiting: Waiting,
    _counted: Counted,
}

impl Answer {
    fn new(body: Body, waiting: &Waiting, counted: Counted) -> Self {
        let (number, waiting) = (waiting.begin(), waiting.clone());
        Self { body, rest: Bytes::new(), number, waiting, _counted: counted }
    }
}

impl Drop for Answer {
    fn drop(&mut self) {
        self.waiting.set(self.number, false);
    }
}

impl HttpBody for Answer {
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
        let length = self.rest.len().min(PIECE);
        let piece = self.rest.split_to(length);
        Poll::Ready(Some(Ok(Frame::data(piece))))
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

impl<B> Service<Request<B>> for Watched
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
        let counted = Counted::new(&self.requests);
        let waiting = self.waiting.clone();
        let answer = self.router.clone().oneshot(request.map(Body::new));
        Box::pin(async move {
            let answer = answer.await?;
            Ok(answer.map(|body| Body::new(Answer::new(body, &waiting, counted))))
        })
    }
}
