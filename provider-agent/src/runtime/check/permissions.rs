//! The permissions that the agent needs in the cluster.

use k8s_openapi::{
    Resource as _,
    api::{
        admissionregistration::v1::{ValidatingAdmissionPolicy, ValidatingAdmissionPolicyBinding},
        core::v1::ServiceAccount,
        rbac::v1::{ClusterRole, ClusterRoleBinding, PolicyRule, RoleRef, Subject},
    },
};
use kube::core::ObjectMeta;

use super::policy;
use crate::{cluster::kube::objects::Kind, model::scope::MarketScope};

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
        let verbs: &[&str] = match kind {
            // To patch a Secret is to read it.
            Kind::Secret => &["create", "update", "delete"],
            _ => &["list", "watch", "create", "patch", "delete"],
        };
        for verb in verbs {
            let (group, resource) = (resource.group.clone(), resource.plural.clone());
            all.push(Permission { verb, group, resource, subresource: "" });
        }
    }
    for (verb, group, resource, subresource) in [
        ("get", "", "namespaces", ""),
        // In dry runs of manifests alone.
        ("create", "", "pods", ""),
        ("list", "", "pods", ""),
        ("watch", "", "pods", ""),
        ("list", "", "nodes", ""),
        ("watch", "", "nodes", ""),
        ("list", "", "events", ""),
        ("watch", "", "events", ""),
        ("get", "", "pods", "log"),
        ("delete", "", "pods", ""),
        ("get", "", "persistentvolumes", ""),
        ("list", "storage.k8s.io", "storageclasses", ""),
        ("list", "networking.k8s.io", "ingressclasses", ""),
        ("list", "node.k8s.io", "runtimeclasses", ""),
        ("list", "resource.k8s.io", "resourceslices", ""),
        ("get", "coordination.k8s.io", "leases", ""),
        ("create", "coordination.k8s.io", "leases", ""),
        ("update", "coordination.k8s.io", "leases", ""),
    ] {
        let (group, resource) = (group.to_owned(), resource.to_owned());
        all.push(Permission { verb, group, resource, subresource });
    }
    all
}

/// The user in the cluster that the agent is.
#[derive(Clone, Copy, Debug)]
pub enum User<'a> {
    /// A service account.
    Account {
        /// Its name.
        name: &'a str,
        /// Its namespace, which must exist.
        namespace: &'a str,
    },
    /// A user that the cluster knows otherwise, for instance by a certificate.
    Named(&'a str),
}

impl User<'_> {
    /// Its name in requests.
    pub fn username(&self) -> String {
        match self {
            Self::Account { name, namespace } => {
                format!("system:serviceaccount:{namespace}:{name}")
            }
            Self::Named(name) => (*name).to_owned(),
        }
    }

    fn subject(&self) -> Subject {
        match self {
            Self::Account { name, namespace } => Subject {
                kind: ServiceAccount::KIND.to_owned(),
                name: (*name).to_owned(),
                namespace: Some((*namespace).to_owned()),
                ..Subject::default()
            },
            Self::Named(name) => Subject {
                api_group: Some(ClusterRole::GROUP.to_owned()),
                kind: "User".to_owned(),
                name: (*name).to_owned(),
                ..Subject::default()
            },
        }
    }
}

/// The agent's user, a role with the permissions that it needs and no others, and a policy that keeps
/// what it writes to its own namespaces.
#[derive(Clone, Debug)]
pub struct Access {
    /// The service account, unless the user is another.
    pub account: Option<ServiceAccount>,
    /// The role, in all namespaces.
    pub role: ClusterRole,
    /// The binding of the two.
    pub binding: ClusterRoleBinding,
    /// The policy.
    pub policy: ValidatingAdmissionPolicy,
    /// What puts the policy in force.
    pub policy_binding: ValidatingAdmissionPolicyBinding,
}

impl Access {
    /// For a user whose agent is the provider's in one market; everything that belongs to no namespace
    /// has `name`.
    pub fn of(name: &str, user: User<'_>, scope: &MarketScope) -> Self {
        let named = |name: &str, namespace: Option<&str>| ObjectMeta {
            name: Some(name.to_owned()),
            namespace: namespace.map(str::to_owned),
            ..ObjectMeta::default()
        };
        let account = match user {
            User::Account { name, namespace } => Some(ServiceAccount {
                metadata: named(name, Some(namespace)),
                ..ServiceAccount::default()
            }),
            User::Named(_) => None,
        };
        Self {
            account,
            role: ClusterRole {
                metadata: named(name, None),
                rules: Some(rules(required())),
                ..ClusterRole::default()
            },
            binding: ClusterRoleBinding {
                metadata: named(name, None),
                role_ref: RoleRef {
                    api_group: Some(ClusterRole::GROUP.to_owned()),
                    kind: ClusterRole::KIND.to_owned(),
                    name: name.to_owned(),
                },
                subjects: Some(vec![user.subject()]),
            },
            policy: policy::policy(name, &user.username(), scope),
            policy_binding: policy::binding(name),
        }
    }
}

/// One rule for each resource.
fn rules(permissions: Vec<Permission>) -> Vec<PolicyRule> {
    let mut rules: Vec<PolicyRule> = Vec::new();
    for permission in permissions {
        let rule = rule(permission);
        let same = |known: &&mut PolicyRule| {
            known.api_groups == rule.api_groups && known.resources == rule.resources
        };
        match rules.iter_mut().find(same) {
            Some(known) => known.verbs.extend(rule.verbs),
            None => rules.push(rule),
        }
    }
    rules
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

    #[test]
    fn secrets_are_written_and_never_read_and_no_right_is_handed_on() {
        let verbs_on = |resource: &str| -> Vec<&str> {
            let all = required();
            all.iter().filter(|one| one.resource == resource).map(|one| one.verb).collect()
        };
        assert_eq!(verbs_on("secrets"), ["create", "update", "delete"]);
        for permission in required() {
            let verb = permission.verb;
            assert!(!["*", "bind", "escalate", "impersonate"].contains(&verb), "{permission:?}");
            assert!(!permission.resource.contains('*'), "{permission:?}");
            assert_ne!(permission.group, "rbac.authorization.k8s.io");
        }
    }
}
