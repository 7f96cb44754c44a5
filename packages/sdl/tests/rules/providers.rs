//! What Akash's parser takes and no provider can run is a warning.

use souk_sdl::limits;

use crate::support::{accepted, edit, service, warnings};

fn expose(lines: &str) -> String {
    let indented: String = lines.lines().map(|line| format!("      {line}\n")).collect();
    edit(&[("      - port: 80\n        to:\n          - global: true\n", &indented)])
}

#[test]
fn a_host_that_is_an_address_or_that_no_dns_has_is_a_warning() {
    let accept =
        |host: &str| expose(&format!("- port: 80\n  accept: [{host}]\n  to: [{{global: true}}]"));
    let long = format!("{}.example.com", "a".repeat(64));
    for host in ["203.0.113.5", "\"1.2.3\"", "\"9\"", "shop.0x1f", &long] {
        assert_eq!(warnings(&accept(host)), ["unreachable-host"], "{host}");
    }
    assert_eq!(warnings(&accept("shop.example.com")), [""; 0]);
}

#[test]
fn a_host_on_a_port_that_is_not_http_leads_nowhere() {
    let with = |rest: &str| expose(&format!("- port: 80\n  accept: [a.com]\n  {rest}"));
    for rest in ["as: 81\n  to: [{global: true}]", "proto: udp\n  to: [{global: true}]"] {
        assert_eq!(warnings(&with(rest)), ["no-effect"], "{rest}");
    }
    let inside = expose("- port: 80\n  accept: [a.com]\n- port: 80\n  to: [{global: true}]");
    assert_eq!(warnings(&inside), ["no-effect"]);
    let elsewhere = expose("- port: 3000\n  as: 80\n  accept: [a.com]\n  to: [{global: true}]");
    assert_eq!(warnings(&elsewhere), [""; 0]);
}

#[test]
fn an_outer_port_that_leads_to_two_ports_is_a_warning_unless_hosts_decide() {
    let two = |first: &str, second: &str| {
        expose(&format!("- {{{first}}}\n- {{{second}}}\n- port: 80\n  to: [{{global: true}}]"))
    };
    let inside = "to: [{service: app}]";
    let world = "to: [{global: true}]";
    for (first, second, expected) in [
        (format!("port: 1, as: 90, {inside}"), format!("port: 2, as: 90, {inside}"), 1),
        (format!("port: 1, as: 90, {world}"), format!("port: 90, {world}"), 1),
        (format!("port: 1, as: 90, {world}"), format!("port: 2, as: 90, {inside}"), 0),
        (format!("port: 1, as: 90, {world}"), format!("port: 1, as: 90, {world}"), 0),
        (format!("port: 1, as: 90, proto: udp, {world}"), format!("port: 2, as: 90, {world}"), 0),
        (
            format!("port: 1, as: 80, accept: [a.com], {world}"),
            format!("port: 2, as: 80, accept: [b.com], {world}"),
            0,
        ),
    ] {
        let found = warnings(&two(&first, &second));
        let expected = vec!["duplicate-port"; expected];
        assert_eq!(found, expected, "{first} | {second}");
    }
}

#[test]
fn more_than_providers_take_is_a_warning() {
    let large = format!("env: [\"A={}\"]", "x".repeat(limits::ENVIRONMENT));
    assert_eq!(warnings(&service(&large)), ["environment-too-large"]);
    let names =
        |count: usize| (0..count).map(|at| format!("A{at}=")).collect::<Vec<_>>().join(", ");
    let many = |count: usize| service(&format!("env: [{}]", names(count)));
    assert_eq!(warnings(&many(limits::VARIABLES)), [""; 0]);
    assert_eq!(warnings(&many(limits::VARIABLES + 1)), ["environment-too-large"]);
    let hosts = |count: usize| {
        let hosts: Vec<String> = (0..count).map(|at| format!("a{at}.example.com")).collect();
        expose(&format!("- port: 80\n  accept: [{}]\n  to: [{{global: true}}]", hosts.join(", ")))
    };
    assert_eq!(warnings(&hosts(limits::HOSTS)), [""; 0]);
    assert_eq!(warnings(&hosts(limits::HOSTS + 1)), ["too-many-hosts"]);
    let ports = |count: usize| {
        let lines: Vec<String> = (1..=count).map(|port| format!("- port: {port}")).collect();
        expose(&format!("{}\n- port: 80\n  to: [{{global: true}}]", lines.join("\n")))
    };
    assert_eq!(warnings(&ports(limits::EXPOSES - 1)), [""; 0]);
    assert_eq!(warnings(&ports(limits::EXPOSES)), ["too-many-ports"]);
    accepted(&ports(limits::EXPOSES));
}
