//! A proxy in front of the cluster's API: it counts requests, and some of them hang or are refused.

use std::{
    path::Path,
    sync::{Arc, Mutex},
};

use axum::{
    Router,
    body::{Body, to_bytes},
    extract::{Request, State},
    response::Response,
};
use http::StatusCode;
use tokio::sync::watch;

use super::fixture::Fixture;

/// Passes requests on to the API server.
pub struct ApiProxy {
    url: String,
    seen: Arc<Mutex<Vec<String>>>,
    hanging: Arc<watch::Sender<Vec<String>>>,
    refused: Arc<Mutex<Vec<String>>>,
}

#[derive(Clone)]
struct Server {
    target: String,
    http: reqwest::Client,
    seen: Arc<Mutex<Vec<String>>>,
    hanging: Arc<watch::Sender<Vec<String>>>,
    refused: Arc<Mutex<Vec<String>>>,
}

impl ApiProxy {
    pub async fn before(fixture: &Fixture) -> Self {
        let http = reqwest::Client::builder().no_proxy().tls_danger_accept_invalid_certs(true);
        let (seen, refused) = (Arc::default(), Arc::default());
        let hanging = Arc::new(watch::Sender::new(Vec::new()));
        let server = Server {
            target: fixture.sim.url(),
            http: http.build().unwrap(),
            seen: Arc::clone(&seen),
            hanging: Arc::clone(&hanging),
            refused: Arc::clone(&refused),
        };
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let router = Router::new().fallback(pass).with_state(server);
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { url, seen, hanging, refused }
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

    /// Requests whose `METHOD path` contains each word of `text` are refused from now on.
    pub fn refuse(&self, text: &str) {
        self.refused.lock().unwrap().push(text.to_owned());
    }

    /// No request hangs or is refused any more.
    pub fn go_on(&self) {
        self.hanging.send_replace(Vec::new());
        self.refused.lock().unwrap().clear();
    }

    /// Whether there was a request whose path contains `text`.
    pub fn was_asked(&self, text: &str) -> bool {
        self.seen.lock().unwrap().iter().any(|line| line.contains(text))
    }

    /// The requests so far that change something, as `METHOD path`.
    pub fn writes(&self) -> Vec<String> {
        let seen = self.seen.lock().unwrap();
        seen.iter().filter(|line| !line.starts_with("GET ")).cloned().collect()
    }
}

async fn pass(State(server): State<Server>, request: Request) -> Response {
    let (head, body) = request.into_parts();
    let path = head.uri.path().to_owned();
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
    let mut asked = server.http.request(head.method, url);
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
            response.body(Body::from_stream(answer.bytes_stream())).unwrap()
        }
        Err(error) => failed(error),
    }
}
