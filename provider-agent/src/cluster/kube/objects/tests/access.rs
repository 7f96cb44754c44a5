//! What pods may not do, and where secrets are.

use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::{Value, json};

use super::{super::secret_list::SecretList, DigestKey, Kind, Lease, PodSecurity, Subject, all};
use crate::{config::UserNamespaces, model::names::hash};

#[test]
fn containers_run_without_privileges_at_either_level() {
    let added = json!([
        "CHOWN",
        "DAC_OVERRIDE",
        "FOWNER",
        "SETUID",
        "SETGID",
        "KILL",
        "NET_BIND_SERVICE",
        "SYS_CHROOT",
    ]);
    for (level, add, non_root) in [
        (PodSecurity::Baseline, added, Value::Null),
        (PodSecurity::Restricted, Value::Null, json!(true)),
    ] {
        let mut lease = Lease::new();
        lease.cluster.pod_security = level;
        for (name, template) in lease.templates() {
            let pod = &template["spec"];
            let context = &pod["containers"][0]["securityContext"];
            assert_eq!(context["privileged"], false, "{name}");
            assert_eq!(context["allowPrivilegeEscalation"], false, "{name}");
            assert_eq!(context["capabilities"]["drop"], json!(["ALL"]), "{name}");
            assert_eq!(context["capabilities"]["add"], add, "{name}");
            assert_eq!(pod["securityContext"]["seccompProfile"]["type"], "RuntimeDefault");
            assert_eq!(pod["securityContext"]["runAsNonRoot"], non_root, "{name}");
            for shared in ["hostNetwork", "hostPID", "hostIPC"] {
                assert_eq!(pod[shared], Value::Null, "{name}: {shared}");
            }
        }
    }
}

#[test]
fn pods_get_no_key_to_the_cluster_and_no_names_of_other_services() {
    let lease = Lease::new();
    let account = lease.object(Kind::ServiceAccount, "tenant");
    assert_eq!(account["automountServiceAccountToken"], false);
    for (name, template) in lease.templates() {
        assert_eq!(template["spec"]["serviceAccountName"], "tenant", "{name}");
        assert_eq!(template["spec"]["automountServiceAccountToken"], false, "{name}");
        assert_eq!(template["spec"]["enableServiceLinks"], false, "{name}");
    }
}

#[test]
fn images_are_always_pulled_with_the_tenants_own_login() {
    let lease = Lease::new();
    for (name, template) in lease.templates() {
        assert_eq!(template["spec"]["containers"][0]["imagePullPolicy"], "Always", "{name}");
        let login = if name == "web" { json!([{ "name": "web-pull" }]) } else { Value::Null };
        assert_eq!(template["spec"]["imagePullSecrets"], login, "{name}");
    }
}

#[test]
fn environment_and_logins_stand_in_secrets_and_nowhere_else() {
    let lease = Lease::new();
    for secret in ["token-secret", "db-secret", "pull-secret"] {
        for object in lease.objects().iter().filter(|object| object.kind != Kind::Secret) {
            let text = serde_json::to_string(&object.dynamic(&lease.subject())).unwrap();
            assert!(!text.contains(secret), "{:?} {}", object.kind, object.name);
            assert!(!text.contains(&STANDARD.encode(secret)), "{:?} {}", object.kind, object.name);
        }
    }
    let web = lease.object(Kind::Secret, "web-env");
    let values: Vec<String> =
        web["data"].as_object().unwrap().values().map(|v| decoded(v.as_str().unwrap())).collect();
    assert_eq!(values, ["token-secret", ""]);
    let login = lease.object(Kind::Secret, "web-pull");
    assert_eq!(login["type"], "kubernetes.io/dockerconfigjson");
    let login: Value =
        serde_json::from_str(&decoded(login["data"][".dockerconfigjson"].as_str().unwrap()))
            .unwrap();
    let auth = &login["auths"]["registry.example.com"];
    assert_eq!(auth["password"], "pull-secret");
    assert_eq!(auth["auth"], STANDARD.encode("ann:pull-secret"));
}

fn decoded(text: &str) -> String {
    String::from_utf8(STANDARD.decode(text).unwrap()).unwrap()
}

#[test]
fn the_gpu_runtimes_variables_are_not_the_tenants_to_set() {
    let lease = Lease::new();
    for (name, expected) in [
        ("web", vec!["TOKEN", "EMPTY", "NVIDIA_VISIBLE_DEVICES", "AMD_VISIBLE_DEVICES"]),
        ("db", vec!["PGPASSWORD", "NVIDIA_VISIBLE_DEVICES", "AMD_VISIBLE_DEVICES"]),
        // With GPUs NVIDIA's device plugin says which; AMD's hands them over.
        ("train", vec!["ROCR_VISIBLE_DEVICES", "AMD_VISIBLE_DEVICES"]),
    ] {
        let env = lease.template(name)["spec"]["containers"][0]["env"].clone();
        let mut env = env.as_array().cloned().unwrap_or_default();
        // What every container is given stands between them.
        env.retain(|entry| {
            let name = entry["name"].as_str().unwrap();
            !name.starts_with("AKASH_") && !name.starts_with("SOUK_")
        });
        let names: Vec<&str> = env.iter().map(|entry| entry["name"].as_str().unwrap()).collect();
        assert_eq!(names, expected, "{name}");
        for entry in &env {
            let name = entry["name"].as_str().unwrap();
            if ["NVIDIA_VISIBLE_DEVICES", "AMD_VISIBLE_DEVICES"].contains(&name) {
                assert_eq!(entry["value"], "void", "{name}");
            } else {
                assert_eq!(entry["value"], Value::Null, "{name}");
                assert!(entry["valueFrom"]["secretKeyRef"]["key"].is_string(), "{name}");
            }
        }
    }
}

#[test]
fn a_changed_environment_changes_the_pods() {
    let hash = |lease: &Lease| {
        lease.template("db")["metadata"]["annotations"]["souk.market/environment"].clone()
    };
    let mut lease = Lease::new();
    let before = hash(&lease);
    assert!(before.is_string());
    let db = lease.group.services.iter_mut().find(|service| service.name == "db").unwrap();
    db.env = Some(vec!["PGPASSWORD=another".into()]);
    assert_ne!(hash(&lease), before);
}

#[test]
fn what_stands_in_the_open_of_a_secret_is_known_by_its_agents_key_alone() {
    let lease = Lease::new();
    let open = |key: &DigestKey| {
        let subject = Subject { digests: key, ..lease.subject() };
        let objects = all(&subject).unwrap();
        let namespace = SecretList::of_object(&objects[0]).0;
        let digests: Vec<String> = namespace.into_values().map(|secret| secret.digest).collect();
        let pods = objects.iter().filter_map(|object| {
            let annotations = &object.body["spec"]["template"]["metadata"]["annotations"];
            Some(annotations["souk.market/environment"].as_str()?.to_owned())
        });
        digests.into_iter().chain(pods).collect::<Vec<_>>()
    };
    let (one, other) = (DigestKey::from_bytes([1; 32]), DigestKey::from_bytes([2; 32]));
    assert_eq!(open(&one).len(), 4 + 3, "secrets and pods");
    assert_eq!(open(&one), open(&one));
    assert!(open(&one).iter().zip(open(&other)).all(|(one, other)| *one != other));
    let guessed = hash(&["PGPASSWORD=db-secret"], 16);
    assert!(!open(&one).contains(&guessed));
}

#[test]
fn the_namespace_lists_each_secret_with_its_service() {
    let lease = Lease::new();
    let listed = SecretList::of_object(&lease.objects()[0]).0;
    let listed: Vec<(&str, &str)> =
        listed.iter().map(|(name, secret)| (name.as_str(), secret.service.as_str())).collect();
    let expected =
        [("db-env", "db"), ("train-env", "train"), ("web-env", "web"), ("web-pull", "web")];
    assert_eq!(listed, expected);
}

#[test]
fn user_namespaces_are_for_all_for_none_or_for_what_needs_no_mapping() {
    let mut lease = Lease::new();
    let no = json!(false);
    for (wanted, web, db, train) in [
        (UserNamespaces::On, &no, &no, &no),
        (UserNamespaces::Off, &Value::Null, &Value::Null, &Value::Null),
        (UserNamespaces::Auto, &no, &Value::Null, &Value::Null),
    ] {
        lease.cluster.user_namespaces = wanted;
        for (name, expected) in [("web", web), ("db", db), ("train", train)] {
            let found = &lease.template(name)["spec"]["hostUsers"];
            assert_eq!(found, expected, "{wanted:?} {name}");
        }
    }
}

#[test]
fn the_sandbox_is_for_all_but_gpus_whose_vendor_has_a_class() {
    let mut lease = Lease::new();
    let classes = |lease: &Lease| {
        ["web", "train"].map(|name| lease.template(name)["spec"]["runtimeClassName"].clone())
    };
    assert_eq!(classes(&lease), [Value::Null, Value::Null]);
    lease.cluster.runtime_class = Some("gvisor".into());
    assert_eq!(classes(&lease), [json!("gvisor"), json!("gvisor")]);
    lease.cluster.gpu_runtime_classes = [("nvidia".to_owned(), "nvidia".to_owned())].into();
    assert_eq!(classes(&lease), [json!("gvisor"), json!("nvidia")]);
}
