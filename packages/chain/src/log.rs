//! What nodes write: the one place that reads the texts of CometBFT, the Cosmos SDK and wasmd.
//!
//! Codes count where a node gives them; texts are needed because simulations and RPC errors have
//! general codes. A contract's own words stand in these texts, too, and with them whatever
//! strangers wrote: where that can be, the chain's words are looked for before they begin.

use crate::Coin;

/// What wasmd adds to a contract's own refusal of a query.
const QUERY_FAILED: &str = ": query wasm contract failed";

/// The place of the message that failed, if the text speaks of a message.
pub(crate) fn failed_message(log: &str) -> Option<u64> {
    number_after(log, "message index: ")
}

/// The transaction was signed for another sequence than the account's.
pub(crate) fn is_wrong_sequence(log: &str) -> bool {
    log.contains("account sequence mismatch")
}

/// More gas was used than there was: `sdk` 11, or its text.
pub(crate) fn is_out_of_gas(codespace: &str, code: u32, log: &str) -> bool {
    (codespace, code) == ("sdk", 11) || log.contains("out of gas in location")
}

/// The node took too long and gave up.
pub(crate) fn was_interrupted(log: &str) -> bool {
    log.contains("context deadline exceeded") || log.contains("context canceled")
}

/// Whether the node panicked and recovered: SDK 0.54 says so of simulations with code 6.
pub(crate) fn has_panicked(log: &str) -> bool {
    log.contains("recovered: ") && failed_message(log).is_none()
}

/// The account does not exist: `sdk` 9, or `sdk` 22 with a text.
pub(crate) fn is_unknown_account(codespace: &str, code: u32, log: &str) -> bool {
    let not_found = log.contains("account") && log.contains("not found");
    (codespace == "sdk" && code == 9) || (codespace == "sdk" && code == 22 && not_found) || {
        log.contains("fee payer address") && log.contains("does not exist")
    }
}

/// From the SDK's "insufficient fees; got: 1ustake required: 2ustake,3uother: insufficient fee".
pub(crate) fn required_fee(log: &str) -> Vec<Coin> {
    let Some((_, rest)) = log.split_once("required: ") else {
        return Vec::new();
    };
    let list = rest.split([' ', '"']).next().unwrap_or_default();
    list.trim_end_matches(':').split(',').filter_map(|coin| coin.parse().ok()).collect()
}

/// A contract refused the query itself. Nodes give its refusals general codes.
pub(crate) fn is_of_contract(log: &str) -> bool {
    log.contains(QUERY_FAILED)
}

/// The node has no such service. It answers so, too, while it starts: blocks and state are served
/// before simulations, and until its first block a contract cannot be run, for want of a time.
pub(crate) fn is_not_served(log: &str) -> bool {
    log.starts_with("unknown query path")
        || log.contains("recovered: Block (unix) time must never be empty")
}

/// `sdk` 22 and 38 are key and resource not found, `wasm` 8 and 22 no such code or contract.
pub(crate) fn is_not_found(codespace: &str, code: u32, log: &str) -> bool {
    let by_code = matches!((codespace, code), ("sdk", 22 | 38) | ("wasm", 8 | 22));
    let texts = ["code = NotFound", "no such contract", "no such code"];
    by_code || texts.iter().any(|text| log.contains(text))
}

/// The node has no state of the asked height, no longer or not yet. `sdk` 26 is an invalid
/// height; the store's own refusals come with other codes.
pub(crate) fn lacks_state(codespace: &str, code: u32, log: &str) -> bool {
    let texts =
        ["version does not exist", "failed to load state at height", "height in the future"];
    (codespace, code) == ("sdk", 26) || texts.iter().any(|text| log.contains(text))
}

/// The node's index has no such transaction.
pub(crate) fn is_unknown_tx(text: &str) -> bool {
    text.contains("not found")
}

/// The node's mempool has these bytes already.
pub(crate) fn is_in_mempool(text: &str) -> bool {
    text.contains("already exists in cache")
}

/// The node's mempool has no room.
pub(crate) fn is_mempool_full(text: &str) -> bool {
    text.contains("mempool is full")
}

/// The node does not read so long a request (`max_body_bytes`, 1,000,000 by CometBFT's default, in which a
/// broadcast is base64 and a simulation hex), or its mempool takes no transaction of this length.
pub(crate) fn is_too_large(text: &str) -> bool {
    text.contains("request body too large") || text.contains("Tx too large")
}

/// The node has the block by now: it came between the question and the look at the node's range,
/// or it is stored and not executed yet, since a node shows a block before its results.
pub(crate) fn is_block_too_early(text: &str) -> bool {
    ["must be less than or equal to", "could not find results for height"]
        .iter()
        .any(|part| text.contains(part))
}

/// The node keeps no results of blocks (`discard_abci_responses`), as CometBFT 0.34 to 1.0 say it.
pub(crate) fn keeps_no_results(text: &str) -> bool {
    text.contains("node is not persisting")
}

/// A contract's or module's own words, without what the chain wraps around them.
pub fn own_words(log: &str) -> &str {
    let mut words = log;
    if let Some((_, rest)) = words.split_once(" desc = ").filter(|_| log.starts_with("rpc error")) {
        words = rest;
    }
    if let Some(rest) = words.strip_prefix("failed to execute message; message index: ") {
        words = rest.split_once(": ").map_or(rest, |(_, rest)| rest);
    }
    while let Some(rest) = words.strip_prefix("failed to execute message; message ") {
        words = after_message(rest);
    }
    words = words.trim_start_matches("dispatch: submessages: ");
    for wrapper in
        [": execute wasm contract failed", QUERY_FAILED, ": insufficient funds", " with gas used"]
    {
        words = words.split(wrapper).next().unwrap_or(words);
    }
    words
}

/// What stands after a message of another's that was executed for it. The SDK writes the message as protobuf's
/// text, in which a colon before a blank stands in quoted strings only.
fn after_message(text: &str) -> &str {
    let (mut quoted, mut escaped, mut colon) = (false, false, false);
    for (at, c) in text.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            ' ' if colon && !quoted => return text.get(at..).unwrap_or_default().trim_start(),
            _ => {}
        }
        colon = c == ':';
    }
    text
}

fn number_after(log: &str, text: &str) -> Option<u64> {
    let start = log.find(text)?.checked_add(text.len())?;
    let rest = log.get(start..)?;
    let end = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
    rest.get(..end)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_block_that_came_meanwhile_or_has_no_results_yet_was_asked_for_too_early() {
        let early = [
            "height 50 must be less than or equal to the current blockchain height 49",
            "could not find results for height #5",
        ];
        assert!(early.iter().all(|text| is_block_too_early(text)));
        for text in ["finalize block responses", "abci responses"] {
            let text = format!("node is not persisting {text}");
            assert!(!is_block_too_early(&text) && keeps_no_results(&text));
        }
    }

    #[test]
    fn a_contracts_own_words_are_found_in_the_chains_log() {
        for (log, words) in [
            (
                "order 1 has no lease: query wasm contract failed: unknown request",
                "order 1 has no lease",
            ),
            (
                "rpc error: code = Unknown desc = failed to execute message; message index: 0: \
                 deployment 1 is closed",
                "deployment 1 is closed",
            ),
            (
                "failed to execute message; message index: 12: dispatch: submessages: no: execute \
                 wasm contract failed [CosmWasm/wasmd/x/wasm/keeper/keeper.go:435] with gas used: '9'",
                "no",
            ),
            (
                "spendable balance 0uatom is smaller than 5uatom: insufficient funds with gas used: '9'",
                "spendable balance 0uatom is smaller than 5uatom",
            ),
            ("out of gas", "out of gas"),
            (
                "failed to execute message; message index: 0: failed to execute message; message \
                 sender:\"wasm1a\" contract:\"wasm1b\" msg:\"{\\\"deposit\\\": {\\\"to\\\": 7}}\" \
                 funds:<denom:\"usouk\" amount:\"5\" > : account 7 is closed: execute wasm contract failed",
                "account 7 is closed",
            ),
        ] {
            assert_eq!(own_words(log), words);
        }
    }
}
