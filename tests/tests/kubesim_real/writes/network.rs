//! Services, ingresses and network policies.

use rand::{Rng as _, rngs::StdRng};
use serde_json::{Value, json};

use super::{map, one_of, set, some_of};

pub fn service(rng: &mut StdRng, whole: bool) -> Value {
    let target = 8_080 + rng.gen_range(0..2);
    let all = [
        json!({ "name": "web", "port": 80, "targetPort": target }),
        json!({ "name": "tls", "port": 443, "protocol": "TCP", "targetPort": "tls" }),
        json!({ "name": "dns", "port": 53, "protocol": "UDP" }),
        json!({ "name": "dns-tcp", "port": 53, "protocol": "TCP" }),
    ];
    let mut ports = some_of(rng, &all);
    if ports == json!([]) && whole {
        ports = json!([all[0]]);
    }
    let mut spec = json!({});
    if ports != json!([]) {
        spec["ports"] = ports;
    }
    if let Some(selector) = map(rng, "s") {
        spec["selector"] = selector;
    }
    let affinity = one_of(rng, &["None", "ClientIP"]);
    set(rng, &mut spec, 0.3, json!({ "sessionAffinity": affinity }));
    let kind = one_of(rng, &["ClusterIP", "NodePort"]);
    set(rng, &mut spec, 0.3, json!({ "type": kind, "publishNotReadyAddresses": true }));
    json!({ "metadata": {}, "spec": spec })
}

pub fn ingress(rng: &mut StdRng, whole: bool) -> Value {
    let backend =
        |name: &str, port: i32| json!({ "service": { "name": name, "port": { "number": port } } });
    let port = 80 + rng.gen_range(0..2);
    let paths = [
        json!({ "path": "/", "pathType": "Prefix", "backend": backend("one", port) }),
        json!({ "path": "/x", "pathType": "Exact", "backend": backend("two", port) }),
    ];
    let rules = [
        json!({ "host": "a.example", "http": { "paths": some_of(rng, &paths) } }),
        json!({ "host": "b.example", "http": { "paths": [paths[0]] } }),
        json!({ "host": "c.example" }),
    ];
    let mut spec = json!({});
    let some = some_of(rng, &rules);
    set(rng, &mut spec, 0.8, json!({ "rules": some }));
    set(
        rng,
        &mut spec,
        if whole { 1.0 } else { 0.4 },
        json!({ "defaultBackend": backend("one", port) }),
    );
    let certificates = some_of(
        rng,
        &[
            json!({ "hosts": ["a.example"], "secretName": "a" }),
            json!({ "hosts": ["b.example", "c.example"] }),
        ],
    );
    set(rng, &mut spec, 0.3, json!({ "ingressClassName": "nginx", "tls": certificates }));
    json!({ "metadata": {}, "spec": spec })
}

pub fn policy(rng: &mut StdRng) -> Value {
    let ports = some_of(
        rng,
        &[
            json!({ "port": 80 }),
            json!({ "port": 53, "protocol": "UDP" }),
            json!({ "port": 8_000, "endPort": 8_010, "protocol": "TCP" }),
            json!({ "port": "web" }),
        ],
    );
    let peers = some_of(
        rng,
        &[
            json!({ "ipBlock": { "cidr": "0.0.0.0/0", "except": ["10.0.0.0/8"] } }),
            json!({ "podSelector": { "matchLabels": { "app": "one" } } }),
            json!({ "namespaceSelector": {} }),
        ],
    );
    let mut rule = |peer: &str| {
        let mut rule = json!({});
        // No empty list in an atomic one, for the reason that the templates of claims give.
        for (field, items) in [("ports", &ports), (peer, &peers)] {
            if *items != json!([]) {
                set(rng, &mut rule, 0.7, json!({ field: items }));
            }
        }
        rule
    };
    let (from, to) = (rule("from"), rule("to"));
    let mut spec = json!({});
    let selector = one_of(rng, &[json!({}), json!({ "matchLabels": { "app": "one" } })]);
    let types = one_of(rng, &[json!(["Ingress"]), json!(["Egress"]), json!(["Ingress", "Egress"])]);
    set(
        rng,
        &mut spec,
        0.6,
        json!({
            "podSelector": selector, "policyTypes": types, "ingress": [from], "egress": [to],
        }),
    );
    json!({ "metadata": {}, "spec": spec })
}
