//! What docs/provider.md tells a provider to type for a copy, and after its machine is lost, is typed.

use std::{
    fs,
    os::unix::fs::{PermissionsExt, symlink},
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
};

use souk_provider::{
    config::Config,
    store::{Store, copies},
};

use crate::{
    manifests::{self, Cluster, SITE, accepted},
    support::{InProcess, Must, agent::configure, until},
};

const DOCUMENT: &str = include_str!("../../../docs/provider.md");
const SECTION: &str = "## What to back up, and how to come back";

/// The blocks of code of a section, before its first subsection.
fn blocks(section: &str) -> Vec<String> {
    let (_, text) = DOCUMENT.split_once(section).expect("the section");
    let mut blocks = vec![String::new()];
    for line in text.lines().take_while(|line| !line.starts_with('#')) {
        match line.strip_prefix("    ") {
            Some(code) => blocks.last_mut().unwrap().push_str(&format!("{code}\n")),
            None if blocks.last().is_some_and(|block| !block.is_empty()) => {
                blocks.push(String::new());
            }
            None => {}
        }
    }
    blocks.retain(|block| !block.is_empty());
    blocks
}

/// A machine: a folder in which the paths of the document are.
struct Machine {
    root: PathBuf,
}

impl Machine {
    fn new(root: PathBuf) -> Self {
        for folder in ["bin", "root", "backup", "etc/souk"] {
            fs::create_dir_all(root.join(folder)).unwrap();
        }
        symlink(env!("CARGO_BIN_EXE_souk-provider"), root.join("bin/souk-provider")).unwrap();
        // The day on which the document was written.
        let date = root.join("bin/date");
        fs::write(&date, "#!/bin/sh\n[ \"$1\" = +%F ] && echo 2026-11-29\n").unwrap();
        fs::set_permissions(&date, fs::Permissions::from_mode(0o755)).unwrap();
        Self { root }
    }

    /// Lines of the document in a shell of its own, which knows nothing of what was typed elsewhere.
    fn shell(&self, lines: &str, folder: &Path) -> Command {
        let mut text = lines.to_owned();
        for place in ["/root/", "/backup/", "/etc/souk/"] {
            text = text.replace(place, &format!("{}{place}", self.root.display()));
        }
        let path = format!("{}:/usr/bin:/bin", self.root.join("bin").display());
        let mut shell = Command::new("sh");
        shell.args(["-euc", &text]).env_clear().env("PATH", path).current_dir(folder);
        shell
    }

    fn typed(&self, lines: &str, folder: &Path) -> Output {
        self.shell(lines, folder).output().must("a shell")
    }
}

fn shown(output: &Output) -> String {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    format!("{}\n{}{}", output.status, text(&output.stdout), text(&output.stderr))
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).must("a file").permissions().mode() & 0o777
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_document_says_of_copies_brings_a_provider_back_on_a_new_machine() {
    let blocks = blocks(SECTION);
    let [passphrase, backup, back] = blocks.as_slice() else { panic!("{blocks:#?}") };
    let fixture = manifests::fixture().await;
    let config = configure(&fixture, "agent", "manifest_timeout = \"10m\"");
    let cluster = Cluster::of(&config).await;
    let agent = InProcess::start(&config).await;
    let leased = manifests::lease(&fixture, &agent, "ann", SITE).await;
    accepted(&agent.store, &leased).await;
    cluster.has_replicas("it runs", leased.order, 1).await;

    let folder = config.parent().unwrap();
    let old = Machine::new(fixture.folder.path().join("old"));
    let made = old.typed(passphrase, folder);
    assert!(made.status.success(), "{}", shown(&made));
    assert_eq!(mode(&old.root.join("root/souk-passphrase")), 0o600);
    let saved = old.typed(backup, folder);
    assert!(saved.status.success(), "{}", shown(&saved));
    let copy = "backup/souk-2026-11-29.age";
    assert_eq!(mode(&old.root.join(copy)), 0o600);
    agent.stop().await;

    let new = Machine::new(fixture.folder.path().join("new"));
    for kept in [copy, "root/souk-passphrase"] {
        fs::copy(old.root.join(kept), new.root.join(kept)).unwrap();
    }
    let lines: Vec<&str> = back.lines().collect();
    let [restore, check, run] = lines.as_slice() else { panic!("{back}") };
    let restored = new.typed(restore, folder);
    assert!(restored.status.success(), "{}", shown(&restored));
    let to = new.root.join("etc/souk/provider.toml");
    for file in ["provider.toml", "operator.key", "gateway.key", "agent.db"] {
        assert_eq!(mode(&to.with_file_name(file)), 0o600, "{file}");
    }
    // The cluster's administrator is no agent: that check says so is right here.
    let checked = new.typed(check, folder);
    assert!(matches!(checked.status.code(), Some(0 | 1)), "{}", shown(&checked));
    assert!(shown(&checked).contains("operator key"), "{}", shown(&checked));

    let mut shell = new.shell(&format!("exec {run}"), folder);
    let mut running = shell.stdout(Stdio::null()).stderr(Stdio::null()).spawn().must("run");
    let store = Store::open(&Config::load(&to).must("configuration").store.path).unwrap();
    until("the agent read the chain", async || {
        store.read(copies::restored_at).await.unwrap().is_none().then_some(())
    })
    .await;
    until("and knows the lease", async || store.lease(leased.order).await.unwrap()).await;
    cluster.has_replicas("it runs as before", leased.order, 1).await;
    let ended = Command::new("kill").arg(running.id().to_string()).status().must("kill");
    assert!(ended.success());
    assert!(running.wait().must("its end").success(), "it ends in order");
    assert_eq!(fixture.proxy.count("close_lease", leased.order), 0);
}
