//! Wire forms of CometBFT's answers, read leniently.

use std::fmt;
use std::str::FromStr;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::de::{Deserializer, Error as _, Visitor};
use serde::{Deserialize, Serialize};

use crate::TxHash;

/// A number that nodes write as a number, as text or as null.
pub(crate) fn lenient_int<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: FromStr + TryFrom<u64> + TryFrom<i64> + Default,
{
    struct IntVisitor<T>(std::marker::PhantomData<T>);

    impl<T: FromStr + TryFrom<u64> + TryFrom<i64> + Default> Visitor<'_> for IntVisitor<T> {
        type Value = T;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a whole number, or text of one")
        }

        fn visit_u64<E: serde::de::Error>(self, v: u64) -> Result<T, E> {
            T::try_from(v).map_err(|_| E::custom(format!("{v} is out of range")))
        }

        fn visit_i64<E: serde::de::Error>(self, v: i64) -> Result<T, E> {
            T::try_from(v).map_err(|_| E::custom(format!("{v} is out of range")))
        }

        fn visit_str<E: serde::de::Error>(self, v: &str) -> Result<T, E> {
            if v.is_empty() {
                return Ok(T::default());
            }
            v.parse().map_err(|_| E::custom(format!("{v:?} is not a whole number in range")))
        }

        fn visit_unit<E: serde::de::Error>(self) -> Result<T, E> {
            Ok(T::default())
        }
    }

    deserializer.deserialize_any(IntVisitor(std::marker::PhantomData))
}

/// `null` where a value is expected stands for the empty value.
pub(crate) fn null_as_default<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de> + Default,
{
    Ok(Option::<T>::deserialize(deserializer)?.unwrap_or_default())
}

/// Base64 text or null, as bytes.
pub(crate) fn lenient_base64<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Vec<u8>, D::Error> {
    let text = Option::<String>::deserialize(deserializer)?.unwrap_or_default();
    STANDARD.decode(text).map_err(D::Error::custom)
}

fn base64_list<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Vec<u8>>, D::Error> {
    let list = Option::<Vec<String>>::deserialize(deserializer)?.unwrap_or_default();
    list.into_iter().map(|text| STANDARD.decode(text).map_err(D::Error::custom)).collect()
}

/// A block's time, to the nanosecond, since the Unix epoch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct BlockTime {
    /// Whole seconds; what contracts see as `block.time.seconds()`.
    pub seconds: u64,
    /// The rest, below a second.
    pub nanos: u32,
}

impl<'de> Deserialize<'de> for BlockTime {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let time = humantime::parse_rfc3339(&text)
            .map_err(|e| D::Error::custom(format!("time {text:?}: {e}")))?;
        let since = time
            .duration_since(std::time::UNIX_EPOCH)
            .map_err(|_| D::Error::custom(format!("time {text:?} is before 1970")))?;
        Ok(Self { seconds: since.as_secs(), nanos: since.subsec_nanos() })
    }
}

/// An event of a transaction or a block, as the chain's ABCI has it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event {
    /// The event's type, such as `wasm-souk_order_created`.
    #[serde(rename = "type")]
    pub ty: String,
    /// In the order in which they were emitted; the SDK may have added `msg_index`.
    #[serde(default, deserialize_with = "null_as_default")]
    pub attributes: Vec<Attribute>,
}

/// One key and value of an event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attribute {
    /// Key, unique within an event only by convention.
    #[serde(default, deserialize_with = "null_as_default")]
    pub key: String,
    /// Value.
    #[serde(default, deserialize_with = "null_as_default")]
    pub value: String,
}

impl Event {
    /// The first value under `key`.
    pub fn attribute(&self, key: &str) -> Option<&str> {
        self.attributes.iter().find(|a| a.key == key).map(|a| a.value.as_str())
    }
}

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

/// A block's header, as far as anyone here needs it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Header {
    /// The chain that the block belongs to.
    pub chain_id: String,
    /// Height of the block.
    #[serde(deserialize_with = "lenient_int")]
    pub height: u64,
    /// Time of the block.
    pub time: BlockTime,
}

#[derive(Debug, Deserialize)]
pub(crate) struct HeaderWire {
    pub header: Header,
}

#[derive(Debug, Deserialize)]
pub(crate) struct BlockWire {
    pub block: BlockBodyWire,
}

#[derive(Debug, Deserialize)]
pub(crate) struct BlockBodyWire {
    pub header: Header,
    #[serde(default)]
    pub data: BlockDataWire,
}

#[derive(Debug, Default, Deserialize)]
pub(crate) struct BlockDataWire {
    #[serde(default, deserialize_with = "base64_list")]
    pub txs: Vec<Vec<u8>>,
}

/// A block and the transactions in it, without their results.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BlockResponse {
    /// Its header.
    pub header: Header,
    /// The transactions' bytes, in order.
    pub txs: Vec<Vec<u8>>,
}

impl From<BlockWire> for BlockResponse {
    fn from(wire: BlockWire) -> Self {
        Self { header: wire.block.header, txs: wire.block.data.txs }
    }
}

/// What the chain made of one transaction.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
pub struct TxResult {
    /// 0 is success.
    #[serde(default, deserialize_with = "lenient_int")]
    pub code: u32,
    /// Names the module that `code` belongs to.
    #[serde(default, deserialize_with = "null_as_default")]
    pub codespace: String,
    /// For people; nodes may differ in it.
    #[serde(default, deserialize_with = "null_as_default")]
    pub log: String,
    /// `TxMsgData`: the messages' answers.
    #[serde(default, deserialize_with = "lenient_base64")]
    pub data: Vec<u8>,
    /// Gas that the transaction asked for.
    #[serde(default, deserialize_with = "lenient_int")]
    pub gas_wanted: u64,
    /// Gas that it used.
    #[serde(default, deserialize_with = "lenient_int")]
    pub gas_used: u64,
    /// Its events.
    #[serde(default, deserialize_with = "null_as_default")]
    pub events: Vec<Event>,
}

/// What the chain made of a block.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct BlockResults {
    /// Height of the block.
    #[serde(deserialize_with = "lenient_int")]
    pub height: u64,
    /// One for each transaction of the block, in order.
    #[serde(default, deserialize_with = "null_as_default")]
    pub txs_results: Vec<TxResult>,
    /// The block's own events (CometBFT 0.38 and later).
    #[serde(default, deserialize_with = "null_as_default")]
    pub finalize_block_events: Vec<Event>,
    /// The block's own events at its beginning (before 0.38).
    #[serde(default, deserialize_with = "null_as_default")]
    pub begin_block_events: Vec<Event>,
    /// The block's own events at its end (before 0.38).
    #[serde(default, deserialize_with = "null_as_default")]
    pub end_block_events: Vec<Event>,
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_read_the_same_with_text_numbers_and_nulls() {
        let terse: BlockResults = serde_json::from_str(
            r#"{"height":7,"txs_results":[{"code":5,"codespace":"sdk","gas_used":1}]}"#,
        )
        .unwrap();
        let wordy: BlockResults = serde_json::from_str(
            r#"{"height":"7","txs_results":[{"code":"5","codespace":"sdk","data":null,"log":null,
                "gas_wanted":"0","gas_used":"1","events":null}],"begin_block_events":null,
                "finalize_block_events":null,"validator_updates":[]}"#,
        )
        .unwrap();
        assert_eq!(terse, wordy);
    }

    #[test]
    fn block_time_keeps_its_nanoseconds() {
        let time: BlockTime = serde_json::from_str(r#""2026-11-22T13:00:00.000000007Z""#).unwrap();
        assert_eq!((time.seconds, time.nanos), (1_795_352_400, 7));
    }

    #[test]
    fn a_block_without_transactions_has_none() {
        let wire: BlockWire = serde_json::from_str(
            r#"{"block_id":{},"block":{"header":{"chain_id":"c","height":"3",
                "time":"2026-11-22T13:00:00Z"},"data":{"txs":null}}}"#,
        )
        .unwrap();
        assert_eq!(BlockResponse::from(wire).txs, Vec::<Vec<u8>>::new());
    }

    #[test]
    fn a_negative_height_is_refused() {
        let read = serde_json::from_str::<BlockResults>(r#"{"height":"-1"}"#);
        assert!(read.is_err());
    }
}
