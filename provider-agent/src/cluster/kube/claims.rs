//! Nodes whose GPUs a driver for dynamic resource allocation hands out. Pods take them by claims,
//! which the requests of pods do not show.

use std::collections::BTreeMap;

use k8s_openapi::api::resource::v1::ResourceSlice;
use kube::{Api, Client, api::ListParams};

/// The drivers of GPUs; others, such as NVIDIA's for compute domains, hand out none.
const DRIVERS: [&str; 2] = ["gpu.amd.com", "gpu.nvidia.com"];

/// The driver of GPUs of each node that has one. Empty where the cluster does not have the API
/// (before Kubernetes 1.34).
///
/// # Errors
///
/// If the API server refuses or does not answer.
pub async fn gpu_drivers(client: &Client) -> Result<BTreeMap<String, String>, kube::Error> {
    let api: Api<ResourceSlice> = Api::all(client.clone());
    match api.list(&ListParams::default()).await {
        Ok(slices) => Ok(drivers(&slices.items)),
        Err(kube::Error::Api(status)) if status.code == 404 => Ok(BTreeMap::new()),
        Err(error) => Err(error),
    }
}

fn drivers(slices: &[ResourceSlice]) -> BTreeMap<String, String> {
    let of = |slice: &ResourceSlice| {
        let driver = DRIVERS.contains(&slice.spec.driver.as_str());
        let node = slice.spec.node_name.clone().filter(|_| driver)?;
        Some((node, slice.spec.driver.clone()))
    };
    slices.iter().filter_map(of).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_driver_of_gpus_has_the_nodes_of_its_slices_and_other_drivers_have_none() {
        let slice = |driver: &str, node: Option<&str>| {
            let pool = json!({"name": "p", "generation": 1, "resourceSliceCount": 1});
            let value = json!({"metadata": {"name": "s"},
                "spec": {"driver": driver, "nodeName": node, "pool": pool, "devices": []}});
            serde_json::from_value::<ResourceSlice>(value).unwrap()
        };
        let found = drivers(&[
            slice("gpu.nvidia.com", Some("g1")),
            slice("compute-domain.nvidia.com", Some("g2")),
            slice("gpu.amd.com", Some("g3")),
            slice("gpu.nvidia.com", None),
        ]);
        let found: Vec<_> = found.iter().map(|(node, by)| (node.as_str(), by.as_str())).collect();
        assert_eq!(found, [("g1", "gpu.nvidia.com"), ("g3", "gpu.amd.com")]);
    }
}
