//! What the agent does in a cluster, and so must be allowed to do.

use k8s_openapi::{
    Resource as _,
    api::{
        core::v1::ServiceAccount,
        rbac::v1::{ClusterRole, ClusterRoleBinding, PolicyRule, RoleRef, Subject},
    },
};
use kube::core::ObjectMeta;

use crate::cluster::kube::objects::Kind;

/// Something that the agent does with all objects of a kind, in all namespaces.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Right {
    /// What it does.
    pub verb: &'static str,
    /// The kind's group; empty for the core's.
    pub group: String,
    /// The kind, as in URLs.
    pub resource: String,
    /// A part of the object, such as `log`; empty for the object itself.
    pub subresource: &'static str,
}

/// Everything that the agent does in the cluster.
pub(super) fn needed() -> Vec<Right> {
    let mut all = Vec::new();
    for kind in Kind::ALL {
        let resource = kind.resource();
        // Applying makes objects as well, for which Kubernetes asks for a right of its own.
        for verb in ["list", "watch", "create", "patch", "delete"] {
            let (group, resource) = (resource.group.clone(), resource.plural.clone());
            all.push(Right { verb, group, resource, subresource: "" });
        }
    }
    for (verb, group, resource, subresource) in [
        ("get", "", "namespaces", ""),
        ("get", "", "pods", ""),
        ("list", "", "pods", ""),
        ("watch", "", "pods", ""),
        ("list", "", "nodes", ""),
        ("watch", "", "nodes", ""),
        ("list", "", "events", ""),
        ("watch", "", "events", ""),
        ("get", "", "pods", "log"),
        ("list", "storage.k8s.io", "storageclasses", ""),
        ("list", "networking.k8s.io", "ingressclasses", ""),
        ("list", "node.k8s.io", "runtimeclasses", ""),
    ] {
        let (group, resource) = (group.to_owned(), resource.to_owned());
        all.push(Right { verb, group, resource, subresource });
    }
    all
}

/// A user for the agent, and the role that lets it do what it does and nothing more.
#[derive(Clone, Debug)]
pub struct Access {
    /// The user.
    pub account: ServiceAccount,
    /// What it may do, in all namespaces.
    pub role: ClusterRole,
    /// That it may.
    pub binding: ClusterRoleBinding,
}

impl Access {
    /// For a user of that name in a namespace; role and binding have the same name.
    pub fn of(name: &str, namespace: &str) -> Self {
        let named = |namespace: Option<&str>| ObjectMeta {
            name: Some(name.to_owned()),
            namespace: namespace.map(str::to_owned),
            ..ObjectMeta::default()
        };
        Self {
            account: ServiceAccount {
                metadata: named(Some(namespace)),
                ..ServiceAccount::default()
            },
            role: ClusterRole {
                metadata: named(None),
                rules: Some(needed().into_iter().map(rule).collect()),
                ..ClusterRole::default()
            },
            binding: ClusterRoleBinding {
                metadata: named(None),
                role_ref: RoleRef {
                    api_group: Some(ClusterRole::GROUP.to_owned()),
                    kind: ClusterRole::KIND.to_owned(),
                    name: name.to_owned(),
                },
                subjects: Some(vec![Subject {
                    kind: ServiceAccount::KIND.to_owned(),
                    name: name.to_owned(),
                    namespace: Some(namespace.to_owned()),
                    ..Subject::default()
                }]),
            },
        }
    }
}

fn rule(right: Right) -> PolicyRule {
    let resource = match right.subresource {
        "" => right.resource,
        part => format!("{}/{part}", right.resource),
    };
    PolicyRule {
        api_groups: Some(vec![right.group]),
        resources: Some(vec![resource]),
        verbs: vec![right.verb.to_owned()],
        ..PolicyRule::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_pods_parts_only_the_log_is_asked_for() {
        let rights = needed();
        let parts = rights.iter().filter(|right| !right.subresource.is_empty());
        let parts: Vec<_> = parts.map(|right| (right.verb, right.subresource)).collect();
        assert_eq!(parts, [("get", "log")]);
    }
}
