//! Tries, by dry runs, whether the cluster refuses the agent what it may not write.

use k8s_openapi::api::core::v1::{Namespace, ServiceAccount};
use kube::{
    Api, Client,
    api::{Patch, PatchParams, PostParams},
    core::ObjectMeta,
};
use serde_json::json;

use super::{Report, policy::NOTICE};
use crate::{
    cluster::kube::message::message,
    config::{Config, PodSecurity},
    model::{labels::MANAGER, scope::MarketScope},
};

/// A namespace that every cluster has and no agent owns.
const FOREIGN: &str = "kube-system";
/// The name of objects that are never made.
const NAME: &str = "souk-provider-check";

/// How a write was answered that must be refused.
#[derive(Debug, PartialEq, Eq)]
enum Answer {
    /// By the policy.
    Policy,
    /// It was accepted.
    Accepted,
    /// By something else.
    Other(String),
}

impl Answer {
    fn of<T>(answer: kube::Result<T>) -> Self {
        match answer {
            Ok(_) => Self::Accepted,
            Err(error) => match message(&error) {
                text if text.contains(NOTICE) => Self::Policy,
                text => Self::Other(text),
            },
        }
    }
}

/// Checks that the agent's writes are kept to its own namespaces, and that it can make those.
pub(super) async fn check(config: &Config, client: &Client, report: &mut Report) {
    const WHAT: &str = "admission policy";
    let apply = "a cluster administrator runs `souk-provider access | kubectl apply -f -`, and the agent uses that user";
    for (what, answer) in foreign_writes(client).await {
        match answer {
            Answer::Policy => {}
            Answer::Accepted => {
                let found = format!("it is not in force: the agent's user can {what}");
                return report.fail(WHAT, found, apply);
            }
            Answer::Other(why) => {
                let found = format!(
                    "whether it is in force is not known: that the agent's user may {what} is refused otherwise: {why}"
                );
                return report.fail(WHAT, found, apply);
            }
        }
    }
    let scope = MarketScope::of(config);
    match own_namespace(client, &scope, config.cluster.pod_security).await {
        Ok(_) => report.ok(WHAT, "the agent writes in its own namespaces alone"),
        Err(error) => report.fail(
            WHAT,
            format!("the agent cannot make namespaces of its own: {}", message(&error)),
            format!("print it again with this configuration: {apply}"),
        ),
    }
}

/// Writes that must be refused; the API server is asked to do nothing.
async fn foreign_writes(client: &Client) -> Vec<(String, Answer)> {
    let namespaces = Api::<Namespace>::all(client.clone());
    let accounts = Api::<ServiceAccount>::namespaced(client.clone(), FOREIGN);
    let create = create();
    let patch = PatchParams { dry_run: true, ..PatchParams::default() };
    let nothing = Patch::Merge(json!({}));
    let account = ServiceAccount { metadata: named(NAME), ..ServiceAccount::default() };
    let unlabelled = Namespace { metadata: named(NAME), ..Namespace::default() };
    vec![
        (format!("write in {FOREIGN}"), Answer::of(accounts.create(&create, &account).await)),
        (
            format!("change namespace {FOREIGN}"),
            Answer::of(namespaces.patch(FOREIGN, &patch, &nothing).await),
        ),
        (
            "make namespaces without its labels".to_owned(),
            Answer::of(namespaces.create(&create, &unlabelled).await),
        ),
    ]
}

async fn own_namespace(
    client: &Client,
    scope: &MarketScope,
    level: PodSecurity,
) -> kube::Result<Namespace> {
    let labels = scope.labels().map(|(key, value)| (key.to_owned(), value));
    let level = ("pod-security.kubernetes.io/enforce".to_owned(), level.as_str().to_owned());
    let labels = labels.into_iter().chain([level]).collect();
    let metadata = ObjectMeta { labels: Some(labels), ..named(NAME) };
    let own = Namespace { metadata, ..Namespace::default() };
    Api::<Namespace>::all(client.clone()).create(&create(), &own).await
}

fn create() -> PostParams {
    PostParams { dry_run: true, field_manager: Some(MANAGER.to_owned()) }
}

fn named(name: &str) -> ObjectMeta {
    ObjectMeta { name: Some(name.to_owned()), ..ObjectMeta::default() }
}

#[cfg(test)]
mod tests {
    use kube::core::Status;

    use super::*;

    #[test]
    fn a_refusal_counts_only_in_the_words_of_the_policy() {
        let refused = |message: &str| {
            let status = Status::failure(message, "Forbidden").with_code(403);
            Answer::of::<()>(Err(kube::Error::Api(status.boxed())))
        };
        let words = format!("serviceaccounts \"x\" is forbidden: denied request: {NOTICE}: none");
        assert_eq!(refused(&words), Answer::Policy);
        let by_role = "User \"me\" cannot create resource \"serviceaccounts\"";
        assert_eq!(refused(by_role), Answer::Other(by_role.into()));
        assert_eq!(Answer::of(Ok(())), Answer::Accepted);
    }
}
