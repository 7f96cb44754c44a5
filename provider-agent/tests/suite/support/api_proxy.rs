//! A proxy in front of the cluster's API: it counts requests, and some of them hang or are refused.

use std::{
    path::Path,
    sync::{Arc, Mutex},
    time::Duration,
};

use axum::{
    Router,
    body::{Body, to_bytes},
    extract::{Request, State},
    response::Response,
};
use futures::TryStreamExt;
use http::StatusCode;
use rand::{Rng, SeedableRng, rngs::StdRng};
use serde_json::Value;
use tokio::sync::watch;
use tokio_util::{
    codec::{AnyDelimiterCodec, FramedRead},
    io::StreamReader,
};

use super::{fixture::Fixture, nonsense::disfigure};

/// Passes requests on to the API server.
pub struct ApiProxy {
    url: String,
    seen: Arc<Mutex<Vec<String>>>,
    hanging: Arc<watch::Sender<Vec<String>>>,
    delay: Arc<Mutex<Duration>>,
    nonsense: Arc<Mutex<Option<StdRng>>>,
    refused: Arc<Mutex<Vec<String>>>,
}

#[derive(Clone)]
struct Server {
    target: String,
    http: reqwest::Client,
    seen: Arc<Mutex<Vec<String>>>,
    hanging: Arc<watch::Sender<Vec<String>>>,
    delay: Arc<Mutex<Duration>>,
    nonsense: Arc<Mutex<Option<StdRng>>>,
    refused: Arc<Mutex<Vec<String>>>,
}

impl ApiProxy {
    pub async fn before(fixture: &Fixture) -> Self {
        let http = reqwest::Client::builder().no_proxy().tls_danger_accept_invalid_certs(true);
        let (delay, nonsense) = (Arc::default(), Arc::default());
        let (seen, refused) = (Arc::default(), Arc::default());
        let hanging = Arc::new(watch::Sender::new(Vec::new()));
        let server = Server {
            target: fixture.sim.url(),
            http: http.build().unwrap(),
            seen: Arc::clone(&seen),
            hanging: Arc::clone(&hanging),
            delay: Arc::clone(&delay),
            nonsense: Arc::clone(&nonsense),
            refused: Arc::clone(&refused),
        };
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let router = Router::new().fallback(pass).with_state(server);
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { url, seen, hanging, delay, nonsense, refused }
    }

    /// Lets an agent's configuration reach the cluster by the proxy.
    pub fn stand_before(&self, fixture: &Fixture, config: &Path) {
        let text = fixture.sim.kubeconfig();
        let lines = text.lines().filter(|line| !line.contains("certificate-authority-data"));
        let text: Vec<String> =
            lines.map(|line| line.replace(&fixture.sim.url(), &self.url)).collect();
        let text = text.join("\n");
        let kubeconfig = config.with_file_name("kubeconfig");
        std::fs::write(&kubeconfig, text).unwrap();
        let settings = std::fs::read_to_string(config).unwrap();
        let direct = fixture.kubeconfig().display().to_string();
        std::fs::write(config, settings.replace(&direct, &kubeconfig.display().to_string()))
            .unwrap();
    }

    /// Requests whose path contains `text` hang from now on.
    pub fn hang(&self, text: &str) {
        self.hanging.send_modify(|all| all.push(text.to_owned()));
    }

    /// Each request takes so much longer from now on.
    pub fn slow(&self, delay: Duration) {
        *self.delay.lock().unwrap() = delay;
    }

    /// From now on specifications and states of objects that are read make no sense here and there.
    pub fn disfigure(&self, seed: u64) {
        *self.nonsense.lock().unwrap() = Some(StdRng::seed_from_u64(seed));
    }

    /// Requests whose `METHOD path` contains each word of `text` are refused from now on.
    pub fn refuse(&self, text: &str) {
        self.refused.lock().unwrap().push(text.to_owned());
    }

    /// No request hangs or is refused any more, and objects are as they are.
    pub fn go_on(&self) {
        *self.nonsense.lock().unwrap() = None;
        self.hanging.send_replace(Vec::new());
        self.refused.lock().unwrap().clear();
    }

    /// Whether there was a request whose path contains `text`.
    pub fn was_asked(&self, text: &str) -> bool {
        self.seen.lock().unwrap().iter().any(|line| line.contains(text))
    }

    /// All requests so far, as `METHOD path`.
    pub fn requests(&self) -> Vec<String> {
        self.seen.lock().unwrap().clone()
    }

    /// The requests so far that change something, as `METHOD path`.
    pub fn writes(&self) -> Vec<String> {
        let seen = self.seen.lock().unwrap();
        // The lock that keeps a second agent away is renewed all the time.
        let changes =
            |line: &&String| !line.starts_with("GET ") && !line.contains("coordination.k8s.io");
        seen.iter().filter(changes).cloned().collect()
    }
}

async fn pass(State(server): State<Server>, request: Request) -> Response {
    let (head, body) = request.into_parts();
    let path = head.uri.path().to_owned();
    let delay = *server.delay.lock().unwrap();
    tokio::time::sleep(delay).await;
    let line = format!("{} {path}", head.method);
    server.seen.lock().unwrap().push(line.clone());
    // Each word has to be there.
    let matches = |rule: &String| rule.split(' ').all(|word| line.contains(word));
    if server.refused.lock().unwrap().iter().any(matches) {
        let status = serde_json::json!({ "kind": "Status", "apiVersion": "v1", "status": "Failure",
            "code": 403, "reason": "Forbidden", "message": format!("{line} is forbidden"), "metadata": {} });
        let answer = Response::builder().status(StatusCode::FORBIDDEN);
        let answer = answer.header(http::header::CONTENT_TYPE, "application/json");
        return answer.body(Body::from(status.to_string())).unwrap();
    }
    let mut hanging = server.hanging.subscribe();
    // It ends with the server.
    let _ = hanging.wait_for(|all| !all.iter().any(|text| path.contains(text))).await;
    let url = format!("{}{}", server.target, head.uri);
    let mut asked = server.http.request(head.method.clone(), url);
    for (name, value) in head.headers.iter().filter(|(name, _)| *name != http::header::HOST) {
        asked = asked.header(name, value);
    }
    let body = to_bytes(body, 4 << 20).await.unwrap_or_default();
    let failed = |error: reqwest::Error| {
        let answer = Response::builder().status(StatusCode::BAD_GATEWAY);
        answer.body(Body::from(error.to_string())).unwrap()
    };
    match asked.body(body).send().await {
        Ok(answer) => {
            let mut response = Response::builder().status(answer.status());
            if let Some(kind) = answer.headers().get(http::header::CONTENT_TYPE) {
                response = response.header(http::header::CONTENT_TYPE, kind);
            }
            let read = head.method == http::Method::GET;
            response.body(body_of(answer, read.then_some(server.nonsense))).unwrap()
        }
        Err(error) => failed(error),
    }
}

type Nonsense = Arc<Mutex<Option<StdRng>>>;

/// The body line by line (a watch's lines are objects, a list is one line), perhaps disfigured.
fn body_of(answer: reqwest::Response, nonsense: Option<Nonsense>) -> Body {
    let Some(nonsense) = nonsense else { return Body::from_stream(answer.bytes_stream()) };
    let bytes = answer.bytes_stream().map_err(std::io::Error::other);
    let lines = FramedRead::new(
        StreamReader::new(bytes),
        AnyDelimiterCodec::new(b"\n".into(), b"\n".into()),
    );
    let lines = lines.map_ok(move |line| match &mut *nonsense.lock().unwrap() {
        Some(rng) => [disfigured(&line, rng).as_slice(), b"\n"].concat(),
        None => [&line, b"\n".as_slice()].concat(),
    });
    Body::from_stream(lines)
}

/// An object, a list or an event of a watch, in a third of which something below `spec` or `status`
/// is odd.
fn disfigured(line: &[u8], rng: &mut StdRng) -> Vec<u8> {
    let Ok(mut value) = serde_json::from_slice::<Value>(line) else { return line.to_vec() };
    let mut objects: Vec<&mut Value> = match value["items"].is_array() {
        true => value["items"].as_array_mut().into_iter().flatten().collect(),
        false if value["object"].is_object() => vec![&mut value["object"]],
        false => vec![&mut value],
    };
    for object in &mut objects {
        for part in ["spec", "status"] {
            if rng.gen_bool(0.15)
                && let Some(part) = object.get_mut(part)
            {
                disfigure(part, rng);
            }
        }
    }
    serde_json::to_vec(&value).unwrap()
}
