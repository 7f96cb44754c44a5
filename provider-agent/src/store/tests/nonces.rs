//! Nonces, and when what they reserve comes free.

use super::*;
use crate::model::quoting::{Asker, OpenQuote, QuoteReservation, UNUSED};

fn reserved(nonce: u64, valid_until: u64) -> QuoteReservation {
    let asker = Asker { address: "souk1ann".into(), network: Some("192.0.2.0/24".into()) };
    QuoteReservation {
        nonce,
        units: vec![],
        reservation: Reservation { order: UNUSED, placements: vec![], ips: 1 },
        valid_until,
        quotes: vec![OpenQuote { asker, tenant: "souk1ann".into() }],
    }
}

async fn at(store: &Store, time: u64) -> usize {
    let cursor = Cursor { height: time, time };
    let lapse = move |tx: &Tx<'_>| {
        cursor::set(tx, cursor)?;
        quotes::release_lapsed(tx)
    };
    store.write::<_, StoreError, _>(lapse).await.unwrap()
}

#[tokio::test]
async fn a_nonce_is_of_its_time_and_never_given_twice() {
    let (_folder, store) = store().await;
    let mut given = Vec::new();
    // The last goes back in time, as a store that was put back does.
    for time in [1_700_000_000, 1_700_000_000, 1_700_000_001, 1_600_000_000] {
        let next = move |tx: &Tx<'_>| quotes::next_nonce(tx, time);
        given.push(store.write(next).await.unwrap());
    }
    let (first, later) = (1_700_000_000_000_000, 1_700_000_001_000_000);
    assert_eq!(given, [first, first + 1, later, later + 1]);
}

#[tokio::test]
async fn what_a_quote_reserves_comes_free_after_its_last_second_and_with_it_its_quotes() {
    let (_folder, store) = store().await;
    store.write(|tx| quotes::add(tx, &reserved(1, 1_060))).await.unwrap();
    // A second quote on it changes neither time nor capacity.
    let mut second = reserved(1, 9_999);
    second.reservation.ips = 7;
    store.write(move |tx| quotes::add(tx, &second)).await.unwrap();
    assert_eq!(at(&store, 1_060).await, 0);
    let all = store.read(quotes::all).await.unwrap();
    assert_eq!((all.len(), all[0].quotes.len(), all[0].reservation.ips), (1, 2, 1));
    assert_eq!(at(&store, 1_061).await, 1);
    assert!(store.read(quotes::all).await.unwrap().is_empty());
    let left = store.read(|sql| {
        Ok::<_, StoreError>(
            sql.query_row("SELECT count(*) FROM quotes", [], |r| r.get::<_, i64>(0))?,
        )
    });
    assert_eq!(left.await.unwrap(), 0);
}

#[tokio::test]
async fn what_a_lease_has_stays_a_while_and_lapses_no_more() {
    let (_folder, store) = store().await;
    store.write(|tx| quotes::add(tx, &reserved(1, 1_060))).await.unwrap();
    let take = |order| store.write(move |tx| quotes::use_nonce(tx, 1, OrderId(order)));
    assert!(take(7).await.unwrap());
    assert!(!take(8).await.unwrap(), "once");
    assert_eq!(at(&store, 1_061).await, 0);
    let all = store.read(quotes::all).await.unwrap();
    assert_eq!((all[0].reservation.order, all[0].quotes.len()), (OrderId(7), 0));
    at(&store, 1_661).await;
    assert!(store.read(quotes::all).await.unwrap().is_empty());
    assert!(store.reservation(OrderId(7)).await.unwrap().is_some());
}

#[tokio::test]
async fn what_a_lease_by_a_quote_reserved_is_free_when_the_lease_lets_go_of_it() {
    let (_folder, store) = store().await;
    store.write(|tx| quotes::add(tx, &reserved(1, 1_060))).await.unwrap();
    let used = store.write(|tx| quotes::use_nonce(tx, 1, OrderId(7))).await.unwrap();
    assert!(used);
    store.write(|tx| reservations::release(tx, OrderId(8))).await.unwrap();
    assert_eq!(store.read(quotes::all).await.unwrap().len(), 1, "of another lease");
    store.write(|tx| reservations::release(tx, OrderId(7))).await.unwrap();
    assert_eq!(store.read(quotes::all).await.unwrap(), []);
    assert_eq!(store.read(reservations::all).await.unwrap(), []);
}
