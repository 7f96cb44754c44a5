//! Souk's own programs, run as child processes.

use std::{
    fs::File,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::Duration,
};

use anyhow::{Context as _, Result, bail};
use tokio::{process::Child, time};

/// How long a process may take to end by itself.
const STOP_TIMEOUT: Duration = Duration::from_secs(10);

/// A program that runs until it is stopped or this is dropped.
#[derive(Debug)]
pub struct Process {
    name: String,
    child: Child,
    log: PathBuf,
}

/// The path of one of Souk's programs: beside this one, where cargo and packages put it, or in PATH.
///
/// # Errors
/// If it is in neither place; the message says how to build it.
pub fn binary(name: &str) -> Result<PathBuf> {
    let own = std::env::current_exe().context("this program's own path")?;
    // Test programs are in `deps`, one folder below.
    let folders = own.ancestors().skip(1).take(2);
    let beside = folders.map(|folder| folder.join(name)).find(|path| path.is_file());
    let search = || {
        let path = std::env::var_os("PATH")?;
        std::env::split_paths(&path).map(|folder| folder.join(name)).find(|path| path.is_file())
    };
    beside.or_else(search).with_context(|| {
        format!(
            "`{name}` is not beside {} nor in PATH; build it: cargo build -p {name}",
            own.display()
        )
    })
}

impl Process {
    /// Starts one of Souk's programs; what it prints goes to the file `log`.
    pub fn start(name: &str, log: &Path, configure: impl FnOnce(&mut Command)) -> Result<Self> {
        Self::start_at(&binary(name)?, log, configure)
    }

    /// Starts the program at a path; what it prints goes to the file `log`.
    pub fn start_at(
        program: &Path,
        log: &Path,
        configure: impl FnOnce(&mut Command),
    ) -> Result<Self> {
        let name = program.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let output = File::create(log).with_context(|| log.display().to_string())?;
        let mut command = Command::new(program);
        command.stdin(Stdio::null()).stdout(output.try_clone()?).stderr(output);
        configure(&mut command);
        let mut command = tokio::process::Command::from(command);
        let child = command.kill_on_drop(true).spawn().with_context(|| name.clone())?;
        Ok(Self { name, child, log: log.to_owned() })
    }

    /// Waits until `ready` gives something, and fails if the program ends before.
    pub async fn wait_for<T>(
        &mut self,
        what: &str,
        timeout: Duration,
        mut ready: impl AsyncFnMut() -> Option<T>,
    ) -> Result<T> {
        let deadline = time::Instant::now() + timeout;
        loop {
            if let Some(value) = ready().await {
                return Ok(value);
            }
            if let Some(status) = self.child.try_wait()? {
                bail!("{} ended ({status}) before {what}:\n{}", self.name, self.log_tail());
            }
            if time::Instant::now() > deadline {
                bail!(
                    "{}: no {what} within {} s:\n{}",
                    self.name,
                    timeout.as_secs(),
                    self.log_tail()
                );
            }
            time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// The last 20 lines that it printed.
    pub fn log_tail(&self) -> String {
        let text = std::fs::read_to_string(&self.log).unwrap_or_default();
        let lines: Vec<&str> = text.lines().rev().take(20).collect();
        lines.into_iter().rev().collect::<Vec<_>>().join("\n")
    }

    /// Where it prints to.
    pub fn log(&self) -> &Path {
        &self.log
    }

    /// Its process id, while it runs.
    pub fn id(&self) -> Option<u32> {
        self.child.id()
    }

    /// Kills it at once, as a power cut would.
    pub async fn kill(&mut self) -> Result<()> {
        self.child.kill().await.with_context(|| format!("killing {}", self.name))
    }

    /// Waits until it ends by itself; whether it succeeded.
    pub async fn wait(&mut self) -> Result<bool> {
        Ok(self.child.wait().await?.success())
    }

    /// Sends it SIGTERM, and kills it if it has not ended after ten seconds.
    pub async fn stop(mut self) {
        if let Some(id) = self.child.id() {
            // The standard library sends no signal but SIGKILL.
            let asked = tokio::process::Command::new("kill").arg(id.to_string()).status().await;
            if asked.is_ok_and(|status| status.success())
                && time::timeout(STOP_TIMEOUT, self.child.wait()).await.is_ok()
            {
                return;
            }
        }
        // A process that cannot be killed has ended already.
        let _ = self.child.kill().await;
    }
}
