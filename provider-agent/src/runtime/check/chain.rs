//! Checks the chain's endpoints, each by itself.

use std::time::{SystemTime, UNIX_EPOCH};

use souk_chain::{Client, ClientConfig};

use super::Report;
use crate::{config::Config, market::Market};

/// Seconds that block time may be behind this machine's clock.
const SKEW: u64 = 120;

/// Checks each endpoint. Returns the market, if at least one is usable.
pub(super) async fn endpoints(config: &Config, report: &mut Report) -> Option<Market> {
    const WHAT: &str = "RPC endpoint";
    let chain = &config.chain;
    let mut usable = 0usize;
    for url in &chain.rpc {
        let alone = Client::new(ClientConfig::new(&chain.chain_id, [url]));
        let asked = match &alone {
            Ok(client) => client.status().await,
            Err(error) => Err(error.clone()),
        };
        match asked {
            Ok(status) if status.catching_up => {
                let found = format!("{url} is still catching up at height {}", status.height);
                report.warn(WHAT, found, "wait for it or put another first");
            }
            Ok(status) => {
                usable = usable.saturating_add(1);
                let age = age(status.time.map_or(0, |time| time.seconds));
                let found = format!("{url} is at height {} of {}", status.height, status.chain_id);
                match age {
                    Some(age) if age > SKEW => {
                        let found = format!("{found}, its last block is {age} s old");
                        report.warn(
                            WHAT,
                            found,
                            "see whether the chain makes blocks, and this machine's clock",
                        );
                    }
                    _ => report.ok(WHAT, found),
                }
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

fn age(time: u64) -> Option<u64> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).ok()?.as_secs();
    now.checked_sub(time)
}
