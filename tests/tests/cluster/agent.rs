//! An agent in a process of its own: this very test program, started again, so that it has the
//! points at which it can be killed.

use std::{
    os::unix::process::ExitStatusExt as _,
    path::{Path, PathBuf},
    process::Stdio,
    sync::atomic::{AtomicU32, Ordering},
};

use souk_provider::{config::Config, runtime::app};
use tokio::process::Child;
use tokio_util::sync::CancellationToken;

use super::DEADLINE;

const CONFIG: &str = "SOUK_TEST_AGENT_CONFIG";
const POINT: &str = "SOUK_TEST_AGENT_KILLED_AT";

/// Where an agent is killed: a point, and how often it passes there before.
#[derive(Clone, Copy, Debug)]
pub struct At(pub &'static str, pub u32);

/// The life of such a process. Without its variables it proves that there are points.
#[tokio::test(flavor = "multi_thread")]
async fn the_agent_that_can_be_killed() {
    let Some(config) = std::env::var_os(CONFIG) else {
        assert!(fail::has_failpoints());
        return;
    };
    let _ = rustls::crypto::ring::default_provider().install_default();
    tracing_subscriber::fmt().with_env_filter("info").with_ansi(false).init();
    if let Ok(at) = std::env::var(POINT) {
        let (point, passes) = at.split_once('=').unwrap();
        let left = AtomicU32::new(passes.parse().unwrap());
        let pass = move || {
            // As with SIGKILL: no destructor runs and nothing is flushed.
            if left.fetch_sub(1, Ordering::SeqCst) == 0 {
                std::process::abort();
            }
        };
        fail::cfg_callback(point, pass).unwrap();
    }
    let config = Config::load(Path::new(&config)).unwrap();
    let agent = app::Agent::new(config).await.unwrap();
    agent.run(CancellationToken::new()).await.unwrap();
}

/// A running agent; it ends with this.
pub struct Process {
    child: Child,
    log: PathBuf,
}

impl Process {
    /// Starts an agent; its log is added to `agent.log` beside its configuration.
    pub fn start(config: &Path, killed: Option<At>) -> Self {
        let log = config.with_file_name("agent.log");
        let output = std::fs::OpenOptions::new().create(true).append(true).open(&log).unwrap();
        let mut command = tokio::process::Command::new(std::env::current_exe().unwrap());
        command
            .args(["--exact", "agent::the_agent_that_can_be_killed", "--nocapture"])
            .env(CONFIG, config)
            .stdin(Stdio::null())
            .stdout(output.try_clone().unwrap())
            .stderr(output)
            .kill_on_drop(true);
        if let Some(At(point, passes)) = killed {
            command.env(POINT, format!("{point}={passes}"));
        }
        Self { child: command.spawn().unwrap(), log }
    }

    /// Waits until it was killed at its point.
    pub async fn killed(mut self, what: &str) {
        let ended = tokio::time::timeout(DEADLINE, self.child.wait()).await;
        let ended = ended.unwrap_or_else(|_| panic!("it never came to {what}")).unwrap();
        assert_eq!(ended.signal(), Some(6), "{ended} at {what}: {}", self.log_tail());
    }

    /// Ends it as no program can see coming.
    pub async fn kill(mut self) {
        self.child.kill().await.unwrap();
    }

    /// Whether it ended by itself.
    pub fn is_over(&mut self) -> bool {
        self.child.try_wait().unwrap().is_some()
    }

    /// The end of its log.
    pub fn log_tail(&self) -> String {
        let text = std::fs::read_to_string(&self.log).unwrap_or_default();
        let lines: Vec<&str> = text.lines().collect();
        lines[lines.len().saturating_sub(30)..].join("\n")
    }
}
