//! A timeout for each request to the API server, for the start of a response and between its parts.
//!
//! For a watch only the start is bounded, since nothing may come for as long as it was asked for;
//! [`watch`](super::watch) asks for short ones. Following a log has no timeout: it begins with its
//! first line, whenever that comes.

use std::{
    task::{Context, Poll},
    time::Duration,
};

use futures::future::BoxFuture;
use http::{Request, Response};
use tower::{BoxError, Layer, Service};
use tower_http::timeout::TimeoutBody;

/// Longer than the API server's limit for admission webhooks.
pub const REQUEST_TIMEOUT: Duration = Duration::from_secs(35);
const UNBOUNDED: Duration = Duration::from_secs(u32::MAX as u64);

/// The API server did not answer in time.
#[derive(Debug, thiserror::Error)]
#[error("the API server did not answer within {} seconds", .0.as_secs_f32())]
pub struct TimedOut(Duration);

/// A layer that bounds the requests of a client.
#[derive(Clone, Copy, Debug)]
pub struct RequestTimeout(pub Duration);

impl<S> Layer<S> for RequestTimeout {
    type Service = TimeoutService<S>;

    fn layer(&self, inner: S) -> TimeoutService<S> {
        TimeoutService { inner, timeout: self.0 }
    }
}

/// A client whose requests are bounded.
#[derive(Clone, Debug)]
pub struct TimeoutService<S> {
    inner: S,
    timeout: Duration,
}

impl<S, I, O> Service<Request<I>> for TimeoutService<S>
where
    S: Service<Request<I>, Response = Response<O>>,
    S::Error: Into<BoxError>,
    S::Future: Send + 'static,
    O: 'static,
{
    type Response = Response<TimeoutBody<O>>;
    type Error = BoxError;
    type Future = BoxFuture<'static, Result<Self::Response, BoxError>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.inner.poll_ready(context).map_err(Into::into)
    }

    fn call(&mut self, request: Request<I>) -> Self::Future {
        let query = request.uri().query();
        let (start, silence) = match (asks_to(query, "follow"), asks_to(query, "watch")) {
            (true, _) => (UNBOUNDED, UNBOUNDED),
            (false, true) => (self.timeout, UNBOUNDED),
            (false, false) => (self.timeout, self.timeout),
        };
        let answer = self.inner.call(request);
        Box::pin(async move {
            let answer = tokio::time::timeout(start, answer).await.map_err(|_| TimedOut(start))?;
            Ok(answer.map_err(Into::into)?.map(|body| TimeoutBody::new(silence, body)))
        })
    }
}

fn asks_to(query: Option<&str>, what: &str) -> bool {
    let mut pairs = query.unwrap_or_default().split('&').filter_map(|pair| pair.split_once('='));
    pairs.any(|(key, value)| key == what && (value == "true" || value == "1"))
}

#[cfg(test)]
mod tests {
    use axum::body::Body;
    use futures::stream;
    use kube::{Client, client::ClientBuilder};
    use tower::service_fn;

    use super::*;

    const SHORT: Duration = Duration::from_millis(50);

    async fn error(client: Client) -> String {
        let asked = client.apiserver_version();
        let answer = tokio::time::timeout(Duration::from_secs(20), asked).await;
        answer.expect("an end").expect_err("no answer").to_string()
    }

    #[tokio::test]
    async fn a_server_that_takes_a_request_and_says_nothing_is_an_error() {
        let silent = service_fn(|_: Request<kube::client::Body>| {
            std::future::pending::<Result<Response<Body>, BoxError>>()
        });
        let client =
            ClientBuilder::new(silent, "default").with_layer(&RequestTimeout(SHORT)).build();
        let error = error(client).await;
        assert!(error.contains("did not answer within 0.05 seconds"), "{error}");
    }

    #[tokio::test]
    async fn a_server_that_goes_silent_within_an_answer_is_an_error() {
        let halting = service_fn(|_: Request<kube::client::Body>| async {
            let body = Body::from_stream(stream::pending::<Result<&'static str, BoxError>>());
            Ok::<_, BoxError>(Response::new(body))
        });
        let client =
            ClientBuilder::new(halting, "default").with_layer(&RequestTimeout(SHORT)).build();
        error(client).await;
    }

    #[test]
    fn streams_are_known_by_their_query() {
        for (query, watches) in [
            (None, false),
            (Some("limit=500"), false),
            (Some("&watch=true&timeoutSeconds=30"), true),
            (Some("watch=1"), true),
            (Some("watch=false"), false),
            (Some("rewatch=true"), false),
        ] {
            assert_eq!(asks_to(query, "watch"), watches, "{query:?}");
        }
    }
}
