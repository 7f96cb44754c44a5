//! Addresses that tenants lease.

use serde_json::{Value, json};

use super::{Kind, Lease, group_of};

/// Two services on one address, one of them on another too.
const FILE: &str = r#"
version: "2.1"
endpoints:
  shared: { kind: ip }
  own: { kind: ip }
services:
  web:
    image: web:1
    expose:
      - port: 8080
        as: 80
        to: [{ global: true, ip: shared }]
  dns:
    image: dns:1
    expose:
      - port: 8080
        as: 53
        proto: udp
        to: [{ global: true, ip: shared }]
      - port: 8080
        to: [{ global: true, ip: own }]
profiles:
  compute:
    small:
      resources: { cpu: { units: 100m }, memory: { size: 64Mi }, storage: { size: 64Mi } }
  placement:
    here:
      pricing: { small: { denom: uakt, amount: 100 } }
deployment:
  web: { here: { profile: small, count: 1 } }
  dns: { here: { profile: small, count: 2 } }
"#;

fn lease() -> Lease {
    Lease { group: group_of(FILE), ..Lease::new() }
}

/// The Services on addresses, with the container ports that they lead to: outer port, service
/// of the pods, port there.
fn addresses(lease: &Lease) -> Vec<Vec<(u64, String, u64)>> {
    let objects = lease.objects();
    let balancers = objects.iter().filter(|object| object.body["spec"]["type"] == "LoadBalancer");
    let mut all: Vec<Vec<(u64, String, u64)>> = balancers
        .map(|object| {
            assert_eq!(object.kind, Kind::Service);
            let ports = object.body["spec"]["ports"].as_array().unwrap();
            let mut found: Vec<_> = ports
                .iter()
                .flat_map(|port| leads_to(lease, &object.body["spec"]["selector"], port))
                .collect();
            found.sort();
            found
        })
        .collect();
    all.sort();
    all
}

/// As Kubernetes finds the ports of the pods that a Service selects.
fn leads_to(lease: &Lease, selector: &Value, port: &Value) -> Vec<(u64, String, u64)> {
    let mut found = Vec::new();
    for (service, template) in lease.templates() {
        let labels = &template["metadata"]["labels"];
        let mut wanted = selector.as_object().unwrap().iter();
        if !wanted.all(|(key, value)| labels[key] == *value) {
            continue;
        }
        for open in template["spec"]["containers"][0]["ports"].as_array().unwrap() {
            if open["name"] == port["targetPort"] && open["protocol"] == port["protocol"] {
                let numbers = (port["port"].as_u64(), open["containerPort"].as_u64());
                found.push((numbers.0.unwrap(), service.clone(), numbers.1.unwrap()));
            }
        }
    }
    found
}

#[test]
fn services_that_name_one_address_share_it_and_each_port_leads_to_its_own_service() {
    let to = |outer: u64, service: &str| (outer, service.to_owned(), 8080);
    let expected = vec![vec![to(53, "dns"), to(80, "web")], vec![to(8080, "dns")]];
    assert_eq!(addresses(&lease()), expected);
}

#[test]
fn the_quota_lets_in_as_many_addresses_as_are_leased() {
    let quota = lease().object(Kind::ResourceQuota, "lease");
    let hard = &quota["spec"]["hard"];
    assert_eq!(hard["services.loadbalancers"], json!("2"));
    assert_eq!(hard["services.nodeports"], json!("3"), "a balancer takes node ports too");
}

#[test]
fn port_names_are_such_that_kubernetes_takes_them() {
    for (_, template) in lease().templates() {
        for port in template["spec"]["containers"][0]["ports"].as_array().unwrap() {
            let name = port["name"].as_str().unwrap();
            assert!(name.len() <= 15, "{name}");
            assert!(name.bytes().any(|byte| byte.is_ascii_lowercase()), "{name}");
        }
    }
}
