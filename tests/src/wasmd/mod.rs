//! A wasmd node: a real CosmWasm chain with one validator, in a folder and on ports of its own.

mod contracts;
mod genesis;
mod options;

use std::{
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::{Result, bail, ensure};
use souk_chain::{Client, ClientConfig, SecretKey};
use souk_localnet::{process::Process, provider::free_port};
use tempfile::TempDir;

pub use contracts::SHORT_TERMS;
pub use options::Options;

use crate::tools;
use genesis::edit_toml;

/// The bech32 prefix of its addresses.
pub const PREFIX: &str = "wasm";
/// The denom of the market on it; it pays gas, too.
pub const DENOM: &str = "usouk";
/// What the funded key has of each denom at the start, in base units.
pub const FUNDS: u128 = 1_000_000_000_000_000;
/// How long a node may take to make its first block.
const START_TIMEOUT: Duration = Duration::from_secs(60);
/// How often a starting node is asked.
const POLL: Duration = Duration::from_millis(50);
/// A port that was free may be taken when the node binds it; then others are tried.
const ATTEMPTS: usize = 5;

/// A node that runs until it is stopped or this is dropped.
#[derive(Debug)]
pub struct Wasmd {
    process: Option<Process>,
    program: PathBuf,
    home: TempDir,
    starts: usize,
    ports: Ports,
    options: Options,
    /// A key with [`FUNDS`] of each denom.
    pub funds: SecretKey,
}

#[derive(Clone, Copy, Debug)]
struct Ports {
    rpc: u16,
    p2p: u16,
    grpc: u16,
}

impl Ports {
    fn take() -> Result<Self> {
        Ok(Self { rpc: free_port()?, p2p: free_port()?, grpc: free_port()? })
    }
}

impl Wasmd {
    /// Starts a node, or says that the test did not run (a failure with `CI=true`) if wasmd is
    /// not built. Another failure ends the test.
    ///
    /// # Panics
    /// If the node does not come to a block.
    pub async fn start_or_not_run(options: Options) -> Option<Self> {
        tools::or_not_run(tools::program("wasmd", "chain"))?;
        Some(Self::start(options).await.unwrap_or_else(|error| panic!("{error:#}")))
    }

    /// Makes the chain, starts its node and waits for its first block.
    pub async fn start(options: Options) -> Result<Self> {
        let program = tools::program("wasmd", "chain")?;
        let home = tempfile::Builder::new().prefix("souk-wasmd-").tempdir()?;
        let (ports, funds) = (Ports::take()?, SecretKey::generate());
        let mut node = Self { process: None, program, home, starts: 0, ports, options, funds };
        node.make_genesis()?;
        let mut attempt = 1;
        loop {
            match node.run().await {
                Ok(()) => return Ok(node),
                Err(error) if attempt < ATTEMPTS && node.port_was_taken() => {
                    eprintln!("a port was taken meanwhile, trying others: {error:#}");
                    node.ports = Ports::take()?;
                    attempt += 1;
                }
                Err(error) => return Err(error),
            }
        }
    }

    /// The URL of the RPC; it stays the same when the node is started again.
    pub fn rpc_url(&self) -> String {
        format!("http://127.0.0.1:{}", self.ports.rpc)
    }

    /// The chain's id.
    pub fn chain_id(&self) -> &str {
        &self.options.chain_id
    }

    /// A client of this node alone.
    pub fn client(&self) -> Result<Client> {
        Ok(Client::new(ClientConfig::new(self.chain_id(), [self.rpc_url()]))?)
    }

    /// The node's folder.
    pub fn home(&self) -> &Path {
        self.home.path()
    }

    /// The last lines that the node printed since it was last started.
    pub fn log_tail(&self) -> String {
        let text = fs::read_to_string(self.log()).unwrap_or_default();
        let lines: Vec<&str> = text.lines().collect();
        lines[lines.len().saturating_sub(30)..].join("\n")
    }

    /// The node's process id, while it runs.
    pub fn id(&self) -> Option<u32> {
        self.process.as_ref()?.id()
    }

    /// Kills it at once, as a power cut would.
    pub async fn kill(&mut self) -> Result<()> {
        match self.process.take() {
            Some(mut process) => process.kill().await,
            None => bail!("the node does not run"),
        }
    }

    /// Asks it to end and waits until it has.
    pub async fn stop(&mut self) {
        if let Some(process) = self.process.take() {
            process.stop().await;
        }
    }

    /// Starts a killed or stopped node again, on the same ports, and waits until it answers.
    pub async fn restart(&mut self) -> Result<()> {
        ensure!(self.process.is_none(), "the node runs; kill or stop it first");
        self.run().await
    }

    /// Sets a key of CometBFT's `config.toml` for the next start.
    pub fn set_comet(&self, key: &str, value: impl Into<toml::Value>) -> Result<()> {
        edit_toml(&self.config("config.toml"), &[(key.to_owned(), value.into())])
    }

    /// Sets a key of the application's `app.toml` for the next start.
    pub fn set_app(&self, key: &str, value: impl Into<toml::Value>) -> Result<()> {
        edit_toml(&self.config("app.toml"), &[(key.to_owned(), value.into())])
    }

    fn log(&self) -> PathBuf {
        self.home.path().join(format!("node-{}.log", self.starts))
    }

    fn config(&self, file: &str) -> PathBuf {
        self.home.path().join("config").join(file)
    }

    fn port_was_taken(&self) -> bool {
        fs::read_to_string(self.log()).is_ok_and(|log| log.contains("address already in use"))
    }

    async fn run(&mut self) -> Result<()> {
        let Ports { rpc, p2p, grpc } = self.ports;
        let local = |port: u16| format!("tcp://127.0.0.1:{port}");
        edit_toml(
            &self.config("config.toml"),
            &[
                ("rpc.laddr".to_owned(), local(rpc).into()),
                ("rpc.pprof_laddr".to_owned(), "".into()),
                ("p2p.laddr".to_owned(), local(p2p).into()),
            ],
        )?;
        edit_toml(
            &self.config("app.toml"),
            &[
                ("minimum-gas-prices".to_owned(), self.options.gas_price.clone().into()),
                ("grpc.address".to_owned(), format!("127.0.0.1:{grpc}").into()),
                ("api.enable".to_owned(), false.into()),
                ("grpc-web.enable".to_owned(), false.into()),
            ],
        )?;
        self.starts += 1;
        let (home, log) = (self.home.path().to_owned(), self.log());
        let mut process = Process::start_at(&self.program, &log, |command| {
            command.arg("start").arg("--home").arg(&home);
        })?;
        let mut config = ClientConfig::new(self.chain_id(), [self.rpc_url()]);
        (config.first_backoff, config.max_backoff) = (POLL, POLL);
        let client = Client::new(config)?;
        let has_block =
            async || client.status().await.is_ok_and(|status| status.height > 0).then_some(());
        process.wait_for("answer with a block", START_TIMEOUT, has_block).await?;
        self.process = Some(process);
        Ok(())
    }
}
