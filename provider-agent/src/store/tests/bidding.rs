//! Orders, what was decided of them, and bids.

use super::*;

#[tokio::test]
async fn a_decision_that_says_the_same_keeps_the_height_since_when_it_holds() {
    let (_folder, store) = store().await;
    let row = |height, reason: &str| DecisionRow {
        order: OrderId(1),
        height,
        verdict: Verdict::Pass,
        reason: reason.into(),
        tenant_reason: "capacity".into(),
        price: None,
    };
    let put = |row: DecisionRow| store.write(move |tx| decisions::put(tx, &row));
    assert!(put(row(5, "no room")).await.unwrap());
    assert!(!put(row(6, "no room")).await.unwrap());
    assert_eq!(store.decision(OrderId(1)).await.unwrap().unwrap().height, 5);
    assert!(put(row(7, "still no room")).await.unwrap());
    assert_eq!(store.decision(OrderId(1)).await.unwrap().unwrap().height, 7);
}

#[tokio::test]
async fn details_of_an_order_stay_when_its_event_is_read_again() {
    let (_folder, store) = store().await;
    let row = Order {
        id: OrderId(4),
        group: group(),
        tenant: "souk1ann".into(),
        ceiling: Price::new(5).unwrap(),
        denom: Denom::native("usouk"),
        auction: AuctionPolicy::LowestPrice { closes_after: 60 },
        expires_at: 9_000,
        closes_at: Some(2_000),
        open: true,
        opened_height: 3,
        bids_height: 3,
        detail: None,
    };
    let detail = OrderDetail {
        spec: souk_core::GroupSpec {
            name: "web".into(),
            requirements: Default::default(),
            units: vec![],
            ceiling: Price::new(5).unwrap(),
        },
        created_at: 1_000,
        allow: vec![],
        refuse: vec![],
        excluded: vec![],
        reclamation: None,
        closes_at_block: None,
        absence_limit: None,
    };
    let (event, known) = (row.clone(), Order { detail: Some(detail.clone()), ..row.clone() });
    store
        .write(move |tx| {
            orders::put(tx, &event)?;
            orders::extend(tx, event.id, 2_060, Some(70))?;
            orders::set_detail(tx, event.id, &detail)?;
            // An orderbook of the first release does not say the block.
            orders::extend(tx, event.id, 2_060, None)?;
            orders::extend(tx, event.id, 2_060, Some(80))?;
            orders::extend(tx, event.id, 2_060, Some(79))?;
            orders::put(tx, &event)
        })
        .await
        .unwrap();
    let mut expected = Order { closes_at: Some(2_060), ..known };
    expected.detail.as_mut().unwrap().closes_at_block = Some(80);
    assert_eq!(store.read(orders::open).await.unwrap(), [expected]);
}

#[tokio::test]
async fn of_open_bids_those_are_read_that_upkeep_closes_an_auction_for_or_takes_back() {
    let (_folder, store) = store().await;
    let order = |id, closes_at, open| Order {
        id: OrderId(id),
        group: group(),
        tenant: "souk1ann".into(),
        ceiling: Price::new(5).unwrap(),
        denom: Denom::native("usouk"),
        auction: AuctionPolicy::LowestPrice { closes_after: 60 },
        expires_at: 9_000,
        closes_at,
        open,
        opened_height: 3,
        bids_height: 3,
        detail: None,
    };
    let bid = |id, progress| Bid {
        order: OrderId(id),
        tenant: "souk1ann".into(),
        price: Price::new(5).unwrap(),
        progress,
        decided_height: 3,
        attempt: 0,
        why: None,
    };
    let written = store.write(move |tx| {
        for (id, closes_at, open, progress) in [
            (1, Some(2_000), true, Some(BidProgress::Open)),
            (2, Some(2_001), true, Some(BidProgress::Open)),
            (3, None, true, Some(BidProgress::Open)),
            (4, Some(1_000), false, Some(BidProgress::Open)),
            (5, Some(1_000), true, Some(BidProgress::Won)),
            (6, Some(1_000), true, None),
        ] {
            orders::put(tx, &order(id, closes_at, open))?;
            if let Some(progress) = progress {
                bids::put(tx, &bid(id, progress))?;
            }
        }
        Ok::<_, StoreError>(())
    });
    written.await.unwrap();
    let over = store.read(|sql| orders::over_with_bid(sql, 2_000)).await.unwrap();
    assert_eq!(over, [order(1, Some(2_000), true)]);
    assert_eq!(store.read(orders::count_open).await.unwrap(), 5);
    let counted = store.read(bids::count).await.unwrap();
    assert_eq!(counted, [(BidProgress::Open, 4), (BidProgress::Won, 1)]);

    let placed = store.write(move |tx| {
        for id in 1..=5 {
            bids::set_placed(tx, OrderId(id), 1_500)?;
        }
        bids::put(tx, &bid(3, BidProgress::Open))?;
        bids::set_placed_by(tx, OrderId(3), 1_900)?;
        orders::set_bids_height(tx, OrderId(2), 4)
    });
    placed.await.unwrap();
    let waiting = |now| store.read(move |sql| bids::waiting(sql, now));
    assert_eq!(waiting(9_000).await.unwrap(), [(OrderId(3), 1_500)], "bids in auctions stay");
    assert_eq!(waiting(9_001).await.unwrap(), [], "its lifetime is over");
    let overdue = store.read(|sql| orders::overdue(sql, group().deployment, OrderId(1), 9_001));
    let expired = [3, 5, 6].map(|id| (OrderId(id), true));
    assert_eq!(overdue.await.unwrap(), expired, "nobody bid on them");
    let overdue = store.read(|sql| orders::overdue(sql, group().deployment, OrderId(1), 2_000));
    let over = [5, 6].map(|id| (OrderId(id), false));
    assert_eq!(overdue.await.unwrap(), over, "their auctions are over");
}

#[tokio::test]
async fn a_won_bids_slot_is_released_when_its_ended_lease_has_let_go_of_it() {
    const HOLD: u64 = 86_400;
    let (_folder, store) = store().await;
    let ended = [
        (1, Some((1_300, CloseReason::Tenant))),
        (2, Some((1_300, CloseReason::Unstable))),
        (3, Some((1_300, CloseReason::InsufficientFunds))),
        (4, None),
        (5, Some((1_300, CloseReason::Decommission))),
        (6, Some((1_300, CloseReason::Decommission))),
        (7, Some((1_300, CloseReason::Unspecified))),
        (8, Some((1_300, CloseReason::Unspecified))),
    ];
    store
        .write(move |tx| {
            for (order, end) in ended {
                let bid = Bid {
                    order: OrderId(order),
                    tenant: "souk1ann".into(),
                    price: Price::new(100).unwrap(),
                    progress: BidProgress::Won,
                    decided_height: 5,
                    attempt: 0,
                    why: None,
                };
                bids::put(tx, &bid)?;
                let mut lease = lease(order);
                if let Some((at, reason)) = end {
                    lease.state = LeaseState::Closed;
                    (lease.closed_at, lease.reason) = (Some(at), Some(reason));
                }
                // The notice of the fifth was over, the sixth ended before.
                lease.reclaim = [5, 6].contains(&order).then_some(Reclaim {
                    reason: CloseReason::Decommission,
                    deadline: 1_300,
                    block: 5,
                    ended: order == 5,
                });
                // Of the seventh the provider was absent.
                lease.paid_until = (order == 7).then_some(1_100);
                leases::put(tx, &lease)?;
            }
            Ok::<_, StoreError>(())
        })
        .await
        .unwrap();
    for (now, expected) in [
        (1_300, vec![3]),
        (1_599, vec![3]),
        (1_600, vec![1, 3, 5, 7]),
        (1_299 + HOLD, vec![1, 3, 5, 7]),
        (1_300 + HOLD, vec![1, 2, 3, 5, 6, 7, 8]),
    ] {
        let over = store.read(move |sql| bids::over(sql, now, HOLD)).await.unwrap();
        let orders: Vec<u64> = over.iter().map(|bid| bid.order.0).collect();
        assert_eq!(orders, expected, "at {now}");
    }
}
