use souk_sdl::EndpointKind;

use crate::support::{BASE, accepted, codes, edit, edit_of, first};

/// The base with an address, and `to` entries of its port.
fn ips(declared: &str, to: &str) -> String {
    let text = edit(&[("          - global: true\n", &format!("          {to}\n"))]);
    format!("{text}endpoints: {{{declared}}}\n")
}

const ONE: &str = "- {ip: my-ip, global: true}";

#[test]
fn a_leased_address_is_an_endpoint_of_its_own() {
    let service = first(&ips("my-ip: {kind: ip}", ONE));
    assert_eq!(service.expose[0].endpoint_sequence_number, 1);
    let endpoints: Vec<_> =
        service.resources.endpoints.iter().map(|e| (e.kind, e.sequence_number)).collect();
    assert_eq!(endpoints, [(EndpointKind::SharedHttp, 0), (EndpointKind::LeasedIp, 1)]);
}

#[test]
fn addresses_are_declared_used_and_global() {
    for (declared, to) in [
        ("my-ip: {kind: ip}", "- {ip: my-ip}\n          - global: true"),
        ("", ONE),
        ("my-ip: {kind: ip}", "- global: true"),
        ("my-ip: {kind: ip}, other: {kind: ip}", ONE),
    ] {
        assert_eq!(codes(&ips(declared, to)), ["ip-endpoint"], "{declared} {to}");
    }
}

#[test]
fn an_address_has_a_name_and_a_kind() {
    assert_eq!(codes(&ips("my-ip: {}", ONE)), ["missing-key"]);
    assert_eq!(codes(&ips("my-ip: ~", ONE)), ["missing-key"]);
    assert_eq!(codes(&ips("my-ip: {kind: dns}", ONE)), ["unknown-value"]);
    for name in ["My", "a", "1a", "a.b"] {
        let to = format!("- {{ip: {name}, global: true}}");
        assert_eq!(codes(&ips(&format!("{name}: {{kind: ip}}"), &to)), ["invalid-name"], "{name}");
    }
}

#[test]
fn collisions_are_found_by_outer_port_and_protocol_as_they_are_written() {
    let two = |first: &str, second: &str| {
        let to = format!("{ONE}\n      - port: 81\n        {second}\n        to: [{}]", &ONE[2..]);
        edit_of(
            &ips("my-ip: {kind: ip}", &to),
            &[("port: 80", &format!("port: 80\n        {first}"))],
        )
    };
    assert_eq!(codes(&two("as: 5", "as: 5")), ["ip-endpoint"]);
    // Without `as` both are 0, whatever the ports.
    assert_eq!(codes(&two("proto: tcp", "proto: tcp")), ["ip-endpoint"]);
    accepted(&two("as: 5", "as: 6"));
    accepted(&two("proto: tcp", "proto: TCP"));
    accepted(&two("proto: tcp", "proto: ''"));
}

#[test]
fn sequence_numbers_count_repeats_and_targets_that_are_not_global() {
    let to =
        "- {ip: bb, global: true}\n          - {service: app}\n          - {ip: aa, global: true}";
    let service = first(&ips("aa: {kind: ip}, bb: {kind: ip}", to));
    let numbers: Vec<_> =
        service.expose.iter().map(|e| (e.ip.as_str(), e.endpoint_sequence_number)).collect();
    // The nameless one is the first, so aa is the second.
    assert_eq!(numbers, [("bb", 3), ("aa", 2), ("", 0)]);
}

#[test]
fn a_service_with_an_address_runs_in_one_placement() {
    let text = ips("my-ip: {kind: ip}", ONE);
    let west = "  placement:\n    west: {pricing: {small: {denom: usouk, amount: 1}}}\n";
    let text = edit_of(
        &text,
        &[
            ("  placement:\n", west),
            ("  app:\n    east:", "  app:\n    west: {profile: small, count: 1}\n    east:"),
        ],
    );
    assert_eq!(codes(&text), ["ip-endpoint"]);
    assert!(accepted(BASE).groups.len() == 1);
}
