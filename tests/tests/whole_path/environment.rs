//! The chains and the cluster on which it is outcome.

use std::time::Duration;

use souk_chain::SecretKey;
use souk_localnet::{chain::ChainKind, scenario::Clusters};
use souk_tests::{
    kubernetes::{RealNode, RealNodes, real_nodes_cannot_run},
    tools,
    wasmd::{PREFIX, Wasmd},
};

use crate::fixture::PROVIDERS;

/// The embedded chain.
pub fn embedded() -> ChainKind {
    ChainKind::Embedded { chain_id: "souk-path".to_owned(), block_time: Duration::from_millis(200) }
}

/// A wasmd node with the contracts on it, whose periods are short.
pub async fn wasmd(node: &Wasmd) -> Option<ChainKind> {
    tools::or_not_run(tools::artifacts())?;
    let pool = SecretKey::generate().address(PREFIX).unwrap();
    let terms = format!("pool = \"{pool}\"\n{}", souk_tests::wasmd::SHORT_TERMS);
    let network = node.deploy(&terms).await.unwrap();
    Some(ChainKind::External { network: Box::new(network), funds: node.funds.clone() })
}

/// A cluster with a real node for each provider.
pub async fn kubernetes() -> Option<RealNodes> {
    match real_nodes_cannot_run() {
        Some(_) => None,
        None => Some(RealNodes::of_providers(PROVIDERS.map(RealNode::new).to_vec()).await.unwrap()),
    }
}

/// The cluster as the providers share it.
pub fn shared(cluster: &RealNodes) -> Clusters {
    Clusters {
        kubeconfigs: vec![cluster.plane.kubeconfig()],
        local_images: true,
        hosts: cluster.addresses().to_vec(),
    }
}
