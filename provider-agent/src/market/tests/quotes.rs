//! What a lease by a quote does to the store.

use super::*;
use crate::{
    model::quoting::{Asker, OpenQuote, QuoteReservation, UNUSED},
    store::quotes,
};

fn leased_by(order: u64, nonce: u64) -> OrderbookEvent {
    match leased(order, 3, ME) {
        OrderbookEvent::LeaseCreated(event) => {
            OrderbookEvent::LeaseCreated(LeaseCreated { nonce: Some(nonce), ..event })
        }
        other => other,
    }
}

impl Fixture {
    /// A signed quote on this nonce, with what it reserves: an address.
    async fn quoted(&self, nonce: u64, valid_until: u64) {
        let asker = Asker { address: "souk1ann".into(), network: None };
        let row = QuoteReservation {
            nonce,
            units: vec![],
            reservation: Reservation { order: UNUSED, placements: vec![], ips: 1 },
            valid_until,
            quotes: vec![OpenQuote { asker, tenant: "souk1ann".into() }],
        };
        self.store.write(move |tx| quotes::add(tx, &row)).await.unwrap();
    }

    async fn reserved_ips(&self, order: u64) -> Option<u32> {
        self.store.reservation(OrderId(order)).await.unwrap().map(|row| row.ips)
    }

    async fn open(&self, nonce: u64) -> bool {
        self.store.read(move |sql| quotes::is_open(sql, nonce)).await.unwrap()
    }
}

#[tokio::test]
async fn a_lease_by_a_quote_takes_what_that_reserved_and_is_asked_for_its_details() {
    let fixture = Fixture::new();
    fixture.quoted(40, 2_000).await;
    fixture.quoted(41, 2_000).await;
    fixture.orderbook(5, vec![created(3, 1), leased_by(7, 40)]).await;
    assert_eq!(fixture.reserved_ips(7).await, Some(1));
    assert!(!fixture.open(40).await && fixture.open(41).await);
    // Its slot is released by this row.
    assert_eq!(fixture.progress(7).await, Some(BidProgress::Won));
    assert!(fixture.is_asked(Pending::Order, 7).await);
    let order = fixture.store.order(OrderId(7)).await.unwrap().unwrap();
    assert!(!order.open && order.detail.is_none());
}

#[tokio::test]
async fn read_again_it_takes_nothing_again() {
    let fixture = Fixture::new();
    fixture.quoted(40, 2_000).await;
    fixture.orderbook(5, vec![leased_by(7, 40)]).await;
    fixture.store.write(|tx| reservations::release(tx, OrderId(7))).await.unwrap();
    fixture.orderbook(5, vec![leased_by(7, 40)]).await;
    assert_eq!(fixture.reserved_ips(7).await, None);
    // Nor does another lease, whatever a node says.
    fixture.orderbook(6, vec![leased_by(8, 40)]).await;
    assert_eq!(fixture.reserved_ips(8).await, None);
}

#[tokio::test]
async fn anothers_lease_takes_nothing() {
    let fixture = Fixture::new();
    fixture.quoted(40, 2_000).await;
    let OrderbookEvent::LeaseCreated(event) = leased_by(7, 40) else { panic!() };
    let anothers = LeaseCreated { provider: "souk1rival".into(), ..event };
    fixture.orderbook(5, vec![OrderbookEvent::LeaseCreated(anothers)]).await;
    assert!(fixture.open(40).await);
    assert_eq!(fixture.reserved_ips(7).await, None);
}

#[tokio::test]
async fn a_quote_that_is_used_for_an_order_with_an_own_bid_wins_for_both() {
    let fixture = Fixture::new();
    fixture.orderbook(4, vec![created(3, 1), opened(7, 3)]).await;
    fixture.bid(7).await;
    fixture.quoted(40, 2_000).await;
    fixture.orderbook(5, vec![leased_by(7, 40)]).await;
    assert_eq!(fixture.progress(7).await, Some(BidProgress::Won));
    assert_eq!(fixture.reserved_ips(7).await, Some(1));
    assert!(!fixture.open(40).await);
}
