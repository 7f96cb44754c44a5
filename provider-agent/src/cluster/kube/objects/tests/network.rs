//! Who may talk to whom.

use std::net::IpAddr;

use serde_json::{Value, json};

use super::{Kind, Lease};

fn policy() -> Value {
    Lease::new().object(Kind::NetworkPolicy, "lease")["spec"].clone()
}

/// The blocks that pods may talk to, each with its exceptions.
fn blocks(policy: &Value) -> Vec<(String, Vec<String>)> {
    let to = policy["egress"].as_array().unwrap().iter();
    let peers = to.flat_map(|rule| rule["to"].as_array().cloned().unwrap_or_default());
    peers
        .filter(|peer| peer["ipBlock"].is_object())
        .map(|peer| serde_json::from_value::<Block>(peer["ipBlock"].clone()).unwrap())
        .map(|block| (block.cidr, block.except))
        .collect()
}

#[derive(serde::Deserialize)]
struct Block {
    cidr: String,
    except: Vec<String>,
}

fn parse(cidr: &str) -> (IpAddr, u32) {
    let (address, bits) = cidr.split_once('/').unwrap();
    (address.parse().unwrap(), bits.parse().unwrap())
}

fn bits(address: IpAddr) -> (u128, u32) {
    match address {
        IpAddr::V4(address) => (u128::from(address.to_bits()), 32),
        IpAddr::V6(address) => (address.to_bits(), 128),
    }
}

fn contains(cidr: &str, address: IpAddr) -> bool {
    let (network, prefix) = parse(cidr);
    let ((network, width), (address, same)) = (bits(network), bits(address));
    let shift = width - prefix;
    width == same && (shift == width || network >> shift == address >> shift)
}

#[test]
fn pods_reach_the_internet_and_neither_metadata_nor_private_networks() {
    let blocks = blocks(&policy());
    let reaches = |address: &str| {
        let address: IpAddr = address.parse().unwrap();
        blocks.iter().any(|(cidr, except)| {
            contains(cidr, address) && !except.iter().any(|cidr| contains(cidr, address))
        })
    };
    for public in
        ["1.1.1.1", "8.8.8.8", "172.32.0.1", "100.128.0.1", "168.63.129.17", "2606:4700::1111"]
    {
        assert!(reaches(public), "{public}");
    }
    for private in [
        "169.254.169.254",
        "168.63.129.16",
        "10.0.0.1",
        "10.255.255.255",
        "172.16.0.1",
        "172.31.255.255",
        "192.168.1.1",
        "100.64.0.1",
        "100.100.100.200",
        "192.0.0.192",
        "127.0.0.1",
        "0.0.0.0",
        "224.0.0.1",
        "255.255.255.255",
        "203.0.114.9",
        "fd00:ec2::254",
        "fd20:ce::254",
        "fc00::1",
        "fe80::1",
        "fe80::a9fe:a9fe",
        "::1",
        "::",
        "ff02::1",
        // 10.0.0.1 and 169.254.169.254 by translation and by tunnels.
        "64:ff9b::a00:1",
        "64:ff9b:1::a9fe:a9fe",
        "2002:a9fe:a9fe::1",
        "2a00:1::5",
    ] {
        assert!(!reaches(private), "{private}");
    }
}

/// The API server asks that an exception lies strictly within its block, and reads mapped IPv4
/// as IPv4, which lies in no block of IPv6.
#[test]
fn the_api_server_accepts_every_exception() {
    for (cidr, except) in blocks(&policy()) {
        let (outer, outer_bits) = parse(&cidr);
        for one in &except {
            let (inner, inner_bits) = parse(one);
            assert!(contains(&cidr, inner) && inner_bits > outer_bits, "{one} in {cidr}");
            assert_eq!(inner.is_ipv4(), outer.is_ipv4(), "{one}");
            assert_eq!(inner.to_canonical(), inner, "{one} is mapped IPv4");
            let ((number, width), shift) = (bits(inner), bits(inner).1 - inner_bits);
            let host = if shift == width { number } else { number & ((1 << shift) - 1) };
            assert_eq!(host, 0, "{one} has bits beyond its prefix");
        }
    }
}

#[test]
fn everything_that_is_not_named_is_denied_both_ways() {
    let policy = policy();
    assert_eq!(policy["podSelector"], json!({}));
    assert_eq!(policy["policyTypes"], json!(["Ingress", "Egress"]));
    // Own pods, DNS, the internet.
    assert_eq!(policy["egress"].as_array().unwrap().len(), 3);
    let dns = &policy["egress"][1];
    assert_eq!(dns["to"][0]["podSelector"]["matchLabels"]["k8s-app"], "kube-dns");
    let ports = json!([{ "port": 53, "protocol": "UDP" }, { "port": 53, "protocol": "TCP" }]);
    assert_eq!(dns["ports"], ports);
}

#[test]
fn the_world_reaches_only_the_ports_that_are_open_to_it() {
    let policy = policy();
    let from_anywhere: Vec<&Value> = policy["ingress"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|rule| rule["from"].is_null())
        .collect();
    assert_eq!(from_anywhere, [&json!({ "ports": [{ "port": 9000, "protocol": "TCP" }] })]);
    let mut closed = Lease::new();
    closed.group.services.iter_mut().for_each(|service| service.expose.clear());
    let policy = closed.object(Kind::NetworkPolicy, "lease");
    let rules = policy["spec"]["ingress"].as_array().unwrap();
    assert!(rules.iter().all(|rule| rule["from"].is_array()), "{rules:?}");
}
