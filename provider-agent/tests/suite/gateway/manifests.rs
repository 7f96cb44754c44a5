//! Which manifests are taken.

use souk_api::orderbook::{ExecuteMsg, LeaseState};
use souk_core::OrderId;
use souk_gateway::{
    Salt,
    body::{ManifestUpload, Phase},
};
use souk_provider::store::hostnames;

use super::server::{BODY, Server, refused, send, started};
use crate::{
    manifests::{self, Leased, SITE, commitment_of, create_deployment, lease, upload},
    support::{ApiProxy, Fixture, InProcess, Must, agent::configure, until},
};

#[tokio::test(flavor = "multi_thread")]
async fn a_manifest_is_taken_only_if_it_is_what_the_lease_is_for() {
    let (fixture, _, agent, server) = started().await;
    let leased = lease(&fixture, &agent, "ann", SITE).await;
    let (order, ann) = (leased.order, server.client("ann"));
    let none = refused(ann.manifest(order).await);
    assert_eq!(none, (404, "no_manifest".to_owned()));
    assert_eq!(ann.lease_status(order).await.must("status").phase, Phase::WaitingForManifest);

    let other = upload(&SITE.replace("nginx:1", "nginx:2"));
    let unsalted = ManifestUpload { salt: None, ..leased.upload.clone() };
    let resalted = ManifestUpload { salt: Some(Salt([6; 32])), ..leased.upload.clone() };
    for (what, upload) in [("other", other), ("unsalted", unsalted), ("resalted", resalted)] {
        let answer = refused(ann.send_manifest(order, &upload).await);
        assert_eq!(answer, (422, "manifest_mismatch".to_owned()), "{what}");
    }
    let mut large = leased.upload.clone();
    large.manifest.0[0].services[0].env = Some(vec![format!("A={}", "x".repeat(BODY as usize))]);
    let answer = refused(ann.send_manifest(order, &large).await);
    assert_eq!(answer, (413, "body_too_large".to_owned()));
    assert!(agent.store.manifest(order).await.unwrap().is_none());

    send(&ann, order, &leased.upload).await;
    let kept = ann.manifest(order).await.must("manifest");
    assert_eq!((kept.manifest, kept.salt), (leased.upload.manifest, leased.upload.salt));
    agent.stop().await;
}

/// The tenant may commit to anything; it gets what it pays for.
#[tokio::test(flavor = "multi_thread")]
async fn a_small_order_cannot_carry_a_large_manifest() {
    let (fixture, _, agent, server) = started().await;
    let leased = lease(&fixture, &agent, "ann", SITE).await;
    let ann = server.client("ann");
    for (what, sdl, code) in [
        ("more memory", SITE.replacen("64Mi", "64Gi", 1), "manifest_not_the_order"),
        ("more replicas", SITE.replace("web, count: 1", "web, count: 9"), "manifest_not_the_order"),
        (
            "an image of a private network",
            SITE.replace("nginx:1", "169.254.169.254/latest/image:1"),
            "image_registry_private",
        ),
        ("no image", SITE.replace("nginx:1", "Nginx"), "image_invalid"),
        (
            "the provider's own name",
            SITE.replace("shop.example.org", "shop.apps.example.com"),
            "hostname_reserved",
        ),
    ] {
        let large = upload(&sdl);
        let msg = ExecuteMsg::commit(leased.deployment, commitment_of(&large));
        fixture.orderbook("ann", &msg).await;
        let answer = until("the new commitment is seen", async || {
            match ann.send_manifest(leased.order, &large).await {
                Err(error) if error.is_too_early() => None,
                answer => Some(answer),
            }
        })
        .await;
        assert_eq!(refused(answer), (422, code.to_owned()), "{what}");
    }
    assert!(agent.store.manifest(leased.order).await.unwrap().is_none());
    agent.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tenant_who_is_faster_than_the_follower_is_refused_as_too_early() {
    let (fixture, _, agent, server) = started().await;
    let ann = server.client("ann");
    let first = lease(&fixture, &agent, "ann", SITE).await;
    let second = create_deployment(&fixture, "ann", SITE).await;
    until("a bid", || fixture.own_bid(second.order)).await;
    agent.stop().await;

    fixture.accept("ann", second.order, "provider").await;
    let answer = ann.send_manifest(second.order, &second.upload).await;
    assert_eq!(refused(answer), (425, "too_early".to_owned()), "a lease");
    let answer = ann.send_manifest(OrderId(999), &second.upload).await;
    assert_eq!(refused(answer), (404, "no_lease".to_owned()));

    let newer = upload(&SITE.replace("nginx:1", "nginx:2"));
    let update = ExecuteMsg::commit(first.deployment, commitment_of(&newer));
    fixture.orderbook("ann", &update).await;
    let answer = ann.send_manifest(first.order, &newer).await;
    assert_eq!(refused(answer), (425, "too_early".to_owned()), "a new version");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_host_name_is_the_first_leases_until_it_lets_go() {
    let (fixture, _, agent, server) = started().await;
    let first = lease(&fixture, &agent, "ann", SITE).await;
    send(&server.client("ann"), first.order, &first.upload).await;
    let two_names = SITE.replace("[shop.example.org]", "[a.example.org, shop.example.org]");
    let second = lease(&fixture, &agent, "bob", &two_names).await;
    let bob = server.client("bob");
    let answer = refused(bob.send_manifest(second.order, &second.upload).await);
    assert_eq!(answer, (409, "hostname_taken".to_owned()));
    // Of a refused manifest nothing is kept, the name that was free neither.
    let order = second.order;
    let held = agent.store.read(move |sql| hostnames::of(sql, order)).await.unwrap();
    assert!(held.is_empty(), "{held:?}");

    // Ann's new version does without the name.
    let moved = upload(&SITE.replace("shop.example.org", "other.example.org"));
    let update = ExecuteMsg::commit(first.deployment, commitment_of(&moved));
    fixture.orderbook("ann", &update).await;
    let ann = server.client("ann");
    until("the new version is taken", async || ann.send_manifest(first.order, &moved).await.ok())
        .await;
    send(&bob, second.order, &second.upload).await;
    agent.stop().await;
}

/// What happens on the chain while a manifest is tried.
async fn overtaken(code: (u16, &str), happens: impl AsyncFnOnce(&Fixture, &InProcess, &Leased)) {
    let fixture = manifests::fixture().await;
    let config = configure(&fixture, "agent", "");
    let api = ApiProxy::before(&fixture).await;
    api.stand_before(&fixture, &config);
    let agent = InProcess::start(&config).await;
    let server = Server::open(&fixture, &config, &agent.store).await;
    let leased = lease(&fixture, &agent, "ann", SITE).await;
    api.hang("-dry-run/deployments/web");
    let ann = server.client("ann");
    let sent = ann.send_manifest(leased.order, &leased.upload);
    let meanwhile = async {
        until("it is tried", async || api.was_asked("-dry-run/deployments/web").then_some(()))
            .await;
        happens(&fixture, &agent, &leased).await;
        api.go_on();
    };
    let (answer, ()) = tokio::join!(sent, meanwhile);
    assert_eq!(refused(answer), (code.0, code.1.to_owned()));
    let order = leased.order;
    assert!(agent.store.manifest(order).await.unwrap().is_none());
    assert!(agent.store.read(move |sql| hostnames::of(sql, order)).await.unwrap().is_empty());
    agent.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_manifest_whose_version_is_replaced_while_it_is_tried_is_not_stored() {
    overtaken((422, "manifest_mismatch"), async |fixture, agent, leased| {
        let commitment = commitment_of(&upload(&SITE.replace("nginx:1", "nginx:2")));
        let deployment = leased.deployment;
        let update = ExecuteMsg::commit(deployment, commitment.clone());
        fixture.orderbook("ann", &update).await;
        until("the new version is known", async || {
            let known = agent.store.deployment(deployment).await.unwrap()?;
            (known.commitment == commitment).then_some(())
        })
        .await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_manifest_whose_lease_ends_while_it_is_tried_is_not_stored() {
    overtaken((410, "lease_ended"), async |fixture, agent, leased| {
        let close = ExecuteMsg::CloseLease { order: leased.order, reason: None, exclude: false };
        fixture.orderbook("ann", &close).await;
        until("its end is known", async || {
            let lease = agent.store.lease(leased.order).await.unwrap()?;
            (lease.state != LeaseState::Active).then_some(())
        })
        .await;
    })
    .await;
}
