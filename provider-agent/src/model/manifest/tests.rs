#![allow(clippy::unwrap_used)]

use cosmwasm_std::HexBinary;
use souk_core::{Attribute, GroupSpec, OrderId};
use souk_gateway::{Salt, body::ManifestUpload, commitment};
use souk_sdl::{Endpoint, EndpointKind, Manifest, Mapping, Options, ServiceExpose, Value};

use super::{Refusal, check};
use crate::model::{
    hosts::{Domains, Naming},
    image::ImageRules,
    scope::MarketScope,
};

const FILE: &str = r#"
version: "2.0"
services:
  web:
    image: nginx:1
    env: [GREETING=hello]
    expose:
      - port: 8080
        as: 80
        accept: [shop.example.com, www.shop.example.com]
        to: [{ global: true }]
      - port: 9000
        to: [{ global: true }]
  worker:
    image: busybox:1
profiles:
  compute:
    web:
      resources: { cpu: { units: 1 }, memory: { size: 512Mi }, storage: { size: 1Gi } }
    worker:
      resources: { cpu: { units: 2 }, memory: { size: 1Gi }, storage: { size: 1Gi } }
  placement:
    here:
      pricing:
        web: { denom: uakt, amount: 100 }
        worker: { denom: uakt, amount: 100 }
deployment:
  web: { here: { profile: web, count: 2 } }
  worker: { here: { profile: worker, count: 1 } }
"#;

const SALT: Salt = Salt([3; 32]);

fn deployment() -> (Manifest, GroupSpec) {
    let compiled = souk_sdl::compile(FILE, &Options::default()).unwrap();
    let order = compiled.order_groups(&Mapping::default()).unwrap();
    (compiled.manifest, order.groups.into_iter().next().unwrap())
}

/// What is said to a manifest that the tenant committed to, for a group.
fn judge(manifest: Manifest, spec: &GroupSpec) -> Result<Vec<String>, Refusal> {
    let expected = commitment(Some(&SALT), &manifest.version()).into();
    let upload = ManifestUpload { manifest, salt: Some(SALT) };
    judge_upload(&upload, &expected, spec)
}

fn judge_upload(
    upload: &ManifestUpload,
    expected: &HexBinary,
    spec: &GroupSpec,
) -> Result<Vec<String>, Refusal> {
    let generated = "apps.example.net".to_owned();
    let reserved = vec![generated.clone(), ".own.example.org".to_owned()];
    let domains = Domains { generated: Some(generated), reserved };
    let scope = MarketScope::new("souk-1", "souk1book", "souk1me");
    let naming = Naming { scope: &scope, order: OrderId(7), domains: &domains };
    check(upload, expected, spec, &naming, &ImageRules::default())
        .map(|accepted| accepted.hostnames)
}

#[test]
fn a_manifest_that_is_the_order_is_taken_with_its_host_names() {
    let (manifest, spec) = deployment();
    let hosts = judge(manifest, &spec).unwrap();
    assert_eq!(hosts, ["shop.example.com", "www.shop.example.com"]);
}

#[test]
fn only_the_manifest_and_salt_that_were_committed_to_are_taken() {
    let (manifest, spec) = deployment();
    let version = manifest.version();
    let mut other = manifest.clone();
    other.0[0].services[0].image = "nginx:2".into();
    for (what, commitment_is, manifest, salt) in [
        ("another image", commitment(Some(&SALT), &version), other, Some(SALT)),
        ("another salt", commitment(Some(&Salt([4; 32])), &version), manifest.clone(), Some(SALT)),
        ("no salt", commitment(Some(&SALT), &version), manifest.clone(), None),
        ("a salt too many", commitment(None, &version), manifest, Some(SALT)),
    ] {
        let upload = ManifestUpload { manifest, salt };
        let refused = judge_upload(&upload, &commitment_is.into(), &spec).unwrap_err();
        assert!(matches!(refused, Refusal::Hash { .. }), "{what}: {refused}");
        assert_eq!(refused.code(), "manifest_mismatch", "{what}");
    }
}

#[test]
fn without_salt_the_plain_version_is_the_commitment() {
    let (manifest, spec) = deployment();
    let expected = manifest.version().into();
    let upload = ManifestUpload { manifest, salt: None };
    assert!(judge_upload(&upload, &expected, &spec).is_ok());
}

type Edit = fn(&mut Manifest, &mut GroupSpec);

#[test]
fn a_manifest_that_carries_other_than_what_was_ordered_is_refused() {
    let cases: [(&str, &str, Edit); 15] = [
        ("no such group", "manifest_without_group", |manifest, _| {
            manifest.0[0].name = "there".into();
        }),
        ("no group at all", "manifest_without_group", |manifest, _| manifest.0.clear()),
        ("a service of a unit of its own", "manifest_not_the_order", |manifest, _| {
            let mut extra = manifest.0[0].services[0].clone();
            (extra.name, extra.resources.id) = ("extra".into(), 9);
            manifest.0[0].services.push(extra);
        }),
        ("a service more on a paid unit", "manifest_not_the_order", |manifest, _| {
            let mut extra = manifest.0[0].services[1].clone();
            extra.name = "extra".into();
            manifest.0[0].services.push(extra);
        }),
        ("a service less", "manifest_not_the_order", |manifest, _| {
            manifest.0[0].services.pop();
        }),
        ("more CPU", "manifest_not_the_order", |manifest, _| {
            manifest.0[0].services[0].resources.cpu.units = Value::from(1_001);
        }),
        ("more memory", "manifest_not_the_order", |manifest, _| {
            manifest.0[0].services[0].resources.memory.size = Value::from(513 << 20);
        }),
        ("more disk", "manifest_not_the_order", |manifest, _| {
            manifest.0[0].services[0].resources.storage[0].size = Value::from(2 << 30);
        }),
        ("a faster disk", "manifest_not_the_order", |manifest, _| {
            let class = souk_sdl::Attribute::new("class", "beta3");
            manifest.0[0].services[0].resources.storage[0].attributes.push(class);
        }),
        ("a GPU", "manifest_not_the_order", |manifest, _| {
            manifest.0[0].services[0].resources.gpu.units = Value::from(1);
        }),
        ("another processor", "manifest_not_the_order", |_, spec| {
            let arch = Attribute::new("arch", "amd64");
            spec.units[0].resources.cpu_attributes.push(arch);
        }),
        ("more replicas", "manifest_not_the_order", |manifest, _| {
            manifest.0[0].services[0].count = 3;
        }),
        ("replicas beyond any number", "manifest_not_the_order", |manifest, _| {
            let more = manifest.0[0].services[0].clone();
            manifest.0[0].services.push(more);
            for service in &mut manifest.0[0].services {
                service.count = u32::MAX;
            }
        }),
        ("a way in more", "manifest_not_the_order", |manifest, _| {
            let endpoint = Endpoint { kind: EndpointKind::RandomPort, sequence_number: 0 };
            manifest.0[0].services[0].resources.endpoints.push(endpoint);
        }),
        ("a leased address for a port", "manifest_not_the_order", |manifest, _| {
            let endpoints = &mut manifest.0[0].services[0].resources.endpoints;
            endpoints.last_mut().unwrap().kind = EndpointKind::LeasedIp;
        }),
    ];
    for (what, code, edit) in cases {
        let (mut manifest, mut spec) = deployment();
        edit(&mut manifest, &mut spec);
        let refused = judge(manifest, &spec).unwrap_err();
        assert_eq!(refused.code(), code, "{what}: {refused}");
    }
}

/// The manifest states its endpoints beside its ports; only the ports are opened.
#[test]
fn ports_that_are_exposed_and_not_paid_for_are_refused_whatever_the_manifest_states() {
    type Edit = fn(&mut Vec<ServiceExpose>);
    let edits: [(&str, Edit); 4] = [
        ("a port more", |exposes| {
            let port = ServiceExpose { port: 9_001, external_port: 0, ..exposes[1].clone() };
            exposes.push(port);
        }),
        ("a node port instead of an ingress", |exposes| exposes[0].external_port = 81),
        ("a leased address", |exposes| {
            (exposes[1].ip, exposes[1].endpoint_sequence_number) = ("mine".into(), 1);
        }),
        ("a leased address on a port that is not open", |exposes| {
            let hidden = ServiceExpose { global: false, ip: "mine".into(), ..exposes[1].clone() };
            exposes.push(hidden);
        }),
    ];
    for (what, edit) in edits {
        let (mut manifest, spec) = deployment();
        let web = &mut manifest.0[0].services[0].expose;
        web.sort_by_key(|expose| expose.port);
        edit(web);
        assert_eq!(judge(manifest, &spec).unwrap_err(), Refusal::Endpoints(1), "{what}");
    }
}

#[test]
fn services_and_ports_that_nobody_pays_for_are_refused() {
    let (mut manifest, spec) = deployment();
    let mut free = manifest.0[0].services[1].clone();
    (free.name, free.count) = ("free".into(), 0);
    manifest.0[0].services.push(free);
    assert_eq!(judge(manifest, &spec).unwrap_err().code(), "service_without_replicas");

    let with_ports = |count: u32| {
        let (mut manifest, spec) = deployment();
        let web = &mut manifest.0[0].services[0].expose;
        let hidden = ServiceExpose { global: false, hosts: None, ..web[0].clone() };
        web.extend((2..count).map(|port| ServiceExpose { port, ..hidden.clone() }));
        judge(manifest, &spec).map_err(|refusal| refusal.code())
    };
    assert!(with_ports(128).is_ok());
    assert_eq!(with_ports(129), Err("too_many_ports"));
}

#[test]
fn what_kubernetes_would_refuse_is_refused_by_the_gateway() {
    type Edit = fn(&mut souk_sdl::ManifestService);
    let edits: [(&str, &str, Edit); 4] = [
        ("port 0", "port_invalid", |web| {
            web.expose.push(ServiceExpose { port: 0, global: false, ..web.expose[0].clone() });
        }),
        ("port 65536", "port_invalid", |web| {
            web.expose.push(ServiceExpose { port: 65_536, global: false, ..web.expose[0].clone() });
        }),
        ("an environment larger than a Secret", "environment_too_large", |web| {
            web.env = Some((0..11).map(|n| format!("N{n}={}", "x".repeat(100_000))).collect());
        }),
        ("variables without end", "environment_too_large", |web| {
            web.env = Some((0..1_001).map(|n| format!("N{n}=")).collect());
        }),
    ];
    for (what, code, edit) in edits {
        let (mut manifest, spec) = deployment();
        edit(&mut manifest.0[0].services[0]);
        assert_eq!(judge(manifest, &spec).unwrap_err().code(), code, "{what}");
    }
}

#[test]
fn two_leased_addresses_cannot_go_by_the_number_of_one() {
    let (mut manifest, mut spec) = deployment();
    let web = &mut manifest.0[0].services[0];
    web.expose.sort_by_key(|expose| expose.port);
    let more = ServiceExpose { port: 9_001, ..web.expose[1].clone() };
    web.expose.push(more);
    for (at, name) in [(1, "one"), (2, "two")] {
        (web.expose[at].ip, web.expose[at].endpoint_sequence_number) = (name.into(), 1);
    }
    let leased = Endpoint { kind: EndpointKind::LeasedIp, sequence_number: 1 };
    let random = Endpoint { kind: EndpointKind::RandomPort, sequence_number: 0 };
    web.resources.endpoints.extend([leased, random, leased]);
    spec.units[0].resources.endpoints = souk_sdl::order::resources(&web.resources).endpoints;
    assert_eq!(judge(manifest, &spec).unwrap_err(), Refusal::Endpoints(1));
}

#[test]
fn host_names_in_the_providers_own_domains_are_reserved() {
    for (host, reserved) in [
        ("apps.example.net", true),
        ("shop.apps.example.net", true),
        ("SHOP.Apps.Example.Net.", true),
        ("own.example.org", true),
        ("a.own.example.org", true),
        ("*.example.net", true),
        ("*.apps.example.net", true),
        ("*.net", true),
        ("myapps.example.net", false),
        ("example.net", false),
    ] {
        let (mut manifest, spec) = deployment();
        manifest.0[0].services[0].expose[0].hosts = Some(vec![host.into()]);
        match judge(manifest, &spec) {
            Ok(_) => assert!(!reserved, "{host}"),
            Err(Refusal::ReservedHost { .. }) => assert!(reserved, "{host}"),
            Err(other) => unreachable!("{host}: {other}"),
        }
    }
}

/// What stands in an Ingress is written into the configuration of the one ingress controller.
#[test]
fn what_no_sdl_file_asks_of_the_shared_ingress_is_refused() {
    type Edit = fn(&mut ServiceExpose);
    let edits: [(&str, &str, Edit); 8] = [
        ("directives among the cases of the next try", "http_options", |expose| {
            let more = "off; } } location /x { proxy_pass http://10.0.0.1; } #";
            expose.http_options.next_cases = vec![more.into()];
        }),
        ("a body without limit", "http_options", |expose| expose.http_options.max_body_size = 0),
        ("an answer in fifty days", "http_options", |expose| {
            expose.http_options.read_timeout = u32::MAX;
        }),
        ("every name of a domain", "hostname_invalid", |expose| {
            expose.hosts = Some(vec!["*.example.com".into()]);
        }),
        ("an address", "hostname_invalid", |expose| {
            expose.hosts = Some(vec!["203.0.113.5".into()])
        }),
        ("a label that no DNS has", "hostname_invalid", |expose| {
            expose.hosts = Some(vec![format!("{}.example.com", "a".repeat(64))]);
        }),
        ("directives in a name", "hostname_invalid", |expose| {
            expose.hosts = Some(vec!["a.example.com; } #".into()]);
        }),
        ("names without end", "too_many_hostnames", |expose| {
            expose.hosts = Some((0..101).map(|n| format!("{n}.example.com")).collect());
        }),
    ];
    for (what, code, edit) in edits {
        let (mut manifest, spec) = deployment();
        edit(&mut manifest.0[0].services[0].expose[0]);
        assert_eq!(judge(manifest, &spec).unwrap_err().code(), code, "{what}");
    }
}

#[test]
fn a_way_in_that_leads_to_two_places_is_refused() {
    type Edit = fn(&mut Vec<souk_sdl::ManifestService>);
    let inside = |port: u32, like: &ServiceExpose| ServiceExpose {
        port,
        external_port: 7_000,
        service: "worker".into(),
        global: false,
        hosts: None,
        ..like.clone()
    };
    let (manifest, spec) = deployment();
    let like = manifest.0[0].services[0].expose[0].clone();
    let with_inside = |ports: &[u32]| {
        let mut manifest = manifest.clone();
        let exposes = ports.iter().map(|port| inside(*port, &like));
        manifest.0[0].services[0].expose.extend(exposes);
        judge(manifest, &spec).map_err(|refusal| refusal.code())
    };
    assert_eq!(with_inside(&[1, 1]).map(drop), Ok(()), "it leads to one place");
    assert_eq!(with_inside(&[1, 2]).map(drop), Err("port_twice"));

    let edits: [(&str, &str, Edit); 2] = [
        ("two services of one name", "service_twice", |services| {
            services[1].name = services[0].name.clone();
        }),
        ("one host on two ports", "hostname_twice", |services| {
            let other = ServiceExpose { port: 8_081, ..services[0].expose[0].clone() };
            services[0].expose.push(other);
            services[0].expose.retain(|expose| expose.port != 9_000);
            services[0].resources.endpoints[1].kind = EndpointKind::SharedHttp;
        }),
    ];
    for (what, code, edit) in edits {
        let (mut manifest, mut spec) = deployment();
        edit(&mut manifest.0[0].services);
        let web = &manifest.0[0].services[0];
        spec.units[0].resources.endpoints = souk_sdl::order::resources(&web.resources).endpoints;
        let refused = judge(manifest, &spec).unwrap_err();
        assert_eq!(refused.code(), code, "{what}: {refused}");
    }
}
