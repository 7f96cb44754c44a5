//! What the agents' users asked the API server for, by its audit log.

use std::{collections::BTreeSet, fmt};

use k8s_openapi::api::rbac::v1::ClusterRole;
use serde_json::Value;

use super::shared_cluster::Cluster;

/// A verb on a resource of a group, or on a part of one such as `pods/log`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Right {
    verb: String,
    group: String,
    resource: String,
}

impl fmt::Display for Right {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.verb, self.resource)
    }
}

/// The rights of a role.
pub fn granted(role: &ClusterRole) -> BTreeSet<Right> {
    let mut all = BTreeSet::new();
    for rule in role.rules.iter().flatten() {
        for group in rule.api_groups.iter().flatten() {
            for resource in rule.resources.iter().flatten() {
                all.extend(rule.verbs.iter().map(|verb| Right {
                    verb: verb.clone(),
                    group: group.clone(),
                    resource: resource.clone(),
                }));
            }
        }
    }
    all
}

/// What a user asked for until now.
#[derive(Debug, Default)]
pub struct Asked {
    /// The rights that it used.
    pub used: BTreeSet<Right>,
    /// Those that it would have needed.
    pub missing: BTreeSet<Right>,
}

/// Reads what a service account in `default` asked for. A new object that was applied needs the right to
/// create it, too.
pub fn asked(cluster: &Cluster, account: &str) -> Asked {
    let text = std::fs::read_to_string(cluster.plane().state().join("audit.log")).unwrap();
    let user = format!("system:serviceaccount:default:{account}");
    let mut asked = Asked::default();
    for line in text.lines() {
        // The last line may be written at this moment.
        let Ok(event) = serde_json::from_str::<Value>(line) else { continue };
        let about = &event["objectRef"];
        if event["user"]["username"] != *user || !about["resource"].is_string() {
            continue;
        }
        let of = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let resource = match about["subresource"].as_str() {
            Some(part) => format!("{}/{part}", of(&about["resource"])),
            None => of(&about["resource"]),
        };
        let right = |verb: &str| Right {
            verb: verb.to_owned(),
            group: of(&about["apiGroup"]),
            resource: resource.clone(),
        };
        let verb = of(&event["verb"]);
        if event["annotations"]["authorization.k8s.io/decision"] == "forbid" {
            asked.missing.insert(right(&verb));
            continue;
        }
        asked.used.insert(right(&verb));
        if verb == "patch" && event["responseStatus"]["code"] == 201 {
            asked.used.insert(right("create"));
        }
    }
    asked
}
