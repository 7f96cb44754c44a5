//! What a path means.

use crate::{error::ApiError, kinds::Kind};

/// An object, a collection, or a part of an object.
#[derive(Debug, PartialEq, Eq)]
pub struct Target {
    pub kind: Kind,
    pub namespace: Option<String>,
    pub name: Option<String>,
    pub subresource: Option<String>,
}

/// Where a request goes.
#[derive(Debug, PartialEq, Eq)]
pub enum Route {
    /// A fixed text, as of health checks.
    Plain(&'static str),
    /// Lists of groups, versions and kinds.
    Discovery,
    /// The description of the API.
    OpenApi,
    /// A question about the caller.
    Review(Review),
    /// Objects.
    Object(Target),
}

/// Questions about the caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Review {
    /// May I?
    Access,
    /// What may I?
    Rules,
    /// Who am I?
    Whoami,
}

/// Whether a path answers without a token.
pub fn is_public(path: &str) -> bool {
    matches!(path, "/version" | "/version/") || health(path)
}

fn health(path: &str) -> bool {
    ["/healthz", "/livez", "/readyz"]
        .iter()
        .any(|p| path.strip_prefix(p).is_some_and(|rest| rest.is_empty() || rest.starts_with('/')))
}

/// Reads a path.
pub fn parse(path: &str) -> Result<Route, ApiError> {
    if health(path) {
        return Ok(Route::Plain("ok"));
    }
    if path.starts_with("/openapi") {
        return Ok(Route::OpenApi);
    }
    let parts: Vec<&str> = path.split('/').filter(|p| !p.is_empty()).collect();
    let (group, version, rest) = match parts.as_slice() {
        [] | ["api" | "apis" | "version"] | ["api", "v1"] | ["apis", _] | ["apis", _, _] => {
            return Ok(Route::Discovery);
        }
        ["api", version, rest @ ..] => ("", *version, rest),
        ["apis", group, version, rest @ ..] => (*group, *version, rest),
        _ => return Err(ApiError::no_such_path()),
    };
    match (group, version, rest) {
        ("authorization.k8s.io", "v1", ["selfsubjectaccessreviews"]) => {
            return Ok(Route::Review(Review::Access));
        }
        ("authorization.k8s.io", "v1", ["selfsubjectrulesreviews"]) => {
            return Ok(Route::Review(Review::Rules));
        }
        ("authentication.k8s.io", "v1", ["selfsubjectreviews"]) => {
            return Ok(Route::Review(Review::Whoami));
        }
        _ => {}
    }
    let kind =
        |plural: &str| Kind::by_url(group, version, plural).ok_or_else(ApiError::no_such_path);
    let own = |text: &str| Some(decoded(text));
    let target = match rest {
        // `namespaces/{name}/status` is a part of a namespace, not a collection.
        ["namespaces", name, sub @ ("status" | "finalize")] => Target {
            kind: kind("namespaces")?,
            namespace: None,
            name: own(name),
            subresource: own(sub),
        },
        ["namespaces", namespace, plural, more @ ..] => {
            let kind = kind(plural)?;
            if !kind.namespaced() {
                return Err(ApiError::no_such_path());
            }
            let (name, subresource) = tail(more)?;
            Target { kind, namespace: own(namespace), name, subresource }
        }
        [plural, more @ ..] => {
            let (name, subresource) = tail(more)?;
            Target { kind: kind(plural)?, namespace: None, name, subresource }
        }
        [] => return Ok(Route::Discovery),
    };
    Ok(Route::Object(target))
}

fn tail(parts: &[&str]) -> Result<(Option<String>, Option<String>), ApiError> {
    match parts {
        [] => Ok((None, None)),
        [name] => Ok((Some(decoded(name)), None)),
        [name, sub] => Ok((Some(decoded(name)), Some(decoded(sub)))),
        _ => Err(ApiError::no_such_path()),
    }
}

/// Names in paths may be escaped, as the colons of role names are.
fn decoded(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let Some((first, more)) = rest.split_first() {
        let escaped = more
            .get(..2)
            .filter(|_| *first == b'%')
            .and_then(|hex| std::str::from_utf8(hex).ok())
            .and_then(|hex| u8::from_str_radix(hex, 16).ok());
        match escaped {
            Some(byte) => {
                bytes.push(byte);
                rest = &more[2..];
            }
            None => {
                bytes.push(*first);
                rest = more;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn object(path: &str) -> Target {
        match parse(path).unwrap() {
            Route::Object(target) => target,
            other => panic!("{path}: {other:?}"),
        }
    }

    #[test]
    fn paths_of_objects_are_understood() {
        let pod = object("/api/v1/namespaces/a/pods/b/log");
        assert_eq!(pod.kind, Kind::Pod);
        assert_eq!(pod.namespace.as_deref(), Some("a"));
        assert_eq!(pod.name.as_deref(), Some("b"));
        assert_eq!(pod.subresource.as_deref(), Some("log"));
        let all = object("/apis/apps/v1/deployments");
        assert_eq!((all.kind, all.namespace, all.name), (Kind::Deployment, None, None));
        let namespace = object("/api/v1/namespaces/a");
        assert_eq!((namespace.kind, namespace.name.as_deref()), (Kind::Namespace, Some("a")));
        let part = object("/api/v1/namespaces/a/finalize");
        assert_eq!(part.subresource.as_deref(), Some("finalize"));
        let role = object("/apis/rbac.authorization.k8s.io/v1/clusterroles/system%3Anode");
        assert_eq!(role.name.as_deref(), Some("system:node"));
    }

    #[test]
    fn a_path_that_means_nothing_is_not_found() {
        for path in
            ["/api/v1/namespaces/a/nodes", "/apis/apps/v1/widgets", "/x", "/api/v1/pods/a/b/c"]
        {
            assert_eq!(parse(path).unwrap_err().code, 404, "{path}");
        }
    }
}
