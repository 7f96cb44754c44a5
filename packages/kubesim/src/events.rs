//! Events: what happened to an object, repeated ones counted.

use std::time::Duration;

use serde_json::{Value, json};

use crate::{
    apply::Part, clock, cluster::Cluster, kinds::Kind, registry::WriteOptions, store::ObjectKey,
};

const KEPT_SECONDS: i64 = 3600;

/// Records events about one object.
#[derive(Clone, Copy, Debug)]
pub struct Recorder<'a> {
    /// Kind of the object.
    pub kind: Kind,
    /// The object.
    pub about: &'a Value,
    /// Who reports, such as `kubelet`.
    pub component: &'a str,
}

impl<'a> Recorder<'a> {
    /// A recorder of what a component reports about an object.
    pub fn new(kind: Kind, about: &'a Value, component: &'a str) -> Self {
        Self { kind, about, component }
    }

    /// Records an event of the type `Normal`.
    pub fn normal(self, cluster: &mut Cluster, reason: &str, message: &str) {
        self.record(cluster, "Normal", reason, message);
    }

    /// Records an event of the type `Warning`.
    pub fn warning(self, cluster: &mut Cluster, reason: &str, message: &str) {
        self.record(cluster, "Warning", reason, message);
    }

    /// Records an event; one with the same reason and message about the same object is counted up.
    pub fn record(self, cluster: &mut Cluster, severity: &str, reason: &str, message: &str) {
        let Self { kind, about, component } = self;
        let metadata = &about["metadata"];
        let namespace = metadata["namespace"].as_str().unwrap_or("default").to_owned();
        let now = clock::seconds(clock::now());
        let same = cluster
            .store
            .within(Kind::Event, &namespace)
            .find(|(_, e)| {
                e["involvedObject"]["uid"] == metadata["uid"]
                    && e["reason"] == reason
                    && e["message"] == message
            })
            .map(|(key, _)| key.clone());
        if let Some(key) = same {
            cluster.adjust(Kind::Event, &key, Part::Main, component, |event| {
                let count = event["count"].as_i64().unwrap_or(1) + 1;
                event["count"] = json!(count);
                event["lastTimestamp"] = json!(now);
            });
            return;
        }
        let name = metadata["name"].as_str().unwrap_or_default();
        let unique = uuid::Uuid::new_v4().simple().to_string();
        let mut source = json!({"component": component});
        if component == "kubelet" {
            source["host"] = about["spec"]["nodeName"].clone();
        }
        let event = json!({
            "metadata": {"name": format!("{name}.{}", &unique[..16]), "namespace": namespace},
            "involvedObject": {
                "apiVersion": kind.api_version(),
                "kind": kind.info().kind,
                "name": metadata["name"],
                "namespace": metadata["namespace"],
                "uid": metadata["uid"],
                "resourceVersion": metadata["resourceVersion"],
            },
            "type": severity,
            "reason": reason,
            "message": message,
            "count": 1,
            "firstTimestamp": now,
            "lastTimestamp": now,
            "source": source,
            "reportingComponent": component,
            "reportingInstance": "",
        });
        // In a terminating namespace nothing is recorded any more.
        if let Err(why) =
            cluster.create(Kind::Event, &namespace, event, &WriteOptions::system(component))
        {
            tracing::debug!(%why, reason, "event not recorded");
        }
    }
}

/// Drops old events.
pub fn expire(cluster: &mut Cluster) -> Option<Duration> {
    let limit = clock::later(clock::now(), -KEPT_SECONDS);
    let old: Vec<ObjectKey> = cluster
        .store
        .all(Kind::Event)
        .filter(|(_, e)| {
            let last = e["lastTimestamp"].as_str().or(e["metadata"]["creationTimestamp"].as_str());
            last.and_then(clock::parse).is_some_and(|t| t < limit)
        })
        .map(|(key, _)| key.clone())
        .collect();
    for key in old {
        cluster.erase(Kind::Event, &key);
    }
    Some(Duration::from_secs(60))
}
