//! What events do to the store, and which of them count.

mod absence;
mod quotes;

use cosmwasm_std::HexBinary;
use futures::FutureExt;
use souk_api::{
    admin::{AdminEvent, Paused},
    escrow::{EscrowEvent, events::AccountChanged},
    orderbook::{
        LeaseState, OrderbookEvent,
        events::{
            BidPlaced, BidWithdrawn, DeploymentCreated, DeploymentUpdated, LeaseClosed,
            LeaseCreated, OrderClosed, OrderOpened,
        },
    },
};
use souk_chain::{Block, Event};
use souk_client::{
    MarketEvent,
    events::{MarketEvents, published, read_block},
};
use souk_core::{
    AccountId, AuctionPolicy, BidId, CloseReason, Denom, DeploymentId, GroupSeq, OrderId, Price,
    Rate,
};

use super::{apply::end_lease, *};
use crate::{
    config::Contracts,
    model::{Bid, BidProgress, Cursor, kept::Kept, placement::Reservation},
    store::{
        DeploymentRow, Pending, Store, StoreError, Topic, Tx, bids, deployments, kept_volumes,
        leases, orders, pending, reservations, unreadable,
    },
};

const ME: &str = "souk1me";

fn provider() -> ProviderContext {
    ProviderContext { address: ME.into(), controller: 0 }
}

fn contracts() -> Contracts {
    Contracts {
        orderbook: "souk1book".into(),
        escrow: "souk1escrow".into(),
        provider_registry: "souk1registry".into(),
        attestations: "souk1attestations".into(),
        fee_distributor: None,
    }
}

fn price(units: u128) -> Price {
    Price::new(units).unwrap()
}

fn opened(order: u64, deployment: u64) -> OrderbookEvent {
    OrderbookEvent::OrderOpened(OrderOpened {
        order: OrderId(order),
        deployment: DeploymentId(deployment),
        group: GroupSeq(1),
        tenant: "souk1ann".into(),
        ceiling: price(100),
        denom: Denom::native("usouk"),
        auction: AuctionPolicy::TenantChoice {},
        expires_at: 9_999,
        closes_at: None,
    })
}

fn created(deployment: u64, byte: u8) -> OrderbookEvent {
    OrderbookEvent::DeploymentCreated(DeploymentCreated {
        deployment: DeploymentId(deployment),
        tenant: "souk1ann".into(),
        commitment: HexBinary::from([byte; 32]).to_hex(),
        groups: 1,
        denom: Denom::native("usouk"),
    })
}

fn leased(order: u64, deployment: u64, provider: &str) -> OrderbookEvent {
    OrderbookEvent::LeaseCreated(LeaseCreated {
        order: OrderId(order),
        deployment: DeploymentId(deployment),
        group: GroupSeq(1),
        tenant: "souk1ann".into(),
        provider: provider.into(),
        price: price(50),
        denom: Denom::native("usouk"),
        nonce: None,
        offer: None,
    })
}

fn account(id: u64, depletion: u64) -> MarketEvent {
    MarketEvent::Escrow(EscrowEvent::AccountChanged(AccountChanged {
        account: AccountId(id),
        remaining: 7,
        rate: Rate::ZERO,
        reserved: Rate::ZERO,
        anchor: 1_000,
        depletion: Some(depletion),
        depleted: false,
        closed: false,
    }))
}

struct Fixture {
    _folder: tempfile::TempDir,
    store: Store,
}

impl Fixture {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&folder.path().join("agent.db")).unwrap();
        Self { _folder: folder, store }
    }

    async fn block(&self, height: u64, events: Vec<MarketEvent>) {
        let at = Cursor { height, time: 1_000 + height };
        let write = move |tx: &Tx<'_>| apply(tx, &provider(), at, &events);
        self.store.write(write).await.unwrap();
    }

    async fn orderbook(&self, height: u64, events: Vec<OrderbookEvent>) {
        self.block(height, events.into_iter().map(MarketEvent::Orderbook).collect()).await;
    }

    /// A bid that was sent, with its reservation.
    async fn bid(&self, order: u64) {
        self.store
            .write(move |tx| {
                let order = OrderId(order);
                let row = Bid {
                    order,
                    tenant: "souk1ann".into(),
                    price: price(50),
                    progress: BidProgress::Sent,
                    decided_height: 1,
                    attempt: 0,
                    why: None,
                };
                bids::put(tx, &row)?;
                reservations::put(tx, &Reservation { order, placements: vec![], ips: 0 })
            })
            .await
            .unwrap();
    }

    async fn progress(&self, order: u64) -> Option<BidProgress> {
        let row = self.store.read(move |sql| bids::get(sql, OrderId(order))).await.unwrap();
        row.map(|row| row.progress)
    }

    async fn is_asked(&self, kind: Pending, id: u64) -> bool {
        self.store.read(move |sql| pending::has(sql, kind, id)).await.unwrap()
    }

    async fn is_reserved(&self, order: u64) -> bool {
        self.store.reservation(OrderId(order)).await.unwrap().is_some()
    }
}

#[tokio::test]
async fn an_order_waits_for_its_details_and_its_deployment_only_if_that_is_not_known() {
    let fixture = Fixture::new();
    fixture.orderbook(5, vec![created(3, 1), opened(7, 3), opened(8, 4)]).await;
    let waiting = fixture.store.read(|sql| pending::list(sql, 9)).await.unwrap();
    let mut waiting: Vec<_> = waiting.into_iter().map(|row| (row.kind, row.id)).collect();
    waiting.sort_by_key(|(kind, id)| (kind.to_string(), *id));
    let expected = [(Pending::Deployment, 4), (Pending::Order, 7), (Pending::Order, 8)];
    assert_eq!(waiting, expected);
}

#[tokio::test]
async fn applying_a_block_twice_changes_nothing() {
    let fixture = Fixture::new();
    let events = || vec![created(3, 1), opened(7, 3), leased(7, 3, ME)];
    fixture.orderbook(5, events()).await;
    let before = fixture.store.active_leases().await.unwrap();
    fixture.orderbook(5, events()).await;
    assert_eq!(fixture.store.active_leases().await.unwrap(), before);
    assert_eq!(fixture.store.read(orders::open).await.unwrap(), []);
}

#[tokio::test]
async fn a_won_order_keeps_its_reservation_and_a_lost_one_frees_it() {
    let fixture = Fixture::new();
    fixture.orderbook(5, vec![created(3, 1), opened(7, 3), opened(8, 3), opened(9, 3)]).await;
    for order in [7, 8, 9] {
        fixture.bid(order).await;
    }
    let gone = OrderbookEvent::OrderClosed(OrderClosed {
        order: OrderId(9),
        deployment: DeploymentId(3),
        group: GroupSeq(1),
        why: "expired".into(),
    });
    fixture.orderbook(6, vec![leased(7, 3, ME), leased(8, 3, "souk1rival"), gone]).await;
    assert_eq!(fixture.progress(7).await, Some(BidProgress::Won));
    assert_eq!(fixture.progress(8).await, Some(BidProgress::Lost));
    assert_eq!(fixture.progress(9).await, Some(BidProgress::Lost));
    let reserved = [fixture.is_reserved(7).await, fixture.is_reserved(8).await];
    assert_eq!((reserved, fixture.is_reserved(9).await), ([true, false], false));
    assert_eq!(fixture.store.active_leases().await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_leases_clock_comes_from_the_event_before_it_and_is_updated() {
    let fixture = Fixture::new();
    let depletion = async || fixture.store.lease(OrderId(7)).await.unwrap().unwrap().depletion();
    let won = MarketEvent::Orderbook(leased(7, 3, ME));
    fixture.block(6, vec![account(3, 5_000), account(4, 1), won]).await;
    assert_eq!(depletion().await, Some(5_000));
    fixture.block(7, vec![account(3, 6_000)]).await;
    assert_eq!(depletion().await, Some(6_000));
    assert!(fixture.is_asked(Pending::Account, 3).await, "the first one is confirmed");
}

#[tokio::test]
async fn a_clock_that_ends_sooner_is_not_believed_by_its_event_alone() {
    let fixture = Fixture::new();
    let won = MarketEvent::Orderbook(leased(7, 3, ME));
    fixture.block(6, vec![account(3, 5_000), won]).await;
    fixture.store.write(|tx| pending::done(tx, Pending::Account, 3)).await.unwrap();
    fixture.block(7, vec![account(3, 4_000)]).await;
    let lease = fixture.store.lease(OrderId(7)).await.unwrap().unwrap();
    assert_eq!(lease.depletion(), Some(5_000));
    assert!(fixture.is_asked(Pending::Account, 3).await);
}

#[tokio::test]
async fn a_lease_without_clock_has_it_fetched() {
    let fixture = Fixture::new();
    fixture.orderbook(6, vec![leased(7, 3, ME)]).await;
    let pending = fixture.store.read(|sql| pending::list(sql, 9)).await.unwrap();
    assert!(pending.iter().any(|row| row.kind == Pending::Account && row.id == 3));
}

#[tokio::test]
async fn a_new_commitment_wins_over_a_fetch_from_an_older_state() {
    let fixture = Fixture::new();
    fixture.orderbook(5, vec![opened(7, 3)]).await;
    let update = OrderbookEvent::DeploymentUpdated(DeploymentUpdated {
        deployment: DeploymentId(3),
        commitment: HexBinary::from([2; 32]).to_hex(),
    });
    fixture.orderbook(6, vec![update]).await;
    // The fetch that was under way answers from height 5.
    let stale = DeploymentRow {
        id: DeploymentId(3),
        tenant: "souk1ann".into(),
        commitment: HexBinary::from([1; 32]),
        height: 5,
    };
    fixture.store.write(move |tx| deployments::put(tx, &stale)).await.unwrap();
    let row = fixture.store.deployment(DeploymentId(3)).await.unwrap().unwrap();
    assert_eq!(row.commitment, HexBinary::from([2; 32]));
}

#[tokio::test]
async fn an_own_bid_that_the_store_forgot_is_known_again_from_its_event() {
    let fixture = Fixture::new();
    let placed = OrderbookEvent::BidPlaced(BidPlaced {
        order: OrderId(7),
        bid: BidId(1),
        provider: ME.into(),
        price: price(40),
    });
    fixture.orderbook(5, vec![opened(7, 3), placed]).await;
    assert_eq!(fixture.progress(7).await, Some(BidProgress::Open));
    let row = fixture.store.read(|sql| bids::get(sql, OrderId(7))).await.unwrap().unwrap();
    assert_eq!((row.tenant.as_str(), row.price), ("souk1ann", price(40)));
}

#[tokio::test]
async fn what_a_lease_reserves_outlives_its_confirmed_end_until_its_objects_are_gone() {
    let fixture = Fixture::new();
    fixture.bid(7).await;
    fixture.orderbook(6, vec![leased(7, 3, ME)]).await;
    let closed = OrderbookEvent::LeaseClosed(LeaseClosed {
        order: OrderId(7),
        deployment: DeploymentId(3),
        group: GroupSeq(1),
        provider: ME.into(),
        reason: CloseReason::InsufficientFunds,
        breach: false,
        excluded: None,
        notice: None,
        paid_until: None,
    });
    fixture.orderbook(7, vec![closed]).await;
    assert_eq!(fixture.store.active_leases().await.unwrap().len(), 1, "by the event alone");
    assert!(fixture.is_reserved(7).await && fixture.is_asked(Pending::LeaseEnd, 7).await);
    let end = |tx: &Tx<'_>| {
        let (state, reason) = (LeaseState::InsufficientFunds, CloseReason::InsufficientFunds);
        end_lease(tx, OrderId(7), state, reason, 1_000)
    };
    fixture.store.write(end).await.unwrap();
    let lease = fixture.store.lease(OrderId(7)).await.unwrap().unwrap();
    assert_eq!(lease.state, LeaseState::InsufficientFunds);
    assert!(fixture.is_reserved(7).await, "its volumes may be there, though no manifest is");
    fixture.store.write(|tx| leases::forget(tx, OrderId(7))).await.unwrap();
    assert_eq!(fixture.store.lease(OrderId(7)).await.unwrap(), None);
}

#[tokio::test]
async fn volumes_are_kept_from_the_last_end_of_a_lease_and_not_from_one_that_was_none() {
    let fixture = Fixture::new();
    fixture.orderbook(6, vec![leased(7, 3, ME)]).await;
    let end =
        |tx: &Tx<'_>| end_lease(tx, OrderId(7), LeaseState::Closed, CloseReason::Tenant, 1_000);
    let keep = |tx: &Tx<'_>| {
        let (order, volumes) = (OrderId(7), Vec::new());
        let row = Kept { order, since: 5, until: 9, ran: 4, volumes };
        kept_volumes::keep(tx, &row, &Default::default())
    };
    let kept = async || {
        let row = fixture.store.read(|sql| kept_volumes::get(sql, OrderId(7))).await.unwrap();
        row.map(|row| row.since)
    };
    // From an end that was believed wrongly.
    fixture.store.write(keep).await.unwrap();
    fixture.store.write(end).await.unwrap();
    assert_eq!(kept().await, None);
    fixture.store.write(keep).await.unwrap();
    fixture.store.write(end).await.unwrap();
    assert_eq!(kept().await, Some(5), "confirmed again");
}

#[tokio::test]
async fn a_lease_whose_end_is_confirmed_late_is_not_paid_by_a_withdrawal_of_meanwhile() {
    let fixture = Fixture::new();
    fixture.orderbook(6, vec![leased(7, 3, ME)]).await;
    let late = |tx: &Tx<'_>| {
        leases::set_withdrawn(tx, OrderId(7), 9_000)?;
        end_lease(tx, OrderId(7), LeaseState::Closed, CloseReason::Tenant, 5_000)
    };
    fixture.store.write(late).await.unwrap();
    let lease = fixture.store.lease(OrderId(7)).await.unwrap().unwrap();
    assert!(!lease.is_paid());
    fixture.store.write(|tx| leases::set_withdrawn(tx, OrderId(7), 9_000)).await.unwrap();
    assert!(fixture.store.lease(OrderId(7)).await.unwrap().unwrap().is_paid());
}

#[tokio::test]
async fn a_bid_that_is_said_to_be_withdrawn_frees_nothing_of_a_lease_that_runs() {
    let fixture = Fixture::new();
    fixture.bid(7).await;
    fixture.orderbook(6, vec![leased(7, 3, ME)]).await;
    let withdrawn = OrderbookEvent::BidWithdrawn(BidWithdrawn {
        order: OrderId(7),
        bid: BidId(1),
        provider: ME.into(),
    });
    fixture.orderbook(7, vec![withdrawn]).await;
    assert!(fixture.is_reserved(7).await);
    assert_eq!(fixture.progress(7).await, Some(BidProgress::Won));
}

#[tokio::test]
async fn that_a_bid_was_taken_back_is_a_decision_only_once_the_chain_says_so() {
    let fixture = Fixture::new();
    let wanted = |order: u64| {
        move |tx: &Tx<'_>| {
            let any = souk_chain::Any { type_url: "/x".into(), value: vec![] };
            outbox::send(tx, &outbox::take_back_key(OrderId(order)), any).map(|_| ())
        }
    };
    for order in [7, 8, 9] {
        fixture.orderbook(5, vec![opened(order, 3)]).await;
        fixture.bid(order).await;
    }
    fixture.store.write(wanted(7)).await.unwrap();
    fixture.store.write(wanted(8)).await.unwrap();
    let withdrawn = |order: u64| {
        OrderbookEvent::BidWithdrawn(BidWithdrawn {
            order: OrderId(order),
            bid: BidId(1),
            provider: ME.into(),
        })
    };
    // The seventh is taken back, the eighth is accepted before, the operator withdraws the ninth.
    fixture.orderbook(6, vec![withdrawn(7), leased(8, 3, ME), withdrawn(9)]).await;
    let said = async |order: u64| {
        let decision = fixture.store.decision(OrderId(order)).await.unwrap();
        decision.map(|decision| decision.tenant_reason)
    };
    assert_eq!(said(7).await.unwrap(), "took its bid back, which was not accepted in time");
    assert_eq!((said(8).await, said(9).await), (None, None));
}

#[tokio::test]
async fn an_administrative_action_makes_bidding_ask_for_pause_and_parameters_at_once() {
    let fixture = Fixture::new();
    let mut listener = fixture.store.listen(&[Topic::Provider]);
    let paused = AdminEvent::Paused(Paused { by: "souk1owner".into(), until: None });
    fixture.orderbook(5, vec![OrderbookEvent::Admin(paused)]).await;
    assert!(listener.changed().now_or_never().is_some());
}

#[tokio::test]
async fn a_question_that_a_later_block_asks_again_is_not_answered_by_an_earlier_state() {
    let fixture = Fixture::new();
    let ask = |height| move |tx: &Tx<'_>| pending::add(tx, Pending::LeaseEnd, 7, height);
    let answer = |height| move |tx: &Tx<'_>| pending::done_at(tx, Pending::LeaseEnd, 7, height);
    fixture.store.write(ask(5)).await.unwrap();
    fixture.store.write(ask(8)).await.unwrap();
    fixture.store.write(answer(5)).await.unwrap();
    assert!(fixture.is_asked(Pending::LeaseEnd, 7).await);
    fixture.store.write(answer(8)).await.unwrap();
    assert!(!fixture.is_asked(Pending::LeaseEnd, 7).await);
}

fn chain_event(contract: &str, event: OrderbookEvent) -> Event {
    published(event, contract)
}

fn block(events: Vec<Event>) -> Block {
    Block { height: 5, time: Default::default(), txs: vec![], block_events: events }
}

#[test]
fn events_count_only_from_the_configured_contract() {
    let read = |contract: &str| {
        read_block(&block(vec![chain_event(contract, opened(7, 3))]), &contracts().emitters())
    };
    assert_eq!(read("souk1book").events, [MarketEvent::Orderbook(opened(7, 3))]);
    for other in ["souk1forger", "souk1escrow", ""] {
        assert_eq!(read(other), MarketEvents::default(), "{other}");
    }
}

#[test]
fn an_event_that_cannot_be_read_is_recorded_and_one_of_a_new_kind_ignored() {
    let mut event = chain_event("souk1book", opened(7, 3));
    event.attributes.retain(|pair| pair.key != "ceiling");
    let read = read_block(&block(vec![event]), &contracts().emitters());
    assert_eq!((read.events.len(), read.unreadable.len()), (0, 1));

    let mut event = chain_event("souk1book", opened(7, 3));
    event.ty.push_str("_of_a_later_version");
    assert_eq!(read_block(&block(vec![event]), &contracts().emitters()), MarketEvents::default());
}

#[tokio::test]
async fn a_block_with_an_event_that_cannot_be_read_is_applied_and_recorded() {
    let fixture = Fixture::new();
    let mut event = chain_event("souk1book", opened(7, 3));
    event.attributes.retain(|pair| pair.key != "ceiling");
    let bad = read_block(&block(vec![event]), &contracts().emitters());
    let good =
        read_block(&block(vec![chain_event("souk1book", opened(8, 3))]), &contracts().emitters());
    for (height, read, unread_since) in
        [(5, good.clone(), None), (6, bad.clone(), Some(6)), (7, good, Some(6)), (8, bad, Some(6))]
    {
        let blocks = vec![(Cursor { height, time: 1_000 }, read)];
        let write = move |tx: &Tx<'_>| follow::put(tx, &provider(), &blocks);
        fixture.store.write(write).await.unwrap();
        assert_eq!(fixture.store.read(unreadable::get).await.unwrap(), unread_since);
        assert_eq!(fixture.store.height().await.unwrap(), Some(height));
    }
}

#[test]
fn store_errors_end_a_task_and_chain_errors_do_not() {
    assert!(!ChainError::from(StoreError::Stopped).is_refusal());
}
