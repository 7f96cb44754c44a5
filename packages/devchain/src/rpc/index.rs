//! What `tx_search` finds: CometBFT asks an index of strings there, which answers otherwise than a subscription.
//!
//! All conditions must hold within one event of the transaction. Attributes alone are indexed, by `type.key`,
//! so `tm.event` finds nothing; the height is indexed as an event by itself. `=` compares text alone and stops at a
//! slash: `'a'` finds `a` and `a/1`. A range reads numbers that are nothing else: `100usouk` is none. A hash is found
//! whatever else is asked. What a query makes of heights is in `height`.

mod height;
mod range;

use std::collections::BTreeMap;
use std::sync::Arc;

use super::search::{Condition, Op, Search, Test};
use crate::chain::block::{Block, StoredTx};
use crate::chain::history::History;
use crate::event::Event;
use height::Heights;
use range::{Range, bound};

const HASH: &str = "tx.hash";

/// A hash that cannot be looked for.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum BadHash {
    /// It is not written in hex.
    #[error("error during searching for a hash in the query: {0}")]
    Hex(#[from] hex::FromHexError),
    /// There is nothing of it.
    #[error("error while retrieving the result: transaction hash cannot be empty")]
    Empty,
}

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
    let asked = Asked::of(search.conditions(), &heights);
    let blocks: Vec<&Arc<Block>> = match heights.single() {
        Some(height) => history.block(height).into_iter().collect(),
        None => history.blocks().filter(|block| heights.hold(block.height())).collect(),
    };
    let mut found = Vec::new();
    for block in blocks.into_iter().filter(|block| block.height() <= latest) {
        let of_height = event_of_height(block.height());
        for (index, tx) in block.txs.iter().enumerate() {
            if asked.found_in(tx, &of_height, block.height()) {
                found.push((block, index));
            }
        }
    }
    Ok(found)
}

fn hash_of(conditions: &[Condition]) -> Result<Option<Vec<u8>>, BadHash> {
    let Some(condition) = conditions.iter().find(|condition| condition.key == HASH) else {
        return Ok(None);
    };
    let hash = match &condition.test {
        Test::Compare(_, operand) => hex::decode(operand.text())?,
        Test::Exists => Vec::new(),
    };
    if hash.is_empty() { Err(BadHash::Empty) } else { Ok(Some(hash)) }
}

/// The height as the index has it: beside the transaction's events.
fn event_of_height(height: u64) -> Event {
    Event { ty: "tx".into(), attributes: vec![("height".into(), height.to_string())] }
}

/// What one event must have.
struct Asked<'a> {
    tests: Vec<&'a Condition>,
    ranges: BTreeMap<&'a str, Range>,
    /// The height that a value is looked for together with.
    height: Option<u64>,
}

impl<'a> Asked<'a> {
    fn of(conditions: &'a [Condition], heights: &Heights) -> Self {
        let asked: Vec<_> = conditions.iter().filter(|one| heights.leave(one)).collect();
        let ranges = Range::of_keys(&asked);
        let tests = asked.into_iter().filter(|one| bound(one).is_none()).collect();
        Self { tests, ranges, height: heights.single() }
    }

    fn found_in(&self, tx: &StoredTx, of_height: &Event, height: u64) -> bool {
        let asks = !self.tests.is_empty() || !self.ranges.is_empty();
        asks && tx.result.events.iter().chain([of_height]).any(|event| self.holds(event, height))
    }

    fn holds(&self, event: &Event, height: u64) -> bool {
        let tested = |one: &&Condition| {
            let mut values = values(event, &one.key);
            match &one.test {
                Test::Exists => values.next().is_some(),
                Test::Compare(Op::Contains, part) => {
                    values.any(|value| value.contains(part.text()))
                }
                Test::Compare(_, wanted) => {
                    values.any(|value| self.equals(value, wanted.text(), height))
                }
            }
        };
        let ranged = |(key, range): (&&str, &Range)| {
            values(event, key).any(|value| value.parse().is_ok_and(|value| range.holds(value)))
        };
        self.tests.iter().all(tested) && self.ranges.iter().all(ranged)
    }

    /// The index's key has the value and the height, each with a slash behind it, and must start with what is
    /// looked for.
    fn equals(&self, value: &str, wanted: &str, height: u64) -> bool {
        let key = format!("{value}/{height}/");
        let rest = key.strip_prefix(wanted).and_then(|rest| rest.strip_prefix('/'));
        let rest = match self.height {
            None => rest,
            Some(height) => rest
                .and_then(|rest| rest.strip_prefix(height.to_string().as_str()))
                .and_then(|rest| rest.strip_prefix('/')),
        };
        rest.is_some()
    }
}

/// The event's values of a key, `type.attribute`.
fn values<'a>(event: &'a Event, key: &str) -> impl Iterator<Item = &'a str> {
    let name = key.strip_prefix(event.ty.as_str()).and_then(|name| name.strip_prefix('.'));
    let named = event.attributes.iter().filter(move |(of, _)| !of.is_empty() && name == Some(of));
    named.map(|(_, value)| value.as_str())
}
