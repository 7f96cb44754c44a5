//! The agent's requests, as the API server itself counts them. It counts by flow schema, so the
//! agent's user has one for each verb, at the priority that a service account has anyway.

use std::{
    collections::BTreeMap,
    fmt::Write as _,
    ops::{AddAssign, Sub},
    time::Duration,
};

use anyhow::{Result, ensure};
use http::Request;
use k8s_openapi::api::{flowcontrol::v1::FlowSchema, storage::v1::StorageClass};
use kube::{
    Api, Client,
    api::{ListParams, PostParams},
    config::{KubeConfigOptions, Kubeconfig},
};
use serde_json::json;
use tokio::time::{Instant, sleep};

use crate::cluster::{AGENT, Cluster};

const VERBS: [&str; 8] =
    ["get", "list", "watch", "create", "update", "patch", "delete", "deletecollection"];
/// Requests for other things than objects: versions, health.
const OTHER: &str = "other";
/// The schemas' names before the verb.
const PREFIX: &str = "agent-";
const TIMEOUT: Duration = Duration::from_secs(60);

/// Reads the count.
pub struct Counter(Client);

/// Requests by verb.
#[derive(Clone, Debug, Default)]
pub struct Requests(BTreeMap<String, u64>);

impl Counter {
    /// Has the agent's requests counted from now on.
    pub async fn start(cluster: &Cluster) -> Result<Self> {
        let schemas = Api::<FlowSchema>::all(cluster.client.clone());
        for verb in VERBS.into_iter().chain([OTHER]) {
            schemas.create(&PostParams::default(), &schema(verb)?).await?;
        }
        let counter = Self(cluster.client.clone());
        counter.sees(&agents_client(cluster).await?).await?;
        Ok(counter)
    }

    /// Waits until a request in the agent's name is counted: new schemas take a moment.
    async fn sees(&self, agent: &Client) -> Result<()> {
        let deadline = Instant::now() + TIMEOUT;
        let classes = Api::<StorageClass>::all(agent.clone());
        while self.read().await?.total() == 0 {
            ensure!(Instant::now() < deadline, "the API server does not count by flow schema");
            classes.list(&ListParams::default()).await?;
            sleep(Duration::from_millis(200)).await;
        }
        Ok(())
    }

    /// All requests so far.
    pub async fn read(&self) -> Result<Requests> {
        let text = self.0.request_text(Request::get("/metrics").body(Vec::new())?).await?;
        let mut requests = Requests::default();
        for line in text.lines() {
            let counted = line.strip_prefix("apiserver_flowcontrol_dispatched_requests_total{");
            let Some((labels, count)) = counted.and_then(|rest| rest.rsplit_once("} ")) else {
                continue;
            };
            let start = format!("flow_schema=\"{PREFIX}");
            let Some((_, verb)) = labels.split_once(&start) else { continue };
            let verb = verb.split('"').next().unwrap_or_default();
            // Large numbers are written with an exponent.
            *requests.0.entry(verb.to_owned()).or_default() += count.parse::<f64>()? as u64;
        }
        Ok(requests)
    }
}

fn schema(verb: &str) -> Result<FlowSchema> {
    let mut rule = json!({
        "subjects": [{
            "kind": "ServiceAccount",
            "serviceAccount": { "name": AGENT, "namespace": "default" },
        }],
    });
    if verb == OTHER {
        rule["nonResourceRules"] = json!([{ "verbs": ["*"], "nonResourceURLs": ["*"] }]);
    } else {
        rule["resourceRules"] = json!([{
            "verbs": [verb], "apiGroups": ["*"], "resources": ["*"],
            "clusterScope": true, "namespaces": ["*"],
        }]);
    }
    Ok(serde_json::from_value(json!({
        "metadata": { "name": format!("{PREFIX}{verb}") },
        "spec": {
            "priorityLevelConfiguration": { "name": "workload-low" },
            "distinguisherMethod": { "type": "ByUser" },
            "matchingPrecedence": 500,
            "rules": [rule],
        },
    }))?)
}

async fn agents_client(cluster: &Cluster) -> Result<Client> {
    let file = Kubeconfig::read_from(&cluster.kubeconfig)?;
    let options = KubeConfigOptions::default();
    let config = kube::Config::from_custom_kubeconfig(file, &options).await?;
    Ok(Client::try_from(config)?)
}

impl Requests {
    pub fn total(&self) -> u64 {
        self.0.values().sum()
    }

    /// Those that are made because something is done. Watches are opened again from time to time.
    pub fn without_watches(&self) -> Self {
        let mut others = self.clone();
        others.0.remove("watch");
        others
    }

    /// In all and by verb, each divided by a number of leases or of minutes.
    pub fn each(&self, by: f64) -> (String, String) {
        let part = |count: u64| {
            let each = count as f64 / by;
            if each == each.round() { format!("{each:.0}") } else { format!("{each:.1}") }
        };
        let mut verbs: Vec<(&String, &u64)> = self.0.iter().filter(|(_, n)| **n > 0).collect();
        verbs.sort_by_key(|(_, count)| std::cmp::Reverse(**count));
        let mut text = String::new();
        for (verb, count) in verbs {
            let comma = if text.is_empty() { "" } else { ", " };
            // Writing to a String cannot fail.
            let _ = write!(text, "{comma}{verb} {}", part(*count));
        }
        (part(self.total()), text)
    }
}

impl Sub<&Requests> for Requests {
    type Output = Self;
    fn sub(mut self, before: &Requests) -> Self {
        for (verb, count) in &before.0 {
            let own = self.0.entry(verb.clone()).or_default();
            *own = own.saturating_sub(*count);
        }
        self
    }
}

impl AddAssign<Requests> for Requests {
    fn add_assign(&mut self, other: Requests) {
        for (verb, count) in other.0 {
            *self.0.entry(verb).or_default() += count;
        }
    }
}
