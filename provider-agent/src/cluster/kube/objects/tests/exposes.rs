//! Whatever a group exposes, each host leads to its own container port with its own options.

use std::collections::BTreeSet;

use proptest::{collection, prelude::*, sample};
use souk_sdl::{HttpOptions, Protocol, ServiceExpose};

use super::{Kind, Lease, ORDER, Object, Value};
use crate::model::{
    hosts::{Domains, Naming, normalized},
    manifest,
};

const BODY_SIZE: &str = "nginx.ingress.kubernetes.io/proxy-body-size";

fn options(max_body_size: u32) -> HttpOptions {
    HttpOptions {
        max_body_size,
        read_timeout: 60_000,
        send_timeout: 60_000,
        next_tries: 3,
        next_timeout: 0,
        next_cases: vec!["error".into()],
        proxy_buffer_size: 0,
    }
}

fn expose() -> impl Strategy<Value = ServiceExpose> {
    let port = sample::select(vec![80u32, 443, 3000, 8080, 49_152]);
    let outer = sample::select(vec![0u32, 80, 80, 80, 8080, 70_000]);
    let hosts = collection::vec(sample::select(vec!["a.com", "B.com", "c.com", "d.com"]), 0..3);
    let to = sample::select(vec!["", "", "db"]);
    (port, outer, hosts, to, any::<bool>(), any::<bool>(), 1u32..4).prop_map(
        |(port, external_port, hosts, service, udp, global, size)| ServiceExpose {
            port,
            external_port,
            proto: if udp { Protocol::Udp } else { Protocol::Tcp },
            service: service.to_owned(),
            global,
            hosts: Some(hosts.into_iter().map(str::to_owned).collect()),
            http_options: options(size << 20),
            ip: String::new(),
            endpoint_sequence_number: 0,
        },
    )
}

/// Where an Ingress leads: the service, the container port and the largest body.
fn target(ingress: &Object, objects: &[Object]) -> (String, u64, String) {
    let rules = ingress.body["spec"]["rules"].as_array().unwrap();
    assert_eq!(rules.len(), 1);
    let backend = &rules[0]["http"]["paths"][0]["backend"]["service"];
    let is_service = |one: &&Object| one.kind == Kind::Service && backend["name"] == *one.name;
    let service = objects.iter().find(is_service).unwrap();
    let ports = service.body["spec"]["ports"].as_array().unwrap();
    let port = ports.iter().find(|port| port["name"] == backend["port"]["name"]).unwrap();
    assert_eq!(port["protocol"], "TCP");
    let selector = service.body["spec"]["selector"]["souk.market/service"].as_str().unwrap();
    (
        selector.to_owned(),
        port["targetPort"].as_u64().unwrap(),
        ingress.annotations[BODY_SIZE].clone(),
    )
}

/// Service ports have numbers, and names, of their own.
fn ports_are_distinct(service: &Object) {
    let ports = service.body["spec"]["ports"].as_array().unwrap();
    let names: BTreeSet<&str> = ports.iter().map(|port| port["name"].as_str().unwrap()).collect();
    let number = |port: &Value| (port["port"].as_u64().unwrap(), port["protocol"].to_string());
    let numbers: BTreeSet<_> = ports.iter().map(number).collect();
    assert_eq!((names.len(), numbers.len()), (ports.len(), ports.len()), "{ports:?}");
    assert!(numbers.iter().all(|(port, _)| (1..=65_535).contains(port)));
}

proptest! {
    #[test]
    fn each_host_leads_to_the_port_that_declares_it_or_the_manifest_is_refused(
        web in collection::vec(expose(), 0..6),
        db in collection::vec(expose(), 0..4),
    ) {
        let mut lease = Lease::new();
        for service in &mut lease.group.services {
            match service.name.as_str() {
                "web" => service.expose = web.clone(),
                "db" => service.expose = db.clone(),
                _ => {}
            }
        }
        let domains = Domains::of(&lease.cluster);
        let naming = Naming { scope: &lease.scope, order: ORDER, domains: &domains };
        let objects = lease.objects();
        objects.iter().filter(|one| one.kind == Kind::Service).for_each(ports_are_distinct);
        let refused = naming.chosen(&lease.group).is_err() || manifest::leads_twice(&lease.group);
        let mut ways = 0;
        for service in &lease.group.services {
            for expose in service.expose.iter().filter(|expose| expose.is_ingress()) {
                ways += 1;
                let expected = (
                    service.name.clone(),
                    u64::from(expose.port),
                    expose.http_options.max_body_size.to_string(),
                );
                for host in expose.hosts.iter().flatten().map(|host| normalized(host)) {
                    let ingress = objects.iter().find(|one| one.kind == Kind::Ingress && one.name == host);
                    let found = target(ingress.unwrap(), &objects);
                    prop_assert!(refused || found == expected, "{host}: {found:?}, not {expected:?}");
                }
            }
            // What other services are promised is there, whatever hosts there are.
            let promised = service.expose.iter().filter(|one| !one.service.is_empty());
            for expose in promised.filter(|one| one.outer_port() <= 65_535) {
                let is_inside =
                    |one: &&Object| one.kind == Kind::Service && one.name == service.name;
                let inside = objects.iter().find(is_inside).unwrap();
                let ports = inside.body["spec"]["ports"].as_array().unwrap();
                let port = ports.iter().find(|port| {
                    port["port"] == expose.outer_port() && port["protocol"] == expose.proto.as_str()
                });
                let led = port.map(|port| port["targetPort"] == expose.port);
                prop_assert!(refused || led == Some(true), "{expose:?}: {ports:?}");
            }
        }
        // Each way in has a name of the provider's besides, which leads where it does.
        let generated = naming.routes(&lease.group).into_iter().filter(|route| route.generated);
        let mut hosts = BTreeSet::new();
        for route in generated {
            let ingress = objects.iter().find(|one| one.name == route.host).unwrap();
            let (service, port, size) = target(ingress, &objects);
            prop_assert_eq!(
                (service.as_str(), port, size),
                (route.service, u64::from(route.port), route.options.max_body_size.to_string())
            );
            hosts.insert(route.host);
        }
        prop_assert_eq!(hosts.len(), ways);
    }
}
