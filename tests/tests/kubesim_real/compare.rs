//! The same writes to both, and what comes of them.
//!
//! `SOUK_SEED` sets the seed of the writes, `SOUK_ROUNDS` how many rounds there are.

use k8s_openapi::api::core::v1::Namespace;
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
const ROUNDS: u32 = 5;

#[tokio::test]
async fn random_writes_of_four_managers_end_alike() {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let number = |name: &str| std::env::var(name).ok().map(|text| text.parse::<u32>().unwrap());
    let seed = number("SOUK_SEED").unwrap_or_else(rand::random);
    let rounds = number("SOUK_ROUNDS").unwrap_or(ROUNDS);
    println!("{rounds} rounds of writes; to repeat them: SOUK_SEED={seed} SOUK_ROUNDS={rounds}");
    let sim = KubeSim::start(ClusterSpec::default()).await.unwrap();
    let mut both = Both {
        simulated: client(Kubeconfig::from_yaml(&sim.kubeconfig()).unwrap()).await,
        real: client(Kubeconfig::read_from(PLANE.kubeconfig()).unwrap()).await,
        sequences: 0,
        made: 0,
        refused: 0,
    };
    let mut rng = StdRng::seed_from_u64(seed.into());
    for _ in 0..rounds {
        for kind in Kind::ALL {
            let sequence: Vec<Write> = (0..LENGTH).map(|_| write(&mut rng, kind)).collect();
            let Some(found) = both.play(&sequence).await else { continue };
            let (sequence, found) = both.shorten(sequence, found).await;
            panic!(
                "seed {seed}, {:?}: after\n{}\nthe simulator has\n{:#}\nand the API server\n{:#}",
                sequence[0].kind,
                sequence.iter().map(|write| format!("{write}\n")).collect::<String>(),
                text(&found.ours),
                text(&found.theirs),
            );
        }
    }
    let Both { made, refused, .. } = both;
    println!("{made} writes were made and {refused} refused, alike on both");
    assert!(made > refused, "most writes should be good ones");
    assert!(refused > 0, "some writes should meet a refusal");
    sim.stop().await;
}

/// The two that are compared, and what came of the writes so far.
struct Both {
    simulated: Client,
    real: Client,
    sequences: u32,
    made: u32,
    refused: u32,
}

/// Where a sequence came to different ends.
struct Difference {
    /// The write that did it.
    at: usize,
    ours: Result<Value, Value>,
    theirs: Result<Value, Value>,
}

impl Both {
    /// Plays a sequence to both, in a new namespace, up to the first difference.
    async fn play(&mut self, sequence: &[Write]) -> Option<Difference> {
        self.sequences += 1;
        let namespace = format!("random-writes-{}", self.sequences);
        for client in [&self.simulated, &self.real] {
            let body = json!({ "metadata": { "name": namespace } });
            let body = serde_json::from_value(body).unwrap();
            let namespaces = Api::<Namespace>::all(client.clone());
            namespaces.create(&PostParams::default(), &body).await.unwrap();
        }
        for (at, write) in sequence.iter().enumerate() {
            let (ours, theirs) = tokio::join!(
                outcome(&self.simulated, &namespace, write),
                outcome(&self.real, &namespace, write),
            );
            match &theirs {
                Ok(_) => self.made += 1,
                Err(_) => self.refused += 1,
            }
            if ours != theirs {
                return Some(Difference { at, ours, theirs });
            }
        }
        None
    }

    /// Leaves out every write without which there still is a difference.
    async fn shorten(
        &mut self,
        mut sequence: Vec<Write>,
        mut found: Difference,
    ) -> (Vec<Write>, Difference) {
        sequence.truncate(found.at + 1);
        for at in (0..found.at).rev() {
            if at >= found.at {
                continue;
            }
            let mut shorter = sequence.clone();
            shorter.remove(at);
            if let Some(difference) = self.play(&shorter).await {
                shorter.truncate(difference.at + 1);
                (sequence, found) = (shorter, difference);
            }
        }
        (sequence, found)
    }
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
        How::Json => {
            let patch = serde_json::from_value(body.clone()).unwrap();
            api.patch("one", &by, &Patch::<()>::Json(patch)).await
        }
        How::Create | How::Replace => {
            let by =
                PostParams { field_manager: Some(write.manager.into()), ..PostParams::default() };
            let object: DynamicObject = serde_json::from_value(body.clone()).unwrap();
            match write.how {
                How::Create => api.create(&by, &object).await,
                _ => api.replace("one", &by, &object).await,
            }
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
    if let Some(ends) = metadata.get_mut("deletionTimestamp") {
        *ends = json!("then");
    }
    if let Some(managers) = metadata.get_mut("managedFields").and_then(Value::as_array_mut) {
        let known = |entry: &Value| MANAGERS.iter().any(|name| entry["manager"] == *name);
        managers.retain(|entry| known(entry) || entry["manager"] == "before-first-apply");
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
        for port in spec.get_mut("ports").and_then(Value::as_array_mut).into_iter().flatten() {
            port.as_object_mut().unwrap().remove("nodePort");
        }
    }
    Value::Object(std::mem::take(object))
}

fn text(outcome: &Result<Value, Value>) -> Value {
    match outcome {
        Ok(object) => object.clone(),
        Err(refusal) => json!({ "refused": refusal }),
    }
}
