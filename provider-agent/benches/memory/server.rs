//! An API server that lists the objects of leases page by page, and watches of which say nothing until
//! all leases end.

use std::{
    collections::{BTreeMap, HashMap},
    convert::Infallible,
    sync::Arc,
    time::Duration,
};

use axum::{
    Router,
    body::{Body, Bytes},
    extract::{OriginalUri, Query, State},
    response::Response,
};
use futures::stream;
use souk_provider::model::scope::MarketScope;
use tokio::sync::watch;

use crate::objects::{self, NODES};

/// Posted to, it lets all leases end.
pub const END: &str = "/end";

struct Served {
    templates: BTreeMap<String, Vec<String>>,
    scope: MarketScope,
    leases: u64,
    ended: watch::Sender<bool>,
}

/// Serves on a port that it prints.
#[tokio::main]
pub async fn run(leases: u64) {
    let (templates, scope) = (objects::templates(), objects::scope());
    let served = Arc::new(Served { templates, scope, leases, ended: watch::Sender::new(false) });
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    println!("http://{}", listener.local_addr().unwrap());
    let router = Router::new().fallback(answer).with_state(served);
    axum::serve(listener, router).await.unwrap();
}

async fn answer(
    State(served): State<Arc<Served>>,
    OriginalUri(uri): OriginalUri,
    Query(query): Query<HashMap<String, String>>,
) -> Response {
    if uri.path() == END {
        served.ended.send_replace(true);
        return Response::default();
    }
    if query.contains_key("watch") {
        let seconds = query.get("timeoutSeconds").and_then(|text| text.parse().ok()).unwrap_or(30);
        let end = served.end(Duration::from_secs(seconds));
        return Response::new(Body::from_stream(stream::once(end)));
    }
    // Others' Ingresses are selected by what they are not.
    let others = query.get("labelSelector").is_some_and(|labels| labels.contains("!="));
    let text = if others { served.page("", &query) } else { served.page(uri.path(), &query) };
    Response::new(Body::from(text))
}

impl Served {
    /// What a watch says: nothing for its time, or, once all leases have ended, that it is to be listed again.
    fn end(
        self: Arc<Self>,
        time: Duration,
    ) -> impl Future<Output = Result<Bytes, Infallible>> + Send {
        let mut ended = self.ended.subscribe();
        async move {
            // The sender lives as long as the process.
            let all = tokio::time::timeout(time, ended.wait_for(|ended| *ended)).await;
            Ok(Bytes::from_static(if all.is_ok() { GONE } else { b"" }))
        }
    }

    fn page(&self, path: &str, query: &HashMap<String, String>) -> String {
        let number = |key: &str| query.get(key).and_then(|text| text.parse::<u64>().ok());
        let none = Vec::new();
        let templates = self.templates.get(path).unwrap_or(&none);
        let count = match path.ends_with("/nodes") {
            true => NODES,
            false if *self.ended.borrow() => 0,
            false => self.leases,
        };
        let first = number("continue").unwrap_or(0);
        let end = first.saturating_add(number("limit").unwrap_or(u64::MAX)).min(count);
        let mut items = Vec::new();
        for one in first..end {
            items.extend(templates.iter().map(|text| objects::of(text, one + 1, &self.scope)));
        }
        let token =
            if end < count && !templates.is_empty() { end.to_string() } else { String::new() };
        format!(
            r#"{{"kind":"List","apiVersion":"v1","metadata":{{"resourceVersion":"100000","continue":"{token}"}},"items":[{}]}}"#,
            items.join(",")
        )
    }
}

const GONE: &[u8] = br#"{"type":"ERROR","object":{"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure","message":"too old resource version","reason":"Expired","code":410}}
"#;
