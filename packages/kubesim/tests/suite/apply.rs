//! Server-side apply: who owns what, and what follows from it.

use k8s_openapi::api::{
    apps::v1::Deployment,
    core::v1::{ConfigMap, Service},
    networking::v1::NetworkPolicy,
};
use kube::api::{Patch, PatchParams};
use serde_json::{Value, json};

use crate::support::{Fixture, deployment, push, raw, refusal};

fn config(name: &str, data: Value) -> Value {
    json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": data})
}

fn owner_of(object: &Value, manager: &str) -> Option<Value> {
    let entries = object["metadata"]["managedFields"].as_array()?;
    let entry = entries.iter().find(|e| e["manager"] == manager && e["operation"] == "Apply")?;
    Some(entry["fieldsV1"].clone())
}

#[tokio::test]
async fn applying_the_same_again_changes_nothing() {
    let f = Fixture::new().await;
    let body = deployment("web", 0, "app:1");
    f.apply::<Deployment>("agent", body.clone()).await.unwrap();
    // The controllers write into it until they have seen it.
    let api = f.api::<Deployment>();
    crate::support::until(&api, "web", "a settled status", |d| {
        d["status"]["observedGeneration"] == 1
            && crate::support::condition(d, "Progressing")["reason"] == "NewReplicaSetAvailable"
    })
    .await;
    let before = raw(&api.get("web").await.unwrap());
    let after = raw(&f.apply::<Deployment>("agent", body).await.unwrap());
    assert_eq!(before["metadata"]["resourceVersion"], after["metadata"]["resourceVersion"]);
    assert_eq!(after["metadata"]["generation"], 1);
}

#[tokio::test]
async fn a_field_of_another_manager_is_not_taken_and_the_refusal_names_both() {
    let f = Fixture::new().await;
    f.apply::<ConfigMap>("alice", config("shared", json!({"a": "1", "b": "1"}))).await.unwrap();
    let status =
        refusal(f.apply::<ConfigMap>("bob", config("shared", json!({"a": "2", "c": "2"}))).await);
    assert_eq!((status.code, status.reason.as_str()), (409, "Conflict"));
    let causes = status.details.unwrap().causes;
    assert_eq!(causes.len(), 1, "{causes:?}");
    assert_eq!(causes[0].reason, "FieldManagerConflict");
    assert_eq!(causes[0].field, ".data.a");
    assert_eq!(causes[0].message, "conflict with \"alice\"");
    let map = f.api::<ConfigMap>().get("shared").await.unwrap();
    assert_eq!(map.data.unwrap().get("c"), None, "a refused apply left something behind");
}

#[tokio::test]
async fn force_takes_a_field_and_its_loser_may_drop_it_without_harm() {
    let f = Fixture::new().await;
    f.apply::<ConfigMap>("alice", config("shared", json!({"a": "1", "b": "1"}))).await.unwrap();
    let forced = PatchParams::apply("bob").force();
    let body = config("shared", json!({"a": "2"}));
    f.api::<ConfigMap>().patch("shared", &forced, &Patch::Apply(&body)).await.unwrap();
    let map = f.apply::<ConfigMap>("alice", config("shared", json!({"b": "1"}))).await.unwrap();
    assert_eq!(raw(&map)["data"], json!({"a": "2", "b": "1"}));
}

#[tokio::test]
async fn a_field_that_is_no_longer_applied_goes() {
    let f = Fixture::new().await;
    f.apply::<ConfigMap>("alice", config("own", json!({"a": "1", "b": "1"}))).await.unwrap();
    let map = f.apply::<ConfigMap>("alice", config("own", json!({"b": "1"}))).await.unwrap();
    assert_eq!(raw(&map)["data"], json!({"b": "1"}));
}

#[tokio::test]
async fn a_field_that_two_apply_alike_stays_until_both_drop_it() {
    let f = Fixture::new().await;
    f.apply::<ConfigMap>("alice", config("both", json!({"a": "1"}))).await.unwrap();
    f.apply::<ConfigMap>("bob", config("both", json!({"a": "1", "b": "1"}))).await.unwrap();
    let map = f.apply::<ConfigMap>("bob", config("both", json!({"b": "1"}))).await.unwrap();
    assert_eq!(raw(&map)["data"], json!({"a": "1", "b": "1"}));
    let map = f.apply::<ConfigMap>("alice", config("both", json!({}))).await.unwrap();
    assert_eq!(raw(&map)["data"], json!({"b": "1"}));
}

#[tokio::test]
async fn what_nobody_applied_is_left_alone() {
    let f = Fixture::new().await;
    f.config_map("made", json!({"kept": "yes"})).await;
    let map = f.apply::<ConfigMap>("alice", config("made", json!({"mine": "1"}))).await.unwrap();
    assert_eq!(raw(&map)["data"], json!({"key": "0", "mine": "1"}));
    let map = f.apply::<ConfigMap>("alice", config("made", json!({}))).await.unwrap();
    assert_eq!(raw(&map)["data"], json!({"key": "0"}));
    assert_eq!(raw(&map)["metadata"]["labels"]["kept"], "yes");
}

#[tokio::test]
async fn lists_of_containers_and_variables_merge_by_name() {
    let f = Fixture::new().await;
    let mut mine = deployment("web", 0, "app:1");
    mine["spec"]["template"]["spec"]["containers"][0]["env"] =
        json!([{"name": "A", "value": "1"}, {"name": "B", "value": "1"}]);
    f.apply::<Deployment>("agent", mine.clone()).await.unwrap();
    let theirs = json!({
        "apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web"},
        "spec": {"template": {"spec": {"containers": [
            {"name": "main", "env": [{"name": "C", "value": "3"}]},
            {"name": "sidecar", "image": "side:1"},
        ]}}},
    });
    f.apply::<Deployment>("injector", theirs).await.unwrap();
    mine["spec"]["template"]["spec"]["containers"][0]["env"] = json!([{"name": "B", "value": "2"}]);
    let after = raw(&f.apply::<Deployment>("agent", mine).await.unwrap());
    let containers = &after["spec"]["template"]["spec"]["containers"];
    assert_eq!(
        containers[0]["env"],
        json!([{"name": "B", "value": "2"}, {"name": "C", "value": "3"}])
    );
    assert_eq!(containers[1]["name"], "sidecar");
}

#[tokio::test]
async fn a_container_that_is_no_longer_applied_goes_with_its_defaults() {
    let f = Fixture::new().await;
    let mut body = deployment("web", 0, "app:1");
    push(
        &mut body["spec"]["template"]["spec"]["containers"],
        json!({"name": "extra", "image": "x:1"}),
    );
    f.apply::<Deployment>("agent", body).await.unwrap();
    let after = raw(&f.apply::<Deployment>("agent", deployment("web", 0, "app:1")).await.unwrap());
    let containers = after["spec"]["template"]["spec"]["containers"].as_array().unwrap();
    assert_eq!(containers.len(), 1);
}

#[tokio::test]
async fn an_edit_by_hand_takes_the_field_from_its_applier() {
    let f = Fixture::new().await;
    f.apply::<ConfigMap>("agent", config("edited", json!({"a": "1"}))).await.unwrap();
    let by_hand = PatchParams { field_manager: Some("editor".into()), ..PatchParams::default() };
    let patch = json!({"data": {"a": "2"}});
    f.api::<ConfigMap>().patch("edited", &by_hand, &Patch::Merge(&patch)).await.unwrap();
    let status = refusal(f.apply::<ConfigMap>("agent", config("edited", json!({"a": "1"}))).await);
    assert_eq!(status.code, 409);
    assert!(status.message.contains("conflict with \"editor\" using v1"), "{}", status.message);
    // The same value does not conflict, and shared from then on.
    f.apply::<ConfigMap>("agent", config("edited", json!({"a": "2"}))).await.unwrap();
}

#[tokio::test]
async fn a_quantity_that_is_written_otherwise_is_another_value() {
    let f = Fixture::new().await;
    let with_cpu = |cpu: &str| {
        let mut body = deployment("web", 0, "app:1");
        body["spec"]["template"]["spec"]["containers"][0]["resources"] =
            json!({"limits": {"cpu": cpu}});
        body
    };
    f.apply::<Deployment>("alice", with_cpu("0.5")).await.unwrap();
    let status = refusal(f.apply::<Deployment>("bob", with_cpu("0.5")).await);
    let field = &status.details.unwrap().causes[0].field;
    assert_eq!(field, ".spec.template.spec.containers[name=\"main\"].resources.limits.cpu");
    let after = raw(&f.apply::<Deployment>("bob", with_cpu("500m")).await.unwrap());
    let resources = &after["spec"]["template"]["spec"]["containers"][0]["resources"];
    assert_eq!(resources["limits"]["cpu"], "500m");
}

#[tokio::test]
async fn what_was_written_while_nobody_owned_anything_was_there_before_the_first_apply() {
    let f = Fixture::new().await;
    let nothing = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "bare"}});
    let bare = f.apply::<ConfigMap>("alice", nothing).await.unwrap();
    assert_eq!(bare.metadata.managed_fields, None);
    let by_hand = PatchParams { field_manager: Some("editor".into()), ..PatchParams::default() };
    let patch = json!({"data": {"a": "1"}});
    let edited = f.api::<ConfigMap>().patch("bare", &by_hand, &Patch::Merge(&patch)).await.unwrap();
    assert_eq!(edited.metadata.managed_fields, None);
    let status = refusal(f.apply::<ConfigMap>("alice", config("bare", json!({"a": "2"}))).await);
    let message = &status.details.unwrap().causes[0].message;
    assert_eq!(message, "conflict with \"before-first-apply\" using v1");
}

#[tokio::test]
async fn a_selector_is_owned_as_a_whole() {
    let f = Fixture::new().await;
    let service = |selector: Value| {
        json!({
            "apiVersion": "v1", "kind": "Service", "metadata": {"name": "web"},
            "spec": {"selector": selector, "ports": [{"port": 80, "targetPort": 8080}]},
        })
    };
    f.apply::<Service>("agent", service(json!({"a": "1", "b": "1"}))).await.unwrap();
    let after = f.apply::<Service>("agent", service(json!({"a": "1"}))).await.unwrap();
    assert_eq!(raw(&after)["spec"]["selector"], json!({"a": "1"}));
    let status = refusal(f.apply::<Service>("other", service(json!({"c": "1"}))).await);
    assert_eq!(status.details.unwrap().causes[0].field, ".spec.selector");
    let policy = json!({
        "apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": {"name": "n"},
        "spec": {"podSelector": {"matchLabels": {"a": "1"}}},
    });
    let applied = raw(&f.apply::<NetworkPolicy>("agent", policy).await.unwrap());
    let fields = owner_of(&applied, "agent").unwrap();
    assert_eq!(fields, json!({"f:spec": {"f:podSelector": {}}}));
}

#[tokio::test]
async fn a_null_is_owned_and_takes_what_it_stands_for() {
    let f = Fixture::new().await;
    f.apply::<Deployment>("agent", deployment("web", 0, "app:1")).await.unwrap();
    let mut nothing = json!({
        "apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web", "labels": null},
        "spec": {"paused": null},
    });
    let applied = raw(&f.apply::<Deployment>("other", nothing.clone()).await.unwrap());
    let fields = owner_of(&applied, "other").unwrap();
    assert_eq!(fields, json!({"f:metadata": {"f:labels": {}}, "f:spec": {"f:paused": {}}}));
    nothing["spec"] = json!({"replicas": null});
    let status = refusal(f.apply::<Deployment>("other", nothing).await);
    assert_eq!(status.details.unwrap().causes[0].field, ".spec.replicas");
}

#[tokio::test]
async fn items_that_a_patch_made_alike_are_owned_as_one() {
    let f = Fixture::new().await;
    let mut body = deployment("web", 0, "app:1");
    body["spec"]["template"]["spec"]["containers"][0]["ports"] =
        json!([{"containerPort": 53, "protocol": "UDP"}, {"containerPort": 53}]);
    f.create::<Deployment>(body).await.unwrap();
    // A strategic merge patch identifies ports by their number alone.
    let patch = Patch::Strategic(json!({"spec": {"template": {"spec": {"containers": [
        {"name": "main", "ports": [{"containerPort": 53, "protocol": "TCP"}]},
    ]}}}}));
    let editor = PatchParams { field_manager: Some("editor".into()), ..PatchParams::default() };
    let after = raw(&f.api::<Deployment>().patch("web", &editor, &patch).await.unwrap());
    let entries = after["metadata"]["managedFields"].as_array().unwrap();
    let entry = entries.iter().find(|e| e["manager"] == "editor").unwrap();
    let container = &entry["fieldsV1"]["f:spec"]["f:template"]["f:spec"]["f:containers"];
    assert_eq!(
        container["k:{\"name\":\"main\"}"]["f:ports"],
        json!({"k:{\"containerPort\":53,\"protocol\":\"TCP\"}": {}})
    );
}

#[tokio::test]
async fn ports_are_told_apart_by_number_and_protocol() {
    let f = Fixture::new().await;
    let service = |ports: Value| {
        json!({
            "apiVersion": "v1", "kind": "Service", "metadata": {"name": "dns"},
            "spec": {"selector": {"a": "1"}, "ports": ports},
        })
    };
    let both = json!([{"name": "udp", "port": 53, "protocol": "UDP"}, {"name": "tcp", "port": 53}]);
    f.apply::<Service>("agent", service(both)).await.unwrap();
    let one = json!([{"name": "tcp", "port": 53}]);
    let after = raw(&f.apply::<Service>("agent", service(one)).await.unwrap());
    let ports = after["spec"]["ports"].as_array().unwrap();
    assert_eq!(ports.len(), 1);
    assert_eq!(ports[0]["protocol"], "TCP");
}

#[tokio::test]
async fn a_dry_run_shows_the_result_and_stores_nothing() {
    let f = Fixture::new().await;
    let dry = PatchParams::apply("agent").dry_run();
    let body = deployment("web", 2, "app:1");
    let shown = f.api::<Deployment>().patch("web", &dry, &Patch::Apply(&body)).await.unwrap();
    assert_eq!(
        shown.spec.unwrap().template.spec.unwrap().restart_policy.as_deref(),
        Some("Always")
    );
    assert_eq!(f.api::<Deployment>().get_opt("web").await.unwrap(), None);
}

#[tokio::test]
async fn status_is_applied_apart_from_the_rest() {
    let f = Fixture::new().await;
    f.apply::<Service>(
        "agent",
        json!({
            "apiVersion": "v1", "kind": "Service", "metadata": {"name": "web"},
            "spec": {"selector": {"a": "1"}, "ports": [{"port": 80}], "type": "ClusterIP"},
            "status": {"loadBalancer": {"ingress": [{"ip": "192.0.2.1"}]}},
        }),
    )
    .await
    .unwrap();
    let patch = json!({
        "apiVersion": "v1", "kind": "Service", "metadata": {"name": "web"},
        "spec": {"selector": {"b": "2"}},
        "status": {"conditions": [{
            "type": "example.com/Seen", "status": "True", "reason": "Test", "message": "",
            "lastTransitionTime": "2026-01-01T00:00:00Z",
        }]},
    });
    let forced = PatchParams::apply("prober").force();
    let after =
        f.api::<Service>().patch_status("web", &forced, &Patch::Apply(&patch)).await.unwrap();
    let after = raw(&after);
    assert_eq!(after["spec"]["selector"], json!({"a": "1"}), "status must not change spec");
    assert_eq!(after["status"]["conditions"][0]["type"], "example.com/Seen");
    assert!(after["status"]["loadBalancer"]["ingress"].is_null(), "spec must not change status");
}

#[tokio::test]
async fn a_configuration_outside_the_schema_is_refused_whole() {
    let f = Fixture::new().await;
    let mut body = deployment("web", 0, "app:1");
    body["spec"]["replica"] = json!(3);
    let status = refusal(f.apply::<Deployment>("agent", body).await);
    assert!(status.message.contains("field not declared in schema"), "{}", status.message);
    let mut body = deployment("web", 0, "app:1");
    let twice = json!([{"name": "A", "value": "1"}, {"name": "A", "value": "2"}]);
    body["spec"]["template"]["spec"]["containers"][0]["env"] = twice;
    let status = refusal(f.apply::<Deployment>("agent", body).await);
    assert!(status.message.contains("duplicate entries for key"), "{}", status.message);
    assert_eq!(f.api::<Deployment>().get_opt("web").await.unwrap(), None);
}

#[tokio::test]
async fn managed_fields_tell_exactly_what_was_applied() {
    let f = Fixture::new().await;
    let mut body = deployment("web", 1, "app:1");
    body["metadata"]["labels"] = json!({"l": "1"});
    let applied = raw(&f.apply::<Deployment>("agent", body).await.unwrap());
    let fields = owner_of(&applied, "agent").unwrap();
    assert_eq!(
        fields,
        json!({
            "f:metadata": {"f:labels": {"f:l": {}}},
            "f:spec": {
                "f:replicas": {},
                "f:selector": {},
                "f:template": {
                    "f:metadata": {"f:labels": {"f:app": {}}},
                    "f:spec": {"f:containers": {"k:{\"name\":\"main\"}": {".": {}, "f:image": {}, "f:name": {}}}},
                },
            },
        })
    );
}
