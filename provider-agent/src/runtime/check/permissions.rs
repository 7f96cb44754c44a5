//! The permissions that the agent needs in the cluster.

use k8s_openapi::{
    Resource as _,
    api::{
        core::v1::ServiceAccount,
        rbac::v1::{ClusterRole, ClusterRoleBinding, PolicyRule, RoleRef, Subject},
    },
};
use kube::core::ObjectMeta;

use crate::cluster::kube::objects::Kind;

/// A permission for all objects of a kind, in all namespaces.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Permission {
    /// The verb.
    pub verb: &'static str,
    /// The kind's group; empty for the core's.
    pub group: String,
    /// The resource, in plural.
    pub resource: String,
    /// The subresource, such as `log`; empty for the object itself.
    pub subresource: &'static str,
}

/// All permissions that the agent needs.
pub(super) fn required() -> Vec<Permission> {
    let mut all = Vec::new();
    for kind in Kind::ALL {
        let resource = kind.resource();
        // Applying makes objects as well, for which Kubernetes asks for a permission of its own.
        for verb in ["list", "watch", "create", "patch", "delete"] {
            let (group, resource) = (resource.group.clone(), resource.plural.clone());
            all.push(Permission { verb, group, resource, subresource: "" });
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
        ("delete", "", "pods", ""),
        ("list", "storage.k8s.io", "storageclasses", ""),
        ("list", "networking.k8s.io", "ingressclasses", ""),
        ("list", "node.k8s.io", "runtimeclasses", ""),
        ("list", "resource.k8s.io", "resourceslices", ""),
    ] {
        let (group, resource) = (group.to_owned(), resource.to_owned());
        all.push(Permission { verb, group, resource, subresource });
    }
    all
}

/// A service account for the agent, and a role with the permissions that it needs and no others.
#[derive(Clone, Debug)]
pub struct Access {
    /// The service account.
    pub account: ServiceAccount,
    /// The role, in all namespaces.
    pub role: ClusterRole,
    /// The binding of the two.
    pub binding: ClusterRoleBinding,
}

impl Access {
    /// For a service account of that name in a namespace; role and binding have the same name.
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
                rules: Some(required().into_iter().map(rule).collect()),
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

fn rule(permission: Permission) -> PolicyRule {
    let resource = match permission.subresource {
        "" => permission.resource,
        part => format!("{}/{part}", permission.resource),
    };
    PolicyRule {
        api_groups: Some(vec![permission.group]),
        resources: Some(vec![resource]),
        verbs: vec![permission.verb.to_owned()],
        ..PolicyRule::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_pods_subresources_only_the_log_is_needed() {
        let permissions = required();
        let parts = permissions.iter().filter(|permission| !permission.subresource.is_empty());
        let parts: Vec<_> =
            parts.map(|permission| (permission.verb, permission.subresource)).collect();
        assert_eq!(parts, [("get", "log")]);
    }
}
