//! A process is killed at every step between enqueueing and the record of the inclusion, and
//! started again: each item is in exactly one transaction that was ever broadcast, refused ones
//! included.
//!
//! The process is this very test program: it starts itself again with an environment variable.

#![allow(clippy::unwrap_used)]

mod support;

use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use souk_chain::pipeline::FAILPOINTS;
use support::*;

const RPC: &str = "SOUK_TEST_CHILD_RPC";
const DB: &str = "SOUK_TEST_CHILD_DB";
const FAILPOINT: &str = "SOUK_TEST_CHILD_FAILPOINT";
const ITEMS: u128 = 3;

/// The life of the process: enqueues what it intends (again after a restart, as it cannot know),
/// and runs until everything is done.
#[tokio::test(flavor = "multi_thread")]
async fn the_process_that_is_killed() {
    let Ok(url) = std::env::var(RPC) else {
        // Started as a test: then it proves that there are points at which to stop.
        assert!(fail::has_failpoints());
        return;
    };
    if let Ok(point) = std::env::var(FAILPOINT) {
        fail::cfg_callback(point, || std::process::abort()).unwrap();
    }
    let db = std::path::PathBuf::from(std::env::var(DB).unwrap());
    let mut process = Process::with_client(db, client(&url), pipeline_config());
    for n in 1..=ITEMS {
        process.enqueue(&[(format!("pay/{n}").as_str(), pay(n))]);
    }
    for n in 1..=ITEMS {
        process.done(&format!("pay/{n}")).await;
    }
}

/// True if it came to its end, false if it was stopped at the failpoint.
async fn live(url: &str, db: &Path, failpoint: Option<&str>) -> bool {
    let mut command = tokio::process::Command::new(std::env::current_exe().unwrap());
    command
        .args(["--exact", "the_process_that_is_killed", "--nocapture"])
        .env(RPC, url)
        .env(DB, db)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .kill_on_drop(true);
    if let Some(point) = failpoint {
        command.env(FAILPOINT, point);
    }
    let ended = tokio::time::timeout(DEADLINE, command.status()).await;
    let status = ended.expect("the process does not end").unwrap();
    let aborted = std::os::unix::process::ExitStatusExt::signal(&status) == Some(6);
    assert!(status.success() || aborted, "{status} at {failpoint:?}");
    status.success()
}

async fn assert_each_item_was_sent_once(proxy: &Proxy, after: &str) {
    for n in 1..=ITEMS {
        assert_eq!(proxy.count(&pay(n)), 1, "pay/{n} after {after}");
    }
    assert_eq!(paid(proxy.url()).await, (1..=ITEMS).sum(), "{after}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_process_killed_at_any_point_sends_each_item_exactly_once() {
    for point in FAILPOINTS {
        let chain = running_chain().await;
        let proxy = Proxy::before(&chain.rpc_url()).await;
        let dir = tempfile::tempdir().unwrap();
        let db = dir.path().join("agent.db");
        assert!(!live(proxy.url(), &db, Some(point)).await, "not at {point}");
        assert!(live(proxy.url(), &db, None).await);
        assert_each_item_was_sent_once(&proxy, point).await;
        chain.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_process_killed_again_and_again_sends_each_item_exactly_once() {
    let chain = running_chain().await;
    let proxy = Proxy::before(&chain.rpc_url()).await;
    let dir = tempfile::tempdir().unwrap();
    let db = dir.path().join("agent.db");
    let mut ended = false;
    for point in FAILPOINTS.iter().chain(FAILPOINTS) {
        ended = live(proxy.url(), &db, Some(point)).await;
    }
    if !ended {
        assert!(live(proxy.url(), &db, None).await);
    }
    assert_each_item_was_sent_once(&proxy, "all points").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_process_killed_after_its_broadcast_finds_what_happened_meanwhile() {
    // The block with it is made while no pipeline runs.
    let chain = manual_chain().await;
    let proxy = Proxy::before(&chain.rpc_url()).await;
    let dir = tempfile::tempdir().unwrap();
    let db = dir.path().join("agent.db");
    let killed = live(proxy.url(), &db, Some("outbox::after_broadcast"));
    assert!(!killed.await);
    chain.produce_blocks(3).await.unwrap();
    let finishing = live(proxy.url(), &db, None);
    tokio::pin!(finishing);
    let finished = loop {
        tokio::select! {
            finished = &mut finishing => break finished,
            () = tokio::time::sleep(Duration::from_millis(50)) => {
                chain.produce_block().await.unwrap();
            }
        }
    };
    assert!(finished);
    assert_each_item_was_sent_once(&proxy, "inclusion unseen").await;
}
