//! Objects in lists and watches, through the caches to what tenants, bidding and health are shown.

use std::{
    collections::{BTreeSet, HashMap},
    sync::LazyLock,
};

use bolero::check;
use futures::{FutureExt, StreamExt};
use serde_json::json;
use souk_gateway::body::EventQuery;
use souk_provider::{
    cluster::{
        inventory::{self, ClusterView},
        kube::{cache::Caches, events::EventHub, other_hosts::OtherHosts},
        leases::status::{Sources, lease_status},
    },
    config::Config,
    model::{
        health::{Failures, Part},
        interfaces::CapacitySource,
        placement::{Limits, Reservation, gpu_faults},
        scope::MarketScope,
    },
    store::Store,
};
use tokio_util::sync::CancellationToken;

use crate::{
    api_server::{self, Resource},
    edits::{Cut, Edit, cut, edit},
    lease::{self, Leased},
    measure::{Limit, alone},
    objects::{self, Good, LEASE},
};

/// Ten watches and their reads take it before an object comes. An object is there as bytes, as JSON that
/// is read, whole, and as what is kept, and three watches may see it.
const LIMIT: Limit = Limit { base: 8 << 20, per_byte: 256 };

/// The most objects of one input.
const MOST: usize = 8;
/// Events of a namespace that are kept for whoever comes.
const EVENTS: usize = 256;

/// An object: which, how it comes, and its edits.
type Sent = (u8, u8, Vec<Edit>, Vec<Cut>);

struct Fixture {
    config: Config,
    scope: MarketScope,
    store: Store,
    lease: Leased,
    good: Vec<Good>,
    _folder: tempfile::TempDir,
}

static FIXTURE: LazyLock<Fixture> = LazyLock::new(|| {
    let folder = lease::folder();
    let config = lease::config(folder.path(), 1);
    let scope = MarketScope::of(&config);
    let store = Store::open(&folder.path().join("watches.db")).unwrap();
    let good = objects::all(&scope);
    Fixture { lease: lease::leased(), config, scope, store, good, _folder: folder }
});

#[test]
fn any_objects_in_lists_and_watches() {
    let alone = alone();
    check!().with_iterations(150).with_type::<(bool, Vec<Sent>)>().for_each(
        |(again, sent): &(bool, Vec<Sent>)| {
            let (resources, bytes) = resources(sent, *again);
            alone.within(LIMIT, bytes, || run(resources, bytes, sent.len().min(MOST)));
        },
    );
}

#[test]
fn the_good_objects_are_seen() {
    let alone = alone();
    let sent: Vec<Sent> =
        (0..FIXTURE.good.len()).map(|which| (which as u8, 0, vec![], vec![])).collect();
    let seen: usize = sent
        .chunks(MOST)
        .map(|some| {
            let (resources, bytes) = resources(some, false);
            alone.within(LIMIT, bytes, || run(resources, bytes, some.len()))
        })
        .sum();
    // All but the slice.
    assert_eq!(seen, FIXTURE.good.len() - 1);
}

/// What the server has: each object in the list of its kind or in a line of its watch.
fn resources(sent: &[Sent], again: bool) -> (HashMap<String, Resource>, usize) {
    let mut items: HashMap<&str, Vec<String>> = HashMap::new();
    let mut all: HashMap<String, Resource> = HashMap::new();
    for good in &FIXTURE.good {
        all.entry(good.path.to_owned()).or_default();
    }
    for (which, how, edits, cuts) in sent.iter().take(MOST) {
        let good = &FIXTURE.good[usize::from(*which) % FIXTURE.good.len()];
        let kind = ["ADDED", "MODIFIED", "DELETED", "BOOKMARK", "ERROR", "LIST", "LIST"];
        let kind = kind[usize::from(*how) % kind.len()];
        if kind == "LIST" || good.path.ends_with("slices") {
            let mut object = good.object.clone();
            edit(&mut object, edits);
            let mut text = object.to_string().into_bytes();
            cut(&mut text, cuts);
            items.entry(good.path).or_default().push(String::from_utf8_lossy(&text).into_owned());
            continue;
        }
        // The envelope is edited as well.
        let mut line = json!({ "type": kind, "object": good.object });
        edit(&mut line, edits);
        let mut text = line.to_string().into_bytes();
        cut(&mut text, cuts);
        text.push(b'\n');
        let lines = &mut all.entry(good.path.to_owned()).or_default().lines;
        lines.push(text);
        if again {
            lines.extend(lines.last().cloned());
        }
    }
    for (path, resource) in &mut all {
        let items = items.get(path.as_str()).map(|items| items.join(",")).unwrap_or_default();
        let text = format!(
            r#"{{"kind":"List","apiVersion":"v1","metadata":{{"resourceVersion":"1"}},"items":[{items}]}}"#
        );
        resource.list = text.into_bytes();
    }
    let size = |one: &Resource| one.list.len() + one.lines.iter().map(Vec::len).sum::<usize>();
    let bytes = all.values().map(size).sum();
    (all, bytes)
}

/// Lets all watches see it, asks everything that is asked of what they keep, and returns how much that is.
fn run(resources: HashMap<String, Resource>, bytes: usize, sent: usize) -> usize {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    runtime.block_on(async {
        let (client, traffic) = api_server::client(resources);
        let stop = CancellationToken::new();
        let (scope, store) = (&FIXTURE.scope, &FIXTURE.store);
        let (caches, watches) = Caches::start(client.clone(), scope, stop.clone());
        tokio::spawn(watches);
        let claims = Failures::default().of(Part::Claims);
        let (view, watches) = inventory::start(client.clone(), scope, "", store, claims, &stop);
        tokio::spawn(watches);
        let (others, watches) = OtherHosts::start(client.clone(), scope, stop.clone());
        tokio::spawn(watches);
        let hub = EventHub::new(client);
        let namespace = scope.namespace(LEASE);
        let mut events = hub.stream(&namespace, &EventQuery { follow: true }).await.unwrap();
        traffic.settled().await;
        let mut received = 0;
        while let Some(Some(event)) = events.next().now_or_never() {
            assert!(event.unwrap().message.len() <= bytes);
            received += 1;
        }
        assert!(received <= EVENTS.min(4 * sent), "{received} events");
        let hosts = ["shop.example.org".to_owned(), "a.example.org".to_owned()];
        let _ = others.find(&hosts).now_or_never();
        let listed = hub.stream(&namespace, &EventQuery { follow: false }).now_or_never();
        drop(listed);
        let seen = ask_caches(&caches, &hosts, bytes) + ask_view(&view, bytes, sent);
        stop.cancel();
        seen + received.min(1)
    })
}

fn ask_caches(caches: &Caches, hosts: &[String], bytes: usize) -> usize {
    let mut kept = 0;
    let namespace = FIXTURE.scope.namespace(LEASE);
    for order in caches.orders() {
        let lease = caches.lease(order);
        kept += lease.objects.len() + lease.pods.len();
        let text = format!("{lease:?}").len();
        assert!(text <= 4_096 + 16 * bytes, "{text} bytes are kept of {bytes}");
        let _ = (lease.presence(), lease.uid(), lease.services(), lease.running().count());
        let blocked_by = lease.blocked_by();
        for failure in lease.pods.iter().filter_map(|pod| pod.status.reason.as_ref()) {
            assert!(failure.len() <= 1_024 + 2 * bytes);
        }
        for pod in &lease.pods {
            let _ = caches.log(&namespace, &pod.status.name, &pod.uid);
        }
        let leased = &FIXTURE.lease;
        let status = lease_status(&Sources {
            seen: &lease,
            cluster: &FIXTURE.config.cluster,
            scope: &FIXTURE.scope,
            lease: &leased.lease,
            group: Some(&leased.group),
            now: 1_000,
            failure: None,
            applied: true,
            blocked_by,
            gpu_fault: None,
            kept: None,
            taken_up: None,
        });
        let text = serde_json::to_string(&status).unwrap().len();
        assert!(text <= 16_384 + 16 * bytes, "a status of {text} bytes of {bytes}");
    }
    assert!(kept <= 2 * MOST, "{kept} objects are kept");
    let failed: usize = caches.failed_pods().iter().map(|(_, pods)| pods.len()).sum();
    assert!(failed <= kept && caches.deletions().len() <= kept);
    assert!(caches.pods(&namespace).len() <= kept && caches.holders(hosts).len() <= kept * 1_024);
    let _ = (caches.problems(), caches.is_settled());
    kept
}

fn ask_view(view: &ClusterView, bytes: usize, sent: usize) -> usize {
    let Ok(snapshot) = view.snapshot() else { return 0 };
    assert!(snapshot.nodes.len() + snapshot.pods.len() <= 2 * sent);
    assert!(format!("{snapshot:?}").len() <= 4_096 + 16 * bytes);
    for node in &snapshot.nodes {
        let offered = node.gpu.is_some();
        assert!(offered || node.allocatable.gpu == 0, "{node:?}");
        assert!(!offered || node.allocatable.gpu == node.gpus.allocatable, "{node:?}");
    }
    let reserved: [Reservation; 0] = [];
    let left = snapshot.left(&reserved, &Limits::of(&FIXTURE.config));
    let (free, offered) = (left.free(), left.offered());
    assert!(offered.covers(&free), "less is offered than is free: {offered:?} {free:?}");
    let faults = gpu_faults(&snapshot, &reserved).len();
    assert!(
        faults <= snapshot.nodes.len() + snapshot.pods.len(),
        "nodes that are gone have faults"
    );
    let names: BTreeSet<&str> = snapshot.nodes.iter().map(|node| node.name.as_str()).collect();
    assert!(left.nodes.iter().all(|room| names.contains(room.node.name.as_str())));
    snapshot.nodes.len()
}
