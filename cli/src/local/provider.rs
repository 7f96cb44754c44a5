//! A provider on this machine: key, certificate, registration, cluster, agent.

use std::{
    fs,
    net::TcpListener,
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::{Context as _, Result};
use cosmwasm_std::HexBinary;
use rand::Rng as _;
use rcgen::{CertifiedKey, generate_simple_self_signed};
use souk_api::registry::{Contact, ExecuteMsg, Gateway};
use souk_chain::{Coin, SecretKey, keys::write_plain_key_file};
use souk_client::gateway::Client;
use souk_gateway::Pin;

use super::{Process, Profile};
use crate::{market::Market, network::Network, wallet::Wallet};

/// How long a process may take to be ready.
const PATIENCE: Duration = Duration::from_secs(60);

/// The name of an agent's configuration in its folder.
const CONFIG: &str = "provider.toml";

/// A provider whose agent and cluster run.
#[derive(Debug)]
pub struct Provider {
    /// What it is like.
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

/// What is registered of a provider.
#[derive(Debug)]
pub struct Register {
    /// The agent's key.
    pub operator: SecretKey,
    /// The gateway's port.
    pub port: u16,
    /// The gateway's pin.
    pub pin: Pin,
}

impl Register {
    /// Where tenants reach the gateway.
    pub fn uri(&self) -> String {
        format!("https://127.0.0.1:{}", self.port)
    }
}

/// Makes a provider's folder with key and certificate, and registers it behind its bond.
pub async fn register(
    market: &Market,
    owner: &Wallet,
    operator: SecretKey,
    profile: &Profile,
    folder: &Path,
) -> Result<Register> {
    fs::create_dir_all(folder)?;
    write_plain_key_file(&folder.join("operator.key"), &operator)?;
    let pin = make_certificate(folder)?;
    let registered = Register { port: free_port()?, operator, pin };
    let message = ExecuteMsg::Register {
        payee: None,
        operator: registered.operator.address(&market.network.prefix)?,
        gateway: Gateway { uri: registered.uri(), pins: vec![HexBinary::from(&registered.pin.0)] },
        attributes: profile.attributes(),
        contact: Contact { email: format!("ops@{}.example", profile.name), ..Contact::default() },
    };
    let bond = Coin::new(profile.bond, market.network.denom.clone());
    let message = owner.execute(&market.contracts.registry, &message, &[bond])?;
    owner.send(&format!("registering {}", profile.name), vec![message]).await?;
    Ok(registered)
}

/// Writes the configuration of a registered provider's agent into its folder.
pub fn write_config(
    network: &Network,
    address: &str,
    registered: &Register,
    profile: &Profile,
    folder: &Path,
) -> Result<PathBuf> {
    let port = registered.port;
    let kubeconfig = kubeconfig(profile, folder).display().to_string();
    let text = format!(
        "[chain]\nchain_id = \"{chain}\"\nrpc = {rpc:?}\nprefix = \"{prefix}\"\ngas_price = \"{gas}\"\n[chain.contracts]\n{contracts}\n[provider]\naddress = \"{address}\"\nkey = {{ file = \"operator.key\" }}\n[store]\npath = \"agent.db\"\n[gateway]\nlisten = \"127.0.0.1:{port}\"\nuri = \"{uri}\"\ncertificate = \"gateway.crt\"\nkey = \"gateway.key\"\n{profile}",
        chain = network.chain_id,
        rpc = network.rpc,
        prefix = network.prefix,
        gas = network.gas_price,
        contracts = toml::to_string(network.contracts()?)?,
        uri = registered.uri(),
        profile = profile.config(&kubeconfig, &network.denom),
    );
    let path = folder.join(CONFIG);
    fs::write(&path, text).context("the agent's configuration")?;
    Ok(path)
}

fn kubeconfig(profile: &Profile, folder: &Path) -> PathBuf {
    match &profile.site {
        Some(site) => site.kubeconfig.clone(),
        None => folder.join("kubeconfig"),
    }
}

fn make_certificate(folder: &Path) -> Result<Pin> {
    let names = vec!["localhost".to_owned(), "127.0.0.1".to_owned()];
    let CertifiedKey { cert, signing_key } = generate_simple_self_signed(names)?;
    fs::write(folder.join("gateway.crt"), cert.pem())?;
    write_secret(&folder.join("gateway.key"), &signing_key.serialize_pem())?;
    Ok(Pin::of_certificate(cert.der())?)
}

fn write_secret(path: &Path, text: &str) -> Result<()> {
    use std::{io::Write as _, os::unix::fs::OpenOptionsExt as _};
    let mut file =
        fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path)?;
    Ok(file.write_all(text.as_bytes())?)
}

/// A port that nobody listens on, below those that the system gives to outgoing connections:
/// one of those could be taken before the agent listens.
pub fn free_port() -> Result<u16> {
    let candidates = std::iter::repeat_with(|| rand::thread_rng().gen_range(10_240..32_000));
    let free = candidates.take(1_000).find(|port| TcpListener::bind(("127.0.0.1", *port)).is_ok());
    free.context("there is no free port")
}

impl Provider {
    /// Starts agent and simulated cluster of a registered provider and waits until both answer.
    pub async fn start(
        network: &Network,
        address: &str,
        registered: &Register,
        profile: Profile,
        folder: &Path,
    ) -> Result<Self> {
        let mut provider = Self {
            profile,
            address: address.to_owned(),
            folder: folder.to_owned(),
            gateway: registered.uri(),
            agent: None,
            cluster: None,
        };
        if provider.profile.site.is_none() {
            provider.start_cluster().await?;
        }
        write_config(network, address, registered, &provider.profile, folder)?;
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
        let log = self.folder.join("cluster.log");
        let mut cluster = Process::start("souk-kubesim", &log, |command| {
            command.arg("--kubeconfig").arg(&kubeconfig).arg("--cluster").arg(&spec);
        })?;
        let answers = async || fs::read_to_string(&log).ok()?.contains("http").then_some(());
        cluster.wait_for("its API's address", PATIENCE, answers).await?;
        self.cluster = Some(cluster);
        Ok(())
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
        agent.wait_for("answering at its gateway", PATIENCE, answers).await?;
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
