//! Host names and ports.

use serde_json::json;

use super::{Kind, Lease, scope_of};
use crate::cluster::kube::objects::{Subject, hosts};

#[test]
fn a_service_is_reached_by_its_own_names_and_one_below_the_providers_domain() {
    let lease = Lease::new();
    let web = lease.group.services.iter().find(|service| service.name == "web").unwrap();
    let names = hosts(&lease.subject(), web);
    assert_eq!(names.len(), 2);
    assert_eq!(names[0], "shop.example.com");
    assert!(names[1].ends_with(".apps.example.net"), "{}", names[1]);
    for host in &names {
        let ingress = lease.object(Kind::Ingress, host);
        assert_eq!(ingress["spec"]["ingressClassName"], "nginx");
        assert_eq!(ingress["spec"]["rules"].as_array().unwrap().len(), 1);
        let rule = &ingress["spec"]["rules"][0];
        assert_eq!(rule["host"], **host);
        let backend = &rule["http"]["paths"][0]["backend"]["service"];
        assert_eq!(*backend, json!({ "name": "web", "port": { "name": "http-8080" } }));
    }
}

#[test]
fn names_below_the_domain_differ_by_lease_and_provider() {
    let lease = Lease::new();
    let web = lease.group.services.iter().find(|service| service.name == "web").unwrap();
    let of = |provider: &str, order: u64| {
        let (scope, order) = (scope_of(provider), souk_core::OrderId(order));
        hosts(&Subject { scope: &scope, order, ..lease.subject() }, web).pop().unwrap()
    };
    assert_eq!(of("souk1me", 7), of("souk1me", 7));
    assert_ne!(of("souk1me", 7), of("souk1me", 8));
    assert_ne!(of("souk1me", 7), of("souk1other", 7));
}

#[test]
fn without_an_ingress_class_there_are_no_host_names() {
    let mut lease = Lease::new();
    lease.cluster.ingress_class = None;
    assert!(lease.objects().iter().all(|object| object.kind != Kind::Ingress));
    let web = lease.group.services.iter().find(|service| service.name == "web").unwrap();
    assert!(hosts(&lease.subject(), web).is_empty());
}

#[test]
fn each_port_is_open_where_it_should_be_and_nowhere_else() {
    let lease = Lease::new();
    let services: Vec<_> =
        lease.objects().into_iter().filter(|object| object.kind == Kind::Service).collect();
    let open = |service: &str, kind: &str| -> Vec<u64> {
        let of = services.iter().filter(|object| object.service.as_deref() == Some(service));
        let of = of.filter(|object| object.body["spec"]["type"] == kind);
        let ports = of.flat_map(|object| object.body["spec"]["ports"].as_array().unwrap().clone());
        ports.map(|port| port["port"].as_u64().unwrap()).collect()
    };
    for (service, inside, outside) in [
        ("web", vec![9000, 80, 8080], vec![9000]),
        ("db", vec![5432], vec![]),
        ("train", vec![], vec![]),
    ] {
        assert_eq!(open(service, "ClusterIP"), inside, "{service}");
        assert_eq!(open(service, "NodePort"), outside, "{service}");
        assert_eq!(open(service, "LoadBalancer"), Vec::<u64>::new(), "{service}");
    }
    assert!(services.iter().any(|object| object.name == "db"), "a service's name is its host name");
}
