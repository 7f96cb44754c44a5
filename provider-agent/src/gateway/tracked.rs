//! The router of one connection: counts its requests and limits their rate, and follows each response
//! until it is sent.

use std::{
    convert::Infallible,
    pin::Pin,
    task::{Context, Poll},
    time::Instant,
};

use axum::{
    Router,
    body::{Body, Bytes, HttpBody},
    response::{IntoResponse, Response},
};
use futures::future::BoxFuture;
use http::Request;
use http_body::{Frame, SizeHint};
use tower::{Service, ServiceExt};

use super::{GatewayError, activity::RequestGuard, visit::Visit};

/// A response body is sent in chunks of this many bytes, so that a peer that does not read is seen
/// after one chunk.
const CHUNK: usize = 16 << 10;

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
        let number = counted.activity().begin_response();
        Self { body, rest: Bytes::new(), number, counted }
    }

    fn set_waiting(&self, waits: bool) {
        self.counted.activity().set_waiting(self.number, waits);
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
