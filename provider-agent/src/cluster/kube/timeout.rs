//! No request waits for ever: an API server that takes requests and does not answer, or goes
//! silent within an answer, is an error like any other.
//!
//! Only the start of a watch is bounded here, since it may be silent for as long as it was asked
//! for; [`watch`](super::watch) asks for short ones. A log that is followed begins with its
//! first line, whenever that comes.

use std::{
    task::{Context, Poll},
    time::Duration,
};

use futures::future::BoxFuture;
use http::{Request, Response};
use tower::{BoxError, Layer, Service};
use tower_http::timeout::TimeoutBody;

/// Longer than the API server lets an admission webhook take.
pub const PATIENCE: Duration = Duration::from_secs(35);
const FOR_EVER: Duration = Duration::from_secs(u32::MAX as u64);

/// The API server said nothing for too long.
#[derive(Debug, thiserror::Error)]
#[error("the API server did not answer within {} seconds", .0.as_secs_f32())]
pub struct Silent(Duration);

/// Bounds the requests of a client.
#[derive(Clone, Copy, Debug)]
pub struct Patience(pub Duration);

impl<S> Layer<S> for Patience {
    type Service = Patient<S>;

    fn layer(&self, inner: S) -> Patient<S> {
        Patient { inner, patience: self.0 }
    }
}

/// A client whose requests are bounded.
#[derive(Clone, Debug)]
pub struct Patient<S> {
    inner: S,
    patience: Duration,
}

impl<S, I, O> Service<Request<I>> for Patient<S>
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
            (true, _) => (FOR_EVER, FOR_EVER),
            (false, true) => (self.patience, FOR_EVER),
            (false, false) => (self.patience, self.patience),
        };
        let answer = self.inner.call(request);
        Box::pin(async move {
            let answer = tokio::time::timeout(start, answer).await.map_err(|_| Silent(start))?;
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
        let client = ClientBuilder::new(silent, "default").with_layer(&Patience(SHORT)).build();
        let error = error(client).await;
        assert!(error.contains("did not answer within 0.05 seconds"), "{error}");
    }

    #[tokio::test]
    async fn a_server_that_goes_silent_within_an_answer_is_an_error() {
        let halting = service_fn(|_: Request<kube::client::Body>| async {
            let body = Body::from_stream(stream::pending::<Result<&'static str, BoxError>>());
            Ok::<_, BoxError>(Response::new(body))
        });
        let client = ClientBuilder::new(halting, "default").with_layer(&Patience(SHORT)).build();
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
