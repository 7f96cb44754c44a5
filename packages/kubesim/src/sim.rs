//! A running simulator: starting, reaching, disturbing and stopping it.

use std::{
    collections::HashMap,
    io,
    net::{Ipv4Addr, SocketAddr},
    path::Path,
    sync::{Arc, Mutex, PoisonError},
};

use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::Value;
use tokio::{net::TcpListener, task::JoinHandle};
use tokio_util::sync::CancellationToken;

use crate::{
    access::Access,
    bootstrap,
    cluster::Cluster,
    controllers,
    error::ApiError,
    http::{Api, LogUse, Outage},
    kinds::Kind,
    registry::WriteOptions,
    spec::{ClusterSpec, SpecError},
    store::StoreCopy,
    tls::{self, TlsError},
    validate::array,
};

/// Why a simulator did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The cluster makes no sense.
    #[error(transparent)]
    Spec(#[from] SpecError),
    /// The address cannot be had.
    #[error("cannot listen on {address}: {source}; choose a free port or 127.0.0.1:0")]
    Listen {
        /// Address as given.
        address: SocketAddr,
        /// Why.
        source: io::Error,
    },
    /// An object that follows from the cluster file was refused.
    #[error("the cluster cannot be set up: {0}")]
    Setup(#[from] ApiError),
    /// The certificate could not be made.
    #[error(transparent)]
    Tls(#[from] TlsError),
}

/// A running simulator. It stops when it is dropped.
#[derive(Debug)]
pub struct KubeSim {
    name: String,
    address: SocketAddr,
    token: Arc<str>,
    authority: String,
    users: Arc<Mutex<HashMap<String, Arc<Access>>>>,
    cluster: Arc<Mutex<Cluster>>,
    outage: Arc<tokio::sync::watch::Sender<Outage>>,
    logs: Arc<LogUse>,
    stop: CancellationToken,
    tasks: Vec<JoinHandle<()>>,
}

impl KubeSim {
    /// Starts a cluster on a free port of the loopback interface.
    ///
    /// # Errors
    /// If the cluster is invalid, no port is free, or no certificate can be made.
    pub async fn start(spec: ClusterSpec) -> Result<Self, StartError> {
        Self::listen(spec, SocketAddr::from((Ipv4Addr::LOCALHOST, 0))).await
    }

    /// Starts a cluster on an address.
    ///
    /// # Errors
    /// If the cluster is invalid, the address cannot be had, or no certificate can be made.
    pub async fn listen(spec: ClusterSpec, address: SocketAddr) -> Result<Self, StartError> {
        spec.check()?;
        let name = spec.name.clone();
        let token: Arc<str> = match &spec.token {
            Some(token) => token.as_str().into(),
            None => uuid::Uuid::new_v4().simple().to_string().into(),
        };
        let mut cluster = Cluster::new(spec);
        bootstrap::fill(&mut cluster)?;
        let identity = tls::identity(address.ip())?;
        let listener = TcpListener::bind(address)
            .await
            .map_err(|source| StartError::Listen { address, source })?;
        let address =
            listener.local_addr().map_err(|source| StartError::Listen { address, source })?;
        let api = Api {
            cluster: Arc::new(Mutex::new(cluster)),
            token: token.clone(),
            users: Arc::default(),
            outage: Arc::new(tokio::sync::watch::Sender::new(Outage::None)),
            logs: Arc::default(),
            stop: CancellationToken::new(),
        };
        let users = api.users.clone();
        let cluster = api.cluster.clone();
        let (outage, logs, stop) = (api.outage.clone(), api.logs.clone(), api.stop.clone());
        let controllers = tokio::spawn(controllers::run(api.cluster.clone(), stop.clone()));
        let listener = tls::Listener::new(listener, address, identity.config, stop.clone());
        let ended = stop.clone().cancelled_owned();
        let server = tokio::spawn(async move {
            let serving = axum::serve(listener, api.router()).with_graceful_shutdown(ended);
            if let Err(error) = serving.await {
                tracing::error!(%error, "the server ended");
            }
        });
        let tasks = vec![controllers, server];
        let authority = identity.authority;
        Ok(Self { name, address, token, authority, users, cluster, outage, logs, stop, tasks })
    }

    /// Address of the API, such as `https://127.0.0.1:40123`.
    pub fn url(&self) -> String {
        format!("https://{}", self.address)
    }

    /// The bearer token that requests must carry.
    pub fn token(&self) -> &str {
        &self.token
    }

    /// PEM of the authority that signed the server's certificate.
    pub fn authority(&self) -> &str {
        &self.authority
    }

    /// A kubeconfig (YAML) with address, authority and token.
    pub fn kubeconfig(&self) -> String {
        self.kubeconfig_with(&self.token)
    }

    /// Adds a user with fewer rights, and returns its kubeconfig.
    pub fn add_user(&self, access: Access) -> String {
        let token = uuid::Uuid::new_v4().simple().to_string();
        let mut users = self.users.lock().unwrap_or_else(PoisonError::into_inner);
        users.insert(token.clone(), Arc::new(access));
        self.kubeconfig_with(&token)
    }

    fn kubeconfig_with(&self, token: &str) -> String {
        let authority = STANDARD.encode(&self.authority);
        let (name, url) = (&self.name, self.url());
        format!(
            "apiVersion: v1\n\
             kind: Config\n\
             clusters:\n\
             - name: \"{name}\"\n  cluster:\n    server: \"{url}\"\n    certificate-authority-data: {authority}\n\
             users:\n\
             - name: \"{name}\"\n  user:\n    token: \"{token}\"\n\
             contexts:\n\
             - name: \"{name}\"\n  context:\n    cluster: \"{name}\"\n    user: \"{name}\"\n\
             current-context: \"{name}\"\n"
        )
    }

    /// Writes the kubeconfig to a file that only its owner may read.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub fn write_kubeconfig(&self, path: &Path) -> io::Result<()> {
        write_private(path, &self.kubeconfig())
    }

    /// Adds a user with fewer rights, and writes its kubeconfig to a file that only its owner may read.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub fn write_user_kubeconfig(&self, access: Access, path: &Path) -> io::Result<()> {
        write_private(path, &self.add_user(access))
    }

    /// Makes what an administrator applies for an agent: the namespaces and Leases in a list as
    /// `souk-provider access` prints it, unless they are there.
    ///
    /// # Errors
    /// If one of them is refused.
    pub fn make(&self, list: &Value) -> Result<(), ApiError> {
        let mut cluster = self.lock();
        for item in array(&list["items"]) {
            let kind = match item["kind"].as_str() {
                Some("Namespace") => Kind::Namespace,
                Some("Lease") => Kind::Lease,
                _ => continue,
            };
            let namespace = item["metadata"]["namespace"].as_str().unwrap_or_default();
            let options = WriteOptions::system("kubesim");
            match cluster.create(kind, namespace, item.clone(), &options) {
                Err(error) if error.code != 409 => return Err(error),
                _ => {}
            }
        }
        Ok(())
    }

    /// Lets the API fail until `resume`; the cluster itself goes on.
    pub fn pause(&self, outage: Outage) {
        self.outage.send_replace(outage);
    }

    /// A copy of all objects, as of a backup of etcd.
    pub fn copy(&self) -> StoreCopy {
        self.lock().store.copy()
    }

    /// Puts a copy back. What came since is gone without a change that watches see, and its versions
    /// are given out again: a watch from one of them is silent until it is reached.
    pub fn put_back(&self, copy: &StoreCopy) {
        self.lock().put_back(copy);
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Cluster> {
        self.cluster.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How logs are asked for.
    pub fn log_use(&self) -> &LogUse {
        &self.logs
    }

    /// Ends an outage.
    pub fn resume(&self) {
        self.outage.send_replace(Outage::None);
    }

    /// Ends all streams and waits until the server is down.
    pub async fn stop(mut self) {
        self.stop.cancel();
        for task in self.tasks.drain(..) {
            // A task that was cancelled is down as well.
            let _ = task.await;
        }
    }
}

fn write_private(path: &Path, text: &str) -> io::Result<()> {
    use std::{
        fs::OpenOptions,
        io::Write,
        os::unix::fs::{OpenOptionsExt, PermissionsExt},
    };
    let mut file =
        OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path)?;
    file.set_permissions(std::fs::Permissions::from_mode(0o600))?;
    file.write_all(text.as_bytes())
}

impl Drop for KubeSim {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}
