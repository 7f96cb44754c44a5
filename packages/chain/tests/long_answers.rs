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
use souk_chain::{
    Client, ClientConfig, TxHash,
    rpc::{EndpointFault, EndpointHealth},
};
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

/// Asks a node whose answer to this method does not end; the most bytes that the client reads of it.
async fn most(method: &'static str) -> usize {
    let sent = Arc::new(AtomicUsize::new(0));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let router = Router::new().route("/", post(answer)).with_state((method, Arc::clone(&sent)));
    tokio::spawn(async move { axum::serve(listener, router).await });
    let patient = Duration::from_secs(300);
    let client =
        Client::new(ClientConfig { request_timeout: patient, ..ClientConfig::new(CHAIN, [url]) })
            .unwrap();
    let failed = match method {
        "status" => client.status().await.is_err(),
        "health" => client.health().await.is_err(),
        "header" => client.header(7).await.is_err(),
        "block" => client.block(7).await.is_err(),
        "block_results" => client.block_results(7).await.is_err(),
        "tx" => client.tx(&TxHash::of(b"a")).await.is_err(),
        "genesis" => client.genesis().await.is_err(),
        "abci_query" => client.abci_query("/path", b"", 0).await.is_err(),
        _ => client.broadcast_everywhere(b"a").await.reply.is_err(),
    };
    assert!(failed, "{method}");
    let EndpointHealth::SetAside(fault) = client.endpoints()[0].health.clone() else {
        panic!("{method}: {:?}", client.endpoints());
    };
    let EndpointFault::TooLong { method: of, most } = &fault else { panic!("{fault}") };
    assert_eq!(of, method);
    assert!(fault.to_string().contains(&most.to_string()), "{fault}");
    // It may have been asked twice.
    let sent = sent.load(Ordering::Relaxed);
    assert!(
        sent <= 2 * (most + ON_THE_WAY),
        "{method}: {sent} bytes were sent, the limit is {most}"
    );
    *most
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_does_not_end_is_read_up_to_its_methods_limit() {
    for (method, expected) in [
        ("status", 1 << 20),
        ("health", 1 << 20),
        ("header", 1 << 20),
        ("broadcast_tx_sync", 1 << 20),
        ("abci_query", 16 << 20),
        ("tx", 16 << 20),
        ("block", 32 << 20),
        ("genesis", 32 << 20),
        ("block_results", 64 << 20),
    ] {
        assert_eq!(most(method).await, expected, "{method}");
    }
}
