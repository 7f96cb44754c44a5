//! The API over HTTP: authentication, outages, and where a request goes.

mod answer;
mod discovery;
mod form;
mod logs;
mod openapi;
mod params;
mod path;
mod policy;
mod read;
mod reviews;
mod subresources;
mod table;
mod watch;
mod write;

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
};

use axum::{
    Router,
    body::to_bytes,
    extract::{Request, State},
    response::Response,
};
use http::{Method, header};
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use crate::{access::Access, cluster::Cluster, error::ApiError, kinds::Kind, store::ObjectKey};
use answer::{failure, reply};
use params::Params;
use path::{Route, Target};

/// How the API fails to answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Outage {
    /// It answers.
    #[default]
    None,
    /// It answers everything with 503 and ends watches.
    Unavailable,
    /// It takes requests and says nothing, as behind a half-open connection.
    Hold,
}

/// What every request needs.
#[derive(Clone)]
pub struct Api {
    /// The cluster.
    pub cluster: Arc<Mutex<Cluster>>,
    /// The token that requests must carry.
    pub token: Arc<str>,
    /// Users with fewer rights, by their tokens.
    pub users: Arc<Mutex<HashMap<String, Arc<Access>>>>,
    /// The present outage.
    pub outage: Arc<tokio::sync::watch::Sender<Outage>>,
    /// How logs are asked for.
    pub logs: Arc<LogUse>,
    /// Ends streams when the server stops.
    pub stop: CancellationToken,
}

/// How logs are asked for, for tests of those who read them.
#[derive(Debug, Default)]
pub struct LogUse {
    /// Requests for logs so far, refused ones among them.
    pub requests: AtomicUsize,
    /// Those that did not come by HTTP/2.
    pub by_http1: AtomicUsize,
    /// Logs that are followed now.
    pub followed: AtomicUsize,
}

/// Largest body of a request, as the real API server has it.
const BODY_LIMIT: usize = 3 * 1024 * 1024;

impl Api {
    /// The cluster, for a moment.
    pub fn lock(&self) -> MutexGuard<'_, Cluster> {
        self.cluster.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The user of a token, if it is one with fewer rights.
    fn user(&self, token: &str) -> Option<Arc<Access>> {
        self.users.lock().unwrap_or_else(PoisonError::into_inner).get(token).cloned()
    }

    /// The service that answers requests.
    pub fn router(self) -> Router {
        Router::new().fallback(handle).with_state(self)
    }
}

/// A request that was read as far as every handler needs it.
struct ApiRequest {
    method: Method,
    params: Params,
    content_type: String,
    accept: String,
    body: bytes::Bytes,
    /// The caller, if it is not the simulator's own user, who may do everything.
    user: Option<Arc<Access>>,
}

async fn handle(State(api): State<Api>, request: Request) -> Response {
    match answer(&api, request).await {
        Ok(response) => response,
        Err(error) => failure(&error),
    }
}

async fn answer(api: &Api, request: Request) -> Result<Response, ApiError> {
    let (head, body) = request.into_parts();
    let path = head.uri.path().to_owned();
    let text = |name: header::HeaderName| {
        let value = head.headers.get(name).and_then(|v| v.to_str().ok());
        value.unwrap_or_default().to_owned()
    };
    let authorization = text(header::AUTHORIZATION);
    let token = authorization.strip_prefix("Bearer ").map(str::trim);
    let user = token.and_then(|token| api.user(token));
    let authorized = user.is_some() || token.is_some_and(|token| token == &*api.token);
    let control = path == "/kubesim/v1/outage";
    if !control {
        held(api).await?;
    }
    if !authorized && !path::is_public(&path) {
        return Err(ApiError::unauthorized());
    }
    let (accept, content_type) = (text(header::ACCEPT), text(header::CONTENT_TYPE));
    let agent = text(header::USER_AGENT);
    let method = head.method.clone();
    let params = Params::of(&head.uri, &agent)?;
    let body = to_bytes(body, BODY_LIMIT).await.map_err(|_| {
        ApiError::new(413, "RequestEntityTooLarge", format!("limit is {BODY_LIMIT}"))
    })?;
    if path.ends_with("/log") {
        api.logs.requests.fetch_add(1, Ordering::Relaxed);
        let by_http1 = usize::from(head.version < http::Version::HTTP_2);
        api.logs.by_http1.fetch_add(by_http1, Ordering::Relaxed);
    }
    let asked = ApiRequest { method, params, content_type, accept, body, user };
    if control {
        return outage(api, &asked);
    }
    match path::parse(&path)? {
        Route::Plain(body) => Ok(answer::text(200, body)),
        Route::Discovery => discovery::answer(&path),
        Route::OpenApi => openapi::answer(&path),
        Route::Review(kind) => reviews::answer(api, &asked, kind),
        Route::Object(target) => {
            allowed(api, &asked, &target)?;
            if let Some(user) = &asked.user {
                policy::admits(api, &asked, &target, user)?;
            }
            dispatch(api, &asked, target)
        }
    }
}

/// Waits out a hold, refuses in an outage.
async fn held(api: &Api) -> Result<(), ApiError> {
    let mut outage = api.outage.subscribe();
    loop {
        let now = *outage.borrow_and_update();
        match now {
            Outage::None => return Ok(()),
            Outage::Unavailable => return Err(ApiError::unavailable()),
            Outage::Hold => tokio::select! {
                changed = outage.changed() => {
                    if changed.is_err() {
                        return Err(ApiError::unavailable());
                    }
                }
                () = api.stop.cancelled() => return Err(ApiError::unavailable()),
            },
        }
    }
}

/// The simulator's own switch, for faults in a process of its own:
/// `POST /kubesim/v1/outage {"mode": "none" | "unavailable" | "hold"}`.
fn outage(api: &Api, asked: &ApiRequest) -> Result<Response, ApiError> {
    if asked.method == Method::POST {
        let body = asked.json()?;
        let mode = match body["mode"].as_str() {
            Some("none") => Outage::None,
            Some("unavailable") => Outage::Unavailable,
            Some("hold") => Outage::Hold,
            _ => {
                let message = "mode must be \"none\", \"unavailable\" or \"hold\"";
                return Err(ApiError::bad_request(message));
            }
        };
        api.outage.send_replace(mode);
    }
    let mode = format!("{:?}", *api.outage.borrow()).to_lowercase();
    Ok(reply(200, &json!({"mode": mode}), &[]))
}

/// The verb of a request on objects, as access rules name it.
fn verb(asked: &ApiRequest, target: &Target) -> &'static str {
    match (asked.method.as_str(), target.name.is_some()) {
        ("GET", _) if asked.params.flag("watch") => "watch",
        ("GET", true) => "get",
        ("GET", false) => "list",
        ("POST", _) => "create",
        ("PUT", _) => "update",
        ("PATCH", _) => "patch",
        ("DELETE", true) => "delete",
        ("DELETE", false) => "deletecollection",
        _ => "",
    }
}

/// Refuses what the cluster file denies, and what the caller's role does not allow.
fn allowed(api: &Api, asked: &ApiRequest, target: &Target) -> Result<(), ApiError> {
    let info = target.kind.info();
    let resource = match &target.subresource {
        Some(sub) => format!("{}/{sub}", info.plural),
        None => info.plural.to_owned(),
    };
    let verb = verb(asked, target);
    let granted = asked.user.as_ref().is_none_or(|user| {
        user.allows(verb, info.group, &resource)
            // Applying makes what is not there.
            && (verb != "patch" || !creates(api, asked, target) || user.allows("create", info.group, &resource))
    });
    if granted && !reviews::is_denied(&api.lock().spec, verb, &resource) {
        return Ok(());
    }
    let caller = asked.user.as_ref().map_or("kubesim-admin", |user| user.user.as_str());
    let place = match &target.namespace {
        Some(namespace) => format!(" in the namespace {namespace:?}"),
        None => " at the cluster scope".to_owned(),
    };
    let why = format!(
        "User {caller:?} cannot {verb} resource {resource:?} in API group {:?}{place}",
        info.group
    );
    let name = target.name.as_deref().unwrap_or_default();
    Err(ApiError::forbidden(target.kind, name, why))
}

/// Whether a patch makes an object.
fn creates(api: &Api, asked: &ApiRequest, target: &Target) -> bool {
    let key = ObjectKey::new(
        target.namespace.clone().unwrap_or_default(),
        target.name.clone().unwrap_or_default(),
    );
    asked.content_type.contains("apply-patch") && api.lock().store.get(target.kind, &key).is_none()
}

fn dispatch(api: &Api, asked: &ApiRequest, target: Target) -> Result<Response, ApiError> {
    let Target { kind, namespace, name, subresource } = &target;
    let key =
        name.as_ref().map(|n| ObjectKey::new(namespace.clone().unwrap_or_default(), n.clone()));
    if kind.namespaced() && namespace.is_none() && (key.is_some() || asked.method != Method::GET) {
        return Err(ApiError::no_such_path());
    }
    if let (Some(key), Some(sub)) = (&key, subresource) {
        return subresources::answer(api, asked, *kind, key, sub);
    }
    match (asked.method.as_str(), &key) {
        ("GET", _) if asked.params.flag("watch") => {
            watch::answer(api, asked, *kind, namespace.as_deref(), key.as_ref())
        }
        ("GET", Some(key)) => read::get(api, asked, *kind, key),
        ("GET", None) => read::list(api, asked, *kind, namespace.as_deref()),
        ("POST", None) => {
            write::create(api, asked, *kind, namespace.as_deref().unwrap_or_default())
        }
        ("PUT", Some(key)) => write::update(api, asked, *kind, key, crate::apply::Part::Main),
        ("PATCH", Some(key)) => write::patch(api, asked, *kind, key, crate::apply::Part::Main),
        ("DELETE", Some(key)) => write::delete(api, asked, *kind, key),
        ("DELETE", None) => write::delete_collection(api, asked, *kind, namespace.as_deref()),
        _ => Err(ApiError::method_not_allowed()),
    }
}

impl ApiRequest {
    /// The body as JSON; YAML is read too.
    fn json(&self) -> Result<Value, ApiError> {
        if self.body.is_empty() {
            return Ok(Value::Null);
        }
        let content = self.content_type.split(';').next().unwrap_or_default().trim();
        if !content.is_empty() && !content.ends_with("json") && !content.ends_with("yaml") {
            return Err(ApiError::unsupported_media_type(content));
        }
        serde_json::from_slice(&self.body).or_else(|why| {
            let text = std::str::from_utf8(&self.body).unwrap_or_default();
            if content.ends_with("yaml") {
                serde_saphyr::from_str(text)
                    .map_err(|e| ApiError::bad_request(format!("error decoding YAML: {e}")))
            } else {
                Err(ApiError::bad_request(format!("error decoding JSON: {why}")))
            }
        })
    }

    /// The form in which the answer is wanted.
    fn form(&self) -> form::Form {
        form::Form::of(&self.accept)
    }
}

/// The kind's list kind.
fn list_kind(kind: Kind) -> String {
    format!("{}List", kind.info().kind)
}
