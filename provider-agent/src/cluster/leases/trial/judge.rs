//! What the API server's answer to a trial says: pure.

use crate::{
    cluster::kube::{
        message::{is_refusal, message},
        objects::Kind,
    },
    model::scope::MarketScope,
};

/// What an answer says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It would be taken.
    Fine,
    /// It would not, with the API server's message.
    Refused(String),
    /// The namespace for trials, or what belongs to it, is not there.
    NoRoom(String),
    /// Nothing is known.
    Unknown(String),
}

/// Judges a failed trial of an object; no kind is a pod.
pub fn judge(kind: Option<Kind>, error: &kube::Error, scope: &MarketScope) -> Verdict {
    let text = message(error);
    let kube::Error::Api(status) = error else { return Verdict::Unknown(text) };
    if is_without_room(status.code, &text, scope) {
        return Verdict::NoRoom(text);
    }
    // The API server answers so with 500 where a list has an entry twice.
    let is_refusal = is_refusal(error) || text.contains("failed to create typed patch object");
    if !is_refusal || [401, 408, 409].contains(&status.code) || is_for_want_of_rights(&text) {
        return Verdict::Unknown(text);
    }
    match kind {
        // An admission webhook with side effects; what it thinks is not to be had this way.
        _ if text.contains("does not support dry run") => Verdict::Fine,
        Some(Kind::Ingress) if names_a_lease(&text, scope) => Verdict::Fine,
        _ => Verdict::Refused(text),
    }
}

/// Whether the namespace is gone or going, or has no service account.
fn is_without_room(code: u16, text: &str, scope: &MarketScope) -> bool {
    let room = scope.trial_namespace();
    match code {
        404 => text.contains(&format!("namespaces \"{room}\" not found")),
        403 => {
            text.contains(&format!("error looking up service account {room}/"))
                || text.contains(&format!("in namespace {room} because it is being terminated"))
        }
        _ => false,
    }
}

/// Whether the agent's own rights do not suffice, by its role or its admission policy: the manifest may be
/// fine.
fn is_for_want_of_rights(text: &str) -> bool {
    (text.contains(" is forbidden: User \"") && text.contains(" cannot "))
        || text.contains("denied request: the agent writes only in its own namespaces")
}

/// Whether an Ingress is refused for the sake of one that a lease of this provider has: the host is either
/// this lease's own, or another lease gave it up and its Ingress is going. Whose a host is decides the
/// store. What tenants write into an Ingress has no slash.
fn names_a_lease(text: &str, scope: &MarketScope) -> bool {
    let names = text.split(|c: char| c.is_whitespace() || "\"',;:()".contains(c));
    let namespaces = names.filter_map(|name| name.split_once('/')).map(|(namespace, _)| namespace);
    namespaces.into_iter().any(|namespace| scope.order_of(namespace).is_some())
}

#[cfg(test)]
mod tests {
    use kube::core::Status;
    use souk_core::OrderId;

    use super::*;

    fn scope() -> MarketScope {
        MarketScope::new("souk-1", "souk1book", "souk1me")
    }

    fn answer(kind: Kind, code: u16, text: &str) -> Verdict {
        let status = Status::failure(text, "Reason").with_code(code);
        judge(Some(kind), &kube::Error::Api(status.boxed()), &scope())
    }

    #[test]
    fn only_what_is_wrong_with_the_manifest_is_a_refusal() {
        let room = scope().trial_namespace();
        let host = "Ingress.networking.k8s.io \"a\" is invalid: spec.rules[0].host: Invalid value";
        assert_eq!(answer(Kind::Ingress, 422, host), Verdict::Refused(host.into()));
        let security = "pods \"web\" is forbidden: violates PodSecurity \"restricted:latest\"";
        assert_eq!(answer(Kind::Deployment, 403, security), Verdict::Refused(security.into()));
        let twice = "failed to create typed patch object (a/web; apps/v1, Kind=Deployment): .spec.template.spec.containers[name=\"web\"].volumeMounts: duplicate entries for key [mountPath=\"/data\"]";
        assert_eq!(answer(Kind::Deployment, 500, twice), Verdict::Refused(twice.into()));
        let rights =
            "pods is forbidden: User \"agent\" cannot create resource \"pods\" in API group";
        assert_eq!(answer(Kind::Deployment, 403, rights), Verdict::Unknown(rights.into()));
        let effects = "admission webhook \"x.example.com\" does not support dry run";
        assert_eq!(answer(Kind::Service, 400, effects), Verdict::Fine);
        let webhook = "Internal error occurred: failed calling webhook \"validate.nginx\"";
        assert_eq!(answer(Kind::Ingress, 500, webhook), Verdict::Unknown(webhook.into()));
        for (code, text) in [
            (404, format!("namespaces \"{room}\" not found")),
            (
                403,
                format!(
                    "pods \"web\" is forbidden: error looking up service account {room}/tenant: serviceaccount \"tenant\" not found"
                ),
            ),
            (
                403,
                format!(
                    "secrets \"a\" is forbidden: unable to create new content in namespace {room} because it is being terminated"
                ),
            ),
        ] {
            assert_eq!(answer(Kind::Secret, code, &text), Verdict::NoRoom(text.clone()));
        }
        let silent = kube::Error::Service(Box::new(std::io::Error::other("refused")));
        assert!(matches!(judge(None, &silent, &scope()), Verdict::Unknown(_)));
    }

    #[test]
    fn a_host_that_a_lease_of_this_provider_has_does_not_count_and_anybody_elses_does() {
        let taken = |by: &str| {
            format!(
                "admission webhook \"validate.nginx.ingress.kubernetes.io\" denied the request: host \"a.com\" and path \"/\" is already defined in ingress {by}"
            )
        };
        let own = taken(&format!("{}/a.com", scope().namespace(OrderId(7))));
        assert_eq!(answer(Kind::Ingress, 400, &own), Verdict::Fine);
        let other = MarketScope::new("souk-1", "souk1book", "souk1other");
        for by in ["sites/www".to_owned(), format!("{}/a.com", other.namespace(OrderId(7)))] {
            let text = taken(&by);
            assert_eq!(answer(Kind::Ingress, 400, &text), Verdict::Refused(text.clone()), "{by}");
        }
        // Elsewhere a tenant can write such a name itself, as in the name of an image.
        let image = format!("Invalid value: \"{}/x y\"", scope().namespace(OrderId(7)));
        assert_eq!(answer(Kind::Deployment, 422, &image), Verdict::Refused(image.clone()));
    }
}
