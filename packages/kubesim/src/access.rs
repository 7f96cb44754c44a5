//! Users with fewer rights than the simulator's own: those of a list of objects as `souk-provider access`
//! prints it, with a role, and an admission policy that keeps writes to namespaces with certain labels.
//!
//! Policies' expressions are not evaluated. The rule is built in; user, labels and words are the policy's.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::validate::array;

/// The annotation of the policy with the labels of the namespaces that the user writes in, in JSON.
const NAMESPACE_LABELS: &str = "souk.market/namespace-labels";

/// A user with the rights of a role, whose writes a policy keeps to its own namespaces.
#[derive(Clone, Debug)]
pub struct Access {
    /// Its name.
    pub user: String,
    /// The policy's name.
    pub policy: String,
    /// How the policy refuses.
    pub message: String,
    /// The labels of the namespaces that it writes in.
    pub labels: BTreeMap<String, String>,
    rules: Vec<Rule>,
}

#[derive(Clone, Debug)]
struct Rule {
    groups: Vec<String>,
    resources: Vec<String>,
    verbs: Vec<String>,
}

/// Why a list gives no user.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the list has no {0}; take what `souk-provider access` prints")]
pub struct AccessError(&'static str);

impl Access {
    /// The user of a list with a cluster role and a validating admission policy.
    ///
    /// # Errors
    /// If the list lacks one of them, or they lack what the simulator needs.
    pub fn read(list: &Value) -> Result<Self, AccessError> {
        let of_kind = |kind: &'static str| {
            array(&list["items"]).find(|item| item["kind"] == kind).ok_or(AccessError(kind))
        };
        let (role, policy) = (of_kind("ClusterRole")?, of_kind("ValidatingAdmissionPolicy")?);
        of_kind("ValidatingAdmissionPolicyBinding")?;
        let subject = &of_kind("ClusterRoleBinding")?["subjects"][0];
        let name = subject["name"].as_str().unwrap_or_default();
        let user = match subject["namespace"].as_str() {
            Some(namespace) => format!("system:serviceaccount:{namespace}:{name}"),
            None => name.to_owned(),
        };
        let labels = policy["metadata"]["annotations"][NAMESPACE_LABELS].as_str();
        let labels = labels.and_then(|text| serde_json::from_str(text).ok());
        let message = policy["spec"]["validations"][0]["message"].as_str();
        let texts = |value: &Value| -> Vec<String> {
            array(value).filter_map(Value::as_str).map(str::to_owned).collect()
        };
        let rule = |rule: &Value| Rule {
            groups: texts(&rule["apiGroups"]),
            resources: texts(&rule["resources"]),
            verbs: texts(&rule["verbs"]),
        };
        Ok(Self {
            user,
            policy: policy["metadata"]["name"].as_str().unwrap_or_default().to_owned(),
            message: message.ok_or(AccessError("message in its policy"))?.to_owned(),
            labels: labels.ok_or(AccessError("namespace labels in its policy"))?,
            rules: array(&role["rules"]).map(rule).collect(),
        })
    }

    /// Whether the role allows a verb on a resource, which may be a part such as `pods/log`.
    pub fn allows(&self, verb: &str, group: &str, resource: &str) -> bool {
        let has = |all: &[String], one: &str| all.iter().any(|known| known == one);
        self.rules.iter().any(|rule| {
            has(&rule.groups, group) && has(&rule.resources, resource) && has(&rule.verbs, verb)
        })
    }

    /// Whether labels are those of the user's namespaces.
    pub fn owns(&self, labels: &Value) -> bool {
        self.labels.iter().all(|(key, value)| labels[key.as_str()] == **value)
    }
}
