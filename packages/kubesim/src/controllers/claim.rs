//! Claims: provisioning by their class, protection while in use, reclaiming of volumes.

use std::time::Duration;

use serde_json::{Value, json};

use super::MANAGER;
use crate::{
    apply::Part,
    clock,
    cluster::Cluster,
    events::Recorder,
    kinds::Kind,
    quantity,
    registry::{DeleteOptions, WriteOptions},
    requests::claims,
    store::ObjectKey,
    validate::array,
};

const COMPONENT: &str = "persistentvolume-controller";
const SELECTED: &str = "volume.kubernetes.io/selected-node";

pub fn reconcile(cluster: &mut Cluster, key: &ObjectKey) -> Option<Duration> {
    let claim = cluster.store.get(Kind::PersistentVolumeClaim, key)?.clone();
    if !claim["metadata"]["deletionTimestamp"].is_null() {
        protect(cluster, key, &claim);
        return None;
    }
    if claim["status"]["phase"] == "Bound" {
        grow(cluster, key, &claim);
        return None;
    }
    let report = |cluster: &mut Cluster, severity: &str, reason: &str, message: &str| {
        Recorder::new(Kind::PersistentVolumeClaim, &claim, COMPONENT)
            .record(cluster, severity, reason, message);
    };
    if let Some(volume) = claim["spec"]["volumeName"].as_str().filter(|v| !v.is_empty()) {
        let volume = ObjectKey::new("", volume);
        if cluster.store.get(Kind::PersistentVolume, &volume).is_some() {
            bind(cluster, key, &claim, &volume);
        } else {
            report(
                cluster,
                "Warning",
                "FailedBinding",
                &format!("volume {:?} not found", volume.name),
            );
        }
        return None;
    }
    let name = claim["spec"]["storageClassName"].as_str().unwrap_or_default();
    if let Some(volume) = existing(cluster, &claim, name) {
        bind(cluster, key, &claim, &volume);
        return None;
    }
    if name.is_empty() {
        report(
            cluster,
            "Normal",
            "FailedBinding",
            "no persistent volumes available for this claim and no storage class is set",
        );
        return None;
    }
    let Some(class) = cluster.store.get(Kind::StorageClass, &ObjectKey::new("", name)).cloned()
    else {
        report(
            cluster,
            "Warning",
            "ProvisioningFailed",
            &format!("storageclass.storage.k8s.io {name:?} not found"),
        );
        return None;
    };
    let provisioner = class["provisioner"].clone();
    cluster.adjust(Kind::PersistentVolumeClaim, key, Part::Main, MANAGER, |c| {
        for name in [
            "volume.beta.kubernetes.io/storage-provisioner",
            "volume.kubernetes.io/storage-provisioner",
        ] {
            c["metadata"]["annotations"][name] = provisioner.clone();
        }
    });
    let node = claim["metadata"]["annotations"][SELECTED].as_str();
    if class["volumeBindingMode"] == "WaitForFirstConsumer" && node.is_none() {
        report(
            cluster,
            "Normal",
            "WaitForFirstConsumer",
            "waiting for first consumer to be created before binding",
        );
        return None;
    }
    if class["provisioner"] == "kubernetes.io/no-provisioner" {
        report(
            cluster,
            "Warning",
            "ProvisioningFailed",
            "no volume plugin matched name: kubernetes.io/no-provisioner",
        );
        return None;
    }
    provision(cluster, key, &claim, &class);
    None
}

/// A free volume that was made by hand and fits.
fn existing(cluster: &Cluster, claim: &Value, class: &str) -> Option<ObjectKey> {
    let size = quantity::nano_of(&claim["spec"]["resources"]["requests"]["storage"]);
    cluster
        .store
        .all(Kind::PersistentVolume)
        .filter(|(_, v)| {
            let spec = &v["spec"];
            let free = v["status"]["phase"] == "Available" && spec["claimRef"].is_null();
            let fits = quantity::nano_of(&spec["capacity"]["storage"]) >= size
                && spec["storageClassName"].as_str().unwrap_or_default() == class
                && array(&claim["spec"]["accessModes"])
                    .all(|m| array(&spec["accessModes"]).any(|x| x == m));
            free && fits
        })
        .map(|(key, _)| key.clone())
        .next()
}

fn provision(cluster: &mut Cluster, key: &ObjectKey, claim: &Value, class: &Value) {
    let uid = claim["metadata"]["uid"].as_str().unwrap_or_default();
    let name = format!("pvc-{uid}");
    let body = json!({
        "metadata": {
            "name": name,
            "annotations": {"pv.kubernetes.io/provisioned-by": class["provisioner"]},
        },
        "spec": {
            "capacity": {"storage": claim["spec"]["resources"]["requests"]["storage"]},
            "accessModes": claim["spec"]["accessModes"],
            "storageClassName": class["metadata"]["name"],
            "persistentVolumeReclaimPolicy": class["reclaimPolicy"],
            "volumeMode": claim["spec"]["volumeMode"],
            "csi": {"driver": class["provisioner"], "volumeHandle": name},
        },
    });
    let options = WriteOptions::system(MANAGER);
    if let Err(why) = cluster.create(Kind::PersistentVolume, "", body, &options)
        && why.reason != "AlreadyExists"
    {
        let message = format!("failed to provision volume: {why}");
        Recorder::new(Kind::PersistentVolumeClaim, claim, COMPONENT).warning(
            cluster,
            "ProvisioningFailed",
            &message,
        );
        return;
    }
    let message = format!("Successfully provisioned volume {name}");
    Recorder::new(Kind::PersistentVolumeClaim, claim, COMPONENT).normal(
        cluster,
        "ProvisioningSucceeded",
        &message,
    );
    bind(cluster, key, claim, &ObjectKey::new("", name));
}

fn bind(cluster: &mut Cluster, key: &ObjectKey, claim: &Value, volume: &ObjectKey) {
    let reference = json!({
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "namespace": key.namespace,
        "name": key.name,
        "uid": claim["metadata"]["uid"],
    });
    let Some(bound) = cluster.adjust(Kind::PersistentVolume, volume, Part::Main, MANAGER, |v| {
        v["spec"]["claimRef"] = reference;
    }) else {
        return;
    };
    cluster.adjust(Kind::PersistentVolume, volume, Part::Status, MANAGER, |v| {
        set_phase(v, "Bound");
    });
    cluster.adjust(Kind::PersistentVolumeClaim, key, Part::Main, MANAGER, |c| {
        c["spec"]["volumeName"] = json!(volume.name);
        let annotations = &mut c["metadata"]["annotations"];
        annotations["pv.kubernetes.io/bind-completed"] = json!("yes");
        annotations["pv.kubernetes.io/bound-by-controller"] = json!("yes");
    });
    cluster.adjust(Kind::PersistentVolumeClaim, key, Part::Status, MANAGER, |c| {
        c["status"]["phase"] = json!("Bound");
        c["status"]["accessModes"] = bound["spec"]["accessModes"].clone();
        c["status"]["capacity"] = bound["spec"]["capacity"].clone();
    });
}

fn set_phase(volume: &mut Value, phase: &str) {
    if volume["status"]["phase"] != phase {
        volume["status"]["phase"] = json!(phase);
        volume["status"]["lastPhaseTransitionTime"] = json!(clock::seconds(clock::now()));
    }
}

/// A claim that asks for more gets it.
fn grow(cluster: &mut Cluster, key: &ObjectKey, claim: &Value) {
    let asked = claim["spec"]["resources"]["requests"]["storage"].clone();
    let has = &claim["status"]["capacity"]["storage"];
    if quantity::nano_of(&asked) <= quantity::nano_of(has) {
        return;
    }
    if let Some(volume) = claim["spec"]["volumeName"].as_str() {
        let size = asked.clone();
        cluster.adjust(
            Kind::PersistentVolume,
            &ObjectKey::new("", volume),
            Part::Main,
            MANAGER,
            |v| {
                v["spec"]["capacity"]["storage"] = size;
            },
        );
    }
    cluster.adjust(Kind::PersistentVolumeClaim, key, Part::Status, MANAGER, |c| {
        c["status"]["capacity"]["storage"] = asked;
    });
}

/// A deleted claim stays as long as a pod uses it.
fn protect(cluster: &mut Cluster, key: &ObjectKey, claim: &Value) {
    let used = cluster.store.within(Kind::Pod, &key.namespace).any(|(_, pod)| {
        !matches!(pod["status"]["phase"].as_str(), Some("Succeeded" | "Failed"))
            && claims(pod).contains(key)
    });
    let held = array(&claim["metadata"]["finalizers"]).any(|f| f == "kubernetes.io/pvc-protection");
    if held && !used {
        drop_finalizer(cluster, Kind::PersistentVolumeClaim, key, "kubernetes.io/pvc-protection");
    }
}

fn drop_finalizer(cluster: &mut Cluster, kind: Kind, key: &ObjectKey, name: &str) {
    cluster.adjust(kind, key, Part::Main, MANAGER, |object| {
        if let Some(all) = object["metadata"]["finalizers"].as_array_mut() {
            all.retain(|f| f != name);
        }
    });
}

/// A volume whose claim is gone goes or stays, as its policy says.
pub fn reclaim(cluster: &mut Cluster, name: &str) -> Option<Duration> {
    let key = ObjectKey::new("", name);
    let volume = cluster.store.get(Kind::PersistentVolume, &key)?.clone();
    let reference = &volume["spec"]["claimRef"];
    let claim = ObjectKey::new(
        reference["namespace"].as_str().unwrap_or_default(),
        reference["name"].as_str().unwrap_or_default(),
    );
    let alive = cluster
        .store
        .get(Kind::PersistentVolumeClaim, &claim)
        .is_some_and(|c| reference["uid"].is_null() || c["metadata"]["uid"] == reference["uid"]);
    if !volume["metadata"]["deletionTimestamp"].is_null() {
        if !alive {
            drop_finalizer(cluster, Kind::PersistentVolume, &key, "kubernetes.io/pv-protection");
        }
        return None;
    }
    let phase = |cluster: &mut Cluster, phase: &str| {
        cluster.adjust(Kind::PersistentVolume, &key, Part::Status, MANAGER, |v| {
            set_phase(v, phase);
        });
    };
    if reference.is_null() {
        phase(cluster, "Available");
    } else if !alive {
        if volume["spec"]["persistentVolumeReclaimPolicy"] == "Delete" {
            // Gone already is as good.
            let _ = cluster.delete(Kind::PersistentVolume, &key, &DeleteOptions::default());
        } else {
            phase(cluster, "Released");
        }
    }
    None
}
