//! The same writes to both, and what comes of them.

use kube::{
    Api, Client, Config,
    api::{DeleteParams, DynamicObject, Patch, PatchParams, PostParams},
    config::{KubeConfigOptions, Kubeconfig},
    core::{ApiResource, GroupVersionKind},
};
use rand::{SeedableRng, rngs::StdRng};
use serde_json::{Value, json};
use souk_kubesim::{ClusterSpec, KubeSim};

use crate::{
    PLANE,
    writes::{How, Kind, MANAGERS, Write, write},
};

/// Writes to one object before a new one is begun.
const LENGTH: usize = 30;
/// Objects of each kind.
const ROUNDS: u64 = 15;

#[tokio::test]
#[ignore = "it finds differences that are not mended yet: --ignored shows the first"]
async fn random_writes_of_four_managers_end_alike() {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let sim = KubeSim::start(ClusterSpec::default()).await.unwrap();
    let simulated = client(Kubeconfig::from_yaml(&sim.kubeconfig()).unwrap()).await;
    let real = client(Kubeconfig::read_from(PLANE.kubeconfig()).unwrap()).await;
    let (mut made, mut refused) = (0, 0);
    for round in 0..ROUNDS {
        let namespace = format!("random-writes-{round}");
        for client in [&simulated, &real] {
            let body = json!({ "metadata": { "name": namespace } });
            let body = serde_json::from_value(body).unwrap();
            let namespaces = Api::<k8s_openapi::api::core::v1::Namespace>::all(client.clone());
            namespaces.create(&PostParams::default(), &body).await.unwrap();
        }
        for kind in Kind::ALL {
            let seed = round * 10 + kind as u64;
            let mut rng = StdRng::seed_from_u64(seed);
            let mut story = Vec::new();
            for _ in 0..LENGTH {
                let write = write(&mut rng, kind);
                let (ours, theirs) = tokio::join!(
                    outcome(&simulated, &namespace, &write),
                    outcome(&real, &namespace, &write),
                );
                story.push(write);
                match &theirs {
                    Ok(_) => made += 1,
                    Err(_) => refused += 1,
                }
                assert!(
                    ours == theirs,
                    "seed {seed}: after\n{}\nthe simulator has\n{:#}\nand the API server\n{:#}",
                    story.iter().map(|write| format!("{write:?}\n")).collect::<String>(),
                    text(&ours),
                    text(&theirs),
                );
            }
        }
    }
    println!("{made} writes were made and {refused} refused, alike on both");
    assert!(made > refused, "most writes should be good ones");
    assert!(refused > 0, "some writes should meet a refusal");
    sim.stop().await;
}

async fn client(kubeconfig: Kubeconfig) -> Client {
    let options = KubeConfigOptions::default();
    let config = Config::from_custom_kubeconfig(kubeconfig, &options).await.unwrap();
    Client::try_from(config).unwrap()
}

/// Writes, and reads what is there then. A refusal is its code, its reason and what it names.
async fn outcome(client: &Client, namespace: &str, write: &Write) -> Result<Value, Value> {
    let (version, word, plural) = write.kind.words();
    let group = version.split_once('/').map_or("", |(group, _)| group);
    let gvk = GroupVersionKind::gvk(group, "v1", word);
    let resource = ApiResource::from_gvk_with_plural(&gvk, plural);
    let api: Api<DynamicObject> = Api::namespaced_with(client.clone(), namespace, &resource);
    let by = PatchParams { field_manager: Some(write.manager.into()), ..PatchParams::default() };
    let body = &write.body;
    let written = match &write.how {
        How::Apply { force } => {
            let by = PatchParams { force: *force, ..by };
            api.patch("one", &by, &Patch::Apply(body)).await
        }
        How::Merge => api.patch("one", &by, &Patch::Merge(body)).await,
        How::Strategic => api.patch("one", &by, &Patch::Strategic(body)).await,
        How::Replace => {
            let by =
                PostParams { field_manager: Some(write.manager.into()), ..PostParams::default() };
            let object: DynamicObject = serde_json::from_value(body.clone()).unwrap();
            api.replace("one", &by, &object).await
        }
        How::Delete => {
            let now = DeleteParams::default().grace_period(0);
            match api.delete("one", &now).await {
                Ok(_) => return Ok(Value::Null),
                Err(error) => Err(error),
            }
        }
    };
    match written {
        Ok(object) => Ok(comparable(serde_json::to_value(object).unwrap())),
        Err(kube::Error::Api(status)) => {
            let causes = status.details.iter().flat_map(|details| &details.causes);
            let mut fields: Vec<&str> = causes.map(|cause| cause.field.as_str()).collect();
            fields.sort_unstable();
            Err(json!({ "code": status.code, "reason": status.reason, "fields": fields }))
        }
        Err(error) => panic!("{write:?}: {error}"),
    }
}

/// Without what differs between any two clusters, and what controllers write when they like.
fn comparable(mut object: Value) -> Value {
    let metadata = object["metadata"].as_object_mut().unwrap();
    for field in ["uid", "creationTimestamp", "resourceVersion"] {
        metadata.remove(field);
    }
    if let Some(annotations) = metadata.get_mut("annotations").and_then(Value::as_object_mut) {
        annotations.remove("deployment.kubernetes.io/revision");
        if annotations.is_empty() {
            metadata.remove("annotations");
        }
    }
    if let Some(managers) = metadata.get_mut("managedFields").and_then(Value::as_array_mut) {
        managers.retain(|entry| MANAGERS.iter().any(|name| entry["manager"] == *name));
        for entry in managers.iter_mut() {
            entry.as_object_mut().unwrap().remove("time");
        }
        // Entries of one moment have no order of their own.
        managers.sort_by_key(Value::to_string);
        if managers.is_empty() {
            metadata.remove("managedFields");
        }
    }
    let object = object.as_object_mut().unwrap();
    object.remove("status");
    if let Some(spec) = object.get_mut("spec").and_then(Value::as_object_mut) {
        spec.remove("clusterIP");
        spec.remove("clusterIPs");
    }
    Value::Object(std::mem::take(object))
}

fn text(outcome: &Result<Value, Value>) -> Value {
    match outcome {
        Ok(object) => object.clone(),
        Err(refusal) => json!({ "refused": refusal }),
    }
}
