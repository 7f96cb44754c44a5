//! Accepts connections and admits them by address, network and number.

use std::{
    net::{IpAddr, SocketAddr},
    sync::Arc,
    time::{Duration, Instant},
};

use tokio::{net::TcpListener, sync::Semaphore, time};
use tokio_rustls::TlsAcceptor;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use super::{
    ServeError, State,
    connection::Shared,
    router,
    tls::Certificates,
    visitors::{Refused, Visitors},
};
use crate::model::health::{Part, Reporter};

/// How long open streams may go on after the stop signal.
const SHUTDOWN_TIMEOUT: Duration = Duration::from_secs(5);
/// Sockets beside the connections: those that were sent away and are not closed yet. While there are
/// as many nobody is accepted.
pub const CLOSING: u32 = 32;
/// Between two warnings, whatever their cause.
const WARNING_INTERVAL: Duration = Duration::from_secs(60);

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
    let certificates = Certificates::load(&config.certificate, &config.key)?;
    let acceptor = TlsAcceptor::from(certificates.server_config()?);
    let address = config.listen;
    let failed = |error| ServeError::Listen { address, error };
    let listener = TcpListener::bind(address).await.map_err(failed)?;
    listening(listener.local_addr().map_err(failed)?);

    let shared = Shared {
        acceptor,
        router: router(Arc::clone(&state)),
        balancers: config.balancers.clone().into(),
        idle: config.limits.header_timeout.duration(),
        write: config.limits.write_timeout.duration(),
        stop: stop.clone(),
        abort: CancellationToken::new(),
    };
    let visitors = Visitors::new(config.limits, config.shared_address);
    let sockets = Semaphore::new(config.limits.connections.saturating_add(CLOSING) as usize);
    let sockets = Arc::new(sockets);
    let connections = TaskTracker::new();
    let certificate = state.failures.of(Part::Certificate);
    connections.spawn(certificates.follow(certificate, stop.clone()));
    let mut warnings = Warnings { last: None, health: state.failures.of(Part::Listener) };
    loop {
        let socket = tokio::select! {
            () = stop.cancelled() => break,
            socket = Arc::clone(&sockets).acquire_owned() => socket,
        };
        let accepted = tokio::select! {
            () = stop.cancelled() => break,
            accepted = listener.accept() => accepted,
        };
        let (stream, from) = match accepted {
            Ok(accepted) => {
                warnings.health.well();
                accepted
            }
            Err(error) => {
                // For instance out of file descriptors: wait until others are closed.
                warnings.accept_failed(&error);
                time::sleep(Duration::from_millis(100)).await;
                continue;
            }
        };
        let named_later = shared.is_balancer(from);
        let address = (!named_later).then(|| from.ip());
        match visitors.admit(address, Instant::now()) {
            Ok(visitor) => {
                let shared = shared.clone();
                connections.spawn(async move {
                    let _open = socket;
                    shared.serve(stream, from, visitor).await;
                });
            }
            Err(reason) => warnings.refused(from.ip(), reason),
        }
    }
    connections.close();
    // Requests and streams that are still open after the timeout are aborted: another agent may act soon.
    if time::timeout(SHUTDOWN_TIMEOUT, connections.wait()).await.is_err() {
        shared.abort.cancel();
        connections.wait().await;
    }
    Ok(())
}

/// What the operator should know, not more often than useful.
struct Warnings {
    last: Option<Instant>,
    health: Reporter,
}

impl Warnings {
    fn is_due(&mut self) -> bool {
        let now = Instant::now();
        let is_due = self.last.is_none_or(|last| now.duration_since(last) >= WARNING_INTERVAL);
        if is_due {
            self.last = Some(now);
        }
        is_due
    }

    fn accept_failed(&mut self, error: &std::io::Error) {
        self.health.failed(format!("connections cannot be accepted: {error}"));
        if self.is_due() {
            tracing::warn!(%error, "connections cannot be accepted");
        }
    }

    fn refused(&mut self, from: IpAddr, reason: Refused) {
        tracing::debug!(%from, %reason, "connection refused");
        if reason == Refused::Full {
            if self.is_due() {
                tracing::warn!(
                    "connections refused: all are in use; see gateway.limits.connections"
                );
            }
        } else if is_inner(from) && self.is_due() {
            tracing::warn!(
                %from,
                "connections refused from an address that is not public: if it is a balancer, name it \
                 in gateway.balancers; if it stands for all visitors, set gateway.shared_address"
            );
        }
    }
}

/// Whether an address is of a private network, so that it may stand for many visitors.
fn is_inner(address: IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(v4) => v4.is_private() || v4.is_link_local() || v4.is_loopback(),
        IpAddr::V6(v6) => v6.is_unique_local() || v6.is_unicast_link_local() || v6.is_loopback(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::health::Failures;

    #[test]
    fn a_listener_without_descriptors_is_a_failure_at_once() {
        let failures = Failures::default();
        let mut warnings = Warnings { last: None, health: failures.of(Part::Listener) };
        warnings.accept_failed(&std::io::Error::from_raw_os_error(24));
        let said = failures.now().remove(&Part::Listener).unwrap();
        assert!(said.contains("Too many open files"), "{said}");
    }
}
