//! What must hold again soon after each fault, and what must hold at the end.

use std::collections::{BTreeMap, BTreeSet};

use k8s_openapi::api::{
    apps::v1::{Deployment, StatefulSet},
    core::v1::{Namespace, Pod},
};
use kube::{Api, api::ListParams};
use serde_json::Value;
use souk_api::orderbook::LeaseState;
use souk_client::market::Orderbook;
use souk_core::{CloseReason, OrderId};
use souk_provider::model::labels;

use super::market::{Market, Tenancy};
use crate::support::{Must, fixture::address};

impl Market {
    /// What is not yet as it must be: health, a bid for each order, each lease as its newest manifest
    /// says, nothing left of leases that ended. Sends the manifests that the agent does not have.
    pub async fn open_points(&mut self) -> Vec<String> {
        let mut open = Vec::new();
        if let Err(why) = self.health().await {
            open.push(why);
        }
        for tenancy in &self.waiting {
            if self.fixture.own_bid(tenancy.leased.order).await.is_none() {
                open.push(format!("no bid on order {}", tenancy.leased.order));
            }
        }
        for index in 0..self.running.len() {
            if let Err(why) = self.runs(index).await {
                open.push(format!("lease {}: {why}", self.running[index].leased.order));
            }
        }
        let pods = self.pods().await;
        for tenancy in &self.ended {
            let order = tenancy.leased.order;
            if pods.contains(&order) {
                open.push(format!("lease {order} ended and has pods"));
            }
        }
        if self.agent_has_ended() {
            open.push("the agent ended by itself".into());
        }
        open
    }

    /// What health says, but for findings of the audit: they stay, so that the operator sees them.
    async fn health(&self) -> Result<(), String> {
        let http = reqwest::Client::builder().no_proxy().build().must("client");
        let url = format!("http://127.0.0.1:{}/healthz", self.metrics);
        let asked = async { http.get(url).send().await?.json::<Value>().await };
        let health = asked.await.map_err(|error| format!("health: {error}"))?;
        let errors = health["errors"].as_array().cloned().unwrap_or_default();
        let lasting: Vec<String> = errors
            .iter()
            .filter(|error| error["component"] != "audit")
            .map(Value::to_string)
            .collect();
        if lasting.is_empty() { Ok(()) } else { Err(lasting.join(", ")) }
    }

    /// That a lease runs as its newest manifest says, on the volumes that it had from the start.
    async fn runs(&mut self, index: usize) -> Result<(), String> {
        let lease = &self.running[index];
        let order = lease.leased.order;
        if !lease.sent {
            let client = self.client(lease.tenant);
            let sent = client.send_manifest(order, &lease.leased.upload).await;
            sent.map_err(|error| format!("the manifest is not taken: {error}"))?;
            self.running[index].sent = true;
        }
        let lease = &self.running[index];
        let wanted = format!("nginx:{}", lease.version);
        let found = self.seen(lease).await.ok_or("objects are missing")?;
        if found != (wanted, 1, 1) {
            return Err(format!("it is {found:?}, not version {}", lease.version));
        }
        let claims = self.claims(lease).await;
        match &lease.claims {
            Some(before) if *before != claims => {
                panic!("lease {order} lost a volume: {before:?}, now {claims:?}")
            }
            Some(_) => {}
            None => self.running[index].claims = Some(claims),
        }
        Ok(())
    }

    /// The image and how many replicas of both services are ready.
    async fn seen(&self, lease: &Tenancy) -> Option<(String, i32, i32)> {
        let order = lease.leased.order;
        let web = self.cluster.namespaced::<Deployment>(order).get_opt("web").await.ok()??;
        let db = self.cluster.namespaced::<StatefulSet>(order).get_opt("db").await.ok()??;
        let image = web.spec?.template.spec?.containers.first()?.image.clone()?;
        let ready = |count: Option<i32>| count.unwrap_or_default();
        let web = web.status.and_then(|status| status.ready_replicas);
        let db = db.status.and_then(|status| status.ready_replicas);
        Some((image, ready(web), ready(db)))
    }

    async fn pods(&self) -> BTreeSet<OrderId> {
        let ours = ListParams::default().labels(labels::ORDER);
        let all = Api::<Pod>::all(self.cluster.client.clone()).list(&ours).await.must("pods");
        all.items.iter().filter_map(|pod| order_of(pod.metadata.labels.as_ref())).collect()
    }

    /// What was lost, done twice or left behind, over the whole run.
    pub async fn losses(&self) -> Vec<String> {
        let mut losses = Vec::new();
        let orderbook = Orderbook::new(self.fixture.queries(), &self.fixture.contracts.orderbook);
        for lease in &self.running {
            let found = orderbook.lease(lease.leased.order).await.must("lease");
            if found.state != LeaseState::Active {
                losses.push(format!("lease {} ended: {:?}", lease.leased.order, found.reason));
            }
        }
        for lease in &self.ended {
            let found = orderbook.lease(lease.leased.order).await.must("lease");
            if found.reason != Some(CloseReason::Tenant) {
                let order = lease.leased.order;
                losses.push(format!("lease {order} was not its tenant's to end: {found:?}"));
            }
        }
        losses.extend(self.panics());
        losses.extend(self.bids_sent_twice());
        let ours = ListParams::default().labels(labels::ORDER);
        let namespaces = Api::<Namespace>::all(self.cluster.client.clone());
        let known: BTreeSet<OrderId> =
            self.running.iter().chain(&self.ended).map(|lease| lease.leased.order).collect();
        for namespace in namespaces.list(&ours).await.must("namespaces").items {
            let order = order_of(namespace.metadata.labels.as_ref());
            if order.is_none_or(|order| !known.contains(&order)) {
                losses.push(format!("namespace {:?} is no lease's", namespace.metadata.name));
            }
        }
        losses
    }

    /// Orders for which the agent sent more than one transaction with a bid.
    fn bids_sent_twice(&self) -> Vec<String> {
        let mut sent: BTreeMap<u64, BTreeSet<[u8; 32]>> = BTreeMap::new();
        for (hash, messages) in self.rpc.iter().flat_map(|endpoint| endpoint.transactions()) {
            let messages = messages.iter().filter_map(souk_devchain::proxy::contract_message);
            for message in messages {
                let Some(bid) = message.get("place_bid") else { continue };
                assert_eq!(bid["provider"], address("provider"), "only its own");
                let order = bid["order"].as_u64().unwrap_or_default();
                sent.entry(order).or_default().insert(hash);
            }
        }
        let twice = sent.into_iter().filter(|(_, hashes)| hashes.len() > 1);
        twice.map(|(order, hashes)| format!("{} bids on order {order}", hashes.len())).collect()
    }
}

fn order_of(labels: Option<&BTreeMap<String, String>>) -> Option<OrderId> {
    labels?.get(labels::ORDER)?.parse().ok().map(OrderId)
}
