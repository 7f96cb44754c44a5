//! `pods/{name}/log`: once, or followed as it grows.

use std::{
    convert::Infallible,
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use axum::{body::Body, response::Response};
use tokio::sync::mpsc;
use tokio_stream::{StreamExt, wrappers::ReceiverStream};

use super::{
    Api, ApiRequest, LogUse, Outage,
    answer::{raw, text},
};
use crate::{
    clock,
    error::ApiError,
    kinds::Kind,
    logs::{self, Selection, container, instance, written},
    store::ObjectKey,
};

/// Answers a request for a log.
pub fn answer(api: &Api, asked: &ApiRequest, key: &ObjectKey) -> Result<Response, ApiError> {
    let pod = api.lock().store.require(Kind::Pod, key)?;
    let params = &asked.params;
    let name = container(&pod, params.get("container"))?.to_owned();
    let since = match (params.get("sinceTime"), params.number::<i64>("sinceSeconds")?) {
        (Some(time), _) => Some(clock::parse(time).ok_or_else(|| {
            ApiError::bad_request(format!("sinceTime: Invalid value: {time:?}: write RFC 3339"))
        })?),
        (None, Some(seconds)) => Some(clock::later(clock::now(), -seconds)),
        (None, None) => None,
    };
    let selection = Selection {
        tail: params.number("tailLines")?,
        since,
        timestamps: params.flag("timestamps"),
    };
    let limit: Option<usize> = params.number("limitBytes")?;
    let run = instance(&pod, &name, params.flag("previous"))?;
    let period = api.lock().spec.timing.log_line;
    let lines = run.lines(clock::now(), period);
    let shown = logs::select(&lines, &selection);
    if !params.flag("follow") || run.is_over() {
        let end = limit.unwrap_or(shown.len()).min(shown.len());
        let end = (0..=end).rev().find(|i| shown.is_char_boundary(*i)).unwrap_or(0);
        return Ok(text(200, shown[..end].to_owned()));
    }
    let (sender, receiver) = mpsc::channel(64);
    let follow = Follow {
        api: api.clone(),
        key: key.clone(),
        uid: pod["metadata"]["uid"].as_str().unwrap_or_default().to_owned(),
        name,
        started: run.started(),
        sent: lines.len(),
        timestamps: selection.timestamps,
        period,
        lines: sender,
        _followed: Followed::new(&api.logs),
    };
    tokio::spawn(follow.run(shown));
    let stream = ReceiverStream::new(receiver).map(Ok::<_, Infallible>);
    Ok(raw(200, "text/plain; charset=utf-8", Body::from_stream(stream)))
}

struct Follow {
    api: Api,
    key: ObjectKey,
    uid: String,
    name: String,
    started: k8s_openapi::jiff::Timestamp,
    /// Lines of this run that were sent or left out by the selection.
    sent: usize,
    timestamps: bool,
    period: u64,
    lines: mpsc::Sender<String>,
    _followed: Followed,
}

/// Counts as a log that is followed until it is dropped.
struct Followed(Arc<LogUse>);

impl Followed {
    fn new(logs: &Arc<LogUse>) -> Self {
        logs.followed.fetch_add(1, Ordering::Relaxed);
        Self(Arc::clone(logs))
    }
}

impl Drop for Followed {
    fn drop(&mut self) {
        self.0.followed.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Follow {
    async fn run(mut self, opening: String) {
        if !opening.is_empty() && self.lines.send(opening).await.is_err() {
            return;
        }
        let stop = self.api.stop.clone();
        let mut changed = self.api.lock().store.subscribe(Kind::Pod);
        let pause = Duration::from_millis(self.period.clamp(10, 1_000));
        loop {
            tokio::select! {
                () = tokio::time::sleep(pause) => {}
                result = changed.changed() => {
                    if result.is_err() {
                        return;
                    }
                }
                () = self.lines.closed() => return,
                () = stop.cancelled() => return,
            }
            changed.borrow_and_update();
            let outage = *self.api.outage.borrow();
            match outage {
                Outage::None => {}
                Outage::Hold => continue,
                Outage::Unavailable => return,
            }
            let (new, over) = self.more();
            for line in new {
                if self.lines.send(line).await.is_err() {
                    return;
                }
            }
            if over {
                return;
            }
        }
    }

    /// New lines, and whether the run is over.
    fn more(&mut self) -> (Vec<String>, bool) {
        let pod = self.api.lock().store.get(Kind::Pod, &self.key).cloned();
        let Some(pod) = pod.filter(|p| p["metadata"]["uid"] == self.uid.as_str()) else {
            return (Vec::new(), true);
        };
        let now = instance(&pod, &self.name, false).ok();
        let run = match now {
            Some(run) if run.started() == self.started => run,
            // Started again in between: what the followed run said last is now the log before.
            _ => match instance(&pod, &self.name, true) {
                Ok(run) if run.started() == self.started => run,
                _ => return (Vec::new(), true),
            },
        };
        let lines = run.lines(clock::now(), self.period);
        let new = lines.iter().skip(self.sent).map(|l| written(l, self.timestamps)).collect();
        self.sent = self.sent.max(lines.len());
        (new, run.is_over())
    }
}
