//! Checks the chain's endpoints, each by itself.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use souk_chain::{
    Client, ClientConfig,
    rpc::{RpcError, Status},
};

use super::Report;
use crate::{config::Config, market::Market};

/// Seconds that block time may be behind this machine's clock.
const SKEW: u64 = 120;
/// How often results are asked for that may come a moment after their block, and the pause between.
const ATTEMPTS: u32 = 4;
const PAUSE: Duration = Duration::from_secs(1);

const WHAT: &str = "RPC endpoint";

/// Checks each endpoint. Returns the market, if at least one is usable.
pub(super) async fn endpoints(config: &Config, report: &mut Report) -> Option<Market> {
    let chain = &config.chain;
    let mut usable = 0usize;
    for url in &chain.rpc {
        let alone = match Client::new(ClientConfig::new(&chain.chain_id, [url])) {
            Ok(client) => client,
            Err(error) => {
                report.fail(WHAT, error.to_string(), "correct chain.rpc");
                continue;
            }
        };
        match alone.status().await {
            Ok(status) if status.catching_up => {
                let found = format!("{url} is still catching up at height {}", status.height);
                report.warn(WHAT, found, "wait for it or put another first");
            }
            Ok(status) => {
                usable = usable.saturating_add(1);
                at_head(url, &status, report);
                results(url, &alone, status.height, report).await;
            }
            Err(error) => {
                let advice =
                    format!("correct chain.rpc, or chain.chain_id if it is not {}", chain.chain_id);
                report.fail(WHAT, format!("{url}: {error}"), advice);
            }
        }
    }
    if chain.rpc.len() == 1 {
        report.warn(
            WHAT,
            "there is one endpoint only",
            "add a second to chain.rpc, so that the agent outlives the first",
        );
    }
    let client = Client::new(chain.client()).ok().filter(|_| usable > 0)?;
    let contracts = chain.contracts().clone();
    Some(Market::new(client.query(), contracts, &config.provider.address))
}

fn at_head(url: &str, status: &Status, report: &mut Report) {
    let found = format!("{url} is at height {} of {}", status.height, status.chain_id);
    match age(status.time.map_or(0, |time| time.seconds)) {
        Some(age) if age > SKEW => report.warn(
            WHAT,
            format!("{found}, its last block is {age} s old"),
            "see whether the chain makes blocks, and this machine's clock",
        ),
        _ => report.ok(WHAT, found),
    }
}

/// Asks for the results of the newest block, by which the agent follows the chain.
async fn results(url: &str, alone: &Client, height: u64, report: &mut Report) {
    const WHAT: &str = "block results";
    let mut attempt = 1;
    let error = loop {
        match alone.block_results(height).await {
            Ok(_) => return report.ok(WHAT, format!("{url} has those of block {height}")),
            Err(error) if attempt >= ATTEMPTS || keeps_none(&error) => break error,
            // A node shows a block before its results.
            Err(_) => attempt += 1,
        }
        tokio::time::sleep(PAUSE).await;
    };
    let advice = if keeps_none(&error) {
        "the agent sees nothing by this node: set discard_abci_responses = false under [storage] of \
         its config.toml, or use another endpoint"
    } else {
        "look at the node's log, or use another endpoint"
    };
    report.fail(WHAT, format!("{url}: {error}"), advice);
}

fn keeps_none(error: &RpcError) -> bool {
    matches!(error, RpcError::Node { error, .. } if error.keeps_no_results())
}

fn age(time: u64) -> Option<u64> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).ok()?.as_secs();
    now.checked_sub(time)
}
