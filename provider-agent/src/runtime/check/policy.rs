//! The admission policy that keeps the agent's writes to its own namespaces. Roles cannot do that: the
//! agent makes its namespaces itself, so its role is for all of them.

use std::collections::BTreeMap;

use k8s_openapi::api::admissionregistration::v1::{
    MatchCondition, MatchResources, NamedRuleWithOperations, ValidatingAdmissionPolicy,
    ValidatingAdmissionPolicyBinding, ValidatingAdmissionPolicyBindingSpec,
    ValidatingAdmissionPolicySpec, Validation, Variable,
};
use kube::core::ObjectMeta;

use crate::model::scope::MarketScope;

/// How each refusal of the policy begins.
pub(super) const NOTICE: &str = "the agent writes only in its own namespaces";
/// The annotation with the labels of those namespaces, in JSON, for whoever reads the policy.
const NAMESPACE_LABELS: &str = "souk.market/namespace-labels";
/// The label of the level of pod security that a namespace enforces.
const ENFORCED: &str = "pod-security.kubernetes.io/enforce";

/// The policy for a user, in force wherever its binding is.
pub(super) fn policy(name: &str, user: &str, scope: &MarketScope) -> ValidatingAdmissionPolicy {
    let labels: BTreeMap<_, _> = scope.labels().into();
    let everything = NamedRuleWithOperations {
        api_groups: Some(vec!["*".into()]),
        api_versions: Some(vec!["*".into()]),
        operations: Some(vec!["*".into()]),
        resources: Some(vec!["*/*".into()]),
        scope: Some("*".into()),
        resource_names: None,
    };
    let text = serde_json::to_string(&labels).unwrap_or_default();
    ValidatingAdmissionPolicy {
        metadata: ObjectMeta {
            name: Some(name.to_owned()),
            annotations: Some([(NAMESPACE_LABELS.to_owned(), text)].into()),
            ..ObjectMeta::default()
        },
        spec: Some(ValidatingAdmissionPolicySpec {
            failure_policy: Some("Fail".into()),
            match_constraints: Some(MatchResources {
                match_policy: Some("Equivalent".into()),
                resource_rules: Some(vec![everything]),
                ..MatchResources::default()
            }),
            match_conditions: Some(vec![MatchCondition {
                name: "agent".into(),
                expression: format!("request.userInfo.username == {}", quoted(user)),
            }]),
            variables: Some(variables(&labels)),
            validations: Some(validations()),
            ..ValidatingAdmissionPolicySpec::default()
        }),
        ..ValidatingAdmissionPolicy::default()
    }
}

/// Puts the policy of that name in force.
pub(super) fn binding(name: &str) -> ValidatingAdmissionPolicyBinding {
    ValidatingAdmissionPolicyBinding {
        metadata: ObjectMeta { name: Some(name.to_owned()), ..ObjectMeta::default() },
        spec: ValidatingAdmissionPolicyBindingSpec {
            policy_name: name.to_owned(),
            validation_actions: vec!["Deny".into()],
            ..ValidatingAdmissionPolicyBindingSpec::default()
        },
    }
}

fn variables(labels: &BTreeMap<&str, String>) -> Vec<Variable> {
    let pairs: Vec<String> =
        labels.iter().map(|(key, value)| format!("{}: {}", quoted(key), quoted(value))).collect();
    let labels_of = |object: &str, at: &str| {
        format!("{object} != null && has({at}.labels) ? {at}.labels : {{}}")
    };
    let has_all = |of: &str| {
        format!(
            "variables.own.all(key, key in variables.{of} && variables.{of}[key] == variables.own[key])"
        )
    };
    [
        ("own", format!("{{{}}}", pairs.join(", "))),
        ("before", labels_of("oldObject", "oldObject.metadata")),
        ("after", labels_of("object", "object.metadata")),
        ("around", labels_of("namespaceObject", "namespaceObject.metadata")),
        ("wasOwn", has_all("before")),
        ("becomesOwn", has_all("after")),
        ("isWithinOwn", has_all("around")),
        (
            "isNamespace",
            "request.resource.group == '' && request.resource.resource == 'namespaces'".into(),
        ),
        (
            // Whether it may do something: asking is not writing.
            "isQuestion",
            "request.resource.group in ['authorization.k8s.io', 'authentication.k8s.io'] && request.resource.resource.startsWith('selfsubject')".into(),
        ),
    ]
    .map(|(name, expression)| Variable { name: name.to_owned(), expression })
    .into()
}

fn validations() -> Vec<Validation> {
    let enforced = quoted(ENFORCED);
    [
        (
            "variables.isNamespace || variables.isQuestion || (namespaceObject != null && variables.isWithinOwn)".into(),
            "this one is not, or the object is in none",
        ),
        (
            "!variables.isNamespace || request.operation == 'CREATE' || variables.wasOwn".into(),
            "this namespace is not one of them",
        ),
        (
            "!variables.isNamespace || request.operation == 'DELETE' || variables.becomesOwn".into(),
            "it gives new ones its labels, and takes them from none",
        ),
        (
            "!variables.isNamespace || !has(request.subResource) || request.subResource == ''".into(),
            "their status and end are not its affair",
        ),
        (
            format!("!variables.isNamespace || request.operation == 'DELETE' || ({enforced} in variables.after && variables.after[{enforced}] in ['baseline', 'restricted'])"),
            "each enforces pod security, baseline or restricted",
        ),
    ]
    .map(|(expression, why)| Validation {
        expression,
        message: Some(format!("{NOTICE}: {why}")),
        reason: Some("Forbidden".into()),
        message_expression: None,
    })
    .into()
}

/// A text in the policy's language.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\\', "\\\\").replace('\'', "\\'"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_names_user_and_labels_and_no_text_gets_out_of_its_quotes() {
        let scope = MarketScope::new("souk-1", "souk1book", "souk1me");
        let made = policy("agent", "o'neill\\", &scope);
        let spec = made.spec.unwrap();
        let condition = &spec.match_conditions.unwrap()[0].expression;
        assert_eq!(condition, "request.userInfo.username == 'o\\'neill\\\\'");
        let own = &spec.variables.unwrap()[0].expression;
        assert!(own.contains("'souk.market/provider': 'souk1me'"), "{own}");
        assert!(spec.validations.unwrap().iter().all(|one| {
            one.message.as_deref().is_some_and(|message| message.starts_with(NOTICE))
        }));
        let annotations = made.metadata.annotations.unwrap();
        let labels: BTreeMap<String, String> =
            serde_json::from_str(&annotations[NAMESPACE_LABELS]).unwrap();
        assert!(scope.owns(Some(&labels)));
    }
}
