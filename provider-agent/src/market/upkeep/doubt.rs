//! While the endpoints do not agree about the chain, what ends something and was not sent yet is cancelled
//! in the outbox. It is due again when the doubt is over.

use souk_chain::{Outbox, pipeline::ItemState};

use crate::store::{Store, StoreError, Tx};

/// The keys of messages that upkeep sends and that nothing undoes once they are executed; each begins
/// and ends like this. What an operator sends by a command stays: it is queued once, and its key ends in
/// `/operator`.
const FINAL: [(&str, &str); 6] = [
    ("close_lease/", "/manifest_timeout"),
    ("end_reclaim/", ""),
    ("reap/", ""),
    ("expire_order/", ""),
    ("close_auction/", ""),
    ("withdraw_bid/", ""),
];

/// Cancels what is queued. What is signed may be in a block already.
pub(super) async fn cancel(store: &Store, why: String) -> Result<(), StoreError> {
    let keys = store.read(queued).await?;
    if keys.is_empty() {
        return Ok(());
    }
    let reason = format!("cancelled: {why}");
    store
        .write(move |tx: &Tx<'_>| {
            for key in &keys {
                if Outbox::cancel(tx, key, &reason)? {
                    tracing::warn!(key, reason, "message not sent");
                }
            }
            Ok(())
        })
        .await
}

fn queued(sql: &rusqlite::Connection) -> Result<Vec<String>, StoreError> {
    let mut keys = Vec::new();
    for (begin, end) in FINAL {
        let all = Outbox::list(sql, begin)?.into_iter();
        let waits = all.filter(|record| matches!(record.state, ItemState::Queued));
        let ours = |key: &String| {
            // Behind the key of the first attempt stands the number of the next.
            let first = key.split('#').next().unwrap_or(key);
            first.ends_with(end) && !first.ends_with("/operator")
        };
        keys.extend(waits.map(|record| record.dedup_key).filter(ours));
    }
    Ok(keys)
}

#[cfg(test)]
mod tests {
    use rusqlite::Connection;
    use souk_chain::pipeline::OutboxItem;

    use super::*;

    #[test]
    fn what_ends_something_is_cancelled_and_nothing_else() {
        let mut sql = Connection::open_in_memory().unwrap();
        Outbox::migrate(&sql).unwrap();
        let tx = sql.transaction().unwrap();
        for key in [
            "close_lease/7/manifest_timeout",
            "close_lease/8/manifest_timeout#2",
            "close_lease/9/operator",
            "end_reclaim/12",
            "reap/5/9400/mark",
            "close_auction/6",
            "expire_order/6",
            "withdraw_bid/6",
            "withdraw_bid/9/operator",
            "start_reclaim/9/operator",
            "withdraw/7/100",
            "place_bid/11",
        ] {
            Outbox::enqueue(&tx, &OutboxItem::new(key, Vec::new())).unwrap();
        }
        let expected = [
            "close_lease/7/manifest_timeout",
            "close_lease/8/manifest_timeout#2",
            "end_reclaim/12",
            "reap/5/9400/mark",
            "expire_order/6",
            "close_auction/6",
            "withdraw_bid/6",
        ];
        assert_eq!(queued(&tx).unwrap(), expected);
        Outbox::cancel(&tx, "reap/5/9400/mark", "the endpoints differ").unwrap();
        assert_eq!(queued(&tx).unwrap().len(), 6, "it is not queued any more");
    }
}
