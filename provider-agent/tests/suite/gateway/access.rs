//! Whose token opens which route.

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use k256::ecdsa::Signature;
use souk_api::orderbook::ExecuteMsg;
use souk_client::gateway::{Client, GatewayError};
use souk_core::OrderId;
use souk_gateway::{
    Access, Claims, Scope,
    body::{LogQuery, ManifestUpload},
    token::{LeaseAccess, issue},
};

use super::server::{now, refused, send, started, wallet};
use crate::{
    manifests::{SITE, lease},
    support::{fixture::address, until},
};

/// Calls each route that needs a token; the result with the scope that it needs.
async fn call_all(
    client: &Client,
    order: OrderId,
    upload: &ManifestUpload,
) -> Vec<(Scope, Result<(), GatewayError>)> {
    let logs = LogQuery::default();
    let events = Default::default();
    vec![
        (Scope::SendManifest, client.send_manifest(order, upload).await),
        (Scope::GetManifest, client.manifest(order).await.map(drop)),
        (Scope::Status, client.lease_status(order).await.map(drop)),
        (Scope::Logs, client.logs(order, &logs).await.map(drop)),
        (Scope::Events, client.events(order, &events).await.map(drop)),
        (Scope::Reason, client.reason(order).await.map(drop)),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn every_route_of_a_lease_opens_to_its_tenants_token_alone() {
    let (fixture, _, agent, server) = started().await;
    let leased = lease(&fixture, &agent, "ann", SITE).await;
    let (order, upload) = (leased.order, &leased.upload);
    send(&server.client("ann"), order, upload).await;
    for (scope, answer) in call_all(&server.client("ann"), order, upload).await {
        assert!(answer.is_ok(), "{scope:?}: {answer:?}");
    }

    let full = server.claims("ann");
    let past = Claims { iat: now() - 600, exp: now() - 1, ..full.clone() };
    let mut elsewhere = full.clone();
    elsewhere.aud.provider = address("rival");
    let other_order = vec![LeaseAccess { order: OrderId(order.0 + 1), scopes: SCOPES.to_vec() }];
    let narrow = Claims { access: Access::Leases(other_order), ..full.clone() };
    for (what, client, status, code) in [
        ("without token", server.stranger(), 401, "no_token"),
        ("with nonsense", server.stranger().with_token("nonsense".into()), 401, "bad_token"),
        ("expired", server.with("ann", &past), 401, "bad_token"),
        ("for another provider", server.with("ann", &elsewhere), 401, "bad_token"),
        ("signed by another", server.with("bob", &full), 401, "bad_token"),
        ("malleable", server.stranger().with_token(malleable(&full)), 401, "bad_token"),
        ("another's own", server.client("bob"), 403, "not_the_tenant"),
        ("the provider's own", server.client("operator"), 403, "not_the_tenant"),
        ("for another lease", server.with("ann", &narrow), 403, "scope"),
    ] {
        for (scope, answer) in call_all(&client, order, upload).await {
            assert_eq!(refused(answer), (status, code.to_owned()), "{what}: {scope:?}");
        }
    }

    for left_out in SCOPES {
        let scopes = SCOPES.into_iter().filter(|scope| *scope != left_out).collect();
        let access = Access::Leases(vec![LeaseAccess { order, scopes }]);
        let client = server.with("ann", &Claims { access, ..full.clone() });
        for (scope, answer) in call_all(&client, order, upload).await {
            if scope == left_out {
                assert_eq!(refused(answer), (403, "scope".to_owned()), "{scope:?}");
            } else {
                assert!(answer.is_ok(), "{scope:?} without {left_out:?}: {answer:?}");
            }
        }
    }
    agent.stop().await;
}

const SCOPES: [Scope; 6] = [
    Scope::SendManifest,
    Scope::GetManifest,
    Scope::Status,
    Scope::Logs,
    Scope::Events,
    Scope::Reason,
];

/// A valid token of Ann's with the other of its two valid signatures.
fn malleable(claims: &Claims) -> String {
    let token = issue(&wallet("ann"), claims);
    let (input, signature) = token.rsplit_once('.').unwrap();
    let low = BASE64_URL_SAFE_NO_PAD.decode(signature).unwrap();
    let (r, s) = Signature::from_slice(&low).unwrap().split_scalars();
    let high = Signature::from_scalars(r.to_bytes(), (-*s).to_bytes()).unwrap();
    format!("{input}.{}", BASE64_URL_SAFE_NO_PAD.encode(high.to_bytes()))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deployments_delegate_may_do_what_its_tenant_may_until_it_is_removed() {
    let (fixture, _, agent, server) = started().await;
    let leased = lease(&fixture, &agent, "ann", SITE).await;
    let (order, upload) = (leased.order, &leased.upload);
    let set = async |delegate: Option<&str>| {
        let delegate = delegate.map(address);
        let msg = ExecuteMsg::SetDelegate { deployment: leased.deployment, delegate, limit: None };
        fixture.orderbook("ann", &msg).await;
    };
    set(Some("bob")).await;
    let bob = server.client("bob");
    send(&bob, order, upload).await;
    for (scope, answer) in call_all(&bob, order, upload).await {
        assert!(answer.is_ok(), "{scope:?}: {answer:?}");
    }
    let other = refused(server.client("rival").lease_status(order).await);
    assert_eq!(other, (403, "not_the_tenant".to_owned()));

    set(None).await;
    let answer = until("it is refused", async || bob.lease_status(order).await.err()).await;
    assert_eq!(refused::<()>(Err(answer)), (403, "not_the_tenant".to_owned()));
    for (scope, answer) in call_all(&bob, order, upload).await {
        assert_eq!(refused(answer), (403, "not_the_tenant".to_owned()), "{scope:?}");
    }
    agent.stop().await;
}
