//! The methods' parameters: their names in order, and how each is written.

/// How a parameter is written. Whole numbers of CometBFT stand in quotes, since JSON's own lose digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A whole number in quotes; in a URI bare, too.
    Int,
    /// Text.
    Text,
    /// Bytes in base64; in a URI `0x` and hex, or text.
    Base64,
    /// Bytes in hex; in a URI after `0x`, or text.
    Hex,
    /// `true` or `false`.
    Flag,
    /// A whole number of this chain's own methods, bare or in quotes.
    Count,
    /// A decimal number of this chain's own methods, bare or in quotes.
    Factor,
}

/// A method's parameters in their order.
pub type Parameters = &'static [(&'static str, Kind)];

/// The parameters of a method; none if the method is unknown.
pub fn parameters(method: &str) -> Option<Parameters> {
    use Kind::{Base64, Count, Factor, Flag, Hex, Int, Text};
    Some(match method {
        "health"
        | "status"
        | "net_info"
        | "genesis"
        | "abci_info"
        | "num_unconfirmed_txs"
        | "unsubscribe_all" => &[],
        "block" | "block_results" | "commit" | "header" | "consensus_params" => &[("height", Int)],
        "validators" => &[("height", Int), ("page", Int), ("per_page", Int)],
        "blockchain" => &[("minHeight", Int), ("maxHeight", Int)],
        "block_by_hash" => &[("hash", Base64)],
        "header_by_hash" => &[("hash", Hex)],
        "tx" => &[("hash", Base64), ("prove", Flag)],
        "tx_search" => &[
            ("query", Text),
            ("prove", Flag),
            ("page", Int),
            ("per_page", Int),
            ("order_by", Text),
        ],
        "unconfirmed_txs" => &[("limit", Int)],
        "broadcast_tx_sync" | "broadcast_tx_async" | "broadcast_tx_commit" => &[("tx", Base64)],
        "abci_query" => &[("path", Text), ("data", Hex), ("height", Int), ("prove", Flag)],
        "subscribe" | "unsubscribe" => &[("query", Text)],
        "souk_advance" => &[("seconds", Count)],
        "souk_produce_blocks" => &[("n", Count)],
        "souk_set_time_scale" => &[("factor", Factor)],
        _ => return None,
    })
}
