//! The controllers, one small file a kind.
//!
//! A change of an object becomes work items (`cluster::route`); one task takes them one by one under the lock and
//! reconciles them. Items are level-triggered: doing one twice does no harm.

mod claim;
mod deployment;
mod deployment_sets;
mod deployment_status;
mod garbage;
mod ingress;
mod kubelet;
mod namespace;
mod node;
mod owned;
mod quota;
mod replica_set;
mod rollout;
mod service;
mod stateful_pods;
mod stateful_set;

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use tokio_util::sync::CancellationToken;

use crate::{
    cluster::{Cluster, Next, Work},
    events, scheduler,
};

/// Manager name of the controllers' writes.
pub const MANAGER: &str = "kube-controller-manager";

/// Does one item; the answer is when to look again, if time alone can change the matter.
fn reconcile(cluster: &mut Cluster, work: &Work) -> Option<Duration> {
    match work {
        Work::Namespace(name) => namespace::reconcile(cluster, name),
        Work::Garbage(kind, key) => garbage::reconcile(cluster, *kind, key),
        Work::Deployment(key) => deployment::reconcile(cluster, key),
        Work::ReplicaSet(key) => replica_set::reconcile(cluster, key),
        Work::StatefulSet(key) => stateful_set::reconcile(cluster, key),
        Work::Service(key) => service::reconcile(cluster, key),
        Work::Ingress(key) => ingress::reconcile(cluster, key),
        Work::Claim(key) => claim::reconcile(cluster, key),
        Work::Volume(name) => claim::reclaim(cluster, name),
        Work::Quota(namespace) => quota::reconcile(cluster, namespace),
        Work::Budget(key) => quota::budget(cluster, key),
        Work::Node(name) => node::reconcile(cluster, name),
        Work::Kubelet(key) => kubelet::reconcile(cluster, key),
        Work::Schedule(key) => {
            scheduler::schedule(cluster, key);
            None
        }
        Work::ExpireEvents => events::expire(cluster),
    }
}

/// Works until it is stopped.
pub async fn run(cluster: Arc<Mutex<Cluster>>, stop: CancellationToken) {
    let wake = {
        let mut cluster = cluster.lock().unwrap_or_else(PoisonError::into_inner);
        cluster.queue.push(Work::ExpireEvents);
        cluster.queue.wake()
    };
    loop {
        let next = {
            let mut cluster = cluster.lock().unwrap_or_else(PoisonError::into_inner);
            // A bounded batch, so that requests get the lock in between.
            for _ in 0..32 {
                let Some(work) = cluster.queue.pop() else { break };
                if let Some(delay) = reconcile(&mut cluster, &work) {
                    cluster.queue.push_after(work, delay);
                }
            }
            cluster.queue.next()
        };
        match next {
            Next::Now => tokio::task::yield_now().await,
            Next::SchemaNode(instant) => tokio::select! {
                () = stop.cancelled() => return,
                () = wake.notified() => {}
                () = tokio::time::sleep_until(instant) => {}
            },
            Next::Never => tokio::select! {
                () = stop.cancelled() => return,
                () = wake.notified() => {}
            },
        }
        if stop.is_cancelled() {
            return;
        }
    }
}
