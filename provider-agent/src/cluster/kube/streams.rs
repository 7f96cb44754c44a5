//! Requests that last: followed logs, and tenants' watches of events. They go over HTTP/2 connections
//! of their own, as many as needed: an API server takes about 100 streams on one connection, and what
//! comes after that would wait behind them, writes and the agent's own watches among it.
//!
//! The client of `kube` speaks HTTP/1.1 alone, which exec needs: it stays for all the rest.

use std::{
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use bytes::Bytes;
use futures::future::BoxFuture;
use http::{Request, Response};
use http_body::{Frame, SizeHint};
use hyper::body::Incoming;
use hyper_rustls::{FixedServerNameResolver, HttpsConnector, HttpsConnectorBuilder};
use hyper_util::{
    client::legacy::{self, connect::HttpConnector},
    rt::{TokioExecutor, TokioTimer},
};
use kube::{
    Client,
    client::{Body, ClientBuilder, ConfigExt},
};
use parking_lot::Mutex;
use rustls::pki_types::ServerName;
use tower::{BoxError, Service, ServiceBuilder};

use super::{
    client::{self, ClusterError},
    timeout::{REQUEST_TIMEOUT, RequestTimeout},
};
use crate::config::Cluster;

/// The streams of one connection; an API server takes 100.
const PER_CONNECTION: usize = 80;
/// Connections for logs.
pub const LOG_CONNECTIONS: u32 = 40;
/// Connections for tenants' watches of events.
pub const EVENT_CONNECTIONS: u32 = 20;
/// What a stream may have unread, so that one that is read slowly takes little of its connection.
const STREAM_WINDOW: u32 = 64 << 10;
/// As much for all streams of a connection together, so that none waits for another.
const CONNECTION_WINDOW: u32 = STREAM_WINDOW * PER_CONNECTION as u32;
const KEEP_ALIVE: Duration = Duration::from_secs(30);

/// A client for requests that last, on at most this many connections of its own; it does not connect
/// yet.
///
/// # Errors
///
/// If the kubeconfig cannot be used.
pub async fn from_config(cluster: &Cluster, connections: u32) -> Result<Client, ClusterError> {
    let config = client::config(cluster).await?;
    if config.cluster_url.scheme() == Some(&http::uri::Scheme::HTTP) {
        // Behind `kubectl proxy` there is no HTTP/2.
        return client::from_config(cluster).await;
    }
    let failed = |error: &dyn std::fmt::Display| ClusterError::Client(error.to_string());
    let tls = config.rustls_client_config().map_err(|error| failed(&error))?;
    let mut connector = HttpsConnectorBuilder::new().with_tls_config(tls).https_only();
    if let Some(name) = &config.tls_server_name {
        let name = ServerName::try_from(name.clone()).map_err(|error| failed(&error))?;
        connector = connector.with_server_name_resolver(FixedServerNameResolver::new(name));
    }
    let mut http = HttpConnector::new();
    http.enforce_http(false);
    http.set_connect_timeout(Some(REQUEST_TIMEOUT));
    let pool = Pool {
        connector: connector.enable_http2().wrap_connector(http),
        limit: connections as usize,
        connections: Arc::default(),
    };
    let service = ServiceBuilder::new()
        .layer(config.base_uri_layer())
        .option_layer(config.auth_layer().map_err(|error| failed(&error))?)
        .layer(config.extra_headers_layer().map_err(|error| failed(&error))?)
        .layer(RequestTimeout(REQUEST_TIMEOUT))
        .map_err(BoxError::from)
        .service(pool);
    Ok(ClientBuilder::new(service, config.default_namespace).build())
}

type Connection = legacy::Client<HttpsConnector<HttpConnector>, Body>;

/// A connection, and a count of its streams: the references to it but this one.
type Counted = (Connection, Arc<()>);

/// Connections and how many streams each has.
#[derive(Clone)]
struct Pool {
    connector: HttpsConnector<HttpConnector>,
    limit: usize,
    connections: Arc<Mutex<Vec<Counted>>>,
}

/// All connections are full.
#[derive(Debug, thiserror::Error)]
#[error("{0} streams from the API server are open, which is the limit")]
struct Full(usize);

impl Pool {
    /// A connection with room, and what counts as a stream on it until it is dropped.
    fn connection(&self) -> Result<(Connection, Arc<()>), Full> {
        let mut connections = self.connections.lock();
        // Idle ones are closed, but for one.
        let idle = |used: &Arc<()>| Arc::strong_count(used) == 1;
        let mut kept = false;
        connections.retain(|(_, used)| !idle(used) || !std::mem::replace(&mut kept, true));
        let room = |used: &Arc<()>| Arc::strong_count(used) <= PER_CONNECTION;
        if let Some((connection, used)) = connections.iter().find(|(_, used)| room(used)) {
            return Ok((connection.clone(), Arc::clone(used)));
        }
        if connections.len() >= self.limit {
            return Err(Full(self.limit * PER_CONNECTION));
        }
        // Such a client has one connection, whatever is asked of it.
        let connection = legacy::Client::builder(TokioExecutor::new())
            .timer(TokioTimer::new())
            .pool_timer(TokioTimer::new())
            .http2_only(true)
            .http2_initial_stream_window_size(STREAM_WINDOW)
            .http2_initial_connection_window_size(CONNECTION_WINDOW)
            .http2_keep_alive_interval(KEEP_ALIVE)
            .http2_keep_alive_timeout(KEEP_ALIVE)
            .build(self.connector.clone());
        let used = Arc::new(());
        connections.push((connection.clone(), Arc::clone(&used)));
        Ok((connection, used))
    }
}

impl Service<Request<Body>> for Pool {
    type Response = Response<Stream>;
    type Error = BoxError;
    type Future = BoxFuture<'static, Result<Self::Response, BoxError>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let connection = self.connection();
        Box::pin(async move {
            let (connection, used) = connection?;
            let response = connection.request(request).await?;
            Ok(response.map(|body| Stream { body, _used: used }))
        })
    }
}

/// The body of a response, which counts as a stream until it is dropped.
struct Stream {
    body: Incoming,
    _used: Arc<()>,
}

impl http_body::Body for Stream {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        Pin::new(&mut self.body).poll_frame(cx)
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }
}
