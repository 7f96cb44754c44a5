//! Status, transactions by hash, queries and broadcasts: wire forms of CometBFT's answers.

use serde::Deserialize;

use super::blocks::BlockTime;
use super::blocks::TxResult;
use super::lenient::{lenient_base64, lenient_int, null_as_default};
use crate::TxHash;

#[derive(Debug, Deserialize)]
pub(crate) struct StatusWire {
    pub node_info: NodeInfoWire,
    pub sync_info: SyncInfoWire,
}

#[derive(Debug, Deserialize)]
pub(crate) struct NodeInfoWire {
    pub network: String,
    #[serde(default)]
    pub version: String,
}

#[derive(Debug, Deserialize)]
pub(crate) struct SyncInfoWire {
    #[serde(deserialize_with = "lenient_int")]
    pub latest_block_height: u64,
    #[serde(default)]
    pub latest_block_time: Option<BlockTime>,
    #[serde(default, deserialize_with = "lenient_int")]
    pub earliest_block_height: u64,
    #[serde(default)]
    pub catching_up: bool,
}

/// What a node says of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Status {
    /// The chain that it is on.
    pub chain_id: String,
    /// CometBFT's version.
    pub version: String,
    /// Its newest block.
    pub height: u64,
    /// The newest block's time, if the node has a block.
    pub time: Option<BlockTime>,
    /// The oldest block that it still has.
    pub earliest_height: u64,
    /// It is still fetching old blocks.
    pub catching_up: bool,
}

impl From<StatusWire> for Status {
    fn from(wire: StatusWire) -> Self {
        Self {
            chain_id: wire.node_info.network,
            version: wire.node_info.version,
            height: wire.sync_info.latest_block_height,
            time: wire.sync_info.latest_block_time,
            earliest_height: wire.sync_info.earliest_block_height,
            catching_up: wire.sync_info.catching_up,
        }
    }
}

#[derive(Debug, Deserialize)]
pub(crate) struct TxWire {
    #[serde(deserialize_with = "lenient_int")]
    pub height: u64,
    #[serde(default, deserialize_with = "lenient_int")]
    pub index: u32,
    pub tx_result: TxResult,
}

/// A transaction that is in a block.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TxResponse {
    /// Its hash.
    pub hash: TxHash,
    /// The block that it is in.
    pub height: u64,
    /// Its place in that block.
    pub index: u32,
    /// What the chain made of it.
    pub result: TxResult,
}

/// Answer of the nodes' transaction index.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TxLookup {
    /// It is in a block.
    Found(TxResponse),
    /// No index that was asked has it. An index may lag behind its own node's blocks, so this
    /// alone proves nothing.
    Absent,
    /// None of the nodes keeps an index.
    NotIndexed,
}

#[derive(Debug, Deserialize)]
pub(crate) struct AbciWire {
    pub response: AbciResponse,
}

/// Answer of the application to a query.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct AbciResponse {
    /// 0 is success.
    #[serde(default, deserialize_with = "lenient_int")]
    pub code: u32,
    /// Names the module that `code` belongs to.
    #[serde(default, deserialize_with = "null_as_default")]
    pub codespace: String,
    /// Why it failed.
    #[serde(default, deserialize_with = "null_as_default")]
    pub log: String,
    /// The protobuf answer.
    #[serde(default, deserialize_with = "lenient_base64")]
    pub value: Vec<u8>,
    /// The height whose state answered; 0 if the node does not say.
    #[serde(default, deserialize_with = "lenient_int")]
    pub height: u64,
}

#[derive(Debug, Deserialize)]
pub(crate) struct BroadcastWire {
    #[serde(default, deserialize_with = "lenient_int")]
    pub code: u32,
    #[serde(default, deserialize_with = "null_as_default")]
    pub codespace: String,
    #[serde(default, deserialize_with = "null_as_default")]
    pub log: String,
}
