//! A provider on this machine: registration, cluster, agent.

mod examples;
mod profile;
mod registration;

use std::{
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::{Context as _, Result, ensure};
use souk_client::{gateway::Client, network::Network};
use souk_gateway::Pin;

pub use examples::examples;
pub use profile::{ExistingCluster, Profile, Rates};
pub use registration::{Registration, free_port, register};

use crate::process::{Process, binary};

/// How long a process may take to be ready.
const READY_TIMEOUT: Duration = Duration::from_secs(60);

/// The name of an agent's configuration in its folder.
const CONFIG: &str = "provider.toml";

/// A provider whose agent and cluster run.
#[derive(Debug)]
pub struct Provider {
    /// Its hardware and prices.
    pub profile: Profile,
    /// Its address.
    pub address: String,
    /// Its folder: configuration, key, store, logs.
    pub folder: PathBuf,
    /// Where tenants reach it.
    pub gateway: String,
    /// Its agent.
    pub agent: Option<Process>,
    /// Its cluster, if that is simulated.
    pub cluster: Option<Process>,
}

/// Writes the configuration of a registered provider's agent into its folder.
pub fn write_config(
    network: &Network,
    address: &str,
    registration: &Registration,
    profile: &Profile,
    folder: &Path,
) -> Result<PathBuf> {
    let port = registration.port;
    let kubeconfig = agents_kubeconfig(profile, folder).display().to_string();
    // One address asks for all tenants, and a bench as often as it can.
    let text = format!(
        "[chain]\nchain_id = \"{chain}\"\nrpc = {rpc:?}\nprefix = \"{prefix}\"\ngas_price = \"{gas}\"\n[chain.contracts]\n{contracts}\n[provider]\naddress = \"{address}\"\nkey = {{ file = \"operator.key\" }}\n[store]\npath = \"agent.db\"\n[gateway]\nlisten = \"127.0.0.1:{port}\"\nuri = \"{uri}\"\ncertificate = \"gateway.crt\"\nkey = \"gateway.key\"\nlimits = {{ request_rate = 100000 }}\n{profile}",
        chain = network.chain_id,
        rpc = network.rpc,
        prefix = network.prefix,
        gas = network.gas_price,
        contracts = toml::to_string(network.contracts()?)?,
        uri = registration.uri(),
        profile = profile.config(&kubeconfig, &network.denom),
    );
    let path = folder.join(CONFIG);
    fs::write(&path, text).context("the agent's configuration")?;
    Ok(path)
}

/// The agent's own way to its cluster; in a simulated one, with no more rights than it needs.
fn agents_kubeconfig(profile: &Profile, folder: &Path) -> PathBuf {
    match &profile.existing {
        Some(existing) => existing.kubeconfig.clone(),
        None => folder.join("agent.kubeconfig"),
    }
}

fn kubeconfig(profile: &Profile, folder: &Path) -> PathBuf {
    match &profile.existing {
        Some(existing) => existing.kubeconfig.clone(),
        None => folder.join("kubeconfig"),
    }
}

impl Provider {
    /// Starts agent and simulated cluster of a registered provider and waits until both answer.
    pub async fn start(
        network: &Network,
        address: &str,
        registration: &Registration,
        profile: Profile,
        folder: &Path,
    ) -> Result<Self> {
        let mut provider = Self {
            profile,
            address: address.to_owned(),
            folder: folder.to_owned(),
            gateway: registration.uri(),
            agent: None,
            cluster: None,
        };
        write_config(network, address, registration, &provider.profile, folder)?;
        if provider.profile.existing.is_none() {
            provider.start_cluster().await?;
        }
        provider.start_agent(&[]).await?;
        Ok(provider)
    }

    /// The kubeconfig by which its cluster is reached.
    pub fn kubeconfig(&self) -> PathBuf {
        kubeconfig(&self.profile, &self.folder)
    }

    /// The agent's configuration.
    pub fn config(&self) -> PathBuf {
        self.folder.join(CONFIG)
    }

    async fn start_cluster(&mut self) -> Result<()> {
        let spec = self.folder.join("cluster.json");
        fs::write(&spec, serde_json::to_vec_pretty(&self.profile.cluster)?)?;
        let kubeconfig = self.kubeconfig();
        let (access, agents) =
            (self.access().await?, agents_kubeconfig(&self.profile, &self.folder));
        let log = self.folder.join("cluster.log");
        let mut cluster = Process::start("souk-kubesim", &log, |command| {
            command.arg("--kubeconfig").arg(&kubeconfig).arg("--cluster").arg(&spec);
            command.arg("--access").arg(&access).arg("--agent-kubeconfig").arg(&agents);
        })?;
        let answers = async || fs::read_to_string(&log).ok()?.contains("http").then_some(());
        cluster.wait_for("address of its API", READY_TIMEOUT, answers).await?;
        self.cluster = Some(cluster);
        Ok(())
    }

    /// Writes what a cluster administrator applies for the agent.
    async fn access(&self) -> Result<PathBuf> {
        let mut command = tokio::process::Command::new(binary("souk-provider")?);
        let printed = command.arg("access").arg("--config").arg(self.config()).output().await?;
        let said = String::from_utf8_lossy(&printed.stderr);
        ensure!(printed.status.success(), "souk-provider access: {said}");
        let path = self.folder.join("access.json");
        fs::write(&path, printed.stdout)?;
        Ok(path)
    }

    /// Starts the agent, with further environment variables, and waits until its gateway answers.
    pub async fn start_agent(&mut self, environment: &[(&str, &str)]) -> Result<()> {
        let (config, log) = (self.config(), self.folder.join("agent.log"));
        let mut agent = Process::start("souk-provider", &log, |command| {
            command.arg("run").arg("--config").arg(&config).envs(environment.iter().copied());
        })?;
        let pin = Pin::of_pem_file(&self.folder.join("gateway.crt"))?;
        let client = Client::new(&self.gateway, &[pin])?;
        let answers = async || client.version().await.ok().map(drop);
        agent.wait_for("answer at its gateway", READY_TIMEOUT, answers).await?;
        self.agent = Some(agent);
        Ok(())
    }

    /// Stops agent and cluster.
    pub async fn stop(&mut self) {
        if let Some(agent) = self.agent.take() {
            agent.stop().await;
        }
        if let Some(cluster) = self.cluster.take() {
            cluster.stop().await;
        }
    }
}
