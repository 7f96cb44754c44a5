//! An ingress controller in small: it reads Ingresses, Services and EndpointSlices from the API server and
//! passes requests on to pods, by their `Host` header. Of the annotations of ingress-nginx it knows the
//! largest body.

use std::net::SocketAddr;

use axum::{
    Router,
    body::{Body, to_bytes},
    extract::{Request, State},
    response::Response,
};
use http::{StatusCode, header::HOST};
use k8s_openapi::{
    api::{
        core::v1::{Service, ServicePort},
        discovery::v1::EndpointSlice,
        networking::v1::{Ingress, IngressBackend, ServiceBackendPort},
    },
    apimachinery::pkg::apis::meta::v1::Time,
};
use kube::{Api, Client, ResourceExt, api::ListParams};
use tokio::{net::TcpListener, task::JoinHandle};

/// Kubernetes' label of the slices of a Service.
const SERVICE_NAME: &str = "kubernetes.io/service-name";
const BODY_SIZE: &str = "nginx.ingress.kubernetes.io/proxy-body-size";
/// What is read of a request without the annotation.
const DEFAULT_BODY: usize = 1 << 20;

/// A running front; it ends with this.
pub struct HttpFront {
    address: SocketAddr,
    task: JoinHandle<()>,
}

#[derive(Clone)]
struct Front {
    client: Client,
    class: String,
    http: reqwest::Client,
}

impl HttpFront {
    /// Serves the Ingresses of a class on a free port of the loopback interface.
    pub async fn start(client: Client, class: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let http = reqwest::Client::builder().no_proxy().build().unwrap();
        let front = Front { client, class: class.to_owned(), http };
        let router = Router::new().fallback(pass).with_state(front);
        let task = tokio::spawn(async move {
            // It ends when it is aborted.
            let _ = axum::serve(listener, router).await;
        });
        Self { address, task }
    }

    /// Sends a request to a host and returns the status and the body of the answer.
    pub async fn ask(&self, host: &str, path: &str, body: &[u8]) -> reqwest::Result<(u16, String)> {
        let http = reqwest::Client::builder().no_proxy().build()?;
        let url = format!("http://{}{path}", self.address);
        let request = if body.is_empty() { http.get(url) } else { http.post(url) };
        let answer = request.header(HOST, host).body(body.to_vec()).send().await?;
        Ok((answer.status().as_u16(), answer.text().await?))
    }
}

impl Drop for HttpFront {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn pass(State(front): State<Front>, request: Request) -> Response {
    let answer = |status: StatusCode, text: String| {
        Response::builder().status(status).body(Body::from(text)).unwrap_or_default()
    };
    match front.forward(request).await {
        Ok(response) => response,
        Err((status, text)) => answer(status, text),
    }
}

type Refusal = (StatusCode, String);

fn unavailable(what: impl std::fmt::Display) -> Refusal {
    (StatusCode::SERVICE_UNAVAILABLE, what.to_string())
}

impl Front {
    async fn forward(&self, request: Request) -> Result<Response, Refusal> {
        let (head, body) = request.into_parts();
        let host = head.headers.get(HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
        let (ingress, backend) = self.route(host).await?;
        let most = ingress.annotations().get(BODY_SIZE).and_then(|size| size.parse().ok());
        let body = to_bytes(body, most.unwrap_or(DEFAULT_BODY)).await;
        let body = body.map_err(|error| (StatusCode::PAYLOAD_TOO_LARGE, error.to_string()))?;
        let namespace = ingress.namespace().unwrap_or_default();
        let address = self.pod(&namespace, &backend).await?;
        let url = format!("http://{address}{}", head.uri);
        let asked = self.http.request(head.method, url).body(body).send().await;
        let answer = asked.map_err(|error| (StatusCode::BAD_GATEWAY, error.to_string()))?;
        let status = answer.status();
        let bytes =
            answer.bytes().await.map_err(|error| (StatusCode::BAD_GATEWAY, error.to_string()))?;
        Response::builder().status(status).body(Body::from(bytes)).map_err(unavailable)
    }

    /// The oldest Ingress with the host, and where it leads.
    async fn route(&self, host: &str) -> Result<(Ingress, IngressBackend), Refusal> {
        let all = Api::<Ingress>::all(self.client.clone());
        let listed = all.list(&ListParams::default()).await.map_err(unavailable)?;
        let of_class = |ingress: &Ingress| {
            ingress.spec.as_ref().and_then(|spec| spec.ingress_class_name.as_deref())
                == Some(self.class.as_str())
        };
        let mut ingresses: Vec<Ingress> = listed.items.into_iter().filter(of_class).collect();
        ingresses.sort_by_key(|one| one.creation_timestamp().map(|Time(at)| at));
        let leads = |ingress: Ingress| {
            let rules = ingress.spec.as_ref()?.rules.as_ref()?;
            let rule = rules.iter().find(|rule| rule.host.as_deref() == Some(host))?;
            let path = rule.http.as_ref()?.paths.first()?.clone();
            Some((ingress, path.backend))
        };
        let found = ingresses.into_iter().find_map(leads);
        found.ok_or_else(|| (StatusCode::NOT_FOUND, format!("no Ingress has the host {host}")))
    }

    /// A ready pod behind a backend, with its port.
    async fn pod(&self, namespace: &str, backend: &IngressBackend) -> Result<SocketAddr, Refusal> {
        let wanted = backend.service.as_ref().ok_or_else(|| unavailable("no service"))?;
        let services = Api::<Service>::namespaced(self.client.clone(), namespace);
        let service = services.get(&wanted.name).await.map_err(unavailable)?;
        let port = wanted.port.as_ref().ok_or_else(|| unavailable("no port"))?;
        let ports = service.spec.iter().flat_map(|spec| spec.ports.iter().flatten());
        let port = ports.into_iter().find(|one| is_it(one, port));
        let port = port.ok_or_else(|| unavailable(format!("{} has no such port", wanted.name)))?;
        let slices = Api::<EndpointSlice>::namespaced(self.client.clone(), namespace);
        let of = ListParams::default().labels(&format!("{SERVICE_NAME}={}", wanted.name));
        let slices = slices.list(&of).await.map_err(unavailable)?.items;
        let found = slices.iter().find_map(|slice| {
            let mut ports = slice.ports.iter().flatten();
            let number = ports.find(|one| one.name == port.name)?.port?;
            let ready = slice.endpoints.iter().find(|endpoint| {
                let conditions = endpoint.conditions.as_ref();
                conditions.and_then(|one| one.ready).unwrap_or(true)
            })?;
            format!("{}:{number}", ready.addresses.first()?).parse().ok()
        });
        found.ok_or_else(|| unavailable(format!("{} has no ready pod", wanted.name)))
    }
}

fn is_it(port: &ServicePort, wanted: &ServiceBackendPort) -> bool {
    match (&wanted.name, wanted.number) {
        (Some(name), _) => port.name.as_deref() == Some(name),
        (None, Some(number)) => port.port == number,
        (None, None) => false,
    }
}
