//! The cluster: a control plane, simulated nodes, and the agent's user with the rights of its role.

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::{Context as _, Result, ensure};
use k8s_openapi::api::{
    admissionregistration::v1::{ValidatingAdmissionPolicy, ValidatingAdmissionPolicyBinding},
    authentication::v1::TokenRequest,
    core::v1::{Node, ServiceAccount},
    rbac::v1::{ClusterRole, ClusterRoleBinding},
};
use kube::{
    Api, Client,
    api::{ListParams, PostParams},
};
use serde_json::json;
use souk_kubesim::spec::NodeSpec;
use souk_provider::{
    model::{placement::NodeState, scope::MarketScope},
    runtime::check::{Access, User},
};
use souk_tests::kubernetes::{ControlPlane, Options};
use tokio::time::{Instant, sleep};

/// The agent's service account, in the namespace `default`.
pub const AGENT: &str = "souk-provider";
/// Nodes are ready within seconds, if the machine is not busy.
const TIMEOUT: Duration = Duration::from_secs(300);

/// A cluster without leases.
pub struct Cluster {
    plane: ControlPlane,
    /// With all rights.
    pub client: Client,
    /// The agent's.
    pub kubeconfig: PathBuf,
}

impl Cluster {
    pub async fn start(nodes: u32, folder: &Path) -> Result<Self> {
        let start = || ControlPlane::start(Options::default());
        let plane = tokio::task::spawn_blocking(start).await?;
        plane.add_classes().await;
        plane.add_nodes(&[NodeSpec::new("node", nodes, "32", "128Gi")]).await;
        let client = plane.client().await;
        let token = agents_token(&client).await?;
        let kubeconfig = folder.join("agent.kubeconfig");
        let admin = std::fs::read_to_string(plane.kubeconfig())?;
        let user = admin.lines().find(|line| line.starts_with("users:"));
        let user = user.context("the kubeconfig names its user in one line")?;
        let agents = format!("users: [{{name: user, user: {{token: {token}}}}}]");
        std::fs::write(&kubeconfig, admin.replace(user, &agents))?;
        let cluster = Self { plane, client, kubeconfig };
        cluster.ready_nodes(nodes as usize).await?;
        Ok(cluster)
    }

    /// Keeps the agent's writes to its own namespaces, as every agent's are.
    pub async fn confine(&self, scope: &MarketScope) -> Result<()> {
        let (post, access) = (PostParams::default(), access(scope));
        let policies = Api::<ValidatingAdmissionPolicy>::all(self.client.clone());
        policies.create(&post, &access.policy).await?;
        let in_force = Api::<ValidatingAdmissionPolicyBinding>::all(self.client.clone());
        in_force.create(&post, &access.policy_binding).await?;
        Ok(())
    }

    /// The process of a part of the control plane.
    pub fn process(&self, name: &str) -> Result<u32> {
        let file = self.plane.state().join("run").join(format!("{name}.pid"));
        let text = std::fs::read_to_string(&file).with_context(|| file.display().to_string())?;
        let id = text.split_whitespace().next().unwrap_or_default();
        id.parse().with_context(|| file.display().to_string())
    }

    async fn ready_nodes(&self, count: usize) -> Result<()> {
        let nodes = Api::<Node>::all(self.client.clone());
        let deadline = Instant::now() + TIMEOUT;
        loop {
            let all = nodes.list(&ListParams::default()).await?;
            let fit = all.iter().filter(|node| NodeState::of(node).unfit.is_none()).count();
            if fit == count {
                return Ok(());
            }
            ensure!(Instant::now() < deadline, "{fit} of {count} nodes are ready");
            sleep(Duration::from_millis(200)).await;
        }
    }
}

/// What `souk-provider access` prints for the agent of a provider in a market.
fn access(scope: &MarketScope) -> Access {
    Access::of(AGENT, User::Account { name: AGENT, namespace: "default" }, scope)
}

/// Makes the agent's user with its role, and gives its token.
async fn agents_token(client: &Client) -> Result<String> {
    let post = PostParams::default();
    let accounts = Api::<ServiceAccount>::namespaced(client.clone(), "default");
    // Neither provider nor market is there yet; what they are counts for the policy alone.
    let access = access(&MarketScope::new("", "", ""));
    accounts.create(&post, &access.account.context("a service account")?).await?;
    Api::<ClusterRole>::all(client.clone()).create(&post, &access.role).await?;
    Api::<ClusterRoleBinding>::all(client.clone()).create(&post, &access.binding).await?;
    let request: TokenRequest = serde_json::from_value(
        json!({ "spec": { "audiences": [], "expirationSeconds": 86_400 } }),
    )?;
    let issued = accounts.create_token_request(AGENT, &post, &request).await?;
    issued.status.and_then(|status| status.token).context("no token was issued")
}
