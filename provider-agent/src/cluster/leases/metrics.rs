//! What is counted of the work on leases.

use std::sync::atomic::AtomicU64;

use prometheus_client::{
    encoding::EncodeLabelSet,
    metrics::{
        counter::Counter,
        family::Family,
        gauge::Gauge,
        histogram::{Histogram, exponential_buckets},
    },
    registry::Registry,
};

/// How work on a lease ended.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct Ended {
    /// `done`, `failed`, or `refused` by Kubernetes for what the manifest asks for.
    pub result: &'static str,
}

/// What is counted of the work on leases. Cheap to clone.
#[derive(Clone, Debug)]
pub struct LeaseMetrics {
    /// Leases that can be worked on and wait for a worker.
    pub depth: Gauge,
    /// Leases that wait for their time.
    pub waiting: Gauge,
    /// Leases that are worked on.
    pub running: Gauge,
    /// The age of the oldest work that did not succeed yet, in seconds.
    pub oldest: Gauge<f64, AtomicU64>,
    /// From the change to a worker, in seconds.
    pub waited: Histogram,
    /// The work itself, in seconds.
    pub work: Histogram,
    /// Work that ended, by result.
    pub ended: Family<Ended, Counter>,
    /// Work that was tried again after a failure.
    pub retries: Counter,
}

impl Default for LeaseMetrics {
    fn default() -> Self {
        // From a millisecond to half a minute.
        let seconds = || Histogram::new(exponential_buckets(0.001, 2.0, 16));
        Self {
            depth: Gauge::default(),
            waiting: Gauge::default(),
            running: Gauge::default(),
            oldest: Gauge::default(),
            waited: seconds(),
            work: seconds(),
            ended: Family::default(),
            retries: Counter::default(),
        }
    }
}

impl LeaseMetrics {
    /// Adds them to a registry, whose prefix they get.
    pub fn register(&self, registry: &mut Registry) {
        let Self { depth, waiting, running, oldest, waited, work, ended, retries } = self.clone();
        registry.register("lease_queue_depth", "Leases that wait for a worker", depth);
        registry.register("lease_queue_delayed", "Leases that wait for their time", waiting);
        registry.register("lease_workers_busy", "Leases that are worked on", running);
        let help = "Age of the oldest change that is not in the cluster yet";
        registry.register("lease_queue_oldest_seconds", help, oldest);
        let help = "From a change of a lease to a worker";
        registry.register("lease_queue_wait_seconds", help, waited);
        registry.register("lease_work_seconds", "Work on a lease", work);
        registry.register("lease_work", "Work on leases that ended", ended);
        registry.register("lease_retries", "Work that followed a failure", retries);
    }
}
