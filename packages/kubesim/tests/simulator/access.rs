//! A user with the rights of a role, whose writes a policy keeps to its own namespaces.

use k8s_openapi::api::core::v1::{Namespace, Secret, ServiceAccount};
use kube::{
    Api, Client,
    api::{DeleteParams, ListParams, Patch, PatchParams, PostParams},
    config::Kubeconfig,
};
use serde_json::{Value, json};
use souk_kubesim::{Access, KubeSim};

use crate::support::{client_of, client_to, fast};

const MESSAGE: &str = "only in its own";

fn list() -> Value {
    let rule = |resource: &str, verbs: &[&str]| json!({ "apiGroups": [""], "resources": [resource], "verbs": verbs });
    let labels = json!({ "team": "mine" }).to_string();
    json!({ "items": [
        { "kind": "ClusterRole", "rules": [
            rule("namespaces", &["list", "create", "patch", "delete"]),
            rule("serviceaccounts", &["create", "patch"]),
            rule("secrets", &["create"]),
        ] },
        { "kind": "ClusterRoleBinding", "subjects": [{ "name": "agent", "namespace": "default" }] },
        {
            "kind": "ValidatingAdmissionPolicy",
            "metadata": { "name": "agent", "annotations": { "souk.market/namespace-labels": labels } },
            "spec": { "validations": [{ "message": MESSAGE }] },
        },
        { "kind": "ValidatingAdmissionPolicyBinding" },
    ] })
}

async fn user(sim: &KubeSim) -> Client {
    let kubeconfig = sim.add_user(Access::read(&list()).unwrap());
    client_of(Kubeconfig::from_yaml(&kubeconfig).unwrap()).await
}

fn namespace(name: &str, labels: &Value) -> Namespace {
    serde_json::from_value(json!({ "metadata": { "name": name, "labels": labels } })).unwrap()
}

fn why<T: std::fmt::Debug>(answer: kube::Result<T>) -> String {
    answer.unwrap_err().to_string()
}

#[tokio::test]
async fn it_writes_in_its_own_namespaces_and_nowhere_else() {
    let sim = KubeSim::start(fast()).await.unwrap();
    let admin = client_to(&sim).await;
    let user = user(&sim).await;
    let (post, patch) = (PostParams::default(), PatchParams::default());
    let namespaces = Api::<Namespace>::all(user.clone());
    let mine = json!({ "team": "mine" });
    namespaces.create(&post, &namespace("own", &mine)).await.unwrap();
    let theirs = namespace("theirs", &json!({ "team": "theirs" }));
    Api::<Namespace>::all(admin).create(&post, &theirs).await.unwrap();

    let account: ServiceAccount =
        serde_json::from_value(json!({ "metadata": { "name": "a" } })).unwrap();
    let at = |place: &str| Api::<ServiceAccount>::namespaced(user.clone(), place);
    at("own").create(&post, &account).await.unwrap();
    let labels =
        |value: Value| Patch::Merge(json!({ "metadata": { "labels": { "team": value } } }));
    namespaces.patch("own", &patch, &labels(json!("mine"))).await.unwrap();
    let nothing = Patch::Merge(json!({}));
    for refused in [
        why(at("theirs").create(&post, &account).await),
        why(at("kube-system").create(&post, &account).await),
        why(namespaces.patch("kube-system", &patch, &nothing).await),
        why(namespaces.patch("theirs", &patch, &labels(json!("mine"))).await),
        why(namespaces.patch("own", &patch, &labels(json!("theirs"))).await),
        why(namespaces.patch("own", &patch, &labels(Value::Null)).await),
        why(namespaces.create(&post, &namespace("new", &json!({}))).await),
        why(namespaces.delete("theirs", &DeleteParams::default()).await),
    ] {
        assert!(refused.contains("denied request: only in its own"), "{refused}");
    }
    namespaces.delete("own", &DeleteParams::default()).await.unwrap();
}

#[tokio::test]
async fn it_may_do_what_its_role_says_and_nothing_else() {
    let sim = KubeSim::start(fast()).await.unwrap();
    let user = user(&sim).await;
    let secrets = Api::<Secret>::namespaced(user.clone(), "default");
    for refused in [
        why(secrets.list(&ListParams::default()).await),
        why(secrets.get("x").await),
        why(secrets.patch("x", &PatchParams::default(), &Patch::Merge(json!({}))).await),
    ] {
        assert!(refused.contains("system:serviceaccount:default:agent"), "{refused}");
        assert!(refused.contains("cannot"), "{refused}");
    }
    assert!(Access::read(&json!({})).is_err());
}
