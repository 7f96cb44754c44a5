//! Watches by the simulator's own settings: a short history, frequent bookmarks.

use futures::StreamExt;
use k8s_openapi::api::core::v1::ConfigMap;
use kube::api::{Patch, PatchParams, WatchEvent, WatchParams};
use serde_json::json;

use crate::support::{Fixture, fast};

#[tokio::test]
async fn a_watch_that_falls_behind_the_history_is_told_and_starts_again() {
    let f = Fixture::simulated(souk_kubesim::ClusterSpec { history: 10, ..fast() }).await;
    let api = f.api::<ConfigMap>();
    let map = f.config_map("m", json!({})).await;
    for i in 0..20 {
        let patch = Patch::Merge(json!({"data": {"key": i.to_string()}}));
        api.patch("m", &PatchParams::default(), &patch).await.unwrap();
    }
    let version = map.metadata.resource_version.unwrap();
    let mut stream = api.watch(&WatchParams::default(), &version).await.unwrap().boxed();
    // A real API server forgets by time, so this holds for the simulator alone.
    let WatchEvent::Error(status) = stream.next().await.unwrap().unwrap() else {
        panic!("the version was not forgotten");
    };
    assert_eq!((status.code, status.reason.as_str()), (410, "Expired"));
}

#[tokio::test]
async fn bookmarks_move_a_quiet_watch_forward() {
    let f = Fixture::simulated(fast()).await;
    let map = f.config_map("m", json!({})).await;
    let version = map.metadata.resource_version.unwrap();
    let params = WatchParams::default().labels("nothing=here");
    let mut stream = f.api::<ConfigMap>().watch(&params, &version).await.unwrap().boxed();
    let later = f.config_map("n", json!({})).await.metadata.resource_version.unwrap();
    loop {
        let WatchEvent::Bookmark(bookmark) = stream.next().await.unwrap().unwrap() else {
            panic!("nothing was selected");
        };
        if bookmark.metadata.resource_version.parse::<u64>().unwrap() >= later.parse().unwrap() {
            break;
        }
    }
}

#[tokio::test]
async fn a_watch_from_a_version_that_a_restored_store_does_not_have_yet_is_silent() {
    let f = Fixture::simulated(fast()).await;
    let copy = f.sim().copy();
    for name in ["a", "b", "c"] {
        f.config_map(name, json!({})).await;
    }
    let version = f.config_map("d", json!({})).await.metadata.resource_version.unwrap();
    f.sim().put_back(&copy);
    assert_eq!(f.api::<ConfigMap>().get_opt("d").await.unwrap(), None);
    let params = WatchParams::default().timeout(2);
    let mut stream = f.api::<ConfigMap>().watch(&params, &version).await.unwrap().boxed();
    f.config_map("e", json!({})).await;
    assert!(stream.next().await.is_none(), "neither a change nor a bookmark");
}
