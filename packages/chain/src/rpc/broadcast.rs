//! Handing a signed transaction to a node, and what its mempool said.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;

use super::client::Client;
use super::error::{NodeError, RpcError};
use super::transport::Reply;
use super::types::BroadcastWire;
use crate::log;
use crate::tx::TX_TOO_LARGE;

/// What a node said to a transaction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BroadcastReply {
    /// It passed the node's check and is in its mempool. It may still never be included.
    Accepted,
    /// The node has seen these very bytes before: they are in its mempool or in a block.
    AlreadyKnown,
    /// The node has no room now.
    MempoolFull,
    /// The node's check refused it; this node will not pass it on.
    Refused {
        /// Names the module that `code` belongs to.
        codespace: String,
        /// Not 0.
        code: u32,
        /// Why.
        log: String,
    },
    /// The node could not check it.
    Failed(NodeError),
}

/// The outcome of a broadcast.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Broadcast {
    /// The answer of the first endpoint that gave one.
    pub reply: Result<BroadcastReply, RpcError>,
    /// The bytes may also have reached an endpoint that gave no answer, so a refusal by another
    /// does not prove that they are nowhere.
    pub also_sent: bool,
}

impl Broadcast {
    /// Whether some node may now hold the transaction.
    pub fn may_be_held(&self) -> bool {
        let held = match &self.reply {
            Ok(BroadcastReply::Accepted | BroadcastReply::AlreadyKnown) => true,
            Ok(BroadcastReply::Failed(_)) => true,
            Ok(BroadcastReply::MempoolFull | BroadcastReply::Refused { .. }) => false,
            Err(_) => false,
        };
        held || self.also_sent
    }
}

impl Client {
    /// Broadcasts these bytes to one endpoint, the next if that is at fault. Repeating it with
    /// the same bytes is harmless.
    pub async fn broadcast_tx_sync(&self, tx: &[u8]) -> Broadcast {
        let params = json!({"tx": STANDARD.encode(tx)});
        let answer =
            self.ask::<BroadcastWire>("broadcast_tx_sync", &params, |_, _, _| Ok(())).await;
        Broadcast { reply: answer.reply.map(read_reply), also_sent: answer.also_sent }
    }
}

impl Client {
    /// Broadcasts these bytes again, to every usable endpoint at once. The reply is the best of
    /// theirs.
    pub async fn broadcast_everywhere(&self, tx: &[u8]) -> Broadcast {
        let usable = self.usable_or_probe().await;
        self.broadcast_to(usable, tx).await
    }

    /// Broadcasts these bytes to every endpoint at once that is not on another chain, also to those that are set
    /// aside: what must not be lost by the faults of some. The reply is the best of theirs.
    pub async fn broadcast_to_all(&self, tx: &[u8]) -> Broadcast {
        // So that the endpoints were looked at.
        self.usable_or_probe().await;
        let mut all = self.inner.pool.lock().not_elsewhere();
        all.retain(|index| self.may_ask(*index));
        self.broadcast_to(all, tx).await
    }

    async fn broadcast_to(&self, endpoints: Vec<usize>, tx: &[u8]) -> Broadcast {
        const METHOD: &str = "broadcast_tx_sync";
        let params = json!({"tx": STANDARD.encode(tx)});
        let asked = endpoints
            .into_iter()
            .map(|index| self.ask_one::<BroadcastWire>(index, METHOD, &params));
        let replies = futures::future::join_all(asked).await;
        let also_sent = replies
            .iter()
            .any(|reply| matches!(reply, Err(fault) if fault.request_may_have_arrived()));
        let rank = |reply: &BroadcastReply| match reply {
            BroadcastReply::Accepted => 0,
            BroadcastReply::AlreadyKnown => 1,
            BroadcastReply::MempoolFull => 2,
            BroadcastReply::Failed(_) => 3,
            BroadcastReply::Refused { .. } => 4,
        };
        let replies: Vec<_> = replies.into_iter().filter_map(Result::ok).map(read_reply).collect();
        // A worse reply beside it may be of one that could not check it, and holds it.
        let also_sent =
            also_sent || replies.iter().any(|one| matches!(one, BroadcastReply::Failed(_)));
        let best = replies.into_iter().min_by_key(rank);
        Broadcast { reply: best.ok_or_else(|| self.unavailable(METHOD)), also_sent }
    }
}

fn read_reply(reply: Reply<BroadcastWire>) -> BroadcastReply {
    match reply {
        Reply::Result(wire) => match (wire.codespace.as_str(), wire.code) {
            (_, 0) => BroadcastReply::Accepted,
            ("sdk", 19) => BroadcastReply::AlreadyKnown,
            ("sdk", 20) => BroadcastReply::MempoolFull,
            _ => BroadcastReply::Refused {
                codespace: wire.codespace,
                code: wire.code,
                log: wire.log,
            },
        },
        Reply::Error(error) => {
            if error.says(log::is_in_mempool) {
                BroadcastReply::AlreadyKnown
            } else if error.says(log::is_mempool_full) {
                BroadcastReply::MempoolFull
            } else if error.request_is_too_large() {
                // With the SDK's own code for it, so that there is one word for it.
                BroadcastReply::Refused {
                    codespace: "sdk".to_owned(),
                    code: TX_TOO_LARGE,
                    log: error.to_string(),
                }
            } else {
                BroadcastReply::Failed(error)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn node_error(data: &str) -> Reply<BroadcastWire> {
        Reply::Error(NodeError {
            code: -32603,
            message: "Internal error".into(),
            data: data.into(),
        })
    }

    fn checked(codespace: &str, code: u32) -> Reply<BroadcastWire> {
        Reply::Result(BroadcastWire { code, codespace: codespace.into(), log: String::new() })
    }

    #[test]
    fn bytes_seen_before_are_not_a_failure() {
        let cached = node_error("tx already exists in cache");
        assert_eq!(read_reply(cached), BroadcastReply::AlreadyKnown);
        assert_eq!(read_reply(checked("sdk", 19)), BroadcastReply::AlreadyKnown);
    }

    #[test]
    fn a_full_mempool_is_told_from_a_refusal() {
        let full = node_error("mempool is full: number of txs 5000 (max: 5000)");
        assert_eq!(read_reply(full), BroadcastReply::MempoolFull);
        let refused = read_reply(checked("sdk", 32));
        assert!(matches!(refused, BroadcastReply::Refused { code: 32, .. }));
    }

    #[test]
    fn what_is_longer_than_a_node_takes_is_refused_as_too_large_and_no_node_holds_it() {
        for data in [
            "error reading request body: http: request body too large",
            "Tx too large. Max size is 1048576, but got 1048577",
        ] {
            let reply = Ok(read_reply(node_error(data)));
            let sent = Broadcast { reply, also_sent: false };
            assert!(!sent.may_be_held(), "{data}");
            let Ok(BroadcastReply::Refused { codespace, code, log }) = sent.reply else {
                panic!("{data}")
            };
            assert_eq!((codespace.as_str(), code), ("sdk", 21), "{data}");
            assert!(log.contains(data), "{log}");
        }
    }

    #[test]
    fn a_refusal_after_a_silent_endpoint_does_not_prove_that_no_node_holds_the_bytes() {
        let refused = Broadcast { reply: Ok(read_reply(checked("sdk", 13))), also_sent: false };
        assert!(!refused.may_be_held());
        let after_silence = Broadcast { also_sent: true, ..refused };
        assert!(after_silence.may_be_held());
    }
}
