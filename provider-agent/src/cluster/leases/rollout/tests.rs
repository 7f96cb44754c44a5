use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::*;
use crate::cluster::kube::{
    fingerprint::Fingerprint,
    seen::{SeenPort, SeenService},
};

fn object(kind: Kind, name: &str, service: &str, body: Value) -> Object {
    Object {
        kind,
        name: name.into(),
        service: Some(service.into()),
        body,
        labels: Vec::new(),
        annotations: BTreeMap::new(),
    }
}

fn ingress(name: &str, hosts: &[&str]) -> Object {
    let rules: Vec<Value> = hosts.iter().map(|host| json!({ "host": host })).collect();
    object(Kind::Ingress, name, "web", json!({ "spec": { "rules": rules } }))
}

fn nodes(name: &str, service: &str, ports: usize) -> Object {
    let ports: Vec<Value> = (0..ports).map(|port| json!({ "port": port })).collect();
    object(Kind::Service, name, service, json!({ "spec": { "ports": ports } }))
}

fn seen(kind: Kind, name: &str, service: &str, detail: Detail) -> SeenObject {
    SeenObject {
        kind,
        name: name.into(),
        service: Some(service.into()),
        fingerprint: Fingerprint(1),
        terminating: false,
        detail,
    }
}

fn seen_ingress(name: &str, hosts: &[&str]) -> SeenObject {
    let hosts = hosts.iter().map(|host| Box::from(*host)).collect();
    seen(Kind::Ingress, name, "web", Detail::Hosts(hosts))
}

fn seen_nodes(name: &str, service: &str, count: u16) -> SeenObject {
    let port =
        |port| SeenPort { port, node_port: Some(port), protocol: "TCP".into(), target: None };
    let ports = (0..count).map(port).collect();
    let service_detail = SeenService { reach: Reach::Nodes, ports };
    seen(Kind::Service, name, service, Detail::Service(Box::new(service_detail)))
}

fn names(keys: &[Key]) -> Vec<&str> {
    keys.iter().map(|(_, name)| &**name).collect()
}

fn order(rollout: &Rollout) -> Vec<&str> {
    rollout.objects.iter().map(|object| object.name.as_str()).collect()
}

#[test]
fn an_ingress_whose_host_moves_to_another_port_goes_first_and_no_other_does() {
    let there = [
        seen_ingress("web-3000-http", &["shop.example.com"]),
        seen_ingress("api-80-http", &["api.example.com"]),
        seen(Kind::Deployment, "old", "old", Detail::None),
    ];
    let plan = rollout(vec![ingress("web-8080-http", &["shop.example.com"])], &there);
    assert_eq!(names(&plan.first), ["web-3000-http"]);
    // One of which only the name is known may have any host.
    let unseen = [seen(Kind::Ingress, "web-3000-http", "web", Detail::None)];
    let plan = rollout(vec![ingress("web-8080-http", &["shop.example.com"])], &unseen);
    assert_eq!(names(&plan.first), ["web-3000-http"]);
    let plan = rollout(vec![ingress("web-3000-http", &["shop.example.com"])], &there);
    assert_eq!(names(&plan.first), [""; 0]);
}

#[test]
fn a_host_is_given_up_before_it_is_taken_and_an_exchange_begins_with_a_deletion() {
    let there = [seen_ingress("a", &["one.example.com"]), seen_ingress("b", &["two.example.com"])];
    let moved = vec![ingress("b", &["one.example.com"]), ingress("a", &["new.example.com"])];
    let plan = rollout(moved, &there);
    assert_eq!((names(&plan.first), order(&plan)), (vec![], vec!["a", "b"]));
    let exchanged = vec![ingress("a", &["two.example.com"]), ingress("b", &["one.example.com"])];
    let plan = rollout(exchanged, &there);
    assert_eq!(names(&plan.first).len(), 1, "{plan:?}");
    let gone = plan.first[0].1.clone();
    assert_ne!(order(&plan)[0], &*gone, "what was deleted is made when its host is free");
    assert_eq!(plan.objects.len(), 2);
}

#[test]
fn node_ports_are_given_up_before_they_are_taken() {
    let there =
        [seen_nodes("old-np", "old", 2), seen_nodes("a-np", "a", 1), seen_nodes("b-np", "b", 3)];
    let wanted = vec![
        nodes("a-np", "a", 2),
        nodes("b-np", "b", 1),
        nodes("new-np", "new", 2),
        object(Kind::Namespace, "souk-x-7", "", json!({})),
    ];
    let plan = rollout(wanted, &there);
    assert_eq!(names(&plan.first), ["old-np"]);
    assert_eq!(order(&plan), ["souk-x-7", "b-np", "a-np", "new-np"]);
}

#[test]
fn what_is_not_wanted_is_deleted_though_others_failed_unless_it_is_to_be_replaced() {
    let wanted = [
        object(Kind::StatefulSet, "web", "web", json!({})),
        object(Kind::Deployment, "api", "api", json!({})),
    ];
    let there = [
        seen(Kind::Deployment, "web", "web", Detail::None),
        seen(Kind::Secret, "web-env", "web", Detail::None),
        seen(Kind::Secret, "api-env", "api", Detail::None),
        seen(Kind::Deployment, "api", "api", Detail::None),
        seen(Kind::Deployment, "job", "job", Detail::None),
        SeenObject { terminating: true, ..seen(Kind::Secret, "ends", "job", Detail::None) },
    ];
    let prune = |failed: &[Key], there: &[SeenObject]| -> Vec<String> {
        to_prune(&wanted, failed, there).iter().map(|(_, name)| name.to_string()).collect()
    };
    assert_eq!(prune(&[], &there), ["web", "web-env", "api-env", "job"]);
    let failed = [(Kind::StatefulSet, "web".into())];
    assert_eq!(prune(&failed, &there), ["api-env", "job"]);
    // `web` may be `job` by another name: what runs stays until it is there.
    let without_web = &there[2..];
    assert_eq!(prune(&failed, without_web), ["api-env"]);
}

#[test]
fn no_claim_is_ever_deleted_whatever_is_wanted() {
    let there = [
        seen(Kind::PersistentVolumeClaim, "data-1", "db", Detail::None),
        seen(Kind::StatefulSet, "db", "db", Detail::None),
    ];
    let plan = rollout(vec![object(Kind::Deployment, "web", "web", json!({}))], &there);
    assert_eq!(names(&plan.first), [""; 0]);
    assert_eq!(names(&to_prune(&plan.objects, &[], &there)), ["db"]);
}
