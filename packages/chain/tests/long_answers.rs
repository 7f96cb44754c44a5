//! Answers that do not end: no more of them is read than the method's limit.

#![allow(clippy::unwrap_used)]

use std::{
    convert::Infallible,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use axum::{
    Json, Router,
    body::Body,
    extract::State,
    response::{IntoResponse, Response},
    routing::post,
};
use bytes::Bytes;
use futures::stream;
use serde_json::{Value, json};
use souk_chain::{Client, ClientConfig, TxHash, rpc::EndpointHealth};
use tokio::net::TcpListener;

const CHAIN: &str = "souk-test-1";
/// Bytes that wait on the way: of the server, of the sockets and of the client.
const ON_THE_WAY: usize = 16 << 20;

/// Which method's answer does not end, and how much of it was sent so far.
type Endless = (&'static str, Arc<AtomicUsize>);

async fn answer(State((endless, sent)): State<Endless>, Json(request): Json<Value>) -> Response {
    if request["method"] == endless {
        let chunk = Bytes::from(vec![b' '; 64 << 10]);
        let chunks = stream::repeat_with(move || {
            sent.fetch_add(chunk.len(), Ordering::Relaxed);
            Ok::<_, Infallible>(chunk.clone())
        });
        return Body::from_stream(chunks).into_response();
    }
    let status =
        json!({ "node_info": { "network": CHAIN }, "sync_info": { "latest_block_height": "7" } });
    Json(json!({ "jsonrpc": "2.0", "id": 1, "result": status })).into_response()
}

/// A client of a node whose answer to this method does not end, and how much of it was sent.
async fn endless(method: &'static str) -> (Client, Arc<AtomicUsize>) {
    let sent = Arc::new(AtomicUsize::new(0));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let router = Router::new().route("/", post(answer)).with_state((method, Arc::clone(&sent)));
    tokio::spawn(async move { axum::serve(listener, router).await });
    let request_timeout = Duration::from_secs(300);
    let config = ClientConfig { request_timeout, ..ClientConfig::new(CHAIN, [url]) };
    (Client::new(config).unwrap(), sent)
}

/// Whether the question has no answer.
async fn fails(client: &Client, method: &str) -> bool {
    match method {
        "status" => client.status().await.is_err(),
        "health" => client.health().await.is_err(),
        "header" => client.header(7).await.is_err(),
        "block" => client.block(7).await.is_err(),
        "block_results" => client.block_results(7).await.is_err(),
        "tx" => client.tx(&TxHash::of(b"a")).await.is_err(),
        "genesis" => client.genesis().await.is_err(),
        "abci_query" => client.abci_query("/path", b"", 0).await.is_err(),
        _ => client.broadcast_everywhere(b"a").await.reply.is_err(),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_does_not_end_is_read_up_to_its_methods_limit() {
    for (method, mebibytes) in [
        ("status", 1),
        ("health", 1),
        ("header", 1),
        ("broadcast_tx_sync", 1),
        ("abci_query", 16),
        ("tx", 16),
        ("block", 32),
        ("genesis", 32),
        ("block_results", 64),
    ] {
        let (client, sent) = endless(method).await;
        assert!(fails(&client, method).await, "{method}");
        let (sent, limit) = (sent.load(Ordering::Relaxed), mebibytes << 20);
        // It may have been asked twice.
        let most = 2 * (limit + ON_THE_WAY);
        assert!(
            (limit..=most).contains(&sent),
            "{method}: {sent} bytes were sent, the limit is {limit}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_endpoint_whose_answer_is_too_long_is_set_aside_with_the_limit() {
    let (client, _) = endless("status").await;
    assert!(fails(&client, "status").await);
    let endpoints = client.endpoints();
    let EndpointHealth::SetAside(fault) = &endpoints[0].health else { panic!("{endpoints:?}") };
    assert_eq!(fault.to_string(), "its answer to status is longer than 1048576 bytes");
}
