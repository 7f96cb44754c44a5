//! A service's environment: each value in a Secret, under a key that is its place.

use souk_sdl::ManifestService;

/// A variable, the key of its value in the Secret, and the value.
pub(super) struct Variable<'a> {
    pub name: &'a str,
    pub key: String,
    pub value: &'a str,
}

/// What a GPU's runtime on the node reads of a container's environment to choose the devices that
/// it opens. Variables such as `ROCR_VISIBLE_DEVICES` choose among those that are open, and are
/// the tenant's.
fn is_of_gpu_runtime(name: &str) -> bool {
    let name = name.to_ascii_uppercase();
    name.starts_with("NVIDIA_") || name == "AMD_VISIBLE_DEVICES"
}

/// The variables that are passed on. Of a name that stands twice the last counts. What the
/// GPU's runtime reads is not the tenant's to set: it would open other tenants' devices.
pub(super) fn variables(service: &ManifestService) -> Vec<Variable<'_>> {
    let mut variables: Vec<Variable<'_>> = Vec::new();
    for (at, entry) in service.env.iter().flatten().enumerate() {
        let (name, value) = entry.split_once('=').unwrap_or((entry, ""));
        if name.is_empty() || !name.bytes().all(|b| b.is_ascii_graphic()) {
            continue;
        }
        if is_of_gpu_runtime(name) {
            continue;
        }
        variables.retain(|earlier| earlier.name != name);
        variables.push(Variable { name, key: format!("env-{at}"), value });
    }
    variables
}
