//! Claims and storage classes.

use serde_json::{Value, json};

use super::{array, immutable, positive_quantity};
use crate::{error::Cause, quantity};

/// What is wrong with a claim.
pub fn claim(new: &Value, old: Option<&Value>, causes: &mut Vec<Cause>) {
    claim_spec(&new["spec"], "spec", causes);
    let Some(old) = old else { return };
    let (new, old) = (&new["spec"], &old["spec"]);
    let fixed = |spec: &Value| {
        let mut spec = spec.clone();
        if let Some(map) = spec.as_object_mut() {
            map.remove("resources");
            map.remove("volumeAttributesClassName");
        }
        spec
    };
    // The binder may set the volume of a claim that has none.
    let mut before = fixed(old);
    if before["volumeName"].as_str().is_none_or(str::is_empty)
        && let Some(name) = new.get("volumeName")
    {
        before["volumeName"] = json!(name);
    }
    if fixed(new) != before {
        causes.push(Cause::forbidden(
            "spec",
            "spec is immutable after creation except resources.requests and volumeAttributesClassName \
             for bound claims",
        ));
    }
    let size = |spec: &Value| quantity::nano_of(&spec["resources"]["requests"]["storage"]);
    if size(new) < size(old) {
        let field = "spec.resources.requests.storage";
        causes.push(Cause::forbidden(field, "field can not be less than status.capacity"));
    }
}

/// What is wrong with a claim's spec, found at `at`.
pub fn claim_spec(spec: &Value, at: &str, causes: &mut Vec<Cause>) {
    if array(&spec["accessModes"]).next().is_none() {
        let why = "at least 1 access mode is required";
        causes.push(Cause::required(format!("{at}.accessModes"), why));
    }
    let modes = ["ReadOnlyMany", "ReadWriteMany", "ReadWriteOnce", "ReadWriteOncePod"];
    for mode in array(&spec["accessModes"]) {
        if !modes.contains(&mode.as_str().unwrap_or_default()) {
            causes.push(Cause::not_supported(format!("{at}.accessModes"), mode, &modes));
        }
    }
    let field = format!("{at}.resources.requests.storage");
    match spec["resources"]["requests"].get("storage") {
        None => causes.push(Cause::required(format!("{at}.resources[storage]"), "")),
        Some(size) => {
            positive_quantity(causes, &field, size);
            if quantity::nano_of(size) == 0 {
                let field = format!("{at}.resources[storage]");
                causes.push(Cause::invalid(field, size, "must be greater than zero"));
            }
        }
    }
}

/// What is wrong with a storage class.
pub fn class(new: &Value, old: Option<&Value>, causes: &mut Vec<Cause>) {
    if new["provisioner"].as_str().is_none_or(str::is_empty) {
        causes.push(Cause::required("provisioner", ""));
    }
    let Some(old) = old else { return };
    for field in ["provisioner", "parameters", "reclaimPolicy", "volumeBindingMode"] {
        immutable(causes, field, &new[field], &old[field]);
    }
}
