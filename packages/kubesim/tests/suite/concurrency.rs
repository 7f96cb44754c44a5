//! Optimistic concurrency, identity and generations.

use k8s_openapi::api::{apps::v1::Deployment, coordination::v1::Lease, core::v1::ConfigMap};
use kube::api::{DeleteParams, Patch, PatchParams, PostParams, Preconditions};
use serde_json::json;

use crate::support::{Fixture, deployment, raw, refusal, typed};

#[tokio::test]
async fn a_replacement_of_what_has_changed_since_is_refused() {
    let f = Fixture::new().await;
    let api = f.api::<ConfigMap>();
    let read = f.config_map("m", json!({})).await;
    let mut first = read.clone();
    first.data = Some([("key".to_owned(), "1".to_owned())].into());
    api.replace("m", &PostParams::default(), &first).await.unwrap();
    let mut second = read;
    second.data = Some([("key".to_owned(), "2".to_owned())].into());
    let status = refusal(api.replace("m", &PostParams::default(), &second).await);
    assert_eq!((status.code, status.reason.as_str()), (409, "Conflict"));
    assert!(status.message.contains("the object has been modified"), "{}", status.message);
    assert_eq!(raw(&api.get("m").await.unwrap())["data"]["key"], "1");
}

#[tokio::test]
async fn a_patch_holds_only_to_the_version_that_it_names() {
    let f = Fixture::new().await;
    let api = f.api::<ConfigMap>();
    let read = f.config_map("m", json!({})).await;
    let params = PatchParams::default();
    api.patch("m", &params, &Patch::Merge(json!({"data": {"key": "1"}}))).await.unwrap();
    let stale = json!({"metadata": {"resourceVersion": read.metadata.resource_version}, "data": {"key": "2"}});
    assert_eq!(refusal(api.patch("m", &params, &Patch::Merge(stale)).await).code, 409);
    api.patch("m", &params, &Patch::Merge(json!({"data": {"key": "3"}}))).await.unwrap();
}

#[tokio::test]
async fn a_name_is_given_once() {
    let f = Fixture::new().await;
    f.config_map("m", json!({})).await;
    let body = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "m"}});
    let status = refusal(f.create::<ConfigMap>(body).await);
    assert_eq!((status.code, status.reason.as_str()), (409, "AlreadyExists"));
    let details = status.details.unwrap();
    assert_eq!((details.name.as_str(), details.kind.as_str()), ("m", "configmaps"));
}

#[tokio::test]
async fn generated_names_differ() {
    let f = Fixture::new().await;
    let body = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"generateName": "m-"}});
    let a = f.create::<ConfigMap>(body.clone()).await.unwrap().metadata.name.unwrap();
    let b = f.create::<ConfigMap>(body).await.unwrap().metadata.name.unwrap();
    assert_ne!(a, b);
    assert!(a.starts_with("m-") && b.starts_with("m-"));
}

#[tokio::test]
async fn what_is_not_there_is_not_found_by_name_and_kind() {
    let f = Fixture::new().await;
    let status = refusal(f.api::<Deployment>().get("nothing").await);
    assert_eq!((status.code, status.reason.as_str()), (404, "NotFound"));
    assert_eq!(status.message, "deployments.apps \"nothing\" not found");
    let params = PatchParams::default();
    let patch = Patch::Merge(json!({"data": {"a": "1"}}));
    assert_eq!(refusal(f.api::<ConfigMap>().patch("nothing", &params, &patch).await).code, 404);
}

#[tokio::test]
async fn a_deletion_can_insist_on_the_object_that_was_seen() {
    let f = Fixture::new().await;
    let api = f.api::<ConfigMap>();
    let seen = f.config_map("m", json!({})).await;
    api.delete("m", &DeleteParams::default()).await.unwrap();
    let new = f.config_map("m", json!({})).await;
    let only =
        |uid| DeleteParams::default().preconditions(Preconditions { uid, resource_version: None });
    assert_eq!(refusal(api.delete("m", &only(seen.metadata.uid)).await).code, 409);
    api.delete("m", &only(new.metadata.uid)).await.unwrap();
    assert_eq!(api.get_opt("m").await.unwrap(), None);
}

#[tokio::test]
async fn generation_counts_changes_of_the_desired_state_alone() {
    let f = Fixture::new().await;
    let api = f.api::<Deployment>();
    let body = deployment("web", 0, "app:1");
    api.create(&PostParams::default(), &typed(body)).await.unwrap();
    let params = PatchParams::default();
    let label = json!({"metadata": {"labels": {"x": "y"}}});
    let after = api.patch("web", &params, &Patch::Merge(label)).await.unwrap();
    assert_eq!(after.metadata.generation, Some(1));
    let pause = json!({"spec": {"paused": true}});
    let after = api.patch("web", &params, &Patch::Merge(pause)).await.unwrap();
    assert_eq!(after.metadata.generation, Some(2));
    let status = json!({"status": {"collisionCount": 3}});
    let after = api.patch_status("web", &params, &Patch::Merge(status)).await.unwrap();
    assert_eq!(after.metadata.generation, Some(2));
    // A deployment hands its annotations on.
    let annotation = json!({"metadata": {"annotations": {"x": "y"}}});
    let after = api.patch("web", &params, &Patch::Merge(annotation)).await.unwrap();
    assert_eq!(after.metadata.generation, Some(3));
}

#[tokio::test]
async fn some_kinds_are_created_by_their_replacement() {
    let f = Fixture::new().await;
    let params = PostParams::default();
    let lease = json!({"metadata": {"name": "l"}, "spec": {"holderIdentity": "me"}});
    let made = f.api::<Lease>().replace("l", &params, &typed(lease)).await.unwrap();
    assert!(made.metadata.uid.is_some());
    let map = json!({"metadata": {"name": "m"}});
    let status = refusal(f.api::<ConfigMap>().replace("m", &params, &typed(map)).await);
    assert_eq!(status.code, 404);
}

#[tokio::test]
async fn what_the_server_sets_cannot_be_changed() {
    let f = Fixture::new().await;
    let api = f.api::<ConfigMap>();
    let made = f.config_map("m", json!({})).await;
    let patch =
        json!({"metadata": {"creationTimestamp": "2001-01-01T00:00:00Z"}, "data": {"key": "1"}});
    let after = api.patch("m", &PatchParams::default(), &Patch::Merge(patch)).await.unwrap();
    assert_eq!(after.metadata.creation_timestamp, made.metadata.creation_timestamp);
    assert_eq!(after.metadata.uid, made.metadata.uid);
}
