//! The secrets of a tenant: environments and registry logins.

use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::{Map, Value, json};
use souk_sdl::ManifestService;

use super::{Kind, Object, environment};
use crate::model::names::object_name;

/// How the names of registry logins end.
pub const LOGIN_SUFFIX: &str = "-pull";

pub(super) fn environment_name(service: &ManifestService) -> String {
    object_name(&service.name, "-env")
}

pub(super) fn login_name(service: &ManifestService) -> String {
    object_name(&service.name, LOGIN_SUFFIX)
}

/// The values of a service's environment.
pub(super) fn environment(service: &ManifestService) -> Option<Object> {
    let variables = environment::variables(service);
    if variables.is_empty() {
        return None;
    }
    let data: Map<String, Value> = variables
        .into_iter()
        .map(|variable| (variable.key, Value::String(STANDARD.encode(variable.value))))
        .collect();
    let body = json!({ "type": "Opaque", "data": data });
    Some(Object::of_service(Kind::Secret, environment_name(service), &service.name, body))
}

/// The login at the image's registry.
pub(super) fn registry_login(service: &ManifestService) -> Option<Object> {
    let login = service.credentials.as_ref()?;
    let auth = STANDARD.encode(format!("{}:{}", login.username, login.password));
    let config = json!({
        "auths": { &login.host: {
            "username": login.username,
            "password": login.password,
            "email": login.email,
            "auth": auth,
        } }
    });
    let data = json!({ ".dockerconfigjson": STANDARD.encode(config.to_string()) });
    let body = json!({ "type": "kubernetes.io/dockerconfigjson", "data": data });
    Some(Object::of_service(Kind::Secret, login_name(service), &service.name, body))
}
