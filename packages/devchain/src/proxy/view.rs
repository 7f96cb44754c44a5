//! The view of a proxy: a real endpoint appears to be stale, or to be of another chain.

use serde_json::{Value, json};

use crate::faults::{View, WITHOUT_RESULTS};

/// How a request is handled in this view.
pub(super) enum Handling {
    /// Forward it with these parameters.
    Forward,
    /// Answer with this `result` of the JSON-RPC envelope.
    Result(Value),
    /// Answer with an error that has this `data`.
    Error(String),
}

/// Handles a request as a node with this view would; may change the parameters.
pub(super) fn handle(view: &View, method: &str, params: &mut Value, tx_hash: &str) -> Handling {
    if view.without_results && method == "block_results" {
        return Handling::Error(WITHOUT_RESULTS.to_owned());
    }
    let Some(stale) = view.stale_at else { return Handling::Forward };
    let asked = height(params);
    match method {
        "abci_query" => match asked {
            Some(height) if height > stale => Handling::Result(json!({ "response": {
                "code": 26, "codespace": "sdk", "height": "0",
                "log": "cannot query with height in the future; please provide a valid height: invalid height",
            }})),
            Some(height) if height > 0 => Handling::Forward,
            _ => {
                params["height"] = json!(stale.to_string());
                Handling::Forward
            }
        },
        "block" | "block_results" | "header" | "commit" => match asked {
            Some(height) if height > stale => Handling::Error(format!(
                "height {height} must be less than or equal to the current blockchain height {stale}"
            )),
            Some(height) if height > 0 => Handling::Forward,
            _ => {
                params["height"] = json!(stale.to_string());
                Handling::Forward
            }
        },
        "tx" => Handling::Error(format!("tx ({tx_hash}) not found")),
        _ if method.starts_with("broadcast_tx") => Handling::Result(json!({
            "code": 0, "codespace": "", "data": "", "log": "", "hash": tx_hash,
        })),
        _ => Handling::Forward,
    }
}

fn height(params: &Value) -> Option<u64> {
    let value = params.get("height")?;
    value.as_u64().or_else(|| value.as_str()?.parse().ok())
}

/// Changes an answer to that of a node with this view.
pub(super) fn rewrite_answer(view: &View, method: &str, result: &mut Value) {
    if let Some(stale) = view.stale_at
        && method == "status"
        && let Some(sync) = result.get_mut("sync_info")
    {
        sync["latest_block_height"] = json!(stale.to_string());
    }
    if let Some(chain) = &view.chain_id {
        let places = ["/node_info/network", "/block/header/chain_id", "/header/chain_id"];
        for place in places {
            if let Some(id) = result.pointer_mut(place) {
                *id = json!(chain);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stale_endpoint_answers_from_its_height_and_knows_nothing_later() {
        let view = View { stale_at: Some(10), ..View::default() };
        let mut params = json!({ "path": "/x" });
        assert!(matches!(handle(&view, "abci_query", &mut params, ""), Handling::Forward));
        assert_eq!(params["height"], "10");
        let mut later = json!({ "height": "11" });
        assert!(matches!(handle(&view, "abci_query", &mut later, ""), Handling::Result(_)));
        assert!(matches!(handle(&view, "block", &mut later, ""), Handling::Error(_)));
        let mut status = json!({ "sync_info": { "latest_block_height": "99" } });
        rewrite_answer(&view, "status", &mut status);
        assert_eq!(status["sync_info"]["latest_block_height"], "10");
    }

    #[test]
    fn an_endpoint_of_another_chain_says_so_wherever_it_names_its_chain() {
        let view = View { chain_id: Some("other-1".into()), ..View::default() };
        let mut block = json!({ "block": { "header": { "chain_id": "real-1" } } });
        rewrite_answer(&view, "block", &mut block);
        assert_eq!(block["block"]["header"]["chain_id"], "other-1");
    }
}
