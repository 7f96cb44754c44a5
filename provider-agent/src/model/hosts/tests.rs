#![allow(clippy::unwrap_used)]

use souk_sdl::{Options, compile};

use super::*;

const FILE: &str = r#"
version: "2.0"
services:
  web:
    image: nginx:1
    expose:
      - { port: 8080, as: 80, accept: [one.example.com], to: [{ global: true }] }
      - port: 8080
        as: 80
        accept: [two.example.com]
        http_options: { max_body_size: 104857600 }
        to: [{ global: true }]
      - { port: 9090, as: 80, to: [{ global: true }] }
      - { port: 5000, accept: [nowhere.example.com], to: [{ global: true }] }
profiles:
  compute:
    web:
      resources: { cpu: { units: 1 }, memory: { size: 1Gi }, storage: { size: 1Gi } }
  placement:
    here:
      pricing: { web: { denom: uakt, amount: 100 } }
deployment:
  web: { here: { profile: web, count: 1 } }
"#;

fn group() -> ManifestGroup {
    compile(FILE, &Options::default()).unwrap().manifest.0.into_iter().next().unwrap()
}

fn domains() -> Domains {
    let domain = "apps.example.net".to_owned();
    Domains { generated: Some(domain.clone()), reserved: vec![domain] }
}

#[test]
fn each_way_in_has_its_own_hosts_with_its_own_port_and_options() {
    let (group, domains) = (group(), domains());
    let scope = MarketScope::new("souk-1", "souk1book", "souk1me");
    let naming = Naming { scope: &scope, order: OrderId(7), domains: &domains };
    let routes = naming.routes(&group);
    let found: Vec<_> = routes
        .iter()
        .map(|route| (route.port, route.options.max_body_size, route.generated))
        .collect();
    let (small, large) = (1 << 20, 100 << 20);
    assert_eq!(
        found,
        [
            (8080, small, false),
            (8080, small, true),
            (8080, large, false),
            (8080, large, true),
            (9090, small, true),
        ]
    );
    assert_eq!(routes[0].host, "one.example.com");
    assert_eq!(routes[2].host, "two.example.com");
    let nowhere = Domains { generated: None, reserved: vec![] };
    let naming = Naming { domains: &nowhere, ..naming };
    let hosts: Vec<String> = naming.routes(&group).into_iter().map(|route| route.host).collect();
    assert_eq!(hosts, ["one.example.com", "two.example.com"]);
}

#[test]
fn a_host_that_leads_to_two_places_is_one_that_is_refused() {
    let (mut group, domains) = (group(), domains());
    let scope = MarketScope::new("souk-1", "souk1book", "souk1me");
    let naming = Naming { scope: &scope, order: OrderId(7), domains: &domains };
    assert_eq!(naming.chosen(&group).unwrap().len(), 2);
    // In other letters it is the same host; with the same target and options it leads to one place.
    let exposes = &mut group.services[0].expose;
    exposes.sort_by_key(|expose| std::cmp::Reverse(expose.port));
    let at = |exposes: &[ServiceExpose], host: &str| {
        let has = |expose: &ServiceExpose| expose.hosts.iter().flatten().any(|one| one == host);
        exposes.iter().position(has).unwrap()
    };
    let one = at(exposes, "one.example.com");
    exposes[one].hosts = Some(vec!["one.example.com".into(), "ONE.example.com.".into()]);
    assert_eq!(naming.chosen(&group).unwrap().len(), 2);
    let exposes = &mut group.services[0].expose;
    let two = at(exposes, "two.example.com");
    exposes[two].hosts = Some(vec!["ONE.example.com".into()]);
    let refused = naming.chosen(&group).unwrap_err();
    assert_eq!(refused.host, "one.example.com", "the same port, and other options");
}

#[test]
fn the_providers_name_for_a_way_in_may_be_written_down_for_it_alone() {
    let (mut group, domains) = (group(), domains());
    let scope = MarketScope::new("souk-1", "souk1book", "souk1me");
    let naming = Naming { scope: &scope, order: OrderId(7), domains: &domains };
    let generated = |group: &ManifestGroup, port: u32| {
        let routes =
            naming.routes(group).into_iter().map(|one| (one.port, one.host, one.generated));
        let mut own = routes.filter(|(at, _, generated)| *at == port && *generated);
        own.next().unwrap().1
    };
    let name = generated(&group, 9090);
    let set = |group: &mut ManifestGroup, port: u32| {
        let mut ways = group.services[0].expose.iter_mut().filter(|expose| expose.port == port);
        ways.next().unwrap().hosts = Some(vec![name.to_uppercase()]);
    };
    let before = naming.routes(&group);
    let before: Vec<String> = before.into_iter().map(|route| route.host).collect();
    set(&mut group, 9090);
    let after: Vec<String> = naming.routes(&group).into_iter().map(|route| route.host).collect();
    assert_eq!(after, before);
    assert!(naming.chosen(&group).unwrap().iter().all(|route| route.host != name));
    set(&mut group, 8080);
    assert!(naming.chosen(&group).unwrap().iter().any(|route| route.host == name), "another's");
}

#[test]
fn a_name_below_a_wildcard_is_taken() {
    let taken = ["www.example.com", "*.sites.example.com"];
    for (host, expected) in [
        ("www.example.com", true),
        ("a.www.example.com", false),
        ("example.com", false),
        ("shop.sites.example.com", true),
        ("a.shop.sites.example.com", true),
        ("sites.example.com", false),
        ("shop.mysites.example.com", false),
    ] {
        assert_eq!(is_taken(host, |name| taken.contains(&name)), expected, "{host}");
    }
}
