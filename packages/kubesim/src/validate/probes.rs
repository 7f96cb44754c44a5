//! Probes and lifecycle hooks of containers.

use serde_json::Value;

use super::{array, network::in_range, text};
use crate::{error::Cause, names};

/// What is wrong with the hooks and probes of a container that keeps running, in a pod that gets
/// `grace` seconds to end.
pub fn hooks(container: &Value, at: &str, grace: i64, causes: &mut Vec<Cause>) {
    for hook in ["postStart", "preStop"] {
        let handler = &container["lifecycle"][hook];
        if handler.is_object() {
            self::handler(handler, &format!("{at}.lifecycle.{hook}"), grace, causes);
        }
    }
    for name in ["livenessProbe", "readinessProbe", "startupProbe"] {
        let (probe, at) = (&container[name], format!("{at}.{name}"));
        if !probe.is_object() {
            continue;
        }
        handler(probe, &at, grace, causes);
        for field in [
            "initialDelaySeconds",
            "timeoutSeconds",
            "periodSeconds",
            "successThreshold",
            "failureThreshold",
        ] {
            if probe[field].as_i64().is_some_and(|n| n < 0) {
                let why = "must be greater than or equal to 0";
                causes.push(Cause::invalid(format!("{at}.{field}"), &probe[field], why));
            }
        }
        let threshold = &probe["successThreshold"];
        if name != "readinessProbe" && threshold != 1 {
            causes.push(Cause::invalid(format!("{at}.successThreshold"), threshold, "must be 1"));
        }
    }
}

/// Notes what a container that runs before the others and ends cannot have.
pub fn none(container: &Value, at: &str, causes: &mut Vec<Cause>) {
    for field in ["lifecycle", "livenessProbe", "readinessProbe", "startupProbe"] {
        if container[field].is_object() {
            let why = "may not be set for init containers without restartPolicy=Always";
            causes.push(Cause::forbidden(format!("{at}.{field}"), why));
        }
    }
}

fn handler(handler: &Value, at: &str, grace: i64, causes: &mut Vec<Cause>) {
    let kinds = ["exec", "httpGet", "tcpSocket", "grpc", "sleep"];
    let mut given = kinds.into_iter().filter(|kind| handler[*kind].is_object());
    let Some(kind) = given.next() else {
        causes.push(Cause::required(at, "must specify a handler type"));
        return;
    };
    let (action, here) = (&handler[kind], format!("{at}.{kind}"));
    match kind {
        "exec" if array(&action["command"]).next().is_none() => {
            causes.push(Cause::required(format!("{here}.command"), ""));
        }
        "httpGet" | "tcpSocket" => {
            port(&action["port"], &format!("{here}.port"), causes);
            let schemes = ["HTTP", "HTTPS"];
            if kind == "httpGet" && !schemes.contains(&text(action, "scheme")) {
                let field = format!("{here}.scheme");
                causes.push(Cause::not_supported(field, &action["scheme"], &schemes));
            }
        }
        "sleep" if !(0..=grace).contains(&action["seconds"].as_i64().unwrap_or_default()) => {
            let why = format!(
                "must be non-negative and less than terminationGracePeriodSeconds ({grace})"
            );
            causes.push(Cause::invalid(here, &action["seconds"], &why));
        }
        _ => {}
    }
    for kind in given {
        let why = "may not specify more than 1 handler type";
        causes.push(Cause::forbidden(format!("{at}.{kind}"), why));
    }
}

fn port(port: &Value, at: &str, causes: &mut Vec<Cause>) {
    match port {
        Value::String(name) => super::expect(causes, at, name, names::port_name),
        number => in_range(number, at, causes),
    }
}
