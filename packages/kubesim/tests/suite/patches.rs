//! The patches other than apply.

use k8s_openapi::api::{
    apps::v1::Deployment,
    core::v1::{ConfigMap, Secret, ServiceAccount},
};
use kube::api::{Patch, PatchParams, ValidationDirective};
use serde_json::json;

use crate::support::{Fixture, deployment, push, raw, refusal};

#[tokio::test]
async fn a_merge_patch_replaces_lists_and_removes_by_null() {
    let f = Fixture::new().await;
    let mut body = deployment("web", 0, "app:1");
    push(
        &mut body["spec"]["template"]["spec"]["containers"],
        json!({"name": "extra", "image": "x:1"}),
    );
    body["metadata"]["labels"] = json!({"a": "1", "b": "2"});
    f.create::<Deployment>(body).await.unwrap();
    let patch = json!({
        "metadata": {"labels": {"a": null}},
        "spec": {"template": {"spec": {"containers": [{"name": "main", "image": "app:2"}]}}},
    });
    let params = PatchParams::default();
    let after =
        raw(&f.api::<Deployment>().patch("web", &params, &Patch::Merge(patch)).await.unwrap());
    assert_eq!(after["metadata"]["labels"], json!({"b": "2"}));
    let containers = after["spec"]["template"]["spec"]["containers"].as_array().unwrap();
    assert_eq!(containers.len(), 1);
    assert_eq!(containers[0]["image"], "app:2");
}

#[tokio::test]
async fn a_strategic_patch_merges_containers_by_name() {
    let f = Fixture::new().await;
    let mut body = deployment("web", 0, "app:1");
    push(
        &mut body["spec"]["template"]["spec"]["containers"],
        json!({"name": "extra", "image": "x:1"}),
    );
    f.create::<Deployment>(body).await.unwrap();
    let patch = json!({"spec": {"template": {"spec": {"containers": [{"name": "extra", "image": "x:2"}]}}}});
    let params = PatchParams::default();
    let after =
        raw(&f.api::<Deployment>().patch("web", &params, &Patch::Strategic(patch)).await.unwrap());
    let containers = &after["spec"]["template"]["spec"]["containers"];
    let image = |name: &str| {
        let all = containers.as_array().unwrap();
        all.iter().find(|c| c["name"] == name).unwrap()["image"].clone()
    };
    assert_eq!((image("main"), image("extra")), (json!("app:1"), json!("x:2")));
}

#[tokio::test]
async fn of_the_lists_of_a_service_account_a_strategic_patch_merges_one() {
    let f = Fixture::new().await;
    let body = |name: &str| {
        json!({
            "apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "s"},
            "secrets": [{"name": name}], "imagePullSecrets": [{"name": name}],
        })
    };
    f.create::<ServiceAccount>(body("a")).await.unwrap();
    let patch = Patch::Strategic(body("b"));
    let params = PatchParams::default();
    let after = raw(&f.api::<ServiceAccount>().patch("s", &params, &patch).await.unwrap());
    assert_eq!(after["secrets"].as_array().unwrap().len(), 2);
    assert_eq!(after["imagePullSecrets"], json!([{"name": "b"}]));
}

#[tokio::test]
async fn a_json_patch_is_done_whole_or_not_at_all() {
    let f = Fixture::new().await;
    f.config_map("m", json!({})).await;
    let api = f.api::<ConfigMap>();
    let params = PatchParams::default();
    let patch = |value: serde_json::Value| -> Patch<ConfigMap> {
        Patch::Json(serde_json::from_value(value).unwrap())
    };
    let good = patch(json!([
        {"op": "test", "path": "/data/key", "value": "0"},
        {"op": "replace", "path": "/data/key", "value": "1"},
        {"op": "add", "path": "/data/more", "value": "2"},
    ]));
    let after = raw(&api.patch("m", &params, &good).await.unwrap());
    assert_eq!(after["data"], json!({"key": "1", "more": "2"}));
    let new = patch(json!([{"op": "replace", "path": "/data/new", "value": "3"}]));
    assert_eq!(raw(&api.patch("m", &params, &new).await.unwrap())["data"]["new"], "3");
    let bad = patch(json!([
        {"op": "replace", "path": "/data/key", "value": "9"},
        {"op": "test", "path": "/data/key", "value": "0"},
    ]));
    assert_eq!(refusal(api.patch("m", &params, &bad).await).code, 422);
    assert_eq!(raw(&api.get("m").await.unwrap())["data"]["key"], "1");
}

#[tokio::test]
async fn unknown_fields_are_dropped_or_refused_as_asked() {
    let f = Fixture::new().await;
    f.config_map("m", json!({})).await;
    let api = f.api::<ConfigMap>();
    let patch = json!({"datum": {"a": "1"}});
    let strict = PatchParams {
        field_validation: Some(ValidationDirective::Strict),
        ..PatchParams::default()
    };
    let status = refusal(api.patch("m", &strict, &Patch::Merge(&patch)).await);
    assert!(status.message.contains("unknown field \"datum\""), "{}", status.message);
    let after = raw(&api.patch("m", &PatchParams::default(), &Patch::Merge(&patch)).await.unwrap());
    assert_eq!(after["datum"], json!(null));
}

#[tokio::test]
async fn text_of_a_secret_is_stored_as_data() {
    let f = Fixture::new().await;
    let body = json!({
        "apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s"},
        "stringData": {"password": "hunter2"},
    });
    let secret = raw(&f.create::<Secret>(body.clone()).await.unwrap());
    assert_eq!(secret["data"]["password"], "aHVudGVyMg==");
    assert_eq!(secret["type"], "Opaque");
    assert!(secret["stringData"].is_null());
    let mut other = body;
    other["type"] = json!("example.com/x");
    let status =
        refusal(f.api::<Secret>().patch("s", &PatchParams::default(), &Patch::Merge(other)).await);
    assert_eq!(status.code, 422, "the type of a secret never changes");
}
