//! What the pods of each node request, kept up with every change of a pod.

use std::collections::HashMap;

use serde_json::Value;

use crate::{
    requests::{Amounts, pod_requests},
    store::{Change, ChangeKind},
};

/// What the pods on each node request, `pods` counting them.
#[derive(Debug, Default)]
pub struct Usage {
    nodes: HashMap<String, Amounts>,
}

impl Usage {
    /// What a node's pods request.
    pub fn of(&self, node: &str) -> Option<&Amounts> {
        self.nodes.get(node)
    }

    /// Of exactly these pods.
    pub fn of_pods<'a>(pods: impl Iterator<Item = &'a Value>) -> Self {
        let mut usage = Self::default();
        pods.for_each(|pod| usage.account(pod, 1));
        usage
    }

    /// Follows a change of a pod.
    pub fn follow(&mut self, change: &Change) {
        if let Some(old) = &change.old {
            self.account(old, -1);
        }
        if change.what != ChangeKind::Deleted {
            self.account(&change.new, 1);
        }
    }

    fn account(&mut self, pod: &Value, sign: i128) {
        let Some(node) = pod["spec"]["nodeName"].as_str().filter(|n| !n.is_empty()) else { return };
        if matches!(pod["status"]["phase"].as_str(), Some("Succeeded" | "Failed")) {
            return;
        }
        let totals = self.nodes.entry(node.to_owned()).or_default();
        for (name, amount) in pod_requests(&pod["spec"]) {
            *totals.entry(name).or_default() += sign * amount;
        }
        *totals.entry("pods".into()).or_default() += sign * 1_000_000_000;
    }
}
