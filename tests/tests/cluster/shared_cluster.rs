//! The cluster of all tests here.

use std::{
    path::{Path, PathBuf},
    sync::{
        OnceLock,
        atomic::{AtomicUsize, Ordering},
    },
};

use k8s_openapi::api::{
    admissionregistration::v1::{ValidatingAdmissionPolicy, ValidatingAdmissionPolicyBinding},
    authentication::v1::{TokenRequest, TokenRequestSpec},
    core::v1::ServiceAccount,
    rbac::v1::{ClusterRole, ClusterRoleBinding},
};
use kube::{Api, Client, api::PostParams};
use souk_provider::{
    model::scope::MarketScope,
    runtime::check::{Access, User},
};
use souk_tests::kubernetes::{
    ControlPlane, Machine, Options, RealNode, RealNodes, real_nodes_cannot_run,
};
use tokio::sync::{OnceCell, RwLock, RwLockReadGuard, RwLockWriteGuard};

/// The label of real nodes, by which agents choose them.
pub const REAL: (&str, &str) = ("souk.test/real", "yes");
/// The product of the first real node's GPUs.
pub const PRODUCT: &str = "NVIDIA-H100-80GB-HBM3";
/// The namespace of the agents' users.
const USERS: &str = "default";

/// The cluster, once it is started.
pub struct Cluster {
    nodes: Nodes,
    /// Tests use the API together; one that stops it is alone.
    api: RwLock<()>,
    prepared: OnceCell<()>,
}

enum Nodes {
    Real(RealNodes),
    Simulated(ControlPlane),
}

static CLUSTER: OnceLock<Cluster> = OnceLock::new();

impl Cluster {
    /// The cluster, for a test that leaves its API server alone.
    pub async fn share() -> (&'static Self, RwLockReadGuard<'static, ()>) {
        let cluster = Self::get();
        (cluster, cluster.api.read().await)
    }

    /// The cluster, for a test that stops its API server.
    pub async fn alone() -> (&'static Self, RwLockWriteGuard<'static, ()>) {
        let cluster = Self::get();
        (cluster, cluster.api.write().await)
    }

    fn get() -> &'static Self {
        CLUSTER.get_or_init(|| {
            let _ = rustls::crypto::ring::default_provider().install_default();
            let nodes = match real_nodes_cannot_run() {
                Some(_) => Nodes::Simulated(ControlPlane::start(Options::default())),
                None => Nodes::Real(RealNodes::start(&[
                    RealNode::new("gpu").label(REAL.0, REAL.1).nvidia(4, PRODUCT, 81_559),
                    RealNode::new("plain").label(REAL.0, REAL.1),
                ])),
            };
            Self { nodes, api: RwLock::new(()), prepared: OnceCell::new() }
        })
    }

    pub fn plane(&self) -> &ControlPlane {
        match &self.nodes {
            Nodes::Real(nodes) => &nodes.plane,
            Nodes::Simulated(plane) => plane,
        }
    }

    /// The real nodes, if this machine can run them; the test has said it if not.
    pub fn real_nodes(&self) -> Option<&RealNodes> {
        match &self.nodes {
            Nodes::Real(nodes) => Some(nodes),
            Nodes::Simulated(_) => real_nodes_cannot_run().and(None),
        }
    }

    /// Starts one more real node, which can be stopped. Only where there are real ones.
    pub fn join(&self, node: &RealNode) -> Machine {
        static JOINED: AtomicUsize = AtomicUsize::new(1);
        let Nodes::Real(nodes) = &self.nodes else { panic!("there are no real nodes") };
        let number = nodes.addresses().len() + JOINED.fetch_add(1, Ordering::Relaxed);
        tokio::task::block_in_place(|| nodes.join(node, number))
    }

    /// A client with all rights.
    pub async fn client(&self) -> Client {
        self.plane().client().await
    }

    /// Writes a kubeconfig for an agent, whose user may do what `souk-provider access` grants.
    pub async fn agents_kubeconfig(
        &self,
        folder: &Path,
        name: &str,
        scope: &MarketScope,
    ) -> PathBuf {
        self.prepared.get_or_init(|| self.plane().add_classes()).await;
        let token = self.agents_token(name, scope).await;
        let admin = std::fs::read_to_string(self.plane().kubeconfig()).unwrap();
        let admins = admin.lines().find(|line| line.starts_with("users:")).unwrap();
        let agents = format!("users: [{{name: user, user: {{token: {token}}}}}]");
        std::fs::create_dir_all(folder).unwrap();
        let path = folder.join("kubeconfig");
        std::fs::write(&path, admin.replace(admins, &agents)).unwrap();
        path
    }

    /// Makes an agent's user with its role and policy; gives its token.
    async fn agents_token(&self, name: &str, scope: &MarketScope) -> String {
        let client = self.client().await;
        let post = PostParams::default();
        let accounts = Api::<ServiceAccount>::namespaced(client.clone(), USERS);
        let access = Access::of(name, User::Account { name, namespace: USERS }, scope);
        accounts.create(&post, &access.account.unwrap()).await.unwrap();
        Api::<ClusterRole>::all(client.clone()).create(&post, &access.role).await.unwrap();
        let bindings = Api::<ClusterRoleBinding>::all(client.clone());
        bindings.create(&post, &access.binding).await.unwrap();
        let policies = Api::<ValidatingAdmissionPolicy>::all(client.clone());
        policies.create(&post, &access.policy).await.unwrap();
        let in_force = Api::<ValidatingAdmissionPolicyBinding>::all(client);
        in_force.create(&post, &access.policy_binding).await.unwrap();
        let request = TokenRequest {
            spec: Some(TokenRequestSpec {
                expiration_seconds: Some(86_400),
                ..TokenRequestSpec::default()
            }),
            ..TokenRequest::default()
        };
        let issued = accounts.create_token_request(name, &post, &request).await.unwrap();
        issued.status.unwrap().token.unwrap()
    }
}
