//! Reading one object and listing many.

use axum::response::Response;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Value, json};

use super::{Api, ApiRequest, answer::reply};
use crate::{
    cluster::Cluster,
    error::{ApiError, Cause},
    kinds::Kind,
    selector::{FieldSelector, LabelSelector},
    store::{Object, ObjectKey},
};

/// Which objects of a kind are meant.
#[derive(Clone, Debug)]
pub struct ObjectFilter {
    pub namespace: Option<String>,
    pub labels: LabelSelector,
    pub fields: FieldSelector,
}

impl ObjectFilter {
    /// From a request's selectors.
    pub fn of(asked: &ApiRequest, kind: Kind, namespace: Option<&str>) -> Result<Self, ApiError> {
        Ok(Self {
            namespace: namespace.map(str::to_owned),
            labels: LabelSelector::parse(asked.params.get("labelSelector").unwrap_or_default())?,
            fields: FieldSelector::parse(
                kind,
                asked.params.get("fieldSelector").unwrap_or_default(),
            )?,
        })
    }

    /// Whether an object is meant.
    pub fn takes(&self, key: &ObjectKey, object: &Value) -> bool {
        self.namespace.as_ref().is_none_or(|n| *n == key.namespace)
            && self.labels.matches(&object["metadata"]["labels"])
            && self.fields.matches(object)
    }

    /// Whether every object of the namespace is meant.
    pub fn is_plain(&self) -> bool {
        self.labels.is_empty() && self.fields.is_empty()
    }
}

/// One object.
pub fn get(
    api: &Api,
    asked: &ApiRequest,
    kind: Kind,
    key: &ObjectKey,
) -> Result<Response, ApiError> {
    let object = api.lock().store.require(kind, key)?;
    Ok(reply(200, &asked.form().object(kind, &object), &[]))
}

/// A list, whole or page by page.
pub fn list(
    api: &Api,
    asked: &ApiRequest,
    kind: Kind,
    namespace: Option<&str>,
) -> Result<Response, ApiError> {
    let choice = ObjectFilter::of(asked, kind, namespace)?;
    let limit: Option<usize> = asked.params.number("limit")?.filter(|n| *n > 0);
    let page = match asked.params.get("continue") {
        Some(token) => Some(Page::read(token)?),
        None => None,
    };
    let exact = asked.params.get("resourceVersionMatch") == Some("Exact");
    let wanted = asked.params.version()?;
    let (found, version) = {
        let cluster = api.lock();
        let version = match &page {
            Some(page) => page.version,
            None if exact => wanted.ok_or_else(|| {
                let why = "resourceVersionMatch is forbidden unless resourceVersion is provided";
                let cause = Cause::forbidden("resourceVersionMatch", why);
                ApiError::invalid_options("ListOptions", vec![cause])
            })?,
            None => cluster.store.version(),
        };
        if let Some(wanted) = wanted.or(page.as_ref().map(|p| p.version)) {
            not_ahead(&cluster, wanted)?;
        }
        (objects(&cluster, kind, &choice, version, page.is_some())?, version)
    };
    let start = page.as_ref().map_or(0, |p| found.partition_point(|(k, _)| *k <= p.after));
    let rest = &found[start..];
    let shown = &rest[..limit.unwrap_or(rest.len()).min(rest.len())];
    let mut metadata = json!({"resourceVersion": version.to_string()});
    if shown.len() < rest.len()
        && let Some((last, _)) = shown.last()
    {
        metadata["continue"] = json!(Page { version, after: last.clone() }.write());
        if choice.is_plain() {
            metadata["remainingItemCount"] = json!(rest.len() - shown.len());
        }
    }
    let items: Vec<&Value> = shown.iter().map(|(_, o)| &**o).collect();
    Ok(reply(200, &asked.form().list(kind, &items, &metadata), &[]))
}

/// The chosen objects as they were at a version.
fn objects(
    cluster: &Cluster,
    kind: Kind,
    choice: &ObjectFilter,
    version: u64,
    paged: bool,
) -> Result<Vec<(ObjectKey, Object)>, ApiError> {
    if version == cluster.store.version() {
        return Ok(chosen(cluster, kind, choice));
    }
    let past = cluster.store.at_version(kind, version).map_err(|_| {
        ApiError::expired(if paged {
            "The provided continue parameter is too old to display a consistent list result. You \
             can start a new list without the continue parameter."
        } else {
            "The resourceVersion for the provided list is too old."
        })
    })?;
    Ok(past.into_iter().filter(|(k, o)| choice.takes(k, o)).collect())
}

/// The chosen objects as they are.
pub fn chosen(cluster: &Cluster, kind: Kind, choice: &ObjectFilter) -> Vec<(ObjectKey, Object)> {
    let pick = |(k, o): (&ObjectKey, &Object)| choice.takes(k, o).then(|| (k.clone(), o.clone()));
    match &choice.namespace {
        Some(namespace) => cluster.store.within(kind, namespace).filter_map(pick).collect(),
        None => cluster.store.all(kind).filter_map(pick).collect(),
    }
}

/// Refuses versions that were not given out yet.
pub fn not_ahead(cluster: &Cluster, wanted: u64) -> Result<(), ApiError> {
    let current = cluster.store.version();
    if wanted <= current {
        return Ok(());
    }
    let message = format!("Timeout: Too large resource version: {wanted}, current: {current}");
    let mut error = ApiError::new(504, "Timeout", message);
    error.details.retry_after = Some(1);
    error.details.causes.push(Cause {
        reason: "ResourceVersionTooLarge",
        field: String::new(),
        message: "Too large resource version".into(),
    });
    Err(error)
}

/// Where a list goes on: its version, and the last key that was shown.
struct Page {
    version: u64,
    after: ObjectKey,
}

impl Page {
    fn write(&self) -> String {
        let text = json!({
            "v": "meta.k8s.io/v1",
            "rv": self.version,
            "start": [self.after.namespace, self.after.name],
        });
        URL_SAFE_NO_PAD.encode(text.to_string())
    }

    fn read(token: &str) -> Result<Self, ApiError> {
        let bad = || ApiError::bad_request("invalid continue token: continue key is not valid");
        let bytes = URL_SAFE_NO_PAD.decode(token).map_err(|_| bad())?;
        let text: Value = serde_json::from_slice(&bytes).map_err(|_| bad())?;
        let part = |i: usize| text["start"][i].as_str().map(str::to_owned).ok_or_else(bad);
        Ok(Self {
            version: text["rv"].as_u64().ok_or_else(bad)?,
            after: ObjectKey::new(part(0)?, part(1)?),
        })
    }
}
