//! Looks at the chain for a transaction: the account's sequence at a known height, and where the
//! transaction is.

use super::decide::{Included, Observation, Search};
use crate::TxHash;
use crate::query::{Account, Queries, QueryError};
use crate::rpc::{Client, NodeError, RpcError, TxLookup};

/// The account, in a state whose height is known.
pub(crate) async fn account(queries: &Queries, address: &str) -> Result<Account, QueryError> {
    let account = queries.account(address).await?;
    if account.height > 0 {
        return Ok(account);
    }
    // A node that does not say which state it answered from is asked for one by height.
    let height = queries.client().status().await?.height;
    let account = queries.at(height).account(address).await?;
    Ok(Account { height, ..account })
}

/// Where the account is, and what the nodes' indexes say of the transaction.
pub(crate) async fn observe(
    client: &Client,
    address: &str,
    hash: &TxHash,
) -> Result<Observation, QueryError> {
    let account = account(&client.query(), address).await?;
    // The index after the state: what the state shows as executed may be indexed by now.
    let search = match client.tx(hash).await? {
        TxLookup::Found(tx) => Search::Indexed(Included { height: tx.height, result: tx.result }),
        TxLookup::Absent | TxLookup::NotIndexed => Search::NotIndexed,
    };
    Ok(Observation { height: account.height, sequence: account.sequence, search })
}

/// Reads blocks, both ends included, for a transaction: the proof that needs no index.
pub(crate) async fn search_blocks(
    client: &Client,
    hash: &TxHash,
    from: u64,
    to: u64,
) -> Result<Search, RpcError> {
    let mut failed = None;
    for height in from..=to {
        let block = match client.block(height).await {
            Ok(block) => block,
            Err(RpcError::Pruned { .. }) => return Ok(Search::BlocksGone),
            Err(error) => return Err(error),
        };
        let places = block.txs.iter().enumerate().filter(|(_, tx)| TxHash::of(tx) == *hash);
        let places: Vec<usize> = places.map(|(place, _)| place).collect();
        if places.is_empty() {
            continue;
        }
        let results = client.block_results(height).await?.txs_results;
        for place in places {
            let result = results.get(place).cloned().ok_or_else(|| RpcError::Node {
                method: "block_results",
                error: NodeError {
                    code: 0,
                    message: "inconsistent answers".to_owned(),
                    data: format!("block {height} has a transaction {place}, its results not"),
                },
            })?;
            let succeeded = result.code == 0;
            let included = Included { height, result };
            if succeeded {
                return Ok(Search::Found(included));
            }
            // Whoever saw it may have put it into a later block.
            failed = Some(included);
        }
    }
    Ok(failed.map_or(Search::InNoBlock, Search::Found))
}
