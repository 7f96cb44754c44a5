//! Checks that the ingress controller's pods are let in to tenants' pods, and what it cannot do.

use k8s_openapi::api::{
    core::v1::{Namespace, Pod, Service},
    networking::v1::IngressClass,
};
use kube::{Api, Client, ResourceExt, api::ListParams};

use super::{Report, named::named};
use crate::{
    cluster::kube::message::message,
    config::{Cluster, IngressController},
    model::{
        ingress::{self, ControllerPods},
        labels::INGRESS,
    },
};

const WHAT: &str = "ingress controller";

/// Looks for the controller of the configured class.
pub(super) async fn check(cluster: &Cluster, client: &Client, report: &mut Report) {
    let Some(class) = &cluster.ingress_class else { return };
    let class = match named::<IngressClass>(client, class).await {
        Ok(Some(class)) => class,
        // That is reported elsewhere.
        Ok(None) => return,
        Err(error) => return report.warn(WHAT, error, "look at the API server"),
    };
    let controller = class.spec.and_then(|spec| spec.controller).unwrap_or_default();
    options(&controller, report);
    match look(client, &controller).await {
        Ok((found, labelled)) => judge(cluster, &controller, &found, &labelled, report),
        Err(error) => {
            let found = format!("its pods cannot be looked for: {error}");
            report.warn(WHAT, found, "give the agent's user the rights of `souk-provider access`");
        }
    }
}

/// The controller's pods, and the namespaces that are labelled for it.
async fn look(
    client: &Client,
    controller: &str,
) -> Result<(Vec<ControllerPods>, Vec<String>), String> {
    let all = ListParams::default();
    let pods = Api::<Pod>::all(client.clone()).list(&all).await;
    let pods = pods.map_err(|error| message(&error))?.items;
    let services = Api::<Service>::all(client.clone()).list(&all).await;
    let services = services.map_err(|error| message(&error))?.items;
    let labelled = ListParams::default().labels(&format!("{INGRESS}=true"));
    let labelled = Api::<Namespace>::all(client.clone()).list(&labelled).await;
    let labelled = labelled.map_err(|error| message(&error))?.items;
    let labelled = labelled.iter().map(ResourceExt::name_any).collect();
    Ok((ingress::find(controller, &pods, &services), labelled))
}

/// Where the pods of the controller of a class run, for the first configuration.
///
/// # Errors
///
/// If the cluster cannot be asked.
pub async fn controller_of(client: &Client, class: &str) -> Result<Vec<ControllerPods>, String> {
    let class = named::<IngressClass>(client, class).await?;
    let controller = class.and_then(|class| class.spec?.controller).unwrap_or_default();
    Ok(look(client, &controller).await?.0)
}

fn options(controller: &str, report: &mut Report) {
    if !ingress::reads_annotations(controller) {
        let found = format!(
            "tenants' http_options (size of bodies, timeouts, retries) have no effect: {} does not read the \
             annotations of ingress-nginx",
            ingress::name(controller)
        );
        report.warn("HTTP options", found, "nothing, if tenants can do with its own limits");
    }
}

fn judge(
    cluster: &Cluster,
    controller: &str,
    found: &[ControllerPods],
    labelled: &[String],
    report: &mut Report,
) {
    let name = ingress::name(controller);
    if found.is_empty() {
        let advice = "name its namespace under cluster.ingress_controller, or label it \
                      souk.market/ingress=true, if it is not ingress-nginx";
        let found = match ingress::is_outside(controller) {
            true => format!(
                "{name} stands outside the cluster: tenants' network policies let in pods alone"
            ),
            false => format!("the pods of {name} are not found (controller `{controller}`)"),
        };
        return report.warn(WHAT, found, advice);
    }
    for pods in found {
        let ControllerPods { namespace, count, .. } = pods;
        if pods.host_network {
            let found = format!(
                "{name} in namespace {namespace} is on the network of its nodes, where policies that select \
                 pods do not match it"
            );
            report.warn(
                WHAT,
                found,
                "see by check.probe_image whether HTTP gets through; if not, run it without hostNetwork, or \
                 let the network plugin allow nodes",
            );
        } else if let Err(lets_in) = is_let_in(cluster, pods, labelled) {
            let found = format!(
                "{name} runs in namespace {namespace}, and tenants' pods let in {lets_in}: no tenant's site \
                 answers where network policies are enforced"
            );
            report.fail(WHAT, found, advice(pods));
        } else {
            report.ok(
                WHAT,
                format!("{name} in namespace {namespace} ({count} pods), which is let in"),
            );
        }
    }
}

/// What to do so that these pods are let in.
fn advice(pods: &ControllerPods) -> String {
    let namespace = &pods.namespace;
    let labels =
        pods.label.as_ref().map(|(key, value)| format!(", pods = {{ {key:?} = {value:?} }}"));
    format!(
        "set cluster.ingress_controller = {{ namespace = {namespace:?}{} }}, or run `kubectl label namespace \
         {namespace} {INGRESS}=true`",
        labels.unwrap_or_default()
    )
}

/// Whether tenants' policies let these pods in; if not, what they let in.
fn is_let_in(cluster: &Cluster, pods: &ControllerPods, labelled: &[String]) -> Result<(), String> {
    match &cluster.ingress_controller {
        Some(IngressController { namespace, pods: labels }) if *namespace == pods.namespace => {
            let has = |(key, value): (&String, &String)| {
                pods.label.as_ref().is_none_or(|(own, found)| own != key || found == value)
            };
            match labels.iter().all(has) {
                true => Ok(()),
                false => Err(format!("other pods of {namespace}")),
            }
        }
        Some(IngressController { namespace, .. }) => Err(format!("namespace {namespace} only")),
        None if pods.namespace == "ingress-nginx" || labelled.contains(&pods.namespace) => Ok(()),
        None => Err(format!("namespace ingress-nginx and those labelled {INGRESS}=true only")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(cluster: &Cluster, pods: ControllerPods, labelled: &[&str]) -> String {
        let mut report = Report::default();
        let labelled: Vec<String> = labelled.iter().map(|name| (*name).to_owned()).collect();
        let controller = "traefik.io/ingress-controller";
        options(controller, &mut report);
        judge(cluster, controller, &[pods], &labelled, &mut report);
        report.text()
    }

    fn traefik() -> ControllerPods {
        ControllerPods {
            namespace: "kube-system".into(),
            label: Some(("app.kubernetes.io/name".into(), "traefik".into())),
            count: 1,
            host_network: false,
        }
    }

    fn named(namespace: &str, pods: &[(&str, &str)]) -> Cluster {
        let pods = pods.iter().map(|(key, value)| ((*key).into(), (*value).into())).collect();
        let controller = IngressController { namespace: namespace.into(), pods };
        Cluster { ingress_controller: Some(controller), ..Cluster::default() }
    }

    #[test]
    fn a_controller_that_tenants_do_not_let_in_fails_with_what_to_do() {
        let text = lines(&Cluster::default(), traefik(), &[]);
        for expected in [
            "FAIL  ingress controller: Traefik runs in namespace kube-system",
            "pods = { \"app.kubernetes.io/name\" = \"traefik\" }",
            "kubectl label namespace kube-system souk.market/ingress=true",
            "warn  HTTP options: tenants' http_options",
        ] {
            assert!(text.contains(expected), "{expected}: {text}");
        }
        let ok = "ok    ingress controller: Traefik in namespace kube-system (1 pods)";
        assert!(lines(&Cluster::default(), traefik(), &["kube-system"]).contains(ok));
        assert!(lines(&named("kube-system", &[]), traefik(), &[]).contains(ok));
        let label = ("app.kubernetes.io/name", "traefik");
        assert!(lines(&named("kube-system", &[label]), traefik(), &[]).contains(ok));
        for wrong in [named("edge", &[]), named("kube-system", &[(label.0, "nginx")])] {
            assert!(
                lines(&wrong, traefik(), &[]).contains("FAIL  ingress controller"),
                "{wrong:?}"
            );
        }
    }

    #[test]
    fn a_controller_on_the_host_network_is_named_as_one_that_policies_do_not_match() {
        let pods = ControllerPods { host_network: true, ..traefik() };
        let text = lines(&named("kube-system", &[]), pods, &[]);
        assert!(text.contains("is on the network of its nodes"), "{text}");
    }
}
