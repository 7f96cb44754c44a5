//! What other parts rely on.

mod bidding;
mod nonces;

use std::os::unix::fs::PermissionsExt;

use souk_api::orderbook::LeaseState;
use souk_core::{
    AccountId, AuctionPolicy, CloseReason, Denom, DeploymentId, GroupId, GroupSeq, Price, Rate,
};

use super::*;
use crate::model::{
    AccountClock, Bid, BidProgress, OrderDetail, Reclaim, heartbeat::Seen, reconcile::Funds,
};

async fn store() -> (tempfile::TempDir, Store) {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(&folder.path().join("agent.db")).unwrap();
    (folder, store)
}

async fn claim(store: &Store, host: &'static str, order: u64) -> Result<(), HostnameTaken> {
    store.write(move |tx| hostnames::claim(tx, host, OrderId(order))).await.unwrap()
}

fn group() -> GroupId {
    GroupId { deployment: DeploymentId(3), group: GroupSeq(1) }
}

fn lease(order: u64) -> Lease {
    Lease {
        order: OrderId(order),
        group: group(),
        tenant: "souk1ann".into(),
        price: Price::new(100).unwrap(),
        denom: Denom::native("usouk"),
        account: AccountId(3),
        state: LeaseState::Active,
        reason: None,
        created_at: 1_000,
        closed_at: None,
        withdrawn_at: 1_000,
        clock: None,
        reclaim: None,
        absence_limit: None,
        paid_until: None,
    }
}

fn clock(height: u64, depletion: u64) -> AccountClock {
    AccountClock {
        remaining: 1 << 100,
        rate: Rate::ZERO,
        anchor: 5,
        depletion: Some(depletion),
        depleted: false,
        closed: false,
        height,
    }
}

#[tokio::test]
async fn a_store_of_another_market_is_refused_once_it_has_read_a_block() {
    let (_folder, store) = store().await;
    let market = |chain: &str, orderbook: &str| MarketId {
        chain_id: chain.into(),
        orderbook: orderbook.into(),
    };
    store.bind_market(market("souk-1", "souk1typo")).await.unwrap();
    store.bind_market(market("souk-1", "souk1book")).await.unwrap();
    store.write(|tx| cursor::set(tx, Cursor { height: 5, time: 1_000 })).await.unwrap();
    store.bind_market(market("souk-1", "souk1book")).await.unwrap();
    for other in [market("souk-2", "souk1book"), market("souk-1", "souk1other")] {
        let error = store.bind_market(other.clone()).await.unwrap_err().to_string();
        assert!(error.contains(&other.to_string()) && error.contains("souk1book"), "{error}");
    }
}

#[tokio::test]
async fn the_file_is_for_its_owners_eyes_alone_and_a_readable_one_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("agent.db");
    let store = Store::open(&path).unwrap();
    claim(&store, "a.example.com", 1).await.unwrap();
    for file in std::fs::read_dir(folder.path()).unwrap() {
        let file = file.unwrap();
        let mode = file.metadata().unwrap().permissions().mode() & 0o777;
        assert_eq!(mode, 0o600, "{:?}", file.path());
    }
    drop(store);
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o640)).unwrap();
    assert!(matches!(Store::open(&path), Err(StoreError::Readable { mode: 0o640, .. })));
}

#[tokio::test]
async fn a_number_that_no_chain_has_is_stored_as_the_largest_and_fails_nothing() {
    let (_folder, store) = store().await;
    let made_up = Lease { created_at: u64::MAX, closed_at: Some(1 << 63), ..lease(u64::MAX) };
    store.write(move |tx| leases::put(tx, &made_up)).await.unwrap();
    let read = store.lease(OrderId(u64::MAX)).await.unwrap().unwrap();
    let most = i64::MAX as u64;
    assert_eq!((read.order.0, read.created_at, read.closed_at), (most, most, Some(most)));
    assert_eq!(store.order(OrderId(u64::MAX)).await.unwrap(), None);
}

#[tokio::test]
async fn of_the_limits_that_nodes_tell_of_a_lease_the_shortest_counts() {
    let (_folder, store) = store().await;
    let shortest = async || store.read(leases::shortest_limit).await.unwrap();
    let old = lease(6);
    store.write(move |tx| leases::put(tx, &old)).await.unwrap();
    assert_eq!(shortest().await, None);
    let limited = |limit| Lease { absence_limit: Some(limit), ..lease(7) };
    for (found, known) in [(90_000, 90_000), (80_000, 80_000), (85_000, 80_000)] {
        store.write(move |tx| leases::put(tx, &limited(found))).await.unwrap();
        assert_eq!(shortest().await, Some(known), "{found}");
    }
    store.write(|tx| leases::put(tx, &lease(7))).await.unwrap();
    assert_eq!(shortest().await, Some(80_000), "a node that says nothing of it");
    for (found, known) in [(81_000, 80_000), (30_000, 30_000)] {
        store.write(move |tx| leases::shorten_limit(tx, OrderId(7), found)).await.unwrap();
        assert_eq!(shortest().await, Some(known), "{found}");
    }
    let end = (LeaseState::Closed, CloseReason::Unspecified);
    let ended = store.write(move |tx| {
        leases::close(tx, OrderId(7), end.0, end.1, 9)?;
        leases::set_paid_until(tx, OrderId(7), Some(5))
    });
    ended.await.unwrap();
    assert_eq!(shortest().await, None);
    assert_eq!(store.lease(OrderId(7)).await.unwrap().unwrap().paid_until, Some(5));
}

#[tokio::test]
async fn when_the_provider_was_seen_is_what_the_newest_state_or_event_says() {
    let (_folder, store) = store().await;
    let at = |height, time| Cursor { height, time };
    let known = async || store.read(seen::get).await.unwrap();
    assert_eq!(known().await, Seen::default());
    for (what, event, cursor, expected) in [
        ("an event", true, at(10, 1_000), at(10, 1_000)),
        ("another of the same block, applied again", true, at(10, 1_000), at(10, 1_000)),
        ("the state after it has less", false, at(12, 700), at(12, 700)),
        ("a later event", true, at(15, 1_500), at(15, 1_500)),
        ("the state before that event", false, at(14, 700), at(15, 1_500)),
        ("an earlier event, while blocks are caught up on", true, at(11, 1_100), at(15, 1_500)),
    ] {
        let written = store.write(move |tx| match event {
            true => seen::see(tx, cursor),
            false => seen::correct(tx, cursor),
        });
        written.await.unwrap();
        assert_eq!(known().await, Seen { at: Some(expected), beat: None }, "{what}");
    }
    store.write(move |tx| seen::set_beat(tx, at(16, 1_600))).await.unwrap();
    let both = Seen { at: Some(at(15, 1_500)), beat: Some(at(16, 1_600)) };
    assert_eq!(known().await, both);
}

#[tokio::test]
async fn a_failed_write_leaves_nothing_and_notifies_no_listener() {
    let (_folder, store) = store().await;
    let mut listener = store.listen(&[Topic::Leases]);
    let failed: Result<(), StoreError> = store
        .write(|tx| {
            leases::put(tx, &lease(7))?;
            Err(StoreError::Stopped)
        })
        .await;
    assert!(failed.is_err());
    assert_eq!(store.lease(OrderId(7)).await.unwrap(), None);
    tokio::select! {
        biased;
        () = listener.changed() => panic!("notified without a change"),
        () = std::future::ready(()) => {}
    }
    store.write(|tx| leases::put(tx, &lease(7))).await.unwrap();
    listener.changed().await;
}

#[tokio::test]
async fn a_commit_publishes_the_leases_that_it_changes_and_no_other() {
    let (_folder, store) = store().await;
    let other = Lease { account: AccountId(4), ..lease(9) };
    store.write(move |tx| leases::put(tx, &other)).await.unwrap();
    store.write(|tx| leases::put(tx, &lease(7))).await.unwrap();
    let mut listener = store.listen_to_leases();
    let manifest = ManifestRow {
        order: OrderId(7),
        manifest: "[]".into(),
        salt: None,
        commitment: [7; 32].into(),
        accepted_at: 1,
    };
    let reservation = Reservation { order: OrderId(7), placements: Vec::new(), ips: 0 };
    type Change = Box<dyn FnOnce(&Tx<'_>) -> Result<(), StoreError> + Send>;
    let changes: Vec<Change> = vec![
        Box::new(move |tx| manifests::put(tx, &manifest)),
        Box::new(|tx| leases::put_clock(tx, AccountId(3), &clock(10, 500))),
        Box::new(move |tx| reservations::put(tx, &reservation)),
        Box::new(|tx| {
            hostnames::claim(tx, "a.example.com", OrderId(7)).map(|claimed| claimed.unwrap())
        }),
        Box::new(|tx| hostnames::release(tx, OrderId(7))),
        Box::new(|tx| reservations::release(tx, OrderId(7))),
        Box::new(|tx| manifests::forget(tx, OrderId(7))),
        Box::new(|tx| leases::close(tx, OrderId(7), LeaseState::Closed, CloseReason::Tenant, 9)),
        Box::new(|tx| leases::forget(tx, OrderId(7))),
    ];
    for (number, change) in changes.into_iter().enumerate() {
        store.write(change).await.unwrap();
        assert_eq!(listener.changed().await, [OrderId(7)].into(), "change {number}");
    }
    // What changes no lease, or fails, is not published.
    store.write(|tx| cursor::set(tx, Cursor { height: 1, time: 1 })).await.unwrap();
    let failed: Result<(), StoreError> = store
        .write(|tx| {
            leases::put(tx, &lease(8))?;
            Err(StoreError::Stopped)
        })
        .await;
    assert!(failed.is_err());
    tokio::select! {
        biased;
        changed = listener.changed() => panic!("{changed:?}"),
        () = std::future::ready(()) => {}
    }
}

#[tokio::test]
async fn a_summary_has_what_decides_and_changes_with_it() {
    let (_folder, store) = store().await;
    store.write(|tx| leases::put(tx, &lease(7))).await.unwrap();
    let summary = async || {
        let one = store.read(|sql| lease_summaries::get(sql, OrderId(7))).await.unwrap();
        let all = store.read(lease_summaries::all).await.unwrap();
        assert_eq!(one.as_slice(), all);
        one.unwrap()
    };
    let bare = summary().await;
    assert!(bare.is_active() && !bare.holds_something());
    assert_eq!((bare.funds, bare.manifest, bare.group.clone()), (Funds::Unknown, None, None));
    store
        .write(|tx| {
            leases::put_clock(tx, AccountId(3), &clock(10, 500))?;
            hostnames::claim(tx, "b.example.com", OrderId(7))?.unwrap();
            hostnames::claim(tx, "a.example.com", OrderId(7))?.unwrap();
            let row = Reservation { order: OrderId(7), placements: Vec::new(), ips: 0 };
            reservations::put(tx, &row)
        })
        .await
        .unwrap();
    let put = |commitment: u8| {
        let row = ManifestRow {
            order: OrderId(7),
            manifest: "[]".into(),
            salt: None,
            commitment: [commitment; 32].into(),
            accepted_at: 1,
        };
        store.write(move |tx| manifests::put(tx, &row))
    };
    put(1).await.unwrap();
    let first = summary().await;
    assert!(first.holds_something() && first.reservation.is_some());
    assert_eq!(first.funds, Funds::Until(500));
    assert_eq!(first.hosts.len(), 2, "{:?}", first.hosts);
    put(2).await.unwrap();
    assert_ne!(summary().await.manifest, first.manifest);
    put(1).await.unwrap();
    assert_eq!(summary().await, first);
    store.write(|tx| kept_volumes::order_deletion(tx, OrderId(7))).await.unwrap();
    assert_eq!(summary().await.keeps_volumes, KeepsVolumes::Ordered);
    store.write(|tx| kept_volumes::confirm(tx, OrderId(7), 9, &[])).await.unwrap();
    assert_eq!(summary().await.keeps_volumes, KeepsVolumes::Confirmed);
    store.write(|tx| kept_volumes::forget(tx, OrderId(7))).await.unwrap();
    assert_eq!(summary().await, first);
}

#[tokio::test]
async fn a_long_read_holds_up_no_commit_and_sees_one_state() {
    let (_folder, store) = store().await;
    let (started, starts) = tokio::sync::oneshot::channel();
    let (go_on, waits) = std::sync::mpsc::channel::<()>();
    let reading = tokio::spawn({
        let store = store.clone();
        async move {
            let read = store.read(move |sql| {
                let before = leases::all(sql)?.len();
                started.send(()).unwrap();
                waits.recv().unwrap();
                Ok::<_, StoreError>((before, leases::all(sql)?.len()))
            });
            read.await.unwrap()
        }
    });
    starts.await.unwrap();
    store.write(|tx| leases::put(tx, &lease(7))).await.unwrap();
    // Another reader sees at once what was written.
    assert!(store.lease(OrderId(7)).await.unwrap().is_some());
    go_on.send(()).unwrap();
    assert_eq!(reading.await.unwrap(), (0, 0));
}

#[tokio::test]
async fn a_read_cannot_write() {
    let (_folder, store) = store().await;
    let written =
        store.read(|sql| Ok::<_, StoreError>(sql.execute("DELETE FROM leases", [])?)).await;
    assert!(written.unwrap_err().to_string().contains("readonly"));
}

#[tokio::test]
async fn a_lease_reads_back_with_its_accounts_clock_and_an_older_state_is_ignored() {
    let (_folder, store) = store().await;
    let write = |height, depletion| {
        store.write(move |tx| leases::put_clock(tx, AccountId(3), &clock(height, depletion)))
    };
    store.write(|tx| leases::put(tx, &lease(7))).await.unwrap();
    assert_eq!(store.active_leases().await.unwrap(), [lease(7)]);
    write(10, 500).await.unwrap();
    write(9, 400).await.unwrap();
    let row = store.lease(OrderId(7)).await.unwrap().unwrap();
    assert_eq!(row.clock, Some(clock(10, 500)));
    assert!(row.is_funded_at(499));
    assert!(!row.is_funded_at(500));
}

#[tokio::test]
async fn an_ended_lease_is_active_no_more_and_can_be_forgotten() {
    let (_folder, store) = store().await;
    store.write(|tx| leases::put(tx, &lease(7))).await.unwrap();
    store.write(|tx| leases::forget(tx, OrderId(7))).await.unwrap();
    assert!(store.lease(OrderId(7)).await.unwrap().is_some(), "it still runs");
    store
        .write(|tx| leases::close(tx, OrderId(7), LeaseState::Closed, CloseReason::Tenant, 2_000))
        .await
        .unwrap();
    assert_eq!(store.active_leases().await.unwrap(), []);
    let row = store.lease(OrderId(7)).await.unwrap().unwrap();
    assert_eq!((row.reason, row.closed_at), (Some(CloseReason::Tenant), Some(2_000)));
    store.write(|tx| leases::forget(tx, OrderId(7))).await.unwrap();
    assert_eq!(store.lease(OrderId(7)).await.unwrap(), None);
}

#[tokio::test]
async fn a_host_name_belongs_to_the_first_that_asked_until_it_lets_go() {
    let (_folder, store) = store().await;
    claim(&store, "App.example.com", 1).await.unwrap();
    claim(&store, "app.example.com.", 1).await.unwrap();
    let taken = claim(&store, "app.example.com", 2).await.unwrap_err();
    assert_eq!(taken.holder, OrderId(1));
    store.write(|tx| hostnames::release(tx, OrderId(1))).await.unwrap();
    claim(&store, "app.example.com", 2).await.unwrap();
}

#[tokio::test]
async fn leases_are_counted_by_whether_their_accounts_pay() {
    let (_folder, store) = store().await;
    let clocks = [
        None,
        Some((Some(999), false)),
        Some((Some(1_000), false)),
        Some((Some(1_001), false)),
        Some((None, true)),
        Some((None, false)),
    ];
    let written = store.write(move |tx| {
        for (number, known) in (1..).zip(clocks) {
            for (order, state) in [(number, LeaseState::Active), (number + 100, LeaseState::Closed)]
            {
                let account = AccountId(number);
                leases::put(tx, &Lease { account, state, ..lease(order) })?;
            }
            if let Some((depletion, depleted)) = known {
                let clock = AccountClock { depletion, depleted, ..clock(1, 0) };
                leases::put_clock(tx, AccountId(number), &clock)?;
            }
        }
        Ok::<_, StoreError>(())
    });
    written.await.unwrap();
    let read =
        store.read(|sql| Ok::<_, StoreError>((leases::count(sql, 1_000)?, leases::all(sql)?)));
    let (counted, all) = read.await.unwrap();
    let number = |state, funded| {
        let alike =
            all.iter().filter(|one| one.state == state && one.is_funded_at(1_000) == funded);
        alike.count() as u64
    };
    assert_eq!(counted.len(), 4);
    for (state, funded, count) in counted {
        assert_eq!(count, number(state, funded), "{state} {funded}");
        assert_eq!(count, 3);
    }
}

#[tokio::test]
async fn pending_fetches_come_least_tried_first_and_stay_until_done() {
    let (_folder, store) = store().await;
    store
        .write(|tx| {
            pending::add(tx, Pending::Order, 1, 5)?;
            pending::add(tx, Pending::Order, 2, 5)?;
            pending::failed(tx, Pending::Order, 1, "timed out")?;
            pending::add(tx, Pending::Order, 1, 5)
        })
        .await
        .unwrap();
    let list = store.read(|sql| pending::list(sql, 10)).await.unwrap();
    let seen: Vec<_> = list.iter().map(|row| (row.id, row.attempts)).collect();
    assert_eq!(seen, [(2, 0), (1, 1)]);
    store.write(|tx| pending::done(tx, Pending::Order, 1)).await.unwrap();
    assert_eq!(store.read(|sql| pending::list(sql, 10)).await.unwrap().len(), 1);
}

#[test]
fn a_store_of_a_newer_program_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("agent.db");
    drop(Store::open(&path).unwrap());
    let sql = Connection::open(&path).unwrap();
    sql.pragma_update(None, "user_version", 99).unwrap();
    drop(sql);
    assert!(matches!(Store::open(&path), Err(StoreError::Newer { found: 99, .. })));
}
