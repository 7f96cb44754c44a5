//! `backup` and `restore` are killed at each of their steps: what they leave is never plain, and never taken
//! for whole.

use std::{
    fs,
    os::unix::{fs::PermissionsExt, process::ExitStatusExt},
    path::{Path, PathBuf},
};

use age::secrecy::SecretString;
use souk_provider::{
    config::Config,
    failpoint,
    runtime::{
        app::open_store,
        backup::{back_up, restore},
    },
    store::{Store, StoreError, copies, hostnames},
};

use crate::support::{Fixture, Must, agent::configure};

const FROM: &str = "SOUK_TEST_COPY_FROM";
const TO: &str = "SOUK_TEST_COPY_TO";
const POINT: &str = "SOUK_TEST_COPY_POINT";
/// Stands in the store, where manifests stand.
const SECRET: &str = "a-tenants-secret.example.com";

fn passphrase() -> SecretString {
    SecretString::from("correct horse battery".to_owned())
}

/// The main function of a process that is killed at a step.
#[tokio::test]
async fn the_process_that_copies() {
    let Some(from) = std::env::var_os(FROM).map(PathBuf::from) else {
        assert!(fail::has_failpoints());
        return;
    };
    let to = PathBuf::from(std::env::var_os(TO).unwrap());
    let point = std::env::var(POINT).unwrap();
    // Kills at once, as SIGKILL does: nothing is tidied up.
    fail::cfg_callback(point.clone(), || std::process::abort()).unwrap();
    match point.starts_with("backup::") {
        true => drop(back_up(&from, &to, passphrase()).must("backup")),
        false => drop(restore(&from, &to, passphrase()).await.must("restore")),
    }
}

fn killed_at(point: &str, from: &Path, to: &Path) {
    let mut command = std::process::Command::new(std::env::current_exe().unwrap());
    command
        .args(["--exact", "copies::the_process_that_copies", "--nocapture"])
        .env(FROM, from)
        .env(TO, to)
        .env(POINT, point);
    let output = command.output().unwrap();
    let shown = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.signal(), Some(6), "it came past {point}: {shown}");
}

fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap();
    let mut names: Vec<String> =
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

fn holds(path: &Path, text: &str) -> bool {
    let bytes = fs::read(path).unwrap();
    bytes.windows(text.len()).any(|window| window == text.as_bytes())
}

/// A provider's folder with a store that has something of a tenant in it.
async fn provider(fixture: &Fixture) -> PathBuf {
    let config = configure(fixture, "agent", "");
    let store = Store::open(&config.with_file_name("agent.db")).unwrap();
    let claimed = store.write(|tx| hostnames::claim(tx, SECRET, souk_core::OrderId(1))).await;
    claimed.unwrap().unwrap();
    config
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_that_is_killed_leaves_no_plain_copy_and_nothing_that_looks_like_a_copy() {
    let fixture = Fixture::new().await;
    let config = provider(&fixture).await;
    let folder = config.parent().unwrap().to_owned();
    // Of an earlier version.
    let left = folder.join("agent.db-copy-4242");
    fs::write(&left, SECRET).unwrap();
    let before = names(&folder);
    let copy = fixture.folder.path().join("copy.age");
    for point in failpoint::OF_COPIES.iter().filter(|point| point.starts_with("backup::")) {
        killed_at(point, &config, &copy);
        assert!(!copy.exists(), "{point}");
        let after = names(&folder).into_iter().filter(|name| !before.contains(name));
        assert_eq!(after.collect::<Vec<_>>(), [""; 0], "{point}");
        assert!(!left.exists(), "what earlier runs left is gone");
        let unfinished = fixture.folder.path().join("copy.age.unfinished");
        assert!(!holds(&unfinished, SECRET), "{point}: it is sealed");
        assert_eq!(fs::metadata(&unfinished).unwrap().permissions().mode() & 0o777, 0o600);
    }
    let saved = back_up(&config, &copy, passphrase()).must("backup");
    assert_eq!(saved.bytes, fs::metadata(&copy).unwrap().len());
    assert!(!fixture.folder.path().join("copy.age.unfinished").exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restore_that_is_killed_leaves_no_store_and_no_agent_starts_until_it_is_run_again() {
    let fixture = Fixture::new().await;
    let config = provider(&fixture).await;
    let copy = fixture.folder.path().join("copy.age");
    back_up(&config, &copy, passphrase()).must("backup");
    // Most configurations are written by `init`, for the owner alone.
    for point in failpoint::OF_COPIES.iter().filter(|point| point.starts_with("restore::")) {
        let to = fixture.folder.path().join(point.replace("::", "-")).join("provider.toml");
        fs::create_dir_all(to.parent().unwrap()).unwrap();
        killed_at(point, &copy, &to);
        assert!(!to.with_file_name("agent.db").exists(), "{point}");
        if *point != "restore::after_file" {
            let config = Config::load(&to).must("configuration");
            let opened = open_store(&config).await;
            assert!(matches!(opened, Err(StoreError::Unfinished { .. })), "{point}: {opened:?}");
        }
        let restored = restore(&copy, &to, passphrase()).await.must("the second run");
        let store = Store::open(&to.with_file_name("agent.db")).unwrap();
        assert!(store.read(copies::restored_at).await.unwrap().is_some(), "{point}: it is marked");
        let held = store.read(|sql| hostnames::holder(sql, SECRET)).await.unwrap();
        assert_eq!(held, None, "{point}: whose a name is now says what runs");
        drop(store);
        let folder = to.parent().unwrap();
        let left = names(folder).into_iter().filter(|name| name.contains("restoring"));
        assert_eq!(left.collect::<Vec<_>>(), [""; 0], "{point}");
        let all = restored.written.iter().chain(&restored.kept);
        for path in all.filter(|path| path.starts_with(folder)) {
            let mode = fs::metadata(path).unwrap().permissions().mode() & 0o777;
            let public = path.ends_with("gateway.crt");
            assert_eq!(mode, if public { 0o644 } else { 0o600 }, "{}", path.display());
        }
    }
}
