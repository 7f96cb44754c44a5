use souk_sdl::{EndpointKind, Protocol};

use crate::support::{BASE, accepted, codes, edit, first, hash};

fn port(text: &str) -> String {
    edit(&[("port: 80", &format!("port: {text}"))])
}

fn expose(lines: &str) -> String {
    let indented: String = lines.lines().map(|line| format!("      {line}\n")).collect();
    edit(&[("      - port: 80\n        to:\n          - global: true\n", &indented)])
}

#[test]
fn a_port_is_a_number_however_it_is_written() {
    for text in ["80", "80.7", "0120", "0x50", "8_0", "+80", "0b1010000", "8e1", "!!float 80"] {
        assert_eq!(hash(&port(text)), hash(BASE), "{text}");
    }
    for text in ["\"80\"", "-1", "true", "[80]", "http", "0x", "4294967296"] {
        assert_eq!(codes(&port(text)), ["wrong-type"], "{text}");
    }
    for text in ["0", "65536", "-0.5"] {
        assert_eq!(codes(&port(text)), ["out-of-range"], "{text}");
    }
    assert_eq!(codes(&port("~")), ["missing-key"]);
}

#[test]
fn the_outer_port_may_be_anything() {
    let outer = |text: &str| edit(&[("port: 80", &format!("port: 80\n        as: {text}"))]);
    assert_eq!(first(&outer("70000")).expose[0].external_port, 70_000);
    assert_eq!(first(&outer("0")).expose[0].outer_port(), 80);
    assert_eq!(codes(&outer("\"80\"")), ["wrong-type"]);
}

#[test]
fn the_protocol_is_tcp_or_udp_in_any_case() {
    let proto = |text: &str| edit(&[("port: 80", &format!("port: 80\n        proto: {text}"))]);
    assert_eq!(hash(&proto("Tcp")), hash(BASE));
    assert_eq!(hash(&proto("~")), hash(BASE));
    assert_eq!(first(&proto("udp")).expose[0].proto, Protocol::Udp);
    assert_eq!(codes(&proto("sctp")), ["unknown-value"]);
}

#[test]
fn global_takes_the_words_of_yaml_1_1() {
    let global = |text: &str| edit(&[("global: true", &format!("global: {text}"))]);
    for text in ["true", "True", "y", "yes", "Yes", "YES", "on", "\"yes\"", "\"on\""] {
        assert_eq!(hash(&global(text)), hash(BASE), "{text}");
    }
    for text in ["false", "no", "n", "off", "~", "\"off\""] {
        assert_eq!(codes(&global(text)), ["no-global"], "{text}");
    }
    for text in ["\"true\"", "tRUE", "1", "global"] {
        assert_eq!(codes(&global(text)), ["wrong-type"], "{text}");
    }
}

#[test]
fn something_must_be_global() {
    for lines in ["", "- port: 80", "- port: 80\n  to: []", "- port: 80\n  to:\n    - service: app"]
    {
        assert_eq!(codes(&expose(lines)), ["no-global"], "{lines}");
    }
    assert_eq!(
        codes(&edit(&[(
            "    expose:\n      - port: 80\n        to:\n          - global: true\n",
            ""
        )])),
        ["no-global"]
    );
}

#[test]
fn endpoints_follow_from_what_is_global() {
    let kinds = |text: &str| -> Vec<_> {
        first(text).resources.endpoints.iter().map(|endpoint| endpoint.kind).collect()
    };
    use EndpointKind::{RandomPort, SharedHttp};
    assert_eq!(kinds(BASE), [SharedHttp]);
    assert_eq!(kinds(&port("8080")), [RandomPort]);
    assert_eq!(kinds(&expose("- port: 8080\n  as: 80\n  to: [{global: true}]")), [SharedHttp]);
    assert_eq!(kinds(&expose("- port: 80\n  proto: udp\n  to: [{global: true}]")), [RandomPort]);
    let mixed =
        "- port: 90\n  to: [{service: app}, {global: true}]\n- port: 80\n  to: [{global: true}]";
    assert_eq!(kinds(&expose(mixed)), [SharedHttp, RandomPort]);
}

#[test]
fn entries_are_sorted_by_target_port_protocol_and_reach() {
    let text = expose(
        "- port: 90\n  proto: udp\n  to: [{service: app}, {global: true}]\n\
         - port: 90\n  to: [{global: true}]\n\
         - port: 80\n  to: [{global: false}, {global: true}]",
    );
    let order: Vec<_> = first(&text)
        .expose
        .iter()
        .map(|e| (e.service.clone(), e.port, e.proto, e.global))
        .collect();
    let entry = |service: &str, port, proto, global| (service.to_owned(), port, proto, global);
    assert_eq!(
        order,
        [
            entry("", 80, Protocol::Tcp, true),
            entry("", 80, Protocol::Tcp, false),
            entry("", 90, Protocol::Tcp, true),
            entry("", 90, Protocol::Udp, true),
            entry("app", 90, Protocol::Udp, false),
        ]
    );
}

#[test]
fn souk_keeps_the_files_order_of_entries_that_sort_alike() {
    let lines: String = (0..20)
        .map(|n| format!("- port: 80\n  as: {}\n  to: [{{global: true}}]\n", 100 - n))
        .collect();
    let order: Vec<_> = first(&expose(&lines)).expose.iter().map(|e| e.external_port).collect();
    assert!(order.is_sorted_by(|a, b| a > b), "{order:?}");
}

#[test]
fn accepted_hosts_are_names_and_unique() {
    let accept =
        |hosts: &str| expose(&format!("- port: 80\n  accept: {hosts}\n  to: [{{global: true}}]"));
    assert_eq!(first(&accept("[a.com, 127.0.0.1]")).expose[0].hosts.as_deref().unwrap().len(), 2);
    assert_eq!(first(&accept("[]")).expose[0].hosts.as_deref(), Some(&[][..]));
    for host in ["A.com", "\"*.a.com\"", "a.com:80", "a.com/x", "a_b.com", "\"\"", "\"a b\""] {
        assert!(
            codes(&accept(&format!("[{host}]"))).contains(&"invalid-host".to_owned()),
            "{host}"
        );
    }
    assert_eq!(codes(&accept("[a.com, a.com]")), ["duplicate-host"]);
    let two = expose("- port: 80\n  accept: [a.com]\n  to: [{global: true}, {service: app}]");
    assert_eq!(codes(&two), ["duplicate-host"]);
}

#[test]
fn hosts_of_services_that_are_not_deployed_must_at_least_make_an_address() {
    let idle = |host: &str| {
        format!(
            "services:\n  idle:\n    image: x\n    expose: [{{port: 1, accept: [{host}]}}]\n{BASE}"
        )
    };
    accepted(&idle("A_B.com:80"));
    assert_eq!(codes(&idle("\"a b\"")), ["invalid-host"]);
}

#[test]
fn http_options_have_defaults_and_limits() {
    let http = |lines: &str| {
        expose(&format!("- port: 80\n  http_options: {{{lines}}}\n  to: [{{global: true}}]"))
    };
    assert_eq!(hash(&http("")), hash(BASE));
    assert_eq!(
        hash(&http("max_body_size: 0, read_timeout: 0, next_tries: 0, proxy_buffer_size: 0")),
        hash(BASE)
    );
    let options = first(&http(
        "max_body_size: 104857600, next_cases: [500, timeout], proxy_buffer_size: 8192",
    ));
    let options = &options.expose[0].http_options;
    assert_eq!(options.max_body_size, 104_857_600);
    assert_eq!(options.next_cases, ["500", "timeout"]);
    assert_eq!(options.proxy_buffer_size, 8192);
    for lines in [
        "max_body_size: 104857601",
        "read_timeout: 60001",
        "send_timeout: 60001",
        "proxy_buffer_size: 1048577",
    ] {
        assert_eq!(codes(&http(lines)), ["out-of-range"], "{lines}");
    }
    for lines in ["next_cases: [500, \"off\"]", "next_cases: [fail]", "next_cases: [501]"] {
        assert_eq!(codes(&http(lines)), ["unknown-value"], "{lines}");
    }
    assert_eq!(first(&http("next_cases: [off]")).expose[0].http_options.next_cases, ["off"]);
}
