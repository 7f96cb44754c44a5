//! The agent, within the test's process or in one of its own.

use std::{
    os::unix::process::ExitStatusExt,
    path::{Path, PathBuf},
    process::Stdio,
};

use souk_core::OrderId;
use souk_provider::{
    config::Config,
    model::reach::LastAttempt,
    runtime::app::Agent,
    store::{DecisionRow, Store},
};
use tokio::{process::Child, sync::watch, task::JoinHandle};
use tokio_util::sync::CancellationToken;

use super::{
    Must,
    fixture::{CHAIN_ID, Fixture, address, key},
    until,
};

/// Writes an agent's configuration with its key and TLS files; `more` goes below `[bidding]`.
pub fn configure(fixture: &Fixture, name: &str, more: &str) -> PathBuf {
    let folder = fixture.folder.path().join(name);
    std::fs::create_dir_all(&folder).unwrap();
    let secret = hex::encode(key("operator").to_bytes().as_slice());
    private(&folder.join("operator.key"), &secret);
    let names = vec!["provider.example.com".to_owned(), "localhost".to_owned()];
    let tls = rcgen::generate_simple_self_signed(names).unwrap();
    std::fs::write(folder.join("gateway.crt"), tls.cert.pem()).unwrap();
    private(&folder.join("gateway.key"), &tls.signing_key.serialize_pem());
    let contracts = &fixture.contracts;
    let text = format!(
        r#"
[chain]
chain_id = "{CHAIN_ID}"
rpc = ["{rpc}"]
prefix = "souk"
gas_price = "0.025usouk"
[chain.contracts]
orderbook = "{orderbook}"
escrow = "{escrow}"
provider_registry = "{registry}"
attestations = "{attestations}"
[provider]
address = "{provider}"
key = {{ file = "operator.key" }}
[store]
path = "agent.db"
[cluster]
kubeconfig = "{kubeconfig}"
ingress_class = "nginx"
domain = "apps.example.com"
node_port_host = "node.example.com"
storage_classes = {{ default = {{ name = "standard" }} }}
[gateway]
listen = "127.0.0.1:0"
uri = "https://provider.example.com:8443"
certificate = "gateway.crt"
key = "gateway.key"
self_check = "off"
[bidding]
{more}
[[bidding.rates]]
denom = "usouk"
cpu = 10000
memory = 2000
storage = 100
persistent = {{ default = 200 }}
gpu_models = [{{ model = "h100", price = 200000 }}]
"#,
        rpc = fixture.proxy.url,
        orderbook = contracts.orderbook,
        escrow = contracts.escrow,
        registry = contracts.provider_registry,
        attestations = contracts.attestations,
        provider = address("provider"),
        kubeconfig = fixture.kubeconfig().display(),
    );
    let path = folder.join("provider.toml");
    std::fs::write(&path, text).unwrap();
    path
}

fn private(path: &Path, text: &str) {
    use std::{io::Write, os::unix::fs::OpenOptionsExt};
    let mut options = std::fs::OpenOptions::new();
    let mut file = options.create(true).write(true).truncate(true).mode(0o600).open(path).unwrap();
    file.write_all(text.as_bytes()).unwrap();
}

/// An agent within the test's process.
pub struct InProcess {
    pub store: Store,
    dry_runs: watch::Receiver<LastAttempt>,
    stop: CancellationToken,
    task: JoinHandle<()>,
}

impl InProcess {
    pub async fn start(config: &Path) -> Self {
        let config = Config::load(config).must("configuration");
        let agent = Agent::new(config).await.must("agent");
        let (store, dry_runs) = (agent.store(), agent.manifest_attempts());
        let stop = CancellationToken::new();
        let on_stop = stop.clone();
        let task = tokio::spawn(async move { agent.run(on_stop).await.must("agent") });
        Self { store, dry_runs, stop, task }
    }

    /// Waits for a decision on an order that says `part`.
    pub async fn decision(&self, order: OrderId, part: &str) -> DecisionRow {
        until(&format!("a decision on {order} with `{part}`"), async || {
            let row = self.store.decision(order).await.unwrap()?;
            row.reason.contains(part).then_some(row)
        })
        .await
    }

    /// Waits until upkeep has looked at the chain's head, which it does when blocks are stored: that are those
    /// with something of its own, and the others a few at once.
    pub async fn settled(&self) {
        for _ in 0..3 {
            let before = self.store.height().await.unwrap();
            until("a block is stored", async || {
                (self.store.height().await.unwrap() > before).then_some(())
            })
            .await;
        }
    }

    /// As [`Self::settled`], with manifests that are taken: a tenant's time runs only from then on.
    pub async fn takes_manifests(&self) {
        let mut dry_runs = self.dry_runs.clone();
        let tried = dry_runs.wait_for(|last| last.number > 0 && last.error.is_none());
        drop(tried.await.must("an attempt"));
        self.settled().await;
    }

    /// Waits for the next successful attempt to try a manifest, which is long enough for upkeep to have seen the
    /// one before.
    pub async fn takes_another_manifest(&self) {
        let mut dry_runs = self.dry_runs.clone();
        let before = dry_runs.borrow().number;
        let tried = dry_runs.wait_for(|last| last.number > before && last.error.is_none());
        drop(tried.await.must("an attempt"));
        self.settled().await;
    }

    pub async fn stop(self) {
        self.stop.cancel();
        self.task.await.must("the agent's end");
    }
}

/// An agent in a process of its own: this very test program, started again, so that it has the
/// failpoints whatever else was built meanwhile.
pub struct Process(Child);

const CONFIG: &str = "SOUK_TEST_AGENT_CONFIG";
const FAILPOINT: &str = "SOUK_TEST_AGENT_FAILPOINT";
const FILES: &str = "SOUK_TEST_AGENT_FILES";
/// What such processes wrote to standard error, beside the configuration.
pub const ERRORS: &str = "errors.txt";

/// The main function of such a process. Without its variables it checks that there are failpoints.
#[tokio::test(flavor = "multi_thread")]
async fn the_process_that_is_killed() {
    let Some(config) = std::env::var_os(CONFIG) else {
        assert!(fail::has_failpoints());
        return;
    };
    let _ = rustls::crypto::ring::default_provider().install_default();
    if let Ok(point) = std::env::var(FAILPOINT) {
        fail::cfg_callback(point, || std::process::abort()).unwrap();
    }
    if let Ok(files) = std::env::var(FILES) {
        // The hard limit, with a lower soft one, as a service gets them.
        let hard = files.parse().unwrap();
        rlimit::setrlimit(rlimit::Resource::NOFILE, hard / 2, hard).unwrap();
    }
    let config = Config::load(Path::new(&config)).must("configuration");
    let agent = Agent::new(config).await.must("agent");
    agent.run(CancellationToken::new()).await.must("agent");
}

impl Process {
    pub fn start(config: &Path, failpoint: Option<&str>) -> Self {
        Self::start_with(config, failpoint, None)
    }

    /// Starts it with this many files that it may have open.
    pub fn with_files(config: &Path, files: u64) -> Self {
        Self::start_with(config, None, Some(files))
    }

    /// Starts it with a failpoint at which it is killed and a limit of open files.
    pub fn start_with(config: &Path, failpoint: Option<&str>, files: Option<u64>) -> Self {
        let mut command = tokio::process::Command::new(std::env::current_exe().unwrap());
        let mut errors = std::fs::OpenOptions::new();
        let errors = errors.create(true).append(true).open(config.with_file_name(ERRORS)).unwrap();
        command
            .args(["--exact", "support::agent::the_process_that_is_killed", "--nocapture"])
            .env(CONFIG, config)
            .stdout(Stdio::null())
            .stderr(errors)
            .kill_on_drop(true);
        if let Some(point) = failpoint {
            command.env(FAILPOINT, point);
        }
        if let Some(files) = files {
            command.env(FILES, files.to_string());
        }
        Self(command.spawn().unwrap())
    }

    /// The files that it has open now.
    pub fn open_files(&self) -> usize {
        let id = self.0.id().unwrap();
        std::fs::read_dir(format!("/proc/{id}/fd")).unwrap().count()
    }

    /// The memory that it has now, in MiB.
    pub fn memory(&self) -> u64 {
        let id = self.0.id().unwrap();
        let status = std::fs::read_to_string(format!("/proc/{id}/status")).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
        line.trim().trim_end_matches(" kB").parse::<u64>().unwrap() >> 10
    }

    /// Waits until it was killed at its failpoint.
    pub async fn killed(&mut self, what: &str) {
        let ended = tokio::time::timeout(super::DEADLINE, self.0.wait()).await;
        let ended = ended.must(&format!("it came past {what}")).unwrap();
        assert_eq!(ended.signal(), Some(6), "{ended} at {what}");
    }

    /// Kills it, if it still runs.
    pub async fn kill(mut self) {
        self.0.kill().await.unwrap();
    }

    /// Whether it has ended by itself.
    pub fn has_ended(&mut self) -> bool {
        self.0.try_wait().unwrap().is_some()
    }
}
