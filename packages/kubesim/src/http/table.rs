//! Tables for `kubectl get`.

use serde_json::{Value, json};

use crate::{clock, kinds::Kind, validate::array};

type Cell = fn(&Value) -> Value;

fn text(value: &Value) -> Value {
    match value {
        Value::Null => json!("<none>"),
        Value::String(s) if s.is_empty() => json!("<none>"),
        other => other.clone(),
    }
}

fn count(value: &Value) -> i64 {
    value.as_i64().unwrap_or(0)
}

fn columns(kind: Kind) -> Vec<(&'static str, Cell)> {
    let mut columns: Vec<(&'static str, Cell)> = vec![("Name", |o| o["metadata"]["name"].clone())];
    let more: &[(&'static str, Cell)] = match kind {
        Kind::Pod => &[
            ("Ready", |o| {
                let all = array(&o["status"]["containerStatuses"]);
                let ready = all.filter(|c| c["ready"] == true).count();
                json!(format!("{ready}/{}", array(&o["spec"]["containers"]).count()))
            }),
            ("Status", |o| json!(pod_status(o))),
            ("Restarts", |o| {
                json!(
                    array(&o["status"]["containerStatuses"])
                        .map(|c| count(&c["restartCount"]))
                        .sum::<i64>()
                )
            }),
        ],
        Kind::Deployment => &[
            ("Ready", |o| {
                json!(format!(
                    "{}/{}",
                    count(&o["status"]["readyReplicas"]),
                    count(&o["spec"]["replicas"])
                ))
            }),
            ("Up-to-date", |o| json!(count(&o["status"]["updatedReplicas"]))),
            ("Available", |o| json!(count(&o["status"]["availableReplicas"]))),
        ],
        Kind::StatefulSet => &[("Ready", |o| {
            json!(format!(
                "{}/{}",
                count(&o["status"]["readyReplicas"]),
                count(&o["spec"]["replicas"])
            ))
        })],
        Kind::ReplicaSet => &[
            ("Desired", |o| json!(count(&o["spec"]["replicas"]))),
            ("Current", |o| json!(count(&o["status"]["replicas"]))),
            ("Ready", |o| json!(count(&o["status"]["readyReplicas"]))),
        ],
        Kind::Service => &[
            ("Type", |o| o["spec"]["type"].clone()),
            ("Cluster-IP", |o| text(&o["spec"]["clusterIP"])),
            ("External-IP", |o| {
                let found = array(&o["status"]["loadBalancer"]["ingress"]).next();
                match found {
                    Some(ingress) => ingress["ip"].clone(),
                    None if o["spec"]["type"] == "LoadBalancer" => json!("<pending>"),
                    None => json!("<none>"),
                }
            }),
            ("Port(s)", |o| {
                let ports: Vec<String> = array(&o["spec"]["ports"])
                    .map(|p| {
                        let node = count(&p["nodePort"]);
                        let node = if node > 0 { format!(":{node}") } else { String::new() };
                        format!("{}{node}/{}", p["port"], p["protocol"].as_str().unwrap_or("TCP"))
                    })
                    .collect();
                json!(if ports.is_empty() { "<none>".to_owned() } else { ports.join(",") })
            }),
        ],
        Kind::Node => &[
            ("Status", |o| {
                let ready = array(&o["status"]["conditions"])
                    .any(|c| c["type"] == "Ready" && c["status"] == "True");
                let cordoned = o["spec"]["unschedulable"] == true;
                let status = if ready { "Ready" } else { "NotReady" };
                json!(if cordoned {
                    format!("{status},SchedulingDisabled")
                } else {
                    status.to_owned()
                })
            }),
            ("Roles", |_| json!("<none>")),
            ("Version", |o| o["status"]["nodeInfo"]["kubeletVersion"].clone()),
        ],
        Kind::Namespace => &[("Status", |o| o["status"]["phase"].clone())],
        Kind::PersistentVolumeClaim => &[
            ("Status", |o| o["status"]["phase"].clone()),
            ("Volume", |o| text(&o["spec"]["volumeName"])),
            ("Capacity", |o| text(&o["status"]["capacity"]["storage"])),
            ("StorageClass", |o| text(&o["spec"]["storageClassName"])),
        ],
        Kind::Ingress => &[
            ("Class", |o| text(&o["spec"]["ingressClassName"])),
            ("Hosts", |o| {
                let hosts: Vec<&str> =
                    array(&o["spec"]["rules"]).map(|r| r["host"].as_str().unwrap_or("*")).collect();
                json!(hosts.join(","))
            }),
            ("Address", |o| {
                array(&o["status"]["loadBalancer"]["ingress"]).next().map_or(json!(""), |i| {
                    if i["ip"].is_null() { i["hostname"].clone() } else { i["ip"].clone() }
                })
            }),
        ],
        Kind::Secret => &[
            ("Type", |o| o["type"].clone()),
            ("Data", |o| json!(o["data"].as_object().map_or(0, |d| d.len()))),
        ],
        Kind::ConfigMap => &[("Data", |o| json!(o["data"].as_object().map_or(0, |d| d.len())))],
        Kind::StorageClass => &[
            ("Provisioner", |o| o["provisioner"].clone()),
            ("ReclaimPolicy", |o| o["reclaimPolicy"].clone()),
        ],
        Kind::Event => {
            return vec![
                ("Last Seen", |o| json!(age(o["lastTimestamp"].as_str()))),
                ("Type", |o| o["type"].clone()),
                ("Reason", |o| o["reason"].clone()),
                ("Object", |o| {
                    let about = &o["involvedObject"];
                    let text = |f: &str| about[f].as_str().unwrap_or_default().to_owned();
                    json!(format!("{}/{}", text("kind").to_lowercase(), text("name")))
                }),
                ("Message", |o| o["message"].clone()),
            ];
        }
        _ => &[],
    };
    columns.extend(more);
    columns.push(("Age", |o| json!(age(o["metadata"]["creationTimestamp"].as_str()))));
    columns
}

/// The word that `kubectl get pods` shows.
fn pod_status(pod: &Value) -> String {
    if !pod["metadata"]["deletionTimestamp"].is_null() {
        return "Terminating".into();
    }
    for (list, prefix) in [("initContainerStatuses", "Init:"), ("containerStatuses", "")] {
        for container in array(&pod["status"][list]) {
            for state in ["waiting", "terminated"] {
                let reason = container["state"][state]["reason"].as_str().unwrap_or_default();
                let done = list == "initContainerStatuses" && reason == "Completed";
                if !reason.is_empty() && !done && reason != "PodInitializing" {
                    return format!("{prefix}{reason}");
                }
            }
        }
    }
    pod["status"]["phase"].as_str().unwrap_or("Unknown").to_owned()
}

/// Time since a stamp as kubectl writes it.
fn age(stamp: Option<&str>) -> String {
    let Some(then) = stamp.and_then(clock::parse) else { return "<unknown>".into() };
    let seconds = clock::millis_between(then, clock::now()).max(0) / 1000;
    match seconds {
        0..120 => format!("{seconds}s"),
        120..7_200 => format!("{}m", seconds / 60),
        7_200..172_800 => format!("{}h", seconds / 3_600),
        _ => format!("{}d", seconds / 86_400),
    }
}

/// A table of objects.
pub fn table(kind: Kind, items: &[&Value], metadata: &Value) -> Value {
    let columns = columns(kind);
    let definitions: Vec<Value> = columns
        .iter()
        .map(|(name, _)| {
            let format = if *name == "Name" { "name" } else { "" };
            json!({"name": name, "type": "string", "format": format, "description": "", "priority": 0})
        })
        .collect();
    let rows: Vec<Value> = items
        .iter()
        .map(|item| {
            let cells: Vec<Value> = columns.iter().map(|(_, cell)| cell(item)).collect();
            json!({
                "cells": cells,
                "object": {
                    "kind": "PartialObjectMetadata",
                    "apiVersion": "meta.k8s.io/v1",
                    "metadata": item["metadata"],
                },
            })
        })
        .collect();
    json!({
        "kind": "Table",
        "apiVersion": "meta.k8s.io/v1",
        "metadata": metadata,
        "columnDefinitions": definitions,
        "rows": rows,
    })
}
