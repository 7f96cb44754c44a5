//! A deployment that is killed at any step is continued, and nothing is done twice.

use std::time::{Duration, Instant};

use souk_client::Record;

use crate::fixture::{Fixture, ME};

/// Transactions of a whole deployment: five uploads, and the rest in one.
const TRANSACTIONS: usize = 6;
/// How long anything may take.
const TIMEOUT: Duration = Duration::from_secs(60);

/// What becomes of the transaction that the killed process had broadcast.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Fate {
    Included,
    Waiting,
    Lost,
}

async fn waiting(fixture: &Fixture) -> usize {
    fixture.chain.mempool_size().await.unwrap()
}

/// Deploys, and kills the process when its `nth` transaction waits for a block.
async fn deploy_until(fixture: &Fixture, nth: usize) {
    let mut child = fixture.start(ME, &["admin", "deploy", "--yes"]);
    let started = Instant::now();
    for transaction in 0..=nth {
        while waiting(fixture).await == 0 {
            assert!(started.elapsed() < TIMEOUT, "transaction {transaction} did not come");
            assert!(child.try_wait().unwrap().is_none(), "it ended before {transaction}");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        if transaction < nth {
            fixture.chain.produce_block().await.unwrap();
        }
    }
    child.kill().await.unwrap();
}

/// Runs the command again while the chain makes blocks.
async fn resume(fixture: &Fixture) -> serde_json::Value {
    let blocks = async {
        loop {
            tokio::time::sleep(Duration::from_millis(25)).await;
            fixture.chain.produce_block().await.unwrap();
        }
    };
    tokio::select! {
        report = fixture.deploy() => report,
        () = blocks => unreachable!("blocks are made forever"),
    }
}

async fn killed_at_each_step(fate: Fate) {
    for step in 0..TRANSACTIONS {
        let fixture = Fixture::on_demand().await;
        deploy_until(&fixture, step).await;
        match fate {
            Fate::Included => {
                fixture.chain.produce_block().await.unwrap();
            }
            Fate::Waiting => {}
            Fate::Lost => assert_eq!(fixture.chain.drop_mempool().await.unwrap(), 1),
        }
        let report = resume(&fixture).await;
        assert_eq!(fixture.counts(ME).await, (5, 5), "{fate:?} at step {step}: {report}");
        // What the killed process had signed was settled, and is not done again.
        let executed = report["executed"].as_array().unwrap().len();
        assert_eq!(executed, TRANSACTIONS - 1 - step, "{fate:?} at step {step}: {report}");
        fixture.assert_right().await;
        assert!(Record::read(&fixture.path("networks/test.deployment.json")).unwrap().is_some());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_included_while_nobody_looked_is_not_done_again() {
    killed_at_each_step(Fate::Included).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_still_waits_for_a_block_is_not_sent_a_second_time() {
    killed_at_each_step(Fate::Waiting).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_node_lost_is_sent_again_by_the_same_bytes() {
    killed_at_each_step(Fate::Lost).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_run_beside_the_first_is_refused() {
    let fixture = Fixture::on_demand().await;
    let mut first = fixture.start(ME, &["admin", "deploy", "--yes"]);
    let started = Instant::now();
    while waiting(&fixture).await == 0 {
        assert!(started.elapsed() < TIMEOUT, "nothing was sent");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let second = fixture.run(ME, &["admin", "deploy", "--yes"]).await;
    assert_ne!(second.code, 0);
    assert!(second.stderr.contains("another process"), "{second:?}");
    first.kill().await.unwrap();
}
