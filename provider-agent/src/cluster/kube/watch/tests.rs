use std::{
    collections::BTreeSet,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use futures::stream;
use k8s_openapi::api::core::v1::Namespace;
use parking_lot::Mutex;
use souk_kubesim::{ClusterSpec, KubeSim, Outage};
use tokio::sync::mpsc;

use super::*;
use crate::{cluster::kube::client::from_config_with, config::Cluster};

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_stops_answering_is_reported_and_so_is_its_recovery() {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let folder = tempfile::tempdir().unwrap();
    let sim = KubeSim::start(ClusterSpec::default()).await.unwrap();
    let kubeconfig = folder.path().join("kubeconfig");
    sim.write_kubeconfig(&kubeconfig).unwrap();
    let cluster = Cluster { kubeconfig: Some(kubeconfig), ..Cluster::default() };
    let client = from_config_with(&cluster, Duration::from_secs(1)).await.unwrap();
    let (reports, mut reported) = mpsc::unbounded_channel();
    let config = watcher::Config::default().timeout(1);
    let watching = tokio::spawn(async move {
        run(Whole(Api::<Namespace>::all(client)), config, |report| match report {
            Report::Listed => drop(reports.send(true)),
            Report::Broken(_) => drop(reports.send(false)),
            _ => {}
        })
        .await;
    });
    let mut next = async |healthy| {
        let wait = async { while reported.recv().await.unwrap() != healthy {} };
        tokio::time::timeout(Duration::from_secs(60), wait).await.unwrap();
    };
    next(true).await;
    sim.pause(Outage::Hold);
    next(false).await;
    sim.resume();
    next(true).await;
    watching.abort();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_watch_that_a_restored_server_leaves_silent_is_renewed_and_sees_what_is_there() {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let folder = tempfile::tempdir().unwrap();
    let sim = KubeSim::start(ClusterSpec::default()).await.unwrap();
    let kubeconfig = folder.path().join("kubeconfig");
    sim.write_kubeconfig(&kubeconfig).unwrap();
    let cluster = Cluster { kubeconfig: Some(kubeconfig), ..Cluster::default() };
    let client = from_config_with(&cluster, Duration::from_secs(5)).await.unwrap();
    let namespaces = Api::<Namespace>::all(client.clone());
    let make = async |name: &str| {
        let made =
            serde_json::from_value(serde_json::json!({ "metadata": { "name": name } })).unwrap();
        namespaces.create(&Default::default(), &made).await.unwrap();
    };
    let seen = Arc::new(Mutex::new(BTreeSet::new()));
    let config = watcher::Config::default().timeout(1);
    let watched = Arc::clone(&seen);
    let watching = tokio::spawn(async move {
        let mut listed = None;
        run(Whole(Api::<Namespace>::all(client)), config, |report| {
            let mut seen = watched.lock();
            match report {
                Report::Listing => listed = Some(BTreeSet::new()),
                Report::Listed => *seen = listed.take().unwrap_or_default(),
                Report::Changed(one) => {
                    let names = listed.as_mut().unwrap_or(&mut *seen);
                    names.extend(one.metadata.name);
                }
                Report::Gone(one) => seen.retain(|name| Some(name) != one.metadata.name.as_ref()),
                Report::Broken(error) => panic!("no error says that it is blind: {error}"),
            }
        })
        .await;
    });
    let sees = async |name: &str, wanted: bool| {
        let waiting = async {
            while seen.lock().contains(name) != wanted {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        let waited = tokio::time::timeout(Duration::from_secs(60), waiting).await;
        waited.unwrap_or_else(|_| panic!("{name} is not seen as it is"));
    };
    make("before").await;
    sees("before", true).await;
    let copy = sim.copy();
    for name in ["lost-1", "lost-2", "lost-3"] {
        make(name).await;
    }
    sees("lost-3", true).await;
    sim.put_back(&copy);
    make("after").await;
    sees("lost-3", false).await;
    sees("after", true).await;
    sees("before", true).await;
    watching.abort();
}

/// An API server that lists nothing and whose watches end without a word.
struct Mute {
    watches: AtomicUsize,
    /// How many watches there were before each list of everything.
    lists: mpsc::UnboundedSender<usize>,
    /// What it says then is its newest version.
    newest: &'static str,
}

impl Source for Mute {
    type Object = Namespace;

    fn list<'a>(
        &'a self,
        params: &'a ListParams,
        _: &'a mut Each<'a, Namespace>,
    ) -> BoxFuture<'a, kube::Result<ListMeta>> {
        let is_whole = params.limit == Some(PAGE);
        if is_whole {
            self.lists.send(self.watches.load(Ordering::SeqCst)).unwrap();
        }
        let version = if is_whole { "900" } else { self.newest };
        let page = ListMeta { resource_version: Some(version.into()), ..ListMeta::default() };
        async { Ok(page) }.boxed()
    }

    fn watch<'a>(
        &'a self,
        _: &'a WatchParams,
        version: &'a str,
    ) -> BoxFuture<'a, kube::Result<BoxStream<'static, kube::Result<WatchEvent<Namespace>>>>> {
        assert_eq!(version, "900");
        self.watches.fetch_add(1, Ordering::SeqCst);
        async { Ok(stream::empty().boxed()) }.boxed()
    }
}

async fn watches_before_lists(newest: &'static str, count: usize) -> Vec<usize> {
    let (lists, mut listed) = mpsc::unbounded_channel();
    let mute = Mute { watches: AtomicUsize::new(0), lists, newest };
    let config = watcher::Config::default().timeout(1_800);
    let watching = run(mute, config, |report| {
        assert!(!matches!(report, Report::Broken(_)), "{report:?}");
    });
    let lists = async {
        let mut watches = Vec::new();
        while watches.len() < count {
            watches.push(listed.recv().await.unwrap());
        }
        watches
    };
    tokio::select! {
        () = watching => panic!("it ended"),
        watches = lists => watches,
    }
}

#[tokio::test]
async fn a_watch_that_hears_nothing_costs_no_list_of_everything_but_once_an_hour() {
    assert_eq!(watches_before_lists("900", 3).await, [0, 2, 4]);
    assert_eq!(watches_before_lists("1000", 2).await, [0, 2]);
}

#[tokio::test]
async fn a_server_whose_newest_version_is_an_older_one_is_listed_at_once() {
    assert_eq!(watches_before_lists("899", 3).await, [0, 1, 2]);
}

#[test]
fn versions_are_compared_as_numbers() {
    for (one, other, expected) in [
        ("9", "10", true),
        ("10", "9", false),
        ("10", "10", false),
        ("", "10", false),
        ("a", "b", false),
    ] {
        assert_eq!(is_before(one, other), expected, "{one} {other}");
    }
}
