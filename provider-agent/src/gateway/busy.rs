//! Whether a connection is being used: requests that are being answered, their bodies included.

use std::{
    convert::Infallible,
    pin::Pin,
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
use tokio::{sync::watch, time};
use tower::{Service, ServiceExt};

/// A router whose requests are counted.
#[derive(Clone, Debug)]
pub struct Watched {
    router: Router,
    requests: watch::Sender<usize>,
}

/// The router with its requests counted, and the count.
pub fn watched(router: Router) -> (Watched, watch::Receiver<usize>) {
    let (requests, count) = watch::channel(0);
    (Watched { router, requests }, count)
}

/// Returns when there was no request for so long.
pub async fn idle(mut requests: watch::Receiver<usize>, patience: Duration) {
    while requests.wait_for(|count| *count == 0).await.is_ok() {
        if time::timeout(patience, requests.changed()).await.is_err() {
            return;
        }
    }
    // Nobody counts any more: the connection is about to end by itself.
    std::future::pending().await
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
    _counted: Counted,
}

impl HttpBody for Answer {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        Pin::new(&mut self.body).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
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
        let answer = self.router.clone().oneshot(request.map(Body::new));
        Box::pin(async move {
            let answer = answer.await?;
            Ok(answer.map(|body| Body::new(Answer { body, _counted: counted })))
        })
    }
}
