//! A wasmd node: a real CosmWasm chain with one validator, in a folder and on ports of its own.

use std::{
    ffi::OsString,
    fs,
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use anyhow::{Context as _, Result, bail, ensure};
use clap::Parser as _;
use serde_json::{Value, json};
use souk_chain::{Client, ClientConfig, Coin, SecretKey, keys::write_plain_key_file};
use souk_cli::{
    args::Cli,
    exit::Exit,
    local::{Process, free_port},
    network::{NameMap, Network},
};
use tempfile::TempDir;

use crate::tools;

/// The bech32 prefix of its addresses.
pub const PREFIX: &str = "wasm";
/// The denom of the market on it; it pays gas, too.
pub const DENOM: &str = "usouk";
/// What each denom's funds are at the start, in base units.
pub const FUNDS: u128 = 1_000_000_000_000_000;
/// Terms of a suite whose periods are so short that they can be waited for.
pub const SHORT_TERMS: &str = r#"
[orderbook]
min_auction = "10s"
end_grace = "10m"
slot_hold = "10s"
[[orderbook.denoms]]
denom = "usouk"
min_deposit = 1000
[escrow]
min_runway = "10s"
[registry]
unbonding_period = "30s"
"#;
/// What the validator stakes; nobody else has any.
const STAKE: &str = "stake";
const VALIDATOR: &str = "validator";
const STAKED: u128 = 1_000_000_000;
/// How long a node may take to come to a block.
const PATIENCE: Duration = Duration::from_secs(60);
/// How often a starting node is asked.
const POLL: Duration = Duration::from_millis(50);
/// A port that was free may be taken when the node binds it; then others are tried.
const ATTEMPTS: usize = 5;

/// How the chain is to be.
#[derive(Clone, Debug)]
pub struct Options {
    chain_id: String,
    denoms: Vec<String>,
    accounts: Vec<(String, Vec<Coin>)>,
    gas_price: String,
    genesis: Vec<(String, Value)>,
    comet: Vec<(String, toml::Value)>,
    app: Vec<(String, toml::Value)>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            chain_id: "souk-wasmd".to_owned(),
            denoms: vec![DENOM.to_owned()],
            accounts: Vec::new(),
            gas_price: format!("0.025{DENOM}"),
            genesis: Vec::new(),
            comet: Vec::new(),
            app: Vec::new(),
        }
        .block_time(Duration::from_millis(300))
    }
}

impl Options {
    /// The chain's id.
    #[must_use]
    pub fn chain_id(mut self, id: &str) -> Self {
        self.chain_id = id.to_owned();
        self
    }

    /// A further denom, of which the funded key has as much as of the first.
    #[must_use]
    pub fn denom(mut self, denom: &str) -> Self {
        self.denoms.push(denom.to_owned());
        self
    }

    /// An account with coins from the first block on.
    #[must_use]
    pub fn account(mut self, address: &str, coins: Vec<Coin>) -> Self {
        self.accounts.push((address.to_owned(), coins));
        self
    }

    /// How long the node waits after each block before the next; a block itself takes some
    /// milliseconds more.
    #[must_use]
    pub fn block_time(self, time: Duration) -> Self {
        self.comet("consensus.timeout_commit", format!("{}ms", time.as_millis()))
    }

    /// The least that the node takes for a unit of gas, for instance `0.025usouk`.
    #[must_use]
    pub fn gas_price(mut self, price: &str) -> Self {
        self.gas_price = price.to_owned();
        self
    }

    /// Keeps so many blocks and states and no older ones.
    #[must_use]
    pub fn keep_blocks(self, count: u32) -> Self {
        // Blocks that evidence could be about are kept whatever the node is told.
        self.genesis("/consensus/params/evidence/max_age_num_blocks", json!(count.to_string()))
            .genesis("/consensus/params/evidence/max_age_duration", json!("1000000000"))
            .app("min-retain-blocks", i64::from(count))
            .app("pruning", "custom")
            .app("pruning-keep-recent", count.to_string())
            .app("pruning-interval", "10")
    }

    /// Sets a value of the genesis by its JSON pointer.
    #[must_use]
    pub fn genesis(mut self, pointer: &str, value: Value) -> Self {
        self.genesis.push((pointer.to_owned(), value));
        self
    }

    /// Sets a key of CometBFT's `config.toml`, for instance `mempool.size`.
    #[must_use]
    pub fn comet(mut self, key: &str, value: impl Into<toml::Value>) -> Self {
        self.comet.push((key.to_owned(), value.into()));
        self
    }

    /// Sets a key of the application's `app.toml`, for instance `mempool.max-txs`.
    #[must_use]
    pub fn app(mut self, key: &str, value: impl Into<toml::Value>) -> Self {
        self.app.push((key.to_owned(), value.into()));
        self
    }
}

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

    /// The network file for it, without contracts.
    pub fn network(&self) -> Result<Network> {
        Ok(Network {
            name: self.options.chain_id.clone(),
            chain_id: self.options.chain_id.clone(),
            rpc: vec![self.rpc_url()],
            prefix: PREFIX.to_owned(),
            denom: DENOM.to_owned(),
            gas_price: self.options.gas_price.parse()?,
            contracts: None,
            map: NameMap::default(),
        })
    }

    /// Puts the contracts on it by `souk operator deploy`, owned by the funded key, and gives the
    /// network with their addresses. `terms` is a terms file's text.
    pub async fn deploy(&self, terms: &str) -> Result<Network> {
        let exit = souk_cli::run(Cli::try_parse_from(self.deploy_words(terms)?)?).await?;
        ensure!(exit == Exit::Ok, "souk operator deploy ended with {exit:?}");
        Ok(Network::find(&self.network_file().display().to_string(), self.home())?)
    }

    /// The command line that puts the contracts on it; the files that it names are written.
    pub fn deploy_words(&self, terms: &str) -> Result<Vec<OsString>> {
        let (network, key) = (self.network_file(), self.funds_file());
        self.network()?.write(&network)?;
        fs::write(network.with_extension("terms.toml"), terms)?;
        if !key.exists() {
            write_plain_key_file(&key, &self.funds)?;
        }
        let mut words: Vec<OsString> =
            ["souk", "operator", "deploy", "--yes"].map(Into::into).into();
        for (option, path) in [
            ("--network", network),
            ("--key", key),
            ("--artifacts", tools::artifacts()?),
            ("--home", self.home().join("souk")),
        ] {
            words.extend([option.into(), path.into_os_string()]);
        }
        Ok(words)
    }

    /// Where its network file is, once the contracts were put up.
    pub fn network_file(&self) -> PathBuf {
        self.home().join(format!("{}.toml", self.options.chain_id))
    }

    /// Where the file of the funded key is, once the contracts were put up.
    pub fn funds_file(&self) -> PathBuf {
        self.home().join("funds.key")
    }

    /// A client of this node alone.
    pub fn client(&self) -> Result<Client> {
        Ok(Client::new(ClientConfig::new(self.chain_id(), [self.rpc_url()]))?)
    }

    /// The node's folder.
    pub fn home(&self) -> &Path {
        self.home.path()
    }

    /// The end of what the node printed since it was last started.
    pub fn last_words(&self) -> String {
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

    /// Runs one of wasmd's own commands to its end and gives what it printed.
    fn command(&self, arguments: &[&str]) -> Result<String> {
        let mut command = Command::new(&self.program);
        command.args(arguments).arg("--home").arg(self.home.path());
        let ran = command.output().with_context(|| self.program.display().to_string())?;
        ensure!(
            ran.status.success(),
            "wasmd {}: {}",
            arguments.join(" "),
            String::from_utf8_lossy(&ran.stderr)
        );
        Ok(String::from_utf8(ran.stdout)?)
    }

    fn make_genesis(&self) -> Result<()> {
        let id = self.options.chain_id.as_str();
        self.command(&["init", "test", "--chain-id", id, "--default-denom", STAKE])?;
        let ring = ["--keyring-backend", "test"];
        let made = [&["keys", "add", VALIDATOR, "--output", "json"][..], &ring].concat();
        let key: Value = serde_json::from_str(&self.command(&made)?).context("the new key")?;
        let validator = key["address"].as_str().context("the key has no address")?;
        self.write_genesis(validator)?;
        let staked = format!("{STAKED}{STAKE}");
        let gentx = ["genesis", "gentx", VALIDATOR, &staked, "--chain-id", id];
        self.command(&[&gentx[..], &ring].concat())?;
        self.command(&["genesis", "collect-gentxs"])?;
        edit_toml(&self.config("config.toml"), &self.options.comet)?;
        edit_toml(&self.config("app.toml"), &self.options.app)
    }

    fn write_genesis(&self, validator: &str) -> Result<()> {
        let path = self.config("genesis.json");
        let mut genesis: Value = serde_json::from_slice(&fs::read(&path)?)?;
        let coins = |amount| self.options.denoms.iter().map(move |it| Coin::new(amount, it));
        let mut all = vec![
            (validator.to_owned(), vec![Coin::new(STAKED, STAKE)]),
            (self.funds.address(PREFIX)?, coins(FUNDS).collect()),
        ];
        all.extend(self.options.accounts.iter().cloned());
        let account = |(address, _): &(String, Vec<Coin>)| {
            json!({
                "@type": "/cosmos.auth.v1beta1.BaseAccount", "address": address,
                "pub_key": null, "account_number": "0", "sequence": "0",
            })
        };
        genesis["app_state"]["auth"]["accounts"] = all.iter().map(account).collect();
        let balance = |(address, coins): &(String, Vec<Coin>)| {
            let mut coins = coins.clone();
            coins.sort_by(|a, b| a.denom.cmp(&b.denom));
            let coins: Vec<_> = coins
                .iter()
                .map(|coin| json!({ "denom": coin.denom, "amount": coin.amount.to_string() }))
                .collect();
            json!({ "address": address, "coins": coins })
        };
        genesis["app_state"]["bank"]["balances"] = all.iter().map(balance).collect();
        for (pointer, value) in &self.options.genesis {
            let place = genesis.pointer_mut(pointer);
            *place.with_context(|| format!("the genesis has no {pointer}"))? = value.clone();
        }
        fs::write(&path, serde_json::to_vec_pretty(&genesis)?).context("the genesis")
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
        process.wait_for("answering with a block", PATIENCE, has_block).await?;
        self.process = Some(process);
        Ok(())
    }
}

/// Sets keys, whose tables are parted by dots. A key that is not there is added, since the
/// files as they are made name not all of them.
fn edit_toml(path: &Path, edits: &[(String, toml::Value)]) -> Result<()> {
    let mut file: toml::Table = fs::read_to_string(path)?.parse()?;
    for (key, value) in edits {
        let mut names = key.split('.').rev();
        let last = names.next().unwrap_or_default();
        let mut table = &mut file;
        for name in names.rev() {
            let inner = table.entry(name).or_insert_with(|| toml::Table::new().into());
            table = inner.as_table_mut().with_context(|| format!("{name} is no table"))?;
        }
        table.insert(last.to_owned(), value.clone());
    }
    fs::write(path, toml::to_string(&file)?).with_context(|| path.display().to_string())
}
