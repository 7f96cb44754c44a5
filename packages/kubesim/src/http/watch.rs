//! Watches: changes as they happen, resumed from a version, with bookmarks.

use std::{convert::Infallible, time::Duration};

use axum::{body::Body, response::Response};
use serde_json::{Value, json};
use tokio::{sync::mpsc, time::Instant};
use tokio_stream::{StreamExt, wrappers::ReceiverStream};

use super::{
    Api, ApiRequest, Outage,
    answer::raw,
    form::Form,
    read::{ObjectFilter, chosen},
};
use crate::{
    error::{ApiError, Cause},
    kinds::Kind,
    store::{Change, ChangeKind, ObjectKey},
};

struct Watch {
    api: Api,
    kind: Kind,
    choice: ObjectFilter,
    form: Form,
    /// Changes up to here were sent.
    version: u64,
    bookmarks: bool,
    ends: Instant,
    lines: mpsc::Sender<String>,
}

/// Starts a watch.
pub fn answer(
    api: &Api,
    asked: &ApiRequest,
    kind: Kind,
    namespace: Option<&str>,
    key: Option<&ObjectKey>,
) -> Result<Response, ApiError> {
    let mut choice = ObjectFilter::of(asked, kind, namespace)?;
    if let Some(key) = key {
        choice.fields =
            crate::selector::FieldSelector::parse(kind, &format!("metadata.name={}", key.name))?;
    }
    // A watch refuses a version that is not a number in its own way.
    let from = asked.params.version().map_err(|e| ApiError::new(500, "", e.message))?;
    let bookmarks = asked.params.flag("allowWatchBookmarks");
    let initial = initial(asked)?;
    let timeout = asked.params.number::<u64>("timeoutSeconds")?.filter(|s| *s > 0).unwrap_or(1800);
    let (lines, receiver) = mpsc::channel(256);
    let (version, first) = {
        let cluster = api.lock();
        let state = initial.unwrap_or(from.is_none());
        match from {
            Some(version) if !state => (version, Vec::new()),
            _ if !state => (cluster.store.version(), Vec::new()),
            _ => (cluster.store.version(), chosen(&cluster, kind, &choice)),
        }
    };
    let watch = Watch {
        api: api.clone(),
        kind,
        choice,
        form: asked.form(),
        version,
        bookmarks,
        ends: Instant::now() + Duration::from_secs(timeout),
        lines,
    };
    let mut opening: Vec<String> =
        first.iter().map(|(_, object)| watch.event("ADDED", object)).collect();
    if initial == Some(true) && bookmarks {
        opening.push(watch.bookmark(true));
    }
    tokio::spawn(watch.run(opening));
    let stream = ReceiverStream::new(receiver).map(Ok::<_, Infallible>);
    Ok(raw(200, "application/json", Body::from_stream(stream)))
}

/// Whether the present state is to be sent first, if the request says so.
fn initial(asked: &ApiRequest) -> Result<Option<bool>, ApiError> {
    let refuse = |why: &str| {
        let cause = Cause::forbidden("resourceVersionMatch", why);
        Err(ApiError::invalid_options("ListOptions", vec![cause]))
    };
    let matching = asked.params.get("resourceVersionMatch");
    match (asked.params.get("sendInitialEvents"), matching) {
        (None, None) => Ok(None),
        (None, Some(_)) => refuse(
            "resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided",
        ),
        (Some(value), Some("NotOlderThan")) => Ok(Some(value == "true")),
        (Some(_), _) => {
            refuse("sendInitialEvents requires setting resourceVersionMatch to NotOlderThan")
        }
    }
}

impl Watch {
    async fn run(mut self, opening: Vec<String>) {
        let mut changed = self.api.lock().store.subscribe(self.kind);
        let mut outage = self.api.outage.subscribe();
        let stop = self.api.stop.clone();
        let pause = Duration::from_millis(self.api.lock().spec.timing.bookmark.max(10));
        let mut bookmark = tokio::time::interval_at(Instant::now() + pause, pause);
        for line in opening {
            if self.lines.send(line).await.is_err() {
                return;
            }
        }
        loop {
            changed.borrow_and_update();
            let (batch, gone) = match self.news() {
                Ok(batch) => (batch, false),
                Err(error) => (vec![line("ERROR", &error.status())], true),
            };
            for line in batch {
                if self.lines.send(line).await.is_err() {
                    return;
                }
            }
            if gone {
                return;
            }
            tokio::select! {
                result = changed.changed() => {
                    if result.is_err() {
                        return;
                    }
                }
                _ = bookmark.tick(), if self.bookmarks && !self.is_ahead() => {
                    let line = self.bookmark(false);
                    if self.lines.send(line).await.is_err() {
                        return;
                    }
                }
                () = tokio::time::sleep_until(self.ends) => {
                    if self.bookmarks && !self.is_ahead() {
                        // The client is going anyway; whether it hears this does not matter.
                        let _ = self.lines.send(self.bookmark(false)).await;
                    }
                    return;
                }
                () = self.lines.closed() => return,
                () = stop.cancelled() => return,
                _ = outage.changed() => {}
            }
            loop {
                let now = *outage.borrow_and_update();
                match now {
                    Outage::None => break,
                    Outage::Unavailable => return,
                    Outage::Hold => tokio::select! {
                        result = outage.changed() => {
                            if result.is_err() {
                                return;
                            }
                        }
                        () = self.lines.closed() => return,
                        () = stop.cancelled() => return,
                    },
                }
            }
        }
    }

    /// Whether it waits for a version that is not there yet: of that nothing can be said.
    fn is_ahead(&self) -> bool {
        self.version > self.api.lock().store.version()
    }

    /// What happened since the last look.
    fn news(&mut self) -> Result<Vec<String>, ApiError> {
        let api = self.api.clone();
        let cluster = api.lock();
        let lines: Vec<String> = cluster
            .store
            .history(self.kind)
            .since(self.version)?
            .filter_map(|change| self.seen(change))
            .collect();
        // A version of the future is waited for, not passed over.
        self.version = self.version.max(cluster.store.version());
        Ok(lines)
    }

    /// A change as this watch sees it.
    fn seen(&self, change: &Change) -> Option<String> {
        let takes = |object: &Value| self.choice.takes(&change.key, object);
        let was = change.old.as_ref().is_some_and(|old| takes(old));
        let is = change.what != ChangeKind::Deleted && takes(&change.new);
        match (was, is) {
            (false, true) => Some(self.event("ADDED", &change.new)),
            (true, true) => Some(self.event("MODIFIED", &change.new)),
            (true, false) if change.what == ChangeKind::Deleted => {
                Some(self.event("DELETED", &change.new))
            }
            (true, false) => {
                // It only left the selection: its last selected state, at this version.
                let mut last = Value::clone(change.old.as_ref()?);
                last["metadata"]["resourceVersion"] = json!(change.version.to_string());
                Some(self.event("DELETED", &last))
            }
            (false, false) => None,
        }
    }

    fn event(&self, what: &str, object: &Value) -> String {
        match self.form {
            Form::Full => line(what, object),
            form => line(what, &form.object(self.kind, object)),
        }
    }

    fn bookmark(&self, end_of_initial: bool) -> String {
        let mut metadata = json!({"resourceVersion": self.version.to_string()});
        if end_of_initial {
            metadata["annotations"] = json!({"k8s.io/initial-events-end": "true"});
        }
        let object = match self.form {
            Form::Metadata => json!({
                "kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1", "metadata": metadata,
            }),
            _ => {
                // Typed clients decode bookmarks as the kind, so its mandatory fields are there.
                let mut object = json!({
                    "kind": self.kind.info().kind,
                    "apiVersion": self.kind.api_version(),
                    "metadata": metadata,
                });
                match self.kind {
                    Kind::Deployment | Kind::ReplicaSet | Kind::StatefulSet => {
                        object["spec"] = json!({"selector": null, "template": {"metadata": {}, "spec": {"containers": null}}});
                        if self.kind == Kind::StatefulSet {
                            object["spec"]["serviceName"] = json!("");
                        }
                    }
                    Kind::Pod => object["spec"] = json!({"containers": null}),
                    _ => {}
                }
                object
            }
        };
        line("BOOKMARK", &object)
    }
}

fn line(what: &str, object: &Value) -> String {
    // Written by hand so that large objects are not copied once more.
    format!("{{\"type\":\"{what}\",\"object\":{object}}}\n")
}
