//! What a container is given to know of itself.

use std::collections::BTreeMap;

use souk_sdl::ServiceExpose;

use super::Lease;
use crate::cluster::kube::objects::hosts;

/// The variables of a service's container that have plain values.
fn variables(lease: &Lease, service: &str) -> BTreeMap<String, String> {
    let template = lease.template(service);
    let env = template["spec"]["containers"][0]["env"].as_array().unwrap().clone();
    let plain = env.into_iter().filter_map(|one| {
        Some((one["name"].as_str()?.to_owned(), one["value"].as_str()?.to_owned()))
    });
    let plain: Vec<_> = plain.collect();
    let count = plain.len();
    let all: BTreeMap<_, _> = plain.into_iter().collect();
    assert_eq!(all.len(), count, "no variable is set twice");
    all
}

#[test]
fn images_made_for_akash_find_the_variables_that_they_read() {
    let mut lease = Lease::new();
    lease.cluster.node_port_host = Some("nodes.example.net".into());
    for service in ["web", "db", "train"] {
        let all = variables(&lease, service);
        for (name, value) in [
            ("AKASH_DEPLOYMENT_SEQUENCE", "5"),
            ("AKASH_GROUP_SEQUENCE", "2"),
            ("AKASH_ORDER_SEQUENCE", "7"),
            ("AKASH_OWNER", "souk1ann"),
            ("AKASH_PROVIDER", "souk1provider"),
            ("AKASH_CLUSTER_PUBLIC_HOSTNAME", "nodes.example.net"),
        ] {
            assert_eq!(all.get(name).map(String::as_str), Some(value), "{service}: {name}");
        }
    }
    lease.cluster.node_port_host = None;
    assert!(!variables(&lease, "web").contains_key("AKASH_CLUSTER_PUBLIC_HOSTNAME"));
}

#[test]
fn what_the_tenant_sets_counts() {
    let mut lease = Lease::new();
    let own = ["AKASH_OWNER=me", "SOUK_HOSTNAMES=other.example.com"].map(str::to_owned);
    for service in &mut lease.group.services {
        service.env.get_or_insert_default().extend(own.clone());
    }
    let all = variables(&lease, "web");
    assert!(!all.contains_key("AKASH_OWNER") && !all.contains_key("SOUK_HOSTNAMES"), "{all:?}");
    assert!(all.contains_key("AKASH_PROVIDER"));
}

#[test]
fn a_service_learns_its_own_hosts_and_the_ports_that_are_known_before_it_starts() {
    let mut lease = Lease::new();
    let web = lease.group.services.iter_mut().find(|service| service.name == "web").unwrap();
    let on_address = ServiceExpose {
        port: 25,
        external_port: 2525,
        global: true,
        ip: "mail".into(),
        hosts: None,
        ..web.expose[0].clone()
    };
    web.expose.push(on_address);
    let subject = lease.subject();
    let web = lease.group.services.iter().find(|service| service.name == "web").unwrap();
    let names = hosts(&subject, web).join(",");
    let all = variables(&lease, "web");
    assert_eq!(all["SOUK_HOSTNAMES"], names);
    assert!(names.starts_with("shop.example.com,h"), "{names}");
    assert_eq!(all["SOUK_HOSTNAMES_8080"], names);
    assert_eq!(all["SOUK_PORTS_8080_TCP"], "80");
    assert_eq!(all["SOUK_PORTS_25_TCP"], "2525");
    // A node port is not known.
    assert!(!all.contains_key("SOUK_PORTS_9000_TCP"), "{all:?}");
    assert!(!variables(&lease, "db").contains_key("SOUK_HOSTNAMES"));
}

/// A variable that changes restarts pods.
#[test]
fn what_changes_elsewhere_changes_no_variable() {
    let mut lease = Lease::new();
    let before = (variables(&lease, "web"), variables(&lease, "db"));
    lease.running = false;
    for service in &mut lease.group.services {
        service.image = "other:2".into();
        service.expose.iter_mut().for_each(|expose| expose.http_options.max_body_size = 9);
    }
    let train = lease.group.services.iter_mut().find(|service| service.name == "train").unwrap();
    train.count = 1;
    assert_eq!((variables(&lease, "web"), variables(&lease, "db")), before);
    let web = lease.group.services.iter_mut().find(|service| service.name == "web").unwrap();
    web.expose[0].hosts = Some(vec!["new.example.com".into()]);
    assert_ne!(variables(&lease, "web"), before.0);
    assert_eq!(variables(&lease, "db"), before.1, "another service's host");
}
