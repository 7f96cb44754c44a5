//! Logs by an API server that answers as a node does, parts and all.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

use axum::body::Body;
use futures::StreamExt;
use http::{Request, Response};
use k8s_openapi::jiff::Timestamp;
use kube::client::ClientBuilder;
use serde_json::json;
use souk_core::OrderId;
use tower::{BoxError, service_fn};

use super::*;
use crate::model::scope::MarketScope;

/// The node stores lines in parts of this size.
const PART: usize = 16 << 10;

/// A node with one log.
#[derive(Clone)]
struct Node {
    lines: Arc<Mutex<Vec<(Timestamp, String)>>>,
    /// What it says instead of the log.
    excuse: Arc<Mutex<Option<&'static str>>>,
    over: Arc<AtomicBool>,
    requests: Arc<AtomicUsize>,
    followed: Arc<AtomicUsize>,
}

impl Node {
    fn with(lines: &[&str]) -> Self {
        let node = Self {
            lines: Arc::default(),
            excuse: Arc::default(),
            over: Arc::default(),
            requests: Arc::default(),
            followed: Arc::default(),
        };
        lines.iter().for_each(|line| node.write(line));
        node
    }

    fn write(&self, line: &str) {
        let mut lines = self.lines.lock();
        let time = format!("2026-01-02T03:04:05.{:09}Z", lines.len());
        lines.push((time.parse().unwrap(), line.to_owned()));
    }

    /// The parts as the node has them: time, text, and whether the line ends with it.
    fn parts(&self) -> Vec<(Timestamp, Vec<u8>, bool)> {
        let mut parts = Vec::new();
        for (time, line) in self.lines.lock().iter() {
            let mut rest = line.as_bytes();
            while rest.len() > PART {
                let (part, more) = rest.split_at(PART);
                parts.push((*time, part.to_vec(), false));
                rest = more;
            }
            parts.push((*time, rest.to_vec(), true));
        }
        parts
    }

    fn text(&self, query: &str) -> Vec<u8> {
        let value = |key: &str| {
            let pairs = query.split('&').filter_map(|pair| pair.split_once('='));
            pairs.filter(|(found, _)| *found == key).map(|(_, value)| value.to_owned()).next_back()
        };
        let mut parts = self.parts();
        if let Some(since) = value("sinceTime") {
            let since: Timestamp = since.replace("%3A", ":").parse().unwrap();
            parts.retain(|(time, ..)| *time >= since);
        }
        let tail = value("tailLines").map(|tail| tail.parse::<usize>().unwrap());
        let skip = tail.map_or(0, |tail| parts.len().saturating_sub(tail));
        let (mut text, mut fresh) = (Vec::new(), true);
        for (time, part, ends) in parts.into_iter().skip(skip) {
            if fresh {
                text.extend(format!("{time} ").into_bytes());
            }
            text.extend(part);
            if ends {
                text.push(b'\n');
            }
            fresh = ends;
        }
        text
    }

    fn answer(&self, query: &str) -> Body {
        self.requests.fetch_add(1, Ordering::SeqCst);
        if let Some(excuse) = *self.excuse.lock() {
            return Body::from(excuse);
        }
        let text = self.text(query);
        if !query.contains("follow=true") || self.over.load(Ordering::SeqCst) {
            return Body::from(text);
        }
        self.followed.fetch_add(1, Ordering::SeqCst);
        let (node, sent) = (self.clone(), self.lines.lock().len());
        let more = stream::unfold((node, sent), |(node, sent)| async move {
            loop {
                if node.over.load(Ordering::SeqCst) {
                    return None;
                }
                let next = node.lines.lock().get(sent).cloned();
                if let Some((time, line)) = next {
                    return Some((format!("{time} {line}\n").into_bytes(), (node, sent + 1)));
                }
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        });
        let all = stream::iter([text]).chain(more).map(Ok::<_, BoxError>);
        Body::from_stream(all)
    }

    fn client(&self) -> Client {
        let node = self.clone();
        let service = service_fn(move |request: Request<kube::client::Body>| {
            let body = node.answer(request.uri().query().unwrap_or_default());
            async move { Ok::<_, BoxError>(Response::new(body)) }
        });
        ClientBuilder::new(service, "default").build()
    }

    fn hub(&self, state: serde_json::Value) -> LogHub {
        let pod: Pod = serde_json::from_value(json!({
            "metadata": {
                "name": "web-1", "namespace": place(), "uid": "u1",
                "labels": { "souk.market/order": "7", "souk.market/service": "web" },
            },
            "status": { "containerStatuses": [{
                "name": "web", "image": "web", "imageID": "", "ready": true, "restartCount": 0,
                "state": state, "containerID": "containerd://one",
            }] },
        }))
        .unwrap();
        LogHub::new(self.client(), Caches::of_pods(&scope(), [pod]))
    }
}

fn scope() -> MarketScope {
    MarketScope::new("souk-1", "souk1book", "souk1me")
}

fn place() -> String {
    scope().namespace(OrderId(7))
}

fn running() -> serde_json::Value {
    json!({ "running": {} })
}

fn stream_of(hub: &LogHub, query: &LogQuery) -> LineStream<LogLine> {
    let choose = Box::new(|pod: &SeenPod| {
        Some(Source {
            service: "web".into(),
            namespace: place(),
            pod: pod.status.name.clone(),
            uid: pod.uid.to_string(),
        })
    });
    hub.stream(&place(), choose, query)
}

fn follow(hub: &LogHub, tail: u32) -> LineStream<LogLine> {
    stream_of(hub, &LogQuery { follow: true, tail: Some(tail), ..LogQuery::default() })
}

/// The next lines, pieces put together.
async fn lines(stream: &mut LineStream<LogLine>, count: usize) -> Vec<String> {
    let mut lines = Vec::new();
    let mut line = String::new();
    while lines.len() < count {
        let next = tokio::time::timeout(Duration::from_secs(60), stream.next()).await;
        let next = next.expect("a line in time").expect("a line").unwrap();
        line.push_str(&next.line);
        if !next.continues {
            lines.push(std::mem::take(&mut line));
        }
    }
    lines
}

async fn past(hub: &LogHub, tail: u32) -> Vec<String> {
    let mut stream = stream_of(hub, &LogQuery { tail: Some(tail), ..LogQuery::default() });
    let (mut lines, mut line) = (Vec::new(), String::new());
    while let Some(next) = stream.next().await {
        let next = next.unwrap();
        line.push_str(&next.line);
        if !next.continues {
            lines.push(std::mem::take(&mut line));
        }
    }
    lines
}

#[tokio::test]
async fn tail_counts_lines_however_long_they_are() {
    let long = |name: &str| format!("{name}{}", "é".repeat(60_000));
    let all = ["a".to_owned(), long("b"), "c".to_owned(), long("d"), long("e"), "f".to_owned()];
    let node = Node::with(&all.each_ref().map(String::as_str));
    let hub = node.hub(running());
    for tail in 0..=7 {
        let wanted = &all[all.len().saturating_sub(tail)..];
        let found = past(&hub, u32::try_from(tail).unwrap()).await;
        assert!(found == wanted, "{tail}: {:?}", found.iter().map(String::len).collect::<Vec<_>>());
    }
    let short = Node::with(&["one", "two", "three"]);
    assert_eq!(past(&short.hub(running()), 2).await, ["two", "three"]);
    assert_eq!(short.requests.load(Ordering::SeqCst), 1, "one request where lines are short");
}

#[tokio::test]
async fn what_the_node_says_instead_of_a_log_is_not_the_tenants_line() {
    let node = Node::with(&["one"]);
    *node.excuse.lock() = Some("unable to retrieve container logs for containerd://one");
    let hub = node.hub(running());
    let mut whole = stream_of(&hub, &LogQuery::default());
    assert!(whole.next().await.unwrap().is_err());
    let mut followed = follow(&hub, 10);
    let early = tokio::time::timeout(Duration::from_millis(2_500), followed.next()).await;
    assert!(early.is_err(), "{early:?}");
    *node.excuse.lock() = None;
    assert_eq!(lines(&mut followed, 1).await, ["one"]);
}

#[tokio::test]
async fn all_followers_get_each_line_once_and_the_container_is_read_once() {
    let node = Node::with(&["one", "two", "three"]);
    let hub = node.hub(running());
    let mut followers = Vec::new();
    for tail in 0..16 {
        followers.push((tail, follow(&hub, tail)));
    }
    for (tail, follower) in &mut followers {
        let past = usize::try_from(*tail).unwrap().min(3);
        let expected = &["one", "two", "three"][3 - past..];
        assert_eq!(lines(follower, past).await, expected, "{tail}");
        // Whoever wants nothing of the past must have begun.
        let early = tokio::time::timeout(Duration::from_millis(100), follower.next()).await;
        assert!(early.is_err(), "{tail}: {early:?}");
    }
    node.write("four");
    node.write(&"5".repeat(300_000));
    node.write("six");
    for (tail, follower) in &mut followers {
        let found = lines(follower, 3).await;
        assert_eq!(found.iter().map(String::len).collect::<Vec<_>>(), [4, 300_000, 3], "{tail}");
    }
    assert_eq!(node.followed.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn a_container_that_never_ran_is_not_asked_for_its_log() {
    let node = Node::with(&["one"]);
    let hub = node.hub(json!({ "waiting": { "reason": "ImagePullBackOff" } }));
    let mut followers: Vec<_> = (0..16).map(|_| follow(&hub, 10)).collect();
    for follower in &mut followers {
        let early = tokio::time::timeout(Duration::from_millis(100), follower.next()).await;
        assert!(early.is_err(), "{early:?}");
    }
    assert_eq!(node.requests.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn a_node_that_gives_no_log_is_asked_less_and_less_and_once_for_all() {
    let node = Node::with(&[]);
    *node.excuse.lock() = Some("unable to retrieve container logs for containerd://one");
    let hub = node.hub(running());
    let mut followers: Vec<_> = (0..16).map(|_| follow(&hub, 0)).collect();
    let reading = futures::future::join_all(followers.iter_mut().map(StreamExt::next));
    let ended = tokio::time::timeout(Duration::from_secs(5), reading).await;
    assert!(ended.is_err());
    // A reader's attempts after 0, 1 and 3 seconds or so, and each follower's first one.
    let requests = node.requests.load(Ordering::SeqCst);
    assert!(requests <= 4 + 16, "{requests}");
}

#[tokio::test]
async fn the_last_line_without_an_end_is_delivered_when_the_container_is_over() {
    let node = Node::with(&["one"]);
    node.over.store(true, Ordering::SeqCst);
    *node.excuse.lock() = Some("2026-01-02T03:04:05Z one\n2026-01-02T03:04:06Z last");
    let ended = json!({ "terminated": { "exitCode": 0, "containerID": "containerd://one" } });
    let hub = node.hub(ended);
    assert_eq!(past(&hub, 10).await, ["one", "last"]);
    let mut followed = follow(&hub, 10);
    assert_eq!(lines(&mut followed, 2).await, ["one", "last"]);
    let more = tokio::time::timeout(Duration::from_secs(2), followed.next()).await;
    assert!(more.is_err(), "{more:?}");
    let requests = node.requests.load(Ordering::SeqCst);
    assert!(requests <= 3, "a log that is complete is read once: {requests}");
}
