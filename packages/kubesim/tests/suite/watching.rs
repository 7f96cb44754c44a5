//! Watches: nothing is missed, nothing comes twice.

use std::collections::BTreeSet;

use futures::{StreamExt, TryStreamExt};
use k8s_openapi::api::core::v1::ConfigMap;
use kube::{
    api::{DeleteParams, ListParams, Patch, PatchParams, WatchEvent, WatchParams},
    runtime::{WatchStreamExt, watcher},
};
use serde_json::json;

use crate::support::{Fixture, refusal};

fn name(map: &ConfigMap) -> String {
    map.metadata.name.clone().unwrap()
}

/// The next event other than a bookmark: what happened, to what, at which version.
async fn next<S>(stream: &mut S) -> (&'static str, String, String)
where
    S: futures::Stream<Item = kube::Result<WatchEvent<ConfigMap>>> + Unpin,
{
    loop {
        let (what, map) = match stream.next().await.unwrap().unwrap() {
            WatchEvent::Added(map) => ("added", map),
            WatchEvent::Modified(map) => ("modified", map),
            WatchEvent::Deleted(map) => ("deleted", map),
            WatchEvent::Bookmark(_) => continue,
            WatchEvent::Error(status) => panic!("{status:?}"),
        };
        return (what, name(&map), map.metadata.resource_version.unwrap());
    }
}

#[tokio::test]
async fn a_watch_from_a_list_sees_everything_since_in_order() {
    let f = Fixture::new().await;
    let api = f.api::<ConfigMap>();
    f.config_map("before", json!({"t": "1"})).await;
    let selected = ListParams::default().labels("t=1");
    let list = api.list(&selected).await.unwrap();
    f.config_map("a", json!({"t": "1"})).await;
    let patch = Patch::Merge(json!({"data": {"key": "1"}}));
    api.patch("a", &PatchParams::default(), &patch).await.unwrap();
    api.delete("before", &DeleteParams::default()).await.unwrap();
    let version = list.metadata.resource_version.unwrap();
    let params = WatchParams::default().labels("t=1");
    let mut stream = api.watch(&params, &version).await.unwrap().boxed();
    let mut seen = Vec::new();
    for _ in 0..3 {
        let (what, name, _) = next(&mut stream).await;
        seen.push((what, name));
    }
    let expected = [("added", "a"), ("modified", "a"), ("deleted", "before")];
    assert_eq!(seen, expected.map(|(what, name)| (what, name.to_owned())));
}

#[tokio::test]
async fn a_watch_resumes_after_the_last_event_that_was_seen() {
    let f = Fixture::new().await;
    let api = f.api::<ConfigMap>();
    let params = WatchParams::default().labels("t=1");
    let list = api.list(&ListParams::default()).await.unwrap();
    for name in ["a", "b", "c"] {
        f.config_map(name, json!({"t": "1"})).await;
    }
    let mut version = list.metadata.resource_version.unwrap();
    for expected in ["a", "b", "c"] {
        // A new connection for each event: none is lost or repeated in between.
        let mut stream = api.watch(&params, &version).await.unwrap().boxed();
        let (what, name, at) = next(&mut stream).await;
        assert_eq!((what, name.as_str()), ("added", expected));
        version = at;
    }
}

#[tokio::test]
async fn versions_rise_over_all_kinds() {
    let f = Fixture::new().await;
    let mut versions = Vec::new();
    for i in 0..5 {
        let map = f.config_map(&format!("m{i}"), json!({})).await;
        versions.push(map.metadata.resource_version.unwrap().parse::<u64>().unwrap());
        let list =
            f.all::<k8s_openapi::api::core::v1::Node>().list(&ListParams::default()).await.unwrap();
        let version = list.metadata.resource_version.unwrap().parse::<u64>().unwrap();
        assert!(version >= versions[i]);
    }
    assert!(versions.is_sorted_by(|a, b| a < b), "{versions:?}");
}

#[tokio::test]
async fn an_object_enters_and_leaves_a_selection() {
    let f = Fixture::new().await;
    let api = f.api::<ConfigMap>();
    let list = api.list(&ListParams::default()).await.unwrap();
    let params = WatchParams::default().labels("tier in (a,b)");
    let version = list.metadata.resource_version.unwrap();
    let mut stream = api.watch(&params, &version).await.unwrap().boxed();
    f.config_map("m", json!({"tier": "none"})).await;
    for tier in ["a", "b", "none", "b"] {
        let patch = Patch::Merge(json!({"metadata": {"labels": {"tier": tier}}}));
        api.patch("m", &PatchParams::default(), &patch).await.unwrap();
    }
    let mut seen = Vec::new();
    for _ in 0..4 {
        seen.push(next(&mut stream).await.0);
    }
    assert_eq!(seen, ["added", "modified", "deleted", "added"]);
}

#[tokio::test]
async fn a_streamed_list_ends_with_a_bookmark_of_its_version() {
    let f = Fixture::new().await;
    let api = f.api::<ConfigMap>();
    for name in ["a", "b"] {
        f.config_map(name, json!({"t": "1"})).await;
    }
    let params = WatchParams::streaming_lists().labels("t=1");
    let mut stream = api.watch(&params, "0").await.unwrap().boxed();
    let mut names = BTreeSet::new();
    let version = loop {
        match stream.next().await.unwrap().unwrap() {
            WatchEvent::Added(map) => {
                names.insert(name(&map));
            }
            WatchEvent::Bookmark(bookmark) => {
                let end = bookmark.metadata.annotations.contains_key("k8s.io/initial-events-end");
                assert!(end, "{:?}", bookmark.metadata.annotations);
                break bookmark.metadata.resource_version;
            }
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(names, ["a".to_owned(), "b".to_owned()].into());
    f.config_map("c", json!({"t": "1"})).await;
    let mut stream =
        api.watch(&WatchParams::default().labels("t=1"), &version).await.unwrap().boxed();
    assert_eq!(next(&mut stream).await.1, "c");
}

#[tokio::test]
async fn a_watch_ends_at_its_timeout() {
    let f = Fixture::new().await;
    let params = WatchParams::default().timeout(1);
    let stream = f.api::<ConfigMap>().watch(&params, "0").await.unwrap();
    // Ends by itself; a watch that does not would hold this test for ever.
    stream.try_collect::<Vec<_>>().await.unwrap();
}

#[tokio::test]
async fn watchers_of_both_strategies_see_the_same_world() {
    let f = Fixture::new().await;
    f.config_map("old", json!({"t": "1"})).await;
    for config in [watcher::Config::default(), watcher::Config::default().streaming_lists()] {
        let api = f.api::<ConfigMap>();
        let stream = watcher(api.clone(), config.labels("t=1")).default_backoff().applied_objects();
        let mut stream = stream.boxed();
        assert_eq!(name(&stream.next().await.unwrap().unwrap()), "old");
        f.config_map("new", json!({"t": "1"})).await;
        assert_eq!(name(&stream.next().await.unwrap().unwrap()), "new");
        api.delete("new", &DeleteParams::default()).await.unwrap();
    }
}

#[tokio::test]
async fn a_version_that_is_no_number_is_refused() {
    let f = Fixture::new().await;
    let api = f.api::<ConfigMap>();
    let result = api.watch(&WatchParams::default(), "yesterday").await;
    let status = match result {
        Err(error) => refusal::<()>(Err(error)),
        Ok(stream) => match stream.boxed().next().await.unwrap() {
            Ok(WatchEvent::Error(status)) => *status,
            Err(error) => refusal::<()>(Err(error)),
            other => panic!("{other:?}"),
        },
    };
    assert!(status.message.contains("Invalid value: \"yesterday\""), "{status:?}");
}
