//! Connections: TLS, caps on their number, and none that is held without being used.

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

use super::{ServeError, State, addresses::Addresses, busy, router, tls};

/// How long open streams may go on after the order to stop.
const FAREWELL: Duration = Duration::from_secs(5);
/// Requests at once on one HTTP/2 connection: a lease's streams and some beside them.
const HTTP2_STREAMS: u32 = 20;
/// Bytes of a request's head on an HTTP/1 connection; tokens are 8 KiB at most.
const HEAD: usize = 32 << 10;

/// Serves until `stop`. `listening` hears the address once connections are taken.
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

    let patience = Patience {
        idle: Duration::from_secs(config.limits.header_timeout.0),
        untaken: Duration::from_secs(config.limits.untaken_timeout.0),
    };
    let slots = Arc::new(Semaphore::new(config.limits.connections as usize));
    let addresses = Addresses::new(config.limits.connections_per_address);
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
            // Out of file descriptors, for instance: give others time to close theirs.
            time::sleep(Duration::from_millis(100)).await;
            continue;
        };
        let Some(place) = addresses.take(from.ip()) else {
            tracing::debug!(%from, "an address has too many connections");
            continue;
        };
        let (acceptor, router, stop) = (acceptor.clone(), router.clone(), stop.clone());
        connections.spawn(async move {
            let _held = (slot, place);
            connection(stream, acceptor, router, patience, stop).await;
        });
    }
    connections.close();
    // Whoever still streams after the farewell is cut off.
    let _ = time::timeout(FAREWELL, connections.wait()).await;
    Ok(())
}

/// How long a connection is held without being used.
#[derive(Clone, Copy)]
struct Patience {
    /// Without a request.
    idle: Duration,
    /// With an answer of which the peer takes nothing.
    untaken: Duration,
}

async fn connection(
    stream: TcpStream,
    acceptor: TlsAcceptor,
    router: Router,
    patience: Patience,
    stop: CancellationToken,
) {
    let Patience { idle, untaken } = patience;
    if let Err(error) = SockRef::from(&stream).set_tcp_user_timeout(Some(untaken)) {
        tracing::debug!(%error, "a connection cannot be given a time limit");
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
    let (service, used) = busy::watched(router);
    let service = TowerToHyperService::new(service);
    let serving = builder.serve_connection_with_upgrades(TokioIo::new(stream), service);
    let mut serving = std::pin::pin!(serving);
    tokio::select! {
        served = serving.as_mut() => return report(served),
        () = stop.cancelled() => serving.as_mut().graceful_shutdown(),
        // Whatever protocol it speaks, and if it speaks none at all.
        () = used.ended(idle, untaken) => return,
    }
    report(serving.await);
}

fn report(served: Result<(), Box<dyn std::error::Error + Send + Sync>>) {
    if let Err(error) = served {
        tracing::debug!(%error, "a connection ended");
    }
}
