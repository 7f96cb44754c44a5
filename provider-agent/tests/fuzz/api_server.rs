//! An API server within the process: it lists and watches what it is given.

use std::{
    collections::HashMap,
    convert::Infallible,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use axum::body::Body;
use bytes::Bytes;
use futures::{StreamExt, stream};
use http::{Request, Response, StatusCode};
use kube::Client;

/// What there is of a resource.
#[derive(Clone, Debug, Default)]
pub struct Resource {
    /// The whole answer to a list.
    pub list: Vec<u8>,
    /// The lines of each watch, with their ends; it stays open after them.
    pub lines: Vec<Vec<u8>>,
}

/// What was asked and read so far.
#[derive(Clone, Debug, Default)]
pub struct Traffic(Arc<AtomicUsize>);

impl Traffic {
    fn count(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }

    /// Waits until everyone has taken in what was sent. Nothing here waits for another thread, so that
    /// whoever can go on does so within a few turns.
    pub async fn settled(&self) {
        let (mut before, mut same) = (0, 0);
        while same < 8 {
            for _ in 0..16 {
                tokio::task::yield_now().await;
            }
            let now = self.0.load(Ordering::Relaxed);
            same = if now == before { same + 1 } else { 0 };
            before = now;
        }
    }
}

/// A client of a server with these resources, by path.
pub fn client(resources: HashMap<String, Resource>) -> (Client, Traffic) {
    let traffic = Traffic::default();
    let (resources, counted) = (Arc::new(resources), traffic.clone());
    let service = tower::service_fn(move |request: Request<kube::client::Body>| {
        counted.count();
        let answer = answer(&resources, request.uri(), &counted);
        std::future::ready(Ok::<_, Infallible>(answer))
    });
    (Client::new(service, "default"), traffic)
}

fn answer(
    resources: &HashMap<String, Resource>,
    uri: &http::Uri,
    traffic: &Traffic,
) -> Response<Body> {
    let Some(resource) = resources.get(uri.path()) else {
        let mut missing = Response::new(Body::from(MISSING));
        *missing.status_mut() = StatusCode::NOT_FOUND;
        return missing;
    };
    let watched = uri.query().is_some_and(|query| query.contains("watch=true"));
    if !watched {
        return Response::new(Body::from(resource.list.clone()));
    }
    let traffic = traffic.clone();
    let lines = stream::iter(resource.lines.clone()).map(move |line| {
        traffic.count();
        Ok::<_, Infallible>(Bytes::from(line))
    });
    Response::new(Body::from_stream(lines.chain(stream::pending())))
}

const MISSING: &str = r#"{"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure","message":"not found","reason":"NotFound","code":404}"#;
