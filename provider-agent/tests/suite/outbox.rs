//! What the store keeps of messages: for a time, and as long as anything about them is unknown.

use souk_chain::{
    Outbox,
    pipeline::{FailureKind, ItemState, OutboxItem},
};
use souk_provider::store::{Store, StoreError, Tx, copies};

fn store(folder: &tempfile::TempDir) -> Store {
    Store::open(&folder.path().join("agent.db")).unwrap()
}

async fn keys(store: &Store) -> Vec<String> {
    let all = store.read(|sql| Ok::<_, StoreError>(Outbox::list(sql, "")?)).await.unwrap();
    all.into_iter().map(|record| record.dedup_key).collect()
}

/// Messages in each state; the attempts are those of the items of the same number.
fn fill(tx: &Tx<'_>) -> Result<(), StoreError> {
    for key in ["done", "late", "refused", "unknown", "signed", "queued"] {
        Outbox::enqueue(tx, &OutboxItem::new(key, Vec::new()))?;
    }
    Outbox::cancel(tx, "refused", "no")?;
    tx.execute_batch(
        "INSERT INTO souk_tx_attempts (id, tx_hash, tx_bytes, sequence, base_height, timeout_height,
             gas_limit, fee, state, height)
         SELECT column1, printf('%064d', column1), x'', column1, 10, 30, 1, '', column2, column3
         FROM (VALUES (1, 'included', 20), (2, 'included', 90), (4, 'unknown', NULL), (5, 'open', NULL));
         UPDATE souk_tx_items SET state = 'done', attempt = id WHERE id IN (1, 2);
         UPDATE souk_tx_items SET state = 'failed', fail_kind = 'unknown', attempt = 4 WHERE id = 4;
         UPDATE souk_tx_items SET state = 'signed', attempt = 5 WHERE id = 5;
         UPDATE souk_tx_items SET enqueued_at = 1000;
         UPDATE souk_tx_attempts SET signed_at = 1000;",
    )?;
    Ok(())
}

#[tokio::test]
async fn outcomes_are_forgotten_after_a_time_and_never_what_is_unknown_or_under_way() {
    let folder = tempfile::tempdir().unwrap();
    let store = store(&folder);
    store.write(fill).await.unwrap();
    let prune = async |before, height, limit| {
        let pruned =
            move |tx: &Tx<'_>| Ok::<_, StoreError>(Outbox::prune(tx, before, height, limit)?);
        store.write(pruned).await.unwrap()
    };
    assert_eq!(prune(1_000, 50, 100).await, 0, "not older than that");
    assert_eq!(prune(1_001, 50, 1).await, 1, "no more than that at once");
    prune(1_001, 50, 100).await;
    // The follower has not seen the block of the one that came late.
    assert_eq!(keys(&store).await, ["late", "unknown", "signed", "queued"]);
    prune(1_001, 90, 100).await;
    assert_eq!(keys(&store).await, ["unknown", "signed", "queued"]);
}

#[tokio::test]
async fn what_a_copy_was_to_send_is_not_sent_and_what_was_done_stays_done() {
    let folder = tempfile::tempdir().unwrap();
    let store = store(&folder);
    store.write(fill).await.unwrap();
    store.write(|tx| copies::put_back(tx, 7)).await.unwrap();
    let state = async |key: &'static str| {
        let outcome = move |sql: &rusqlite::Connection| {
            Ok::<_, StoreError>(Outbox::outcome(sql, key)?.unwrap().state)
        };
        store.read(outcome).await.unwrap()
    };
    let ItemState::Failed(failure) = state("queued").await else { panic!("it is not sent") };
    assert_eq!(failure.kind, FailureKind::Refused);
    assert!(failure.reason.contains("put back from a copy"), "{}", failure.reason);
    // It may be in a block: that is found out before anything is done about it.
    assert!(matches!(state("signed").await, ItemState::Signed { .. }));
    assert!(matches!(state("done").await, ItemState::Done { .. }));
    assert_eq!(store.read(copies::restored_at).await.unwrap(), Some(7));
    assert_eq!(store.read(copies::identity).await.unwrap(), None);
}
