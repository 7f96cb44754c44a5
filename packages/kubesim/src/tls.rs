//! The server's certificate, made at start. Clients get its authority by the kubeconfig:
//! client-go, and so kubectl, sends no token over plain HTTP.

use std::{
    net::{IpAddr, SocketAddr},
    sync::Arc,
    time::Duration,
};

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, KeyUsagePurpose,
};
use rustls::{
    ServerConfig,
    pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer},
};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::mpsc,
};
use tokio_rustls::{TlsAcceptor, server::TlsStream};
use tokio_util::sync::CancellationToken;

/// Why no certificate could be made.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// By the library that makes it.
    #[error("cannot make a certificate: {0}")]
    Certificate(#[from] rcgen::Error),
    /// By the library that serves it.
    #[error("cannot serve the certificate: {0}")]
    Serve(#[from] rustls::Error),
}

/// A server's certificate and the authority that clients are to trust.
pub struct Identity {
    /// What the server uses.
    pub config: Arc<ServerConfig>,
    /// PEM of the authority.
    pub authority: String,
}

/// Makes an authority and a certificate for an address and `localhost`.
pub fn identity(address: IpAddr) -> Result<Identity, TlsError> {
    let mut params = CertificateParams::new(Vec::new())?;
    params.distinguished_name.push(DnType::CommonName, "souk-kubesim");
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    let authority = CertifiedIssuer::self_signed(params, KeyPair::generate()?)?;

    let mut names = vec!["localhost".to_owned(), "127.0.0.1".to_owned()];
    if !address.is_unspecified() {
        names.push(address.to_string());
    }
    let mut params = CertificateParams::new(names)?;
    params.distinguished_name.push(DnType::CommonName, "kube-apiserver");
    let key = KeyPair::generate()?;
    let certificate = params.signed_by(&key, &authority)?;

    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(vec![certificate.der().clone()], key)?;
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(Identity { config: Arc::new(config), authority: authority.pem() })
}

/// Connections whose handshake is done; a slow one does not hold up the others.
pub struct Listener {
    address: SocketAddr,
    ready: mpsc::Receiver<(TlsStream<TcpStream>, SocketAddr)>,
}

impl Listener {
    /// Accepts from a bound listener until `stop`.
    pub fn new(
        listener: TcpListener,
        address: SocketAddr,
        config: Arc<ServerConfig>,
        stop: CancellationToken,
    ) -> Self {
        let (sender, ready) = mpsc::channel(64);
        let acceptor = TlsAcceptor::from(config);
        tokio::spawn(async move {
            loop {
                let accepted = tokio::select! {
                    accepted = listener.accept() => accepted,
                    () = stop.cancelled() => return,
                };
                match accepted {
                    Ok((stream, from)) => {
                        tokio::spawn(handshake(acceptor.clone(), stream, from, sender.clone()));
                    }
                    Err(error) => {
                        // Out of file handles, say: others may be closed in a moment.
                        tracing::warn!(%error, "a connection was not accepted");
                        tokio::time::sleep(Duration::from_millis(100)).await;
                    }
                }
            }
        });
        Self { address, ready }
    }
}

async fn handshake(
    acceptor: TlsAcceptor,
    stream: TcpStream,
    from: SocketAddr,
    sender: mpsc::Sender<(TlsStream<TcpStream>, SocketAddr)>,
) {
    // Watches send small pieces that are waited for.
    let _ = stream.set_nodelay(true);
    let done = tokio::time::timeout(Duration::from_secs(30), acceptor.accept(stream)).await;
    if let Ok(Ok(stream)) = done {
        // Without a receiver the server is on its way down.
        let _ = sender.send((stream, from)).await;
    }
}

impl axum::serve::Listener for Listener {
    type Io = TlsStream<TcpStream>;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Self::Io, Self::Addr) {
        match self.ready.recv().await {
            Some(accepted) => accepted,
            None => std::future::pending().await,
        }
    }

    fn local_addr(&self) -> std::io::Result<Self::Addr> {
        Ok(self.address)
    }
}
