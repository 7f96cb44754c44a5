//! What an error of the API says, in the words of whoever said it.

use std::error::Error as _;

use super::collision::is_collision;
use crate::model::labels::POLICY_NOTICE;

/// Why a request failed: the API server's own message, or what kept it from being asked.
pub fn message(error: &kube::Error) -> String {
    match error {
        kube::Error::Api(status) if !status.message.is_empty() => status.message.clone(),
        kube::Error::Api(status) => format!("{} (HTTP {})", status.reason, status.code),
        other => {
            let mut texts = vec![other.to_string()];
            let mut cause = other.source();
            while let Some(error) = cause {
                let text = error.to_string();
                // Most layers repeat the one below.
                if !texts.iter().any(|known| known.contains(&text)) {
                    texts.push(text);
                }
                cause = error.source();
            }
            texts.join(": ")
        }
    }
}

/// Whether the API server refused, and did not just fail to answer.
pub fn is_refusal(error: &kube::Error) -> bool {
    let kube::Error::Api(status) = error else { return false };
    // It answers with 500 where a list has an entry twice.
    let is_malformed = status.message.contains("failed to create typed patch object");
    is_malformed || status.code != 429 && status.code < 500 && !is_collision(error)
}

/// Whether the API server refused for what the object has, so that the same object is refused again and
/// others are not: neither for the agent's rights nor for the moment.
pub fn is_about_content(error: &kube::Error) -> bool {
    let kube::Error::Api(status) = error else { return false };
    // Words that stand in the object are repeated with other codes alone.
    let is_for_want_of =
        |text: &str| is_for_want_of_rights(text) || is_for_want_of_a_namespace(text);
    is_refusal(error)
        && ![401, 404, 408, 409].contains(&status.code)
        && !(status.code == 403 && is_for_want_of(&status.message))
}

/// Whether the agent's own rights do not suffice, by its role or its admission policy: the object may be
/// fine.
fn is_for_want_of_rights(text: &str) -> bool {
    (text.contains(" is forbidden: User \"") && text.contains(" cannot "))
        || text.contains(&format!("denied request: {POLICY_NOTICE}"))
}

/// Whether the namespace is going, or its service account is not there yet.
fn is_for_want_of_a_namespace(text: &str) -> bool {
    text.contains("because it is being terminated")
        || text.contains("error looking up service account ")
}

#[cfg(test)]
mod tests {
    use kube::core::Status;

    use super::*;

    #[test]
    fn a_refusal_is_said_in_the_words_of_the_api_server() {
        let denied =
            "admission webhook \"validate.nginx.ingress.kubernetes.io\" denied the request";
        let status = Status::failure(denied, "BadRequest").with_code(400);
        let error = kube::Error::Api(status.boxed());
        assert_eq!(message(&error), denied);
        assert!(is_refusal(&error));
        let bare = kube::Error::Api(Status::failure("", "InternalError").with_code(500).boxed());
        assert_eq!(message(&bare), "InternalError (HTTP 500)");
        assert!(!is_refusal(&bare));
        let met = Status::failure("the object has been modified", "Conflict").with_code(409);
        assert!(!is_refusal(&kube::Error::Api(met.boxed())));
    }

    #[test]
    fn a_refusal_of_an_object_differs_from_one_for_the_agents_rights_and_the_moment() {
        let policy = format!("ValidatingAdmissionPolicy 'x' denied request: {POLICY_NOTICE} x");
        for (code, text, of_content) in [
            (422, "Service \"web\" is invalid: spec.ports[0].port: Invalid value: 0", true),
            (403, "exceeded quota: lease, requested: limits.cpu=2, limited: limits.cpu=1", true),
            (403, "pods \"web\" is forbidden: violates PodSecurity \"restricted:latest\"", true),
            (403, "services is forbidden: User \"souk\" cannot patch resource \"services\"", false),
            (403, policy.as_str(), false),
            (
                500,
                "failed to create typed patch object (x; apps/v1, Kind=StatefulSet): .spec: duplicate entries for key [name=\"a\"]",
                true,
            ),
            (404, "namespaces \"souk-x-7\" not found", false),
            (
                403,
                "unable to create new content in namespace x because it is being terminated",
                false,
            ),
            (422, "Invalid value: \"a is forbidden: User \"b\" cannot c\": no path", true),
            (401, "Unauthorized", false),
            (409, "the object has been modified; please apply your changes again", false),
            (429, "too many requests", false),
            (500, "failed calling webhook \"x\": connection refused", false),
        ] {
            let error = kube::Error::Api(Status::failure(text, "X").with_code(code).boxed());
            assert_eq!(is_about_content(&error), of_content, "{text}");
        }
    }

    #[test]
    fn what_is_below_an_error_is_said_once() {
        let below = std::io::Error::other("connection refused");
        let error = kube::Error::Service(Box::new(below));
        assert_eq!(message(&error), "ServiceError: connection refused");
    }
}
