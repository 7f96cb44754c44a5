//! Each host that the tenant is promised answers, over HTTP, from the port that the file names.

use souk_gateway::body::{LeaseStatus, Phase};
use souk_tests::kubernetes::INGRESS_CLASS;

use super::{
    fixture::{Fixture, Nodes},
    http_front::HttpFront,
    shared_cluster::Cluster,
    until,
};

const HOSTS: &str = include_str!("sdl/hosts.yaml");

/// What a host answers once it answers with success.
async fn answer(front: &HttpFront, host: &str, path: &str) -> String {
    until(&format!("an answer of {host}"), async || match front.ask(host, path, b"").await {
        Ok((200, text)) => Some(text.trim().to_owned()),
        _ => None,
    })
    .await
}

fn hosts(status: &LeaseStatus) -> Vec<String> {
    let uris = status.services.iter().flat_map(|service| &service.uris);
    uris.map(|uri| uri.trim_start_matches("http://").to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_host_answers_from_its_own_port_with_its_own_options_also_after_an_update() {
    let (cluster, _api) = Cluster::share().await;
    if cluster.real_nodes().is_none() {
        return;
    }
    let fixture = Fixture::new(cluster, &[Nodes::Real]).await;
    let agent = fixture.agent().await;
    let leased = fixture.run(HOSTS).await;
    let status = fixture.ready(&leased).await;
    let front = HttpFront::start(fixture.client.clone(), INGRESS_CLASS).await;

    // Each way in has the tenant's host and the provider's.
    let all = hosts(&status);
    assert_eq!(all.len(), 6, "{all:?}");
    let mut served = Vec::new();
    for host in &all {
        served.push(answer(&front, host, "/").await);
    }
    let expected = ["port 8081"; 4].into_iter().chain(["port 8082"; 2]).collect::<Vec<_>>();
    assert_eq!(served, expected, "{all:?}");

    let large = vec![b'x'; 2 << 20];
    let size = async |host: &str| front.ask(host, "/cgi-bin/size", &large).await.unwrap();
    assert_eq!(size("two.example.com").await, (200, format!("{} bytes\n", large.len())));
    assert_eq!(size("one.example.com").await.0, 413);

    let environment = answer(&front, "three.example.com", "/cgi-bin/env").await;
    let ports = [("8081", &all[..4]), ("8082", &all[4..])];
    for (port, hosts) in ports {
        let line = format!("SOUK_HOSTNAMES_{port}={}", hosts.join(","));
        assert!(environment.lines().any(|one| one == line), "{line} in {environment}");
    }
    for line in [
        format!("AKASH_OWNER={}", fixture.tenant.address),
        format!("AKASH_PROVIDER={}", leased.provider),
        format!("AKASH_ORDER_SEQUENCE={}", leased.order),
    ] {
        assert!(environment.lines().any(|one| one == line), "{line} in {environment}");
    }

    // The hosts exchange their ports.
    let exchanged = HOSTS
        .replace("one.example.com", "ONE")
        .replace("three.example.com", "one.example.com")
        .replace("ONE", "three.example.com");
    fixture.update(&leased, &exchanged).await;
    for (host, port) in [("one", 8082), ("two", 8081), ("three", 8081)] {
        let host = format!("{host}.example.com");
        until(&format!("{host} at {port}"), async || {
            let answer = front.ask(&host, "/", b"").await.ok()?;
            (answer == (200, format!("port {port}\n"))).then_some(())
        })
        .await;
    }
    let status = fixture.status(&leased, "readiness", |one| one.phase == Phase::Ready).await;
    for host in hosts(&status) {
        answer(&front, &host, "/").await;
    }
    fixture.close(&leased).await;
    fixture.is_gone(&leased).await;
    agent.kill().await;
}
