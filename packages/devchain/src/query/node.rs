//! The node: its version, its configuration and its last block.

use cosmrs::proto::cosmos::base::node::v1beta1::ConfigResponse;
use cosmrs::proto::cosmos::base::tendermint::v1beta1::{
    GetLatestBlockResponse, GetNodeInfoResponse, GetSyncingResponse, VersionInfo,
};
use cosmrs::proto::tendermint::{p2p::DefaultNodeInfo, types};

use super::failure::Failure;
use super::request::{Query, encoded};
use crate::chain::COMETBFT_VERSION;

pub fn info(query: &Query<'_>) -> Result<Vec<u8>, Failure> {
    encoded(GetNodeInfoResponse {
        default_node_info: Some(DefaultNodeInfo {
            network: query.chain.settings().chain_id.to_string(),
            version: COMETBFT_VERSION.into(),
            moniker: "souk-devchain".into(),
            ..DefaultNodeInfo::default()
        }),
        application_version: Some(VersionInfo {
            name: "souk-devchain".into(),
            app_name: "souk-devchain".into(),
            version: env!("CARGO_PKG_VERSION").into(),
            ..VersionInfo::default()
        }),
    })
}

pub fn latest_block(query: &Query<'_>) -> Result<Vec<u8>, Failure> {
    let block = query
        .chain
        .history()
        .block(query.height)
        .ok_or_else(|| Failure::NotFound(format!("no block at height {}", query.height)))?;
    encoded(GetLatestBlockResponse {
        block_id: Some(block.id().into()),
        block: Some(types::Block {
            header: Some(block.header.clone().into()),
            data: Some(types::Data { txs: block.txs.iter().map(|tx| tx.bytes.clone()).collect() }),
            evidence: None,
            last_commit: None,
        }),
        sdk_block: None,
    })
}

pub fn syncing(_: &Query<'_>) -> Result<Vec<u8>, Failure> {
    encoded(GetSyncingResponse { syncing: false })
}

pub fn config(query: &Query<'_>) -> Result<Vec<u8>, Failure> {
    encoded(ConfigResponse {
        minimum_gas_price: query.chain.settings().min_gas_price.text(),
        pruning_keep_recent: "0".into(),
        pruning_interval: "0".into(),
        ..ConfigResponse::default()
    })
}
