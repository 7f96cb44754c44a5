//! Detects what a cluster has: nodes, GPUs, storage and ingress classes.

use std::{collections::BTreeMap, time::Duration};

use k8s_openapi::api::{
    core::v1::Node, networking::v1::IngressClass, node::v1::RuntimeClass, storage::v1::StorageClass,
};
use kube::{Api, Client, Resource, ResourceExt, api::ListParams};
use serde::de::DeserializeOwned;
use souk_core::Attribute;

use super::Request;
use crate::{
    cluster::kube::{claims, client},
    config::Cluster,
    model::{
        ingress::ControllerPods,
        placement::{ClusterSnapshot, NodeState, detect_attributes},
    },
    runtime::check::controller_of,
};

/// The timeout of the detection.
const TIMEOUT: Duration = Duration::from_secs(15);

/// What was detected.
#[derive(Debug, Clone, Default)]
pub struct Survey {
    /// Capabilities as attributes of the market.
    pub attributes: Vec<Attribute>,
    /// GPU models.
    pub gpus: Vec<String>,
    /// The market's storage classes, with the cluster's class of each.
    pub storage: BTreeMap<String, String>,
    /// Storage classes that match no class of the market.
    pub other_storage: Vec<String>,
    /// The ingress class.
    pub ingress_class: Option<String>,
    /// Where the ingress controller's pods are, if they are not where tenants' pods let them in anyway.
    pub ingress_controller: Option<ControllerPods>,
    /// Whether there is a runtime class `nvidia`.
    pub nvidia_runtime: bool,
    /// What could not be detected.
    pub warnings: Vec<String>,
}

const DEFAULT_STORAGE: &str = "storageclass.kubernetes.io/is-default-class";

/// Detects what the cluster has; an error becomes a warning.
pub(super) async fn survey(request: &Request) -> Survey {
    let looked = tokio::time::timeout(TIMEOUT, look(request)).await;
    let problem = match looked {
        Ok(Ok(survey)) => return survey,
        Ok(Err(problem)) => problem,
        Err(_) => "it does not answer".to_owned(),
    };
    let warning = format!(
        "the cluster cannot be read ({problem}); fill in [cluster] and bidding.attributes by hand"
    );
    Survey { warnings: vec![warning], ..Survey::default() }
}

async fn look(request: &Request) -> Result<Survey, String> {
    let cluster = Cluster {
        kubeconfig: request.kubeconfig.clone(),
        context: request.context.clone(),
        ..Cluster::default()
    };
    let client = client::from_config(&cluster).await.map_err(|error| error.to_string())?;
    let mut survey = Survey::default();
    let mut cluster = ClusterSnapshot {
        nodes: list::<Node>(&client).await?.iter().map(NodeState::of).collect(),
        ..ClusterSnapshot::default()
    };
    match claims::gpu_drivers(&client).await {
        Ok(drivers) => {
            cluster.refuse_claimed(drivers.iter().map(|(node, by)| (node.as_str(), by.as_str())));
        }
        Err(error) => survey.warnings.push(format!(
            "it is not known which GPUs are handed out by claims ({error}); run `souk-provider check` with the agent's user"
        )),
    }
    let nodes = cluster.nodes;
    for node in &nodes {
        if let Some(why) = &node.gpus.refusal {
            survey.warnings.push(format!("GPUs of {} are not offered: {why}", node.name));
        }
    }
    let mut gpus: Vec<String> =
        nodes.iter().filter_map(|node| node.gpu.as_ref()).map(|gpu| gpu.model.clone()).collect();
    gpus.sort();
    gpus.dedup();
    survey.gpus = gpus;
    for class in list::<StorageClass>(&client).await? {
        let is_default = class.annotations().get(DEFAULT_STORAGE).is_some_and(|v| v == "true");
        let name = class.name_any();
        match name.as_str() {
            "beta1" | "beta2" | "beta3" => {
                survey.storage.insert(name.clone(), name);
            }
            _ if is_default => {
                survey.storage.insert("default".to_owned(), name);
            }
            _ => survey.other_storage.push(name),
        }
    }
    let ingresses: Vec<String> =
        list::<IngressClass>(&client).await?.iter().map(ResourceExt::name_any).collect();
    survey.ingress_class = ingresses.first().cloned();
    if ingresses.len() > 1 {
        let all = ingresses.join(", ");
        survey
            .warnings
            .push(format!("there are several ingress classes ({all}); the first was taken"));
    }
    if let Some(class) = survey.ingress_class.clone() {
        controller(&client, &class, &mut survey).await;
    }
    let runtimes = list::<RuntimeClass>(&client).await?;
    survey.nvidia_runtime = runtimes.iter().any(|class| class.name_any() == "nvidia");
    let classes = survey.storage.keys().map(String::as_str);
    survey.attributes = detect_attributes(&nodes, classes, survey.ingress_class.is_some());
    Ok(survey)
}

/// Finds out where the ingress controller's pods are.
async fn controller(client: &Client, class: &str, survey: &mut Survey) {
    match controller_of(client, class).await {
        Ok(found) => match found.as_slice() {
            [] => survey.warnings.push(format!(
                "the pods of ingress class {class} are not found; name their namespace under \
                 cluster.ingress_controller, if it is not ingress-nginx"
            )),
            [one] if one.namespace == "ingress-nginx" => {}
            [one] => survey.ingress_controller = Some(one.clone()),
            several => {
                let names: Vec<&str> = several.iter().map(|one| one.namespace.as_str()).collect();
                survey.warnings.push(format!(
                    "the controller of ingress class {class} runs in several namespaces ({}); name the one \
                     that serves tenants under cluster.ingress_controller",
                    names.join(", ")
                ));
            }
        },
        Err(error) => survey
            .warnings
            .push(format!("the pods of ingress class {class} cannot be looked for ({error})")),
    }
}

async fn list<K>(client: &Client) -> Result<Vec<K>, String>
where
    K: Resource<DynamicType = ()> + DeserializeOwned + Clone + std::fmt::Debug,
{
    let api: Api<K> = Api::all(client.clone());
    let listed = api.list(&ListParams::default()).await;
    listed.map(|list| list.items).map_err(|error| error.to_string())
}
