//! A service's environment: each value is in a Secret, under a key by its position.

use souk_sdl::ManifestService;

/// A variable, the key of its value in the Secret, and the value.
pub(super) struct Variable<'a> {
    pub name: &'a str,
    pub key: String,
    pub value: &'a str,
}

/// Whether the node's GPU runtime chooses a container's devices by this variable. Variables such as
/// `ROCR_VISIBLE_DEVICES` choose among the container's own devices and are the tenant's.
fn is_of_gpu_runtime(name: &str) -> bool {
    let name = name.to_ascii_uppercase();
    name.starts_with("NVIDIA_") || name == "AMD_VISIBLE_DEVICES"
}

/// The variables of a service. Of two with the same name the last counts. Variables of the GPU
/// runtime are left out: they would open other tenants' devices.
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
