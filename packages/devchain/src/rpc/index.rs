//! What `tx_search` finds: CometBFT asks an index of strings there, which answers otherwise than a subscription.
//!
//! All conditions must hold within one event of the transaction. Attributes alone are indexed, by `type.key`,
//! so `tm.event` finds nothing. `=` compares text alone and stops at a slash: `'a'` finds `a` and `a/1`. A range reads
//! numbers that are nothing else: `100usouk` is none. A hash is found whatever else is asked.

use std::sync::Arc;

use super::search::{Condition, Op, Operand, Search, Test};
use crate::chain::block::{Block, StoredTx};
use crate::chain::history::History;
use crate::event::Event;

const HASH: &str = "tx.hash";
const HEIGHT: &str = "tx.height";

/// A hash that is not written in hex.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error("error during searching for a hash in the query: {0}")]
pub struct BadHash(#[from] hex::FromHexError);

/// The transactions up to the height `latest`, oldest first, with their places in the blocks.
pub fn find<'a>(
    search: &Search,
    history: &'a History,
    latest: u64,
) -> Result<Vec<(&'a Arc<Block>, usize)>, BadHash> {
    if let Some(hash) = hash_of(search.conditions())? {
        let found = <[u8; 32]>::try_from(hash).ok().and_then(|hash| history.tx(&hash));
        return Ok(found.into_iter().filter(|(block, _)| block.height() <= latest).collect());
    }
    let heights = Heights::of(search.conditions());
    let others: Vec<&Condition> =
        search.conditions().iter().filter(|condition| !heights.decide(condition)).collect();
    if others.is_empty() && !heights.restrict() {
        return Ok(Vec::new());
    }
    let exact = heights.exact();
    let blocks: Vec<&Arc<Block>> = match exact {
        Some(height) => history.block(height).into_iter().collect(),
        None => history.blocks().filter(|block| heights.hold(block.height())).collect(),
    };
    let mut found = Vec::new();
    for block in blocks.into_iter().filter(|block| block.height() <= latest) {
        for (index, tx) in block.txs.iter().enumerate() {
            if others.is_empty() || in_one_event(tx, &others, exact) {
                found.push((block, index));
            }
        }
    }
    Ok(found)
}

fn hash_of(conditions: &[Condition]) -> Result<Option<Vec<u8>>, hex::FromHexError> {
    let hash = conditions.iter().find(|condition| condition.key == HASH);
    hash.map(|condition| match &condition.test {
        Test::Compare(_, operand) => hex::decode(operand.text().as_bytes()),
        Test::Exists => Ok(Vec::new()),
    })
    .transpose()
}

/// What a query says of heights: a range, or else the first number that it must equal.
struct Heights {
    equal: Option<i128>,
    range: Vec<(Op, i128)>,
}

impl Heights {
    fn of(conditions: &[Condition]) -> Self {
        let mut heights = Self { equal: None, range: Vec::new() };
        for condition in conditions.iter().filter(|condition| condition.key == HEIGHT) {
            match condition.test {
                Test::Compare(Op::Equal, Operand::Number(height)) => {
                    heights.equal.get_or_insert(height);
                }
                Test::Compare(op, Operand::Number(height)) => heights.range.push((op, height)),
                _ => {}
            }
        }
        heights
    }

    /// Whether a condition is decided by the height; text that a height must equal is passed over.
    fn decide(&self, condition: &Condition) -> bool {
        let by_height = matches!(
            condition.test,
            Test::Compare(Op::Equal, _) | Test::Compare(_, Operand::Number(_))
        );
        condition.key == HEIGHT && by_height
    }

    fn restrict(&self) -> bool {
        self.equal.is_some() || !self.range.is_empty()
    }

    /// The only height, if there is no range; 0, which no block has, for one that cannot be a height.
    fn exact(&self) -> Option<u64> {
        let equal = self.equal.filter(|_| self.range.is_empty())?;
        Some(u64::try_from(equal).unwrap_or(0))
    }

    fn hold(&self, height: u64) -> bool {
        self.range.iter().all(|(op, number)| op.compares(i128::from(height), *number))
    }
}

fn in_one_event(tx: &StoredTx, conditions: &[&Condition], exact: Option<u64>) -> bool {
    let holds = |event: &Event| conditions.iter().all(|condition| holds(event, condition, exact));
    tx.result.events.iter().any(holds)
}

fn holds(event: &Event, condition: &Condition, exact: Option<u64>) -> bool {
    let key = condition.key.strip_prefix(event.ty.as_str()).and_then(|key| key.strip_prefix('.'));
    let Some(key) = key.filter(|key| !key.is_empty()) else {
        return false;
    };
    let mut values = event.attributes.iter().filter(|(name, _)| name == key);
    match &condition.test {
        Test::Exists => values.next().is_some(),
        Test::Compare(Op::Contains, part) => {
            let part = part.text();
            values.any(|(_, value)| value.contains(&*part))
        }
        Test::Compare(Op::Equal, wanted) => {
            let wanted = wanted.text();
            values.any(|(_, value)| match value.strip_prefix(&*wanted) {
                Some("") => true,
                Some(rest) => continues(rest, exact),
                None => false,
            })
        }
        Test::Compare(op, Operand::Number(number)) => values
            .any(|(_, value)| value.parse::<i128>().is_ok_and(|value| op.compares(value, *number))),
        Test::Compare(_, Operand::Text(_)) => false,
    }
}

/// Whether the rest of a value, after what was looked for, is taken for the next part of the index's key: which
/// begins with a slash and, where one height is asked for, this height.
fn continues(rest: &str, exact: Option<u64>) -> bool {
    let Some(rest) = rest.strip_prefix('/') else {
        return false;
    };
    exact.is_none_or(|height| {
        let rest = rest.strip_prefix(height.to_string().as_str());
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    })
}
