//! The first configuration, with comments.

use std::fmt::Write;

use super::{Request, Survey};
use crate::model::ingress::ControllerPods;

/// The operator key's file.
pub(super) const KEY: &str = "operator.key";
/// The gateway's certificate.
pub(super) const CERTIFICATE: &str = "gateway.crt";
/// The gateway's key.
pub(super) const CERTIFICATE_KEY: &str = "gateway.key";

/// The configuration's text.
pub(super) fn render(request: &Request, provider: &str, survey: &Survey) -> String {
    let network = &request.network;
    let rpc: Vec<String> = network.rpc.iter().map(|url| quoted(url)).collect();
    let mut text = String::new();
    let mut line = |line: &str| {
        // A String as sink never fails.
        let _ = writeln!(text, "{line}");
    };
    line("# The provider's agent. Paths count from this file's folder.");
    line("");
    line("[chain]");
    line(&format!("chain_id = {}", quoted(&network.chain_id)));
    line("# Best first; with two or more the agent outlives one.");
    line(&format!("rpc = [{}]", rpc.join(", ")));
    line(&format!("prefix = {}", quoted(&network.prefix)));
    line(&format!("gas_price = {}", quoted(&network.gas_price.to_string())));
    line("");
    line("[chain.contracts]");
    for (name, address) in request.contracts.named() {
        line(&format!("{name} = {}", quoted(address)));
    }
    line("");
    line("[provider]");
    line("# Whose bond and earnings these are. The agent signs with the operator key alone.");
    line(&format!("address = {}", quoted(provider)));
    match request.passphrase {
        Some(_) => line(&format!(
            "key = {{ file = {}, passphrase_variable = \"SOUK_PASSPHRASE\" }}",
            quoted(KEY)
        )),
        None => line(&format!("key = {{ file = {} }}", quoted(KEY))),
    }
    line("");
    line("[store]");
    line("path = \"agent.db\"");
    line("");
    cluster(request, survey, &mut line);
    line("");
    bidding(request, survey, &mut line);
    line("");
    line(
        "# Signed prices, for tenants who ask before they deploy: what one holds is held for this time.",
    );
    line("[quotes]");
    line("validity = \"60s\"");
    line("");
    line("[gateway]");
    line(&format!("listen = {}", quoted(&request.listen)));
    line(&format!("uri = {}", quoted(&request.uri)));
    line(&format!("certificate = {}", quoted(CERTIFICATE)));
    line(&format!("key = {}", quoted(CERTIFICATE_KEY)));
    line("");
    line(
        "# With an image that has busybox's sh, httpd and wget, `check` also tries ingress, network",
    );
    line("# policies, limits and volumes by pods of its own.");
    line("# [check]");
    line("# probe_image = \"busybox:1.37\"");
    line("");
    line("[metrics]");
    line("listen = \"127.0.0.1:9464\"");
    text
}

fn cluster(request: &Request, survey: &Survey, line: &mut impl FnMut(&str)) {
    line("[cluster]");
    if let Some(path) = &request.kubeconfig {
        let path = std::path::absolute(path).unwrap_or_else(|_| path.clone());
        line(&format!("kubeconfig = {}", quoted(&path.display().to_string())));
    }
    if let Some(context) = &request.context {
        line(&format!("context = {}", quoted(context)));
    }
    match (&survey.ingress_class, &request.domain) {
        (Some(class), Some(domain)) => {
            line(&format!("ingress_class = {}", quoted(class)));
            line(&format!("domain = {}", quoted(domain)));
        }
        (class, _) => {
            let class = class.clone().unwrap_or_else(|| "nginx".to_owned());
            line("# For HTTP services: the ingress class, and the domain that points to it.");
            line(&format!("# ingress_class = {}", quoted(&class)));
            line("# domain = \"apps.example.com\"");
        }
    }
    if let Some(ControllerPods { namespace, label, .. }) = &survey.ingress_controller {
        let pods = label
            .as_ref()
            .map(|(key, value)| format!(", pods = {{ {} = {} }}", quoted(key), quoted(value)));
        line("# The ingress controller's pods, which tenants' pods let in.");
        line(&format!(
            "ingress_controller = {{ namespace = {}{} }}",
            quoted(namespace),
            pods.unwrap_or_default()
        ));
    }
    line("# For services on ports: the host under which node ports are reached.");
    line("# node_port_host = \"node.example.com\"");
    let classes: Vec<String> = survey
        .storage
        .iter()
        .map(|(class, name)| format!("{class} = {{ name = {} }}", quoted(name)))
        .collect();
    if !survey.other_storage.is_empty() {
        line(&format!("# Other storage classes here: {}", survey.other_storage.join(", ")));
    }
    line(&format!("storage_classes = {{ {} }}", classes.join(", ")));
    if survey.nvidia_runtime {
        line("gpu_runtime_classes = { nvidia = \"nvidia\" }");
    }
}

fn bidding(request: &Request, survey: &Survey, line: &mut impl FnMut(&str)) {
    line("[bidding]");
    line("# What the provider claims; the same must be registered on the chain.");
    line("attributes = [");
    line("    # { key = \"region\", value = \"eu-west\" },");
    for attribute in &survey.attributes {
        let (key, value) = (quoted(&attribute.key), quoted(&attribute.value));
        line(&format!("    {{ key = {key}, value = {value} }},"));
    }
    line("]");
    line("");
    line("# Base units an hour: for a core, a GiB of memory, a GiB of disk, and so on. Examples;");
    line("# set your own.");
    line("[[bidding.rates]]");
    line(&format!("denom = {}", quoted(&request.network.denom)));
    line("cpu = 10000");
    line("memory = 5000");
    line("storage = 50");
    let persistent: Vec<String> =
        survey.storage.keys().map(|class| format!("{class} = 100")).collect();
    line(&format!("persistent = {{ {} }}", persistent.join(", ")));
    line("endpoint = 100");
    line("ip = 20000");
    if !survey.gpus.is_empty() {
        line("gpu_models = [");
        for model in &survey.gpus {
            line(&format!("    {{ model = {}, price = 1000000 }},", quoted(model)));
        }
        line("]");
    }
}

fn quoted(text: &str) -> String {
    toml::Value::String(text.to_owned()).to_string()
}
