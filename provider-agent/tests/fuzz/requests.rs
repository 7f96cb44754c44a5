//! Requests of visitors, through the gateway's own routes.

use std::{
    collections::BTreeMap,
    sync::{Arc, LazyLock},
};

use axum::{Router, body::Body};
use bolero::check;
use futures::{FutureExt, StreamExt, future::BoxFuture, stream};
use http::{Method, Request, StatusCode, header};
use souk_chain::{Client, ClientConfig};
use souk_core::OrderId;
use souk_gateway::{
    body::{
        ClusterEvent, ErrorBody, EventQuery, LeaseStatus, LogLine, LogQuery, Phase, ProviderStatus,
    },
    route,
};
use souk_provider::{
    cluster::workloads::{DryRunError, LineStream, WorkloadError, Workloads},
    config::Config,
    gateway::{State, router},
    market::{Market, lookup::ChainLookup},
    model::{hosts::Domains, image::ImageRules, manifest::Rules},
    store::Store,
};
use souk_sdl::ManifestGroup;
use tower::ServiceExt;

use crate::{
    edits::{Cut, Edit, cut, edit},
    lease::{self, ADDRESS},
    measure::{Alone, Limit, alone},
    objects::LEASE,
};

/// A body is there as bytes, as a manifest, and as the canonical text that is hashed and stored.
const LIMIT: Limit = Limit { base: 2 << 20, per_byte: 64 };
/// The most bytes of an answer: those of the good manifest, and what an error repeats.
const ANSWER: usize = 64 << 10;

/// A cluster that takes everything.
struct Cluster;

impl Workloads for Cluster {
    fn try_manifest(
        &self,
        _: OrderId,
        _: ManifestGroup,
        _: Vec<String>,
    ) -> BoxFuture<'_, Result<(), DryRunError>> {
        std::future::ready(Ok(())).boxed()
    }

    fn lease_status(&self, order: OrderId) -> BoxFuture<'_, Result<LeaseStatus, WorkloadError>> {
        let status = LeaseStatus {
            order,
            phase: Phase::Ready,
            detail: None,
            services: vec![],
            kept_volumes: None,
            reclaim: None,
        };
        std::future::ready(Ok(status)).boxed()
    }

    fn logs(
        &self,
        _: OrderId,
        query: LogQuery,
    ) -> BoxFuture<'_, Result<LineStream<LogLine>, WorkloadError>> {
        let service = query.service.unwrap_or_default();
        let error = move || WorkloadError::Cluster(format!("no log of {service}"));
        let lines = stream::iter((0..query.tail.unwrap_or(3).min(3)).map(move |_| Err(error())));
        std::future::ready(Ok(lines.boxed())).boxed()
    }

    fn events(
        &self,
        _: OrderId,
        _: EventQuery,
    ) -> BoxFuture<'_, Result<LineStream<ClusterEvent>, WorkloadError>> {
        std::future::ready(Ok(stream::empty().boxed())).boxed()
    }

    fn provider_status(&self) -> BoxFuture<'_, Result<ProviderStatus, WorkloadError>> {
        let status = ProviderStatus {
            height: 6,
            leases: 1,
            free_cpu_milli: 1_000,
            free_memory: 1 << 30,
            free_gpus: 0,
            free_storage: BTreeMap::new(),
        };
        std::future::ready(Ok(status)).boxed()
    }
}

/// The state of a gateway with the lease, whose chain does not answer.
pub async fn state(config: &Config, store: Store) -> State {
    let _ = rustls::crypto::ring::default_provider().install_default();
    lease::write(&store, &lease::leased()).await;
    let client = Client::new(ClientConfig::new(lease::CHAIN, &config.chain.rpc)).unwrap();
    let market = Market::new(client.query(), config.chain.contracts().clone(), ADDRESS);
    let rules =
        Rules { domains: Domains::of(&config.cluster), images: ImageRules::of(&config.cluster) };
    let chain = ChainLookup::new(market);
    State::new(store, chain, Arc::new(Cluster), lease::policy(), config.gateway.clone(), rules)
}

struct Fixture {
    runtime: tokio::runtime::Runtime,
    router: Router,
    _folder: tempfile::TempDir,
}

static FIXTURE: LazyLock<Fixture> = LazyLock::new(|| {
    let folder = lease::folder();
    // Nothing listens at port 1.
    let config = lease::config(folder.path(), 1);
    let store = Store::open(&folder.path().join("requests.db")).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let router = router(Arc::new(runtime.block_on(state(&config, store))));
    Fixture { runtime, router, _folder: folder }
});

/// Method and route, and edits: of the path, of the token's claims, of the token, of body and its bytes.
type Asked = (u8, u8, Vec<Cut>, Vec<Edit>, Vec<Cut>, Vec<Edit>, Vec<Cut>);

#[test]
fn any_requests() {
    let alone = alone();
    check!().with_iterations(1_000).with_type::<Asked>().for_each(|asked: &Asked| {
        let Some(request) = request(asked) else { return };
        send(&alone, request);
    });
}

#[test]
fn any_request_bytes() {
    let alone = alone();
    check!().with_iterations(500).with_type::<(u8, Vec<u8>, Vec<u8>, Vec<u8>)>().for_each(
        |(route, path, token, body): &(u8, Vec<u8>, Vec<u8>, Vec<u8>)| {
            let path = [PATHS[usize::from(*route) % PATHS.len()].as_bytes(), path].concat();
            let uri = http::Uri::try_from(path.as_slice());
            let value = http::HeaderValue::from_bytes(token);
            let (Ok(uri), Ok(value)) = (uri, value) else { return };
            let request = Request::builder().method(Method::PUT).uri(uri);
            let request = request.header(header::AUTHORIZATION, value);
            send(
                &alone,
                (request.body(body.clone()).unwrap(), path.len() + token.len() + body.len()),
            );
        },
    );
}

#[test]
fn the_good_requests_are_answered() {
    let alone = alone();
    for (route, method, expected) in [
        (0, 0, 200),
        (1, 0, 200),
        (2, 3, 202),
        (2, 0, 200),
        (3, 0, 200),
        (4, 0, 200),
        (5, 0, 200),
        (6, 0, 200),
    ] {
        let request = request(&(method, route, vec![], vec![], vec![], vec![], vec![])).unwrap();
        assert_eq!(send(&alone, request), expected, "{}", PATHS[usize::from(route)]);
    }
}

#[test]
fn a_lease_of_any_number_is_a_question_and_no_failure_of_the_store() {
    let alone = alone();
    for number in [0, i64::MAX as u64, 1 << 63, u64::MAX] {
        for route in PATHS.iter().skip(2) {
            let request = Request::builder()
                .method(Method::GET)
                .uri(route::path(route, OrderId(number)))
                .header(header::AUTHORIZATION, format!("Bearer {}", lease::sign(&lease::claims())));
            let status = send(&alone, (request.body(vec![]).unwrap(), 1_024));
            assert!([404, 503].contains(&status), "{status} for {route} {number}");
        }
    }
}

const PATHS: [&str; 7] = [
    route::VERSION,
    route::STATUS,
    route::MANIFEST,
    route::LEASE_STATUS,
    route::LOGS,
    route::EVENTS,
    route::REASON,
];

/// The request and its bytes; none if it is none by HTTP, which the server finds out before the routes.
fn request(asked: &Asked) -> Option<(Request<Vec<u8>>, usize)> {
    let (method, which, of_path, of_claims, of_token, of_body, of_bytes) = asked;
    let methods =
        [Method::GET, Method::GET, Method::PUT, Method::PUT, Method::HEAD, Method::OPTIONS];
    let method = methods[usize::from(*method) % methods.len()].clone();
    let path = route::path(PATHS[usize::from(*which) % PATHS.len()], LEASE);
    let mut path = path.into_bytes();
    if !of_path.is_empty() {
        path.extend_from_slice(b"?service=web&follow=false&tail=3&previous=true");
    }
    cut(&mut path, of_path);
    let mut claims = serde_json::to_value(lease::claims()).unwrap();
    edit(&mut claims, of_claims);
    // Claims that cannot be read are not signed by anybody's wallet.
    let claims = serde_json::from_value(claims).unwrap_or_else(|_| lease::claims());
    let mut token = format!("Bearer {}", lease::sign(&claims)).into_bytes();
    cut(&mut token, of_token);
    let mut upload = serde_json::to_value(&lease::leased().upload).unwrap();
    edit(&mut upload, of_body);
    let mut body = upload.to_string().into_bytes();
    cut(&mut body, of_bytes);
    let bytes = path.len() + token.len() + body.len();
    let request = Request::builder()
        .method(method)
        .uri(http::Uri::try_from(path).ok()?)
        .header(header::CONTENT_TYPE, "application/json")
        .header(header::ORIGIN, "https://console.example.com")
        .header(header::AUTHORIZATION, http::HeaderValue::from_bytes(&token).ok()?);
    Some((request.body(body).ok()?, bytes))
}

/// The status of the answer, which is one of the documented ones and has a bounded body.
fn send(alone: &Alone, (request, bytes): (Request<Vec<u8>>, usize)) -> u16 {
    let fixture = &*FIXTURE;
    alone.within(LIMIT, bytes, || {
        fixture.runtime.block_on(async {
            let answer = fixture.router.clone().oneshot(request.map(Body::from)).await.unwrap();
            let status = answer.status();
            let body = axum::body::to_bytes(answer.into_body(), ANSWER + 4 * bytes).await;
            let body = body.expect("an answer of bounded length");
            assert_ne!(
                status,
                StatusCode::INTERNAL_SERVER_ERROR,
                "{}",
                String::from_utf8_lossy(&body)
            );
            if status.is_client_error() && !body.is_empty() {
                let error: ErrorBody =
                    serde_json::from_slice(&body).expect("an error of the gateway");
                assert!(!error.code.is_empty() && error.message.len() <= 4_096 + 4 * bytes);
            }
            status.as_u16()
        })
    })
}
