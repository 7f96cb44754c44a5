//! Blocks, their results and events: wire forms of CometBFT's answers.

use serde::de::{Deserializer, Error as _};
use serde::{Deserialize, Serialize};

use super::lenient::{base64_list, lenient_base64, lenient_int, list_up_to, null_as_default};

/// No block has more transactions: the smallest that the SDK takes has about a hundred bytes, and CometBFT's
/// own limit is 21 MiB.
const MAX_TXS: usize = 250_000;

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
    /// Key, unique within an event only by convention. Nodes write it, or null, even if it is empty.
    #[serde(deserialize_with = "null_as_default")]
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
    #[serde(default, deserialize_with = "base64_list::<_, MAX_TXS>")]
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
    /// Text for logs; nodes may differ in it.
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
    /// One for each transaction of the block, in order; 250,000 at most.
    #[serde(default, deserialize_with = "list_up_to::<_, _, MAX_TXS>")]
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
