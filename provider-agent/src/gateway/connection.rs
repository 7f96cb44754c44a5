//! One connection: whose it is, TLS, and HTTP until it ends, is idle for too long or makes room.

use std::{
    net::SocketAddr,
    sync::Arc,
    time::{Duration, Instant},
};

use axum::Router;
use hyper_util::{
    rt::{TokioExecutor, TokioIo, TokioTimer},
    server::conn::auto,
    service::TowerToHyperService,
};
use ipnet::IpNet;
use socket2::SockRef;
use tokio::{net::TcpStream, time};
use tokio_rustls::{TlsAcceptor, server::TlsStream};
use tokio_util::sync::CancellationToken;

use super::{
    proxy_header::{self, HeaderError, Origin},
    tracked::TrackedRouter,
    visit::Visit,
    visitors::{Refused, Visitor},
};

/// The most concurrent requests on one HTTP/2 connection: a lease's streams and some more.
const HTTP2_STREAMS: u32 = 20;
/// The most bytes of a request's head on an HTTP/1 connection; tokens have 8 KiB at most.
const HEAD: usize = 32 << 10;

/// What all connections have in common.
#[derive(Clone)]
pub struct Shared {
    /// TLS.
    pub acceptor: TlsAcceptor,
    /// The routes.
    pub router: Router,
    /// Networks whose connections begin with a PROXY header.
    pub balancers: Arc<[IpNet]>,
    /// How long a connection may be without a request.
    pub idle: Duration,
    /// How long one may be with a response of which the peer reads nothing.
    pub write: Duration,
    /// Cancelled when the gateway stops.
    pub stop: CancellationToken,
    /// Cancelled when what is open then has had its time.
    pub abort: CancellationToken,
}

/// Why a connection ends before its first request.
#[derive(Debug, thiserror::Error)]
enum OpenError {
    #[error(transparent)]
    Header(#[from] HeaderError),
    #[error(transparent)]
    Refused(#[from] Refused),
    #[error("it begins with a PROXY header, and gateway.balancers does not name its address")]
    UnknownBalancer,
    #[error("TLS: {0}")]
    Tls(#[from] std::io::Error),
    #[error("TLS was not established in time")]
    TooSlow,
}

impl Shared {
    /// Whether connections from there begin with a PROXY header.
    pub fn is_balancer(&self, from: SocketAddr) -> bool {
        let address = from.ip().to_canonical();
        self.balancers.iter().any(|network| network.contains(&address))
    }

    /// Serves a connection until it ends.
    pub async fn serve(self, stream: TcpStream, from: SocketAddr, visitor: Visitor) {
        if let Err(error) = SockRef::from(&stream).set_tcp_user_timeout(Some(self.write)) {
            tracing::debug!(%error, "TCP timeout of a connection not set");
        }
        let opened = tokio::select! {
            opened = self.open(stream, from, &visitor) => opened,
            () = visitor.evicted.cancelled() => return,
            () = self.stop.cancelled() => return,
        };
        match opened {
            Ok(Some((stream, visit))) => self.http(stream, visit, &visitor.evicted).await,
            Ok(None) => {}
            Err(error @ (OpenError::UnknownBalancer | OpenError::Header(HeaderError::Missing))) => {
                tracing::warn!(%from, %error, "connection refused");
            }
            Err(error) => tracing::debug!(%from, %error, "connection refused"),
        }
    }

    /// Finds out whose connection it is and establishes TLS; none if a balancer only looks whether the
    /// gateway is there.
    async fn open(
        &self,
        mut stream: TcpStream,
        from: SocketAddr,
        visitor: &Visitor,
    ) -> Result<Option<(TlsStream<TcpStream>, Visit)>, OpenError> {
        let opening = async {
            let mut address = from.ip();
            if self.is_balancer(from) {
                match proxy_header::read(&mut stream).await? {
                    Origin::Visitor(named) => address = named,
                    Origin::Balancer => return Ok(None),
                }
                visitor.identify(address, Instant::now())?;
            } else {
                let mut start = [0; 12];
                let length = stream.peek(&mut start).await?;
                if proxy_header::begins_header(start.get(..length).unwrap_or_default()) {
                    return Err(OpenError::UnknownBalancer);
                }
            }
            let visit = Visit::new(visitor, address);
            Ok(Some((self.acceptor.accept(stream).await?, visit)))
        };
        time::timeout(self.idle, opening).await.map_err(|_| OpenError::TooSlow)?
    }

    async fn http(&self, stream: TlsStream<TcpStream>, visit: Visit, evicted: &CancellationToken) {
        let mut builder = auto::Builder::new(TokioExecutor::new());
        builder.http1().timer(TokioTimer::new()).header_read_timeout(self.idle).max_buf_size(HEAD);
        builder
            .http2()
            .timer(TokioTimer::new())
            .keep_alive_interval(self.idle)
            .keep_alive_timeout(self.idle)
            .max_header_list_size(HEAD as u32)
            .max_concurrent_streams(HTTP2_STREAMS);
        let activity = Arc::clone(visit.activity());
        let service = TowerToHyperService::new(TrackedRouter::new(self.router.clone(), visit));
        let serving = builder.serve_connection_with_upgrades(TokioIo::new(stream), service);
        let mut serving = std::pin::pin!(serving);
        tokio::select! {
            served = serving.as_mut() => return report(served),
            () = self.stop.cancelled() => serving.as_mut().graceful_shutdown(),
            // With any protocol, and with none.
            () = activity.ended(self.idle, self.write) => return,
            () = evicted.cancelled() => return,
        }
        tokio::select! {
            served = serving => report(served),
            () = self.abort.cancelled() => {}
        }
    }
}

fn report(served: Result<(), Box<dyn std::error::Error + Send + Sync>>) {
    if let Err(error) = served {
        tracing::debug!(%error, "connection ended with an error");
    }
}
