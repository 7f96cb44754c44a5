//! Accepts connections: TLS, limits on their number, and timeouts for idle ones.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use axum::Router;
use hyper_util::{
    rt::{TokioExecutor, TokioIo, TokioTimer},
    server::conn::auto,
    service::TowerToHyperService,
};
use socket2::SockRef;
use tokio::{
    net::{TcpListener, TcpStream},
    sync::Semaphore,
    time,
};
use tokio_rustls::TlsAcceptor;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use super::{ServeError, State, activity, connection_limit::ConnectionLimit, router, tls};

/// How long open streams may go on after the stop signal.
const SHUTDOWN_TIMEOUT: Duration = Duration::from_secs(5);
/// The most concurrent requests on one HTTP/2 connection: a lease's streams and some more.
const HTTP2_STREAMS: u32 = 20;
/// The most bytes of a request's head on an HTTP/1 connection; tokens have 8 KiB at most.
const HEAD: usize = 32 << 10;

/// Serves until `stop`. `listening` is called with the address once connections are accepted.
///
/// # Errors
///
/// If the certificate or key cannot be used, or the address is taken.
pub async fn serve(
    state: Arc<State>,
    stop: CancellationToken,
    listening: impl FnOnce(SocketAddr),
) -> Result<(), ServeError> {
    let config = &state.config;
    let acceptor = TlsAcceptor::from(tls::server_config(&config.certificate, &config.key)?);
    let address = config.listen;
    let failed = |error| ServeError::Listen { address, error };
    let listener = TcpListener::bind(address).await.map_err(failed)?;
    listening(listener.local_addr().map_err(failed)?);

    let timeout = ConnectionTimeouts {
        idle: Duration::from_secs(config.limits.header_timeout.0),
        write: Duration::from_secs(config.limits.write_timeout.0),
    };
    let slots = Arc::new(Semaphore::new(config.limits.connections as usize));
    let addresses = ConnectionLimit::new(config.limits.connections_per_address);
    let router = router(Arc::clone(&state));
    let connections = TaskTracker::new();
    loop {
        let slot = tokio::select! {
            () = stop.cancelled() => break,
            slot = Arc::clone(&slots).acquire_owned() => slot,
        };
        let accepted = tokio::select! {
            () = stop.cancelled() => break,
            accepted = listener.accept() => accepted,
        };
        let Ok((stream, from)) = accepted else {
            // For instance out of file descriptors: wait until others are closed.
            time::sleep(Duration::from_millis(100)).await;
            continue;
        };
        let Some(permit) = addresses.acquire(from.ip()) else {
            tracing::debug!(%from, "connection refused: too many from this address");
            continue;
        };
        let (acceptor, router, stop) = (acceptor.clone(), router.clone(), stop.clone());
        connections.spawn(async move {
            let _held = (slot, permit);
            connection(stream, acceptor, router, timeout, stop).await;
        });
    }
    connections.close();
    // Streams that are still open after the timeout are aborted.
    let _ = time::timeout(SHUTDOWN_TIMEOUT, connections.wait()).await;
    Ok(())
}

/// The timeouts of a connection.
#[derive(Clone, Copy)]
struct ConnectionTimeouts {
    /// Without a request.
    idle: Duration,
    /// With a response of which the peer reads nothing.
    write: Duration,
}

async fn connection(
    stream: TcpStream,
    acceptor: TlsAcceptor,
    router: Router,
    timeout: ConnectionTimeouts,
    stop: CancellationToken,
) {
    let ConnectionTimeouts { idle, write } = timeout;
    if let Err(error) = SockRef::from(&stream).set_tcp_user_timeout(Some(write)) {
        tracing::debug!(%error, "TCP timeout of a connection not set");
    }
    let Ok(Ok(stream)) = time::timeout(idle, acceptor.accept(stream)).await else { return };
    let mut builder = auto::Builder::new(TokioExecutor::new());
    builder.http1().timer(TokioTimer::new()).header_read_timeout(idle).max_buf_size(HEAD);
    builder
        .http2()
        .timer(TokioTimer::new())
        .keep_alive_interval(idle)
        .keep_alive_timeout(idle)
        .max_concurrent_streams(HTTP2_STREAMS);
    let (service, used) = activity::track(router);
    let service = TowerToHyperService::new(service);
    let serving = builder.serve_connection_with_upgrades(TokioIo::new(stream), service);
    let mut serving = std::pin::pin!(serving);
    tokio::select! {
        served = serving.as_mut() => return report(served),
        () = stop.cancelled() => serving.as_mut().graceful_shutdown(),
        // With any protocol, and with none.
        () = used.ended(idle, write) => return,
    }
    report(serving.await);
}

fn report(served: Result<(), Box<dyn std::error::Error + Send + Sync>>) {
    if let Err(error) = served {
        tracing::debug!(%error, "connection ended with an error");
    }
}
