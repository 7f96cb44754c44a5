//! Lists: selectors, pages, metadata alone.

use futures::future::join_all;
use k8s_openapi::api::core::v1::{ConfigMap, Pod};
use kube::api::{DeleteParams, ListParams, Patch, PatchParams};
use serde_json::json;

use crate::support::{Fixture, raw, refusal};

#[tokio::test]
async fn labels_select_by_equality_and_by_set() {
    let f = Fixture::new().await;
    f.config_map("a", json!({"app": "x", "tier": "1"})).await;
    f.config_map("b", json!({"app": "x", "tier": "2"})).await;
    f.config_map("c", json!({"app": "y"})).await;
    for (selector, expected) in [
        ("app=x", "ab"),
        ("app=x,tier!=1", "b"),
        ("app in (x,y),tier", "ab"),
        ("app,!tier", "c"),
        ("app notin (x),app", "c"),
    ] {
        let list =
            f.api::<ConfigMap>().list(&ListParams::default().labels(selector)).await.unwrap();
        let names: String = list.into_iter().map(|m| m.metadata.name.unwrap()).collect();
        assert_eq!(names, expected, "{selector}");
    }
    let bad = ListParams::default().labels("a in b");
    assert_eq!(refusal(f.api::<ConfigMap>().list(&bad).await).code, 400);
}

#[tokio::test]
async fn fields_select_where_the_kind_offers_it() {
    let f = Fixture::new().await;
    f.config_map("a", json!({})).await;
    f.config_map("b", json!({})).await;
    let api = f.api::<ConfigMap>();
    let list = api.list(&ListParams::default().fields("metadata.name=b")).await.unwrap();
    assert_eq!(list.items.len(), 1);
    let status = refusal(api.list(&ListParams::default().fields("data.key=0")).await);
    assert_eq!(status.code, 400);
    let pods = ListParams::default().fields("spec.nodeName=nowhere,status.phase!=Failed");
    assert!(f.api::<Pod>().list(&pods).await.unwrap().items.is_empty());
}

#[tokio::test]
async fn pages_show_one_moment_whatever_happens_between_them() {
    let f = Fixture::new().await;
    let api = f.api::<ConfigMap>();
    join_all((0..7).map(|i| {
        let f = &f;
        async move { f.config_map(&format!("m{i}"), json!({"t": "1"})).await }
    }))
    .await;
    let first = api.list(&ListParams::default().labels("t=1").limit(3)).await.unwrap();
    api.delete("m5", &DeleteParams::default()).await.unwrap();
    f.config_map("m44", json!({"t": "1"})).await;
    api.patch("m6", &PatchParams::default(), &Patch::Merge(json!({"data": {"key": "9"}})))
        .await
        .unwrap();
    let mut names: Vec<String> =
        first.items.iter().map(|m| m.metadata.name.clone().unwrap()).collect();
    let mut token = first.metadata.continue_.clone().unwrap();
    loop {
        let params = ListParams::default().labels("t=1").limit(3).continue_token(&token);
        let page = api.list(&params).await.unwrap();
        assert_eq!(page.metadata.resource_version, first.metadata.resource_version);
        assert!(page.items.len() <= 3);
        for map in page.items {
            assert_eq!(raw(&map)["data"]["key"], "0", "a page shows a later state");
            names.push(map.metadata.name.unwrap());
        }
        match page.metadata.continue_.filter(|t| !t.is_empty()) {
            Some(next) => token = next,
            None => break,
        }
    }
    assert_eq!(names, ["m0", "m1", "m2", "m3", "m4", "m5", "m6"]);
}

#[tokio::test]
async fn metadata_can_be_had_alone() {
    let f = Fixture::new().await;
    f.config_map("a", json!({"t": "1"})).await;
    let list =
        f.api::<ConfigMap>().list_metadata(&ListParams::default().labels("t=1")).await.unwrap();
    assert_eq!(list.items.len(), 1);
    let one = f.api::<ConfigMap>().get_metadata("a").await.unwrap();
    assert_eq!(one.metadata.labels, list.items[0].metadata.labels);
}

#[tokio::test]
async fn a_selection_is_deleted_at_once() {
    let f = Fixture::new().await;
    for (name, label) in [("a", "1"), ("b", "1"), ("c", "2")] {
        f.config_map(name, json!({"t": label})).await;
    }
    let api = f.api::<ConfigMap>();
    let selected = ListParams::default().labels("t=1");
    api.delete_collection(&DeleteParams::default(), &selected).await.unwrap();
    assert!(api.list(&selected).await.unwrap().items.is_empty());
    assert!(api.get_opt("c").await.unwrap().is_some());
}

#[tokio::test]
async fn a_list_of_all_namespaces_holds_them_all() {
    let f = Fixture::new().await;
    f.config_map("a", json!({"everywhere": f.namespace})).await;
    let selected = ListParams::default().labels(&format!("everywhere={}", f.namespace));
    assert_eq!(f.all::<ConfigMap>().list(&selected).await.unwrap().items.len(), 1);
}
