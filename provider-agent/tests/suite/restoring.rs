//! A provider's machine is lost: with a copy and without one, and while the first agent still runs.

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use age::secrecy::SecretString;
use k8s_openapi::api::{
    apps::v1::{Deployment, StatefulSet},
    core::v1::{Namespace, PersistentVolumeClaim},
};
use kube::{
    Api, ResourceExt,
    api::{DeleteParams, ListParams},
};
use souk_api::orderbook::{ExecuteMsg, LeaseState};
use souk_core::{AuctionPolicy, OrderId};
use souk_kubesim::{ClusterSpec, NodeSpec, spec::Timing};
use souk_provider::{
    model::{BidProgress, labels},
    runtime::backup::{BackupError, back_up, restore},
    store::{Store, bids, copies, kept_volumes, manifests},
};

use crate::{
    manifests::{Cluster, SITE, accepted, lease, upload},
    support::{Fixture, InProcess, Options, agent::configure, app, until},
};

fn passphrase(text: &str) -> SecretString {
    SecretString::from(text.to_owned())
}

const GOOD: &str = "correct horse battery";

/// A fixture with room for many bids and with volumes.
async fn roomy() -> Fixture {
    let nodes = vec![NodeSpec::new("cpu", 4, "64", "256Gi")];
    let cluster = ClusterSpec { nodes, timing: Timing::fast(), ..ClusterSpec::default() };
    let mut options = Options { cluster, slots: 300, ..Options::default() };
    options.block = Duration::from_millis(100);
    options.claims.extend([
        souk_core::Attribute::new("capabilities/storage/1/class", "default"),
        souk_core::Attribute::new("capabilities/storage/1/persistent", "true"),
    ]);
    Fixture::with(options).await
}

/// Puts a copy back into a folder of its own; returns the configuration.
async fn put_back(fixture: &Fixture, copy: &Path, name: &str) -> PathBuf {
    let path = fixture.folder.path().join(name).join("provider.toml");
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    let restored = restore(copy, &path, passphrase(GOOD)).await.unwrap();
    assert!(restored.written.contains(&path), "{restored:?}");
    path
}

async fn without_bid(fixture: &Fixture, orders: &[OrderId]) -> Vec<OrderId> {
    let mut without = Vec::new();
    for order in orders {
        if fixture.own_bid(*order).await.is_none() {
            without.push(*order);
        }
    }
    without
}

#[tokio::test(flavor = "multi_thread")]
async fn a_copy_from_before_a_hundred_bids_waits_for_the_first_agent_and_bids_on_none_twice() {
    let fixture = roomy().await;
    let config = configure(
        &fixture,
        "agent",
        "max_open_bids_per_tenant = 500\nmax_slots_percent_per_tenant = 100",
    );
    let cluster = Cluster::of(&config).await;
    let first = InProcess::start(&config).await;
    let mut leased = lease(&fixture, &first, "ann", SITE).await;
    accepted(&first.store, &leased).await;
    cluster.has_replicas("it runs", leased.order, 1).await;
    let copy = fixture.folder.path().join("copy.age");
    let saved = back_up(&config, &copy, passphrase(GOOD)).unwrap();
    assert!(saved.holds.contains(&"agent.db") && saved.holds.contains(&"operator.key"));

    let mut orders = Vec::new();
    for _ in 0..5 {
        let groups = (0..20).map(|group| app(&format!("g{group}"))).collect();
        orders.extend(fixture.deploy("bob", groups, AuctionPolicy::TenantChoice {}).await.1);
    }
    // The copy is put back while the first agent bids, and what runs is newer than what it knows.
    let second = InProcess::start(&put_back(&fixture, &copy, "second").await).await;
    leased.upload = upload(&SITE.replace("nginx:1", "nginx:2"));
    accepted(&first.store, &leased).await;
    until("the bids of the first", async || {
        without_bid(&fixture, &orders).await.is_empty().then_some(())
    })
    .await;
    until("the second read the chain", async || {
        second.store.read(copies::restored_at).await.unwrap().is_none().then_some(())
    })
    .await;
    let image = async || {
        let web = cluster.namespaced::<Deployment>(leased.order).get("web").await.ok()?;
        web.spec?.template.spec?.containers.first()?.image.clone()
    };
    until("the newer manifest", async || image().await.filter(|image| image == "nginx:2")).await;

    // The first one ends, and the second goes on: what it bids on are new orders alone.
    first.stop().await;
    let later = fixture.order("bob", app("later")).await;
    until("a bid of the second", || fixture.own_bid(later)).await;
    for order in orders.iter().chain([&later, &leased.order]) {
        assert_eq!(fixture.proxy.count("place_bid", *order), 1, "order {order}");
    }
    // The chain has a bid a moment before the store.
    until("all bids in the second's store", async || {
        let known = second.store.read(bids::all).await.unwrap();
        let open = known.iter().filter(|bid| bid.progress == BidProgress::Open).count();
        (open == orders.len() + 1).then_some(())
    })
    .await;
    // What runs is left as it is until the tenant sends the manifest again.
    let order = leased.order;
    let has = async || second.store.read(move |sql| manifests::exists(sql, order)).await.unwrap();
    assert!(!has().await);
    cluster.has_replicas("it still runs", order, 1).await;
    assert_eq!(image().await.as_deref(), Some("nginx:2"));
    assert_eq!(fixture.proxy.count("close_lease", order), 0);
    leased.upload = upload(&SITE.replace("nginx:1", "nginx:3"));
    accepted(&second.store, &leased).await;
    until("the manifest that was sent again", async || {
        image().await.filter(|image| image == "nginx:3")
    })
    .await;
    second.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_copy_what_runs_is_taken_up_from_chain_and_cluster() {
    let fixture = crate::manifests::fixture().await;
    let more = "manifest_timeout = \"10m\"";
    let config = configure(&fixture, "agent", more);
    let cluster = Cluster::of(&config).await;
    let agent = InProcess::start(&config).await;
    let runs = lease(&fixture, &agent, "ann", SITE).await;
    let ends =
        lease(&fixture, &agent, "bob", &SITE.replace("shop.example.org", "bob.example.org")).await;
    for leased in [&runs, &ends] {
        accepted(&agent.store, leased).await;
        cluster.has_replicas("it runs", leased.order, 1).await;
    }
    agent.stop().await;
    let close = ExecuteMsg::CloseLease { order: ends.order, reason: None, exclude: false };
    fixture.orderbook("bob", &close).await;

    // A new machine: the same key and configuration, and an empty store.
    let again = InProcess::start(&configure(&fixture, "another", more)).await;
    until("what ended keeps its volume and nothing else", async || {
        let all = ListParams::default();
        let sets = cluster.namespaced::<StatefulSet>(ends.order).list(&all).await.ok()?;
        let deployments = cluster.namespaced::<Deployment>(ends.order).list(&all).await.ok()?;
        let kept = again.store.read(kept_volumes::all).await.unwrap();
        let is_kept = kept.iter().map(|one| (one.order, one.volumes.len())).eq([(ends.order, 1)]);
        (sets.items.is_empty() && deployments.items.is_empty() && is_kept).then_some(())
    })
    .await;
    // However long its tenant takes, it is not closed.
    fixture.chain.advance(3_000).await.unwrap();
    let head = fixture.chain.produce_blocks(1).await.unwrap();
    until("blocks go by", async || {
        (again.store.height().await.unwrap()? > head + 10).then_some(())
    })
    .await;
    assert_eq!(fixture.proxy.count("close_lease", runs.order), 0);
    cluster.has_replicas("it still runs", runs.order, 1).await;
    for order in [runs.order, ends.order] {
        let claims = cluster.namespaced::<PersistentVolumeClaim>(order);
        assert_eq!(claims.list(&ListParams::default()).await.unwrap().items.len(), 1, "{order}");
    }
    again.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn with_store_and_cluster_lost_no_lease_from_before_is_closed_and_later_ones_have_their_time()
{
    let fixture = crate::manifests::fixture().await;
    let config = configure(&fixture, "agent", "manifest_timeout = \"10m\"");
    let cluster = Cluster::of(&config).await;
    let agent = InProcess::start(&config).await;
    let before = lease(&fixture, &agent, "ann", SITE).await;
    accepted(&agent.store, &before).await;
    cluster.has_replicas("it runs", before.order, 1).await;
    let copy = fixture.folder.path().join("copy.age");
    back_up(&config, &copy, passphrase(GOOD)).unwrap();
    agent.stop().await;
    let namespaces = Api::<Namespace>::all(cluster.client.clone());
    let all = namespaces.list(&ListParams::default().labels(labels::ORDER)).await.unwrap();
    for namespace in all {
        namespaces.delete(&namespace.name_any(), &DeleteParams::default()).await.unwrap();
    }

    let again = InProcess::start(&put_back(&fixture, &copy, "again").await).await;
    until("the chain was read", async || {
        again.store.read(copies::restored_at).await.unwrap().is_none().then_some(())
    })
    .await;
    let sdl = SITE.replace("shop.example.org", "bob.example.org");
    let later = lease(&fixture, &again, "bob", &sdl).await;
    fixture.chain.advance(3_000).await.unwrap();
    fixture.chain.produce_blocks(2).await.unwrap();
    until("the end of the later one", async || {
        let lease = again.store.lease(later.order).await.unwrap()?;
        (lease.state != LeaseState::Active).then_some(())
    })
    .await;
    assert_eq!(fixture.proxy.count("close_lease", before.order), 0);
    let lease = again.store.lease(before.order).await.unwrap().unwrap();
    assert_eq!(lease.state, LeaseState::Active);
    again.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_copy_is_put_back_only_whole_where_it_belongs_and_by_who_has_the_passphrase() {
    let fixture = Fixture::new().await;
    let config = configure(&fixture, "agent", "");
    let copy = fixture.folder.path().join("copy.age");
    let missing = back_up(&config, &copy, passphrase(GOOD));
    assert!(matches!(missing, Err(BackupError::NoStore(_))), "{missing:?}");
    drop(Store::open(&config.with_file_name("agent.db")).unwrap());
    let short = back_up(&config, &copy, passphrase("short"));
    assert!(matches!(short, Err(BackupError::ShortPassphrase(5))), "{short:?}");
    back_up(&config, &copy, passphrase(GOOD)).unwrap();
    let twice = back_up(&config, &copy, passphrase(GOOD));
    assert!(matches!(twice, Err(BackupError::Exists(_))), "{twice:?}");
    let left: Vec<_> = std::fs::read_dir(config.parent().unwrap())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.contains("-copy-"))
        .collect();
    assert_eq!(left, [""; 0]);
    let bytes = std::fs::read(&copy).unwrap();
    assert!(!String::from_utf8_lossy(&bytes).contains("orderbook"), "it is sealed");

    let to = |name: &str| {
        let path = fixture.folder.path().join(name).join("provider.toml");
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        path
    };
    let wrong = restore(&copy, &to("wrong"), passphrase("another one entirely")).await;
    assert!(matches!(wrong, Err(BackupError::WrongPassphrase(_))), "{wrong:?}");
    assert!(!to("wrong").exists());
    let over = restore(&copy, &config, passphrase(GOOD)).await;
    assert!(matches!(over, Err(BackupError::Exists(_))), "{over:?}");
    assert!(config.with_file_name("agent.db").exists());
    let other = configure(&fixture, "other", "");
    let text = std::fs::read_to_string(&other).unwrap();
    let provider = crate::support::fixture::address("provider");
    let rival = crate::support::fixture::address("rival");
    std::fs::write(&other, text.replace(&provider, &rival)).unwrap();
    let others = restore(&copy, &other, passphrase(GOOD)).await;
    assert!(matches!(others, Err(BackupError::Other { what: "provider", .. })), "{others:?}");
    let market = configure(&fixture, "market", "");
    let text = std::fs::read_to_string(&market).unwrap();
    std::fs::write(&market, text.replace("\"souk-test\"", "\"souk-other\"")).unwrap();
    let others = restore(&copy, &market, passphrase(GOOD)).await;
    assert!(matches!(others, Err(BackupError::Other { what: "chain", .. })), "{others:?}");

    let half = fixture.folder.path().join("half.age");
    std::fs::write(&half, &bytes[..bytes.len() / 2]).unwrap();
    let damaged = restore(&half, &to("half"), passphrase(GOOD)).await;
    assert!(matches!(damaged, Err(BackupError::Damaged { .. })), "{damaged:?}");
    assert!(!to("half").exists(), "nothing of it is left");
    let whole = restore(&copy, &to("whole"), passphrase(GOOD)).await.unwrap();
    assert_eq!(whole.height, None);
    let store = Store::open(&to("whole").with_file_name("agent.db")).unwrap();
    assert!(store.read(copies::restored_at).await.unwrap().is_some());
}
