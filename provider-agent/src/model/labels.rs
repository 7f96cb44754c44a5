//! Labels by which the agent knows its own objects in a cluster, and words by which the cluster answers.

/// The tool that manages an object; [`MANAGER`] on all objects of the agent.
pub const MANAGED_BY: &str = "app.kubernetes.io/managed-by";
/// The value of [`MANAGED_BY`] and the field manager of server-side apply.
pub const MANAGER: &str = "souk-provider";
/// The lease that an object belongs to, by its order's number. On namespaces, on workloads and
/// on their pods, so that the inventory does not count a pod beside its reservation.
pub const ORDER: &str = "souk.market/order";
/// The provider's address, so that two providers can share a cluster without touching each
/// other's objects.
pub const PROVIDER: &str = "souk.market/provider";
/// The market that an object's lease is of, as a hash of chain and orderbook: two markets number
/// their leases alike.
pub const MARKET: &str = "souk.market/market";
/// The service of the manifest that an object runs.
pub const SERVICE: &str = "souk.market/service";
/// The replica that a claim, a StatefulSet or a pod is of.
pub const REPLICA: &str = "souk.market/replica";
/// The pool of a claim's replica: those with the same persistent volumes.
pub const POOL: &str = "souk.market/pool";
/// The volume of a claim, by its name in the manifest.
pub const VOLUME: &str = "souk.market/volume";
/// The market's storage class of a claim.
pub const CLASS: &str = "souk.market/class";
/// On a namespace whose pods are let in to tenants' pods, with the value `true`: set by the operator on
/// that of the ingress controller.
pub const INGRESS: &str = "souk.market/ingress";
/// On the namespaces in which `check` tries what the cluster does, with the value `true`.
pub const CHECK: &str = "souk.market/check";
/// On a namespace: the level of pod security that it enforces.
pub const ENFORCED: &str = "pod-security.kubernetes.io/enforce";
/// How each refusal of the agent's admission policy begins.
pub const POLICY_NOTICE: &str = "the agent writes only in its own namespaces";
