//! Namespaces of leases that are being deleted, and what holds them. Kubernetes ends a namespace's pods
//! before all else and says meanwhile that all content is removed, so what is left is counted here.

use souk_core::OrderId;

use super::seen::{Detail, LeaseObjects};

/// A namespace that is being deleted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Deletion {
    /// The lease.
    pub order: OrderId,
    /// The namespace.
    pub namespace: String,
    /// Since when, in Unix seconds.
    pub since: i64,
    /// Pods that are left.
    pub pods: usize,
    /// What holds it, if that is known.
    pub held_by: Option<String>,
}

impl Deletion {
    /// Of a lease's namespace; none if it is not being deleted.
    pub(super) fn of(order: OrderId, lease: &LeaseObjects) -> Option<Self> {
        let namespace = lease.namespace().filter(|namespace| namespace.terminating)?;
        let since = match &namespace.detail {
            Detail::Namespace(detail) => detail.deleted_at?,
            _ => return None,
        };
        Some(Self {
            order,
            namespace: namespace.name.to_string(),
            since,
            pods: lease.pods.len(),
            held_by: lease.blocked_by(),
        })
    }

    /// For how many seconds it lasts at `now`, in Unix seconds.
    pub fn seconds(&self, now: u64) -> u64 {
        now.saturating_sub(u64::try_from(self.since).unwrap_or(0))
    }

    /// What the operator should know of it at `now`.
    pub fn text(&self, now: u64) -> String {
        let Self { namespace, held_by, .. } = self;
        let seconds = self.seconds(now);
        match held_by {
            Some(why) => {
                format!("namespace {namespace} is being deleted for {seconds} seconds: {why}")
            }
            None => format!(
                "namespace {namespace} is being deleted for {seconds} seconds, and the cluster does not say why; look at `kubectl get namespace {namespace} -o yaml`"
            ),
        }
    }
}
