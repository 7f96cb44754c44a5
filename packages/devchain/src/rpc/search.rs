//! CometBFT's query language: conditions joined by AND, over the events of a transaction or a block.

use std::collections::BTreeMap;

use crate::chain::block::{Block, StoredTx};

/// Values of each `type.key`.
pub type EventMap = BTreeMap<String, Vec<String>>;

#[derive(Clone, Debug, PartialEq)]
enum Operand {
    Text(String),
    Number(i128),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Op {
    Equal,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    Contains,
}

#[derive(Clone, Debug, PartialEq)]
enum Test {
    Exists,
    Compare(Op, Operand),
}

/// A parsed query.
#[derive(Clone, Debug, PartialEq)]
pub struct Search {
    conditions: Vec<(String, Test)>,
}

/// Text that cannot be parsed as a query.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("failed to parse query: {why} in {query:?}")]
pub struct BadQuery {
    query: String,
    why: &'static str,
}

impl Search {
    /// Parses for instance `tm.event='Tx' AND wasm._contract_address='souk1...'`.
    pub fn parse(query: &str) -> Result<Self, BadQuery> {
        let bad = |why| BadQuery { query: query.to_owned(), why };
        let mut conditions = Vec::new();
        let mut rest = query.trim();
        if rest.is_empty() {
            return Err(bad("nothing"));
        }
        loop {
            let key_end = rest
                .find(|c: char| c.is_whitespace() || "=<>".contains(c))
                .ok_or_else(|| bad("no operator"))?;
            let (key, after) = rest.split_at(key_end);
            if key.is_empty() {
                return Err(bad("no key"));
            }
            let (test, after) =
                parse_test(after.trim_start()).ok_or_else(|| bad("bad condition"))?;
            conditions.push((key.to_owned(), test));
            rest = after.trim_start();
            if rest.is_empty() {
                return Ok(Self { conditions });
            }
            rest = rest.strip_prefix("AND").ok_or_else(|| bad("no AND"))?.trim_start();
        }
    }

    /// The value that `key` must equal, if the query demands one.
    pub fn equals(&self, key: &str) -> Option<String> {
        self.conditions.iter().find_map(|(name, test)| match test {
            Test::Compare(Op::Equal, Operand::Text(text)) if name == key => Some(text.clone()),
            Test::Compare(Op::Equal, Operand::Number(n)) if name == key => Some(n.to_string()),
            _ => None,
        })
    }

    /// Whether all conditions hold.
    pub fn matches(&self, events: &EventMap) -> bool {
        self.conditions.iter().all(|(key, test)| {
            let Some(values) = events.get(key) else {
                return false;
            };
            match test {
                Test::Exists => true,
                Test::Compare(op, operand) => values.iter().any(|value| holds(value, *op, operand)),
            }
        })
    }
}

fn parse_test(text: &str) -> Option<(Test, &str)> {
    if let Some(rest) = text.strip_prefix("EXISTS") {
        return Some((Test::Exists, rest));
    }
    let ops = [
        ("<=", Op::LessOrEqual),
        (">=", Op::GreaterOrEqual),
        ("<", Op::Less),
        (">", Op::Greater),
        ("=", Op::Equal),
        ("CONTAINS", Op::Contains),
    ];
    let (op, rest) = ops.iter().find_map(|(sign, op)| Some((*op, text.strip_prefix(sign)?)))?;
    let rest = rest.trim_start();
    if let Some(quoted) = rest.strip_prefix('\'') {
        let end = quoted.find('\'')?;
        let operand = Operand::Text(quoted[..end].to_owned());
        return Some((Test::Compare(op, operand), &quoted[end + 1..]));
    }
    let end = rest.find(char::is_whitespace).unwrap_or(rest.len());
    let number = rest[..end].parse().ok()?;
    Some((Test::Compare(op, Operand::Number(number)), &rest[end..]))
}

/// The number at the start of a value; amounts such as `100usouk` count as 100.
fn leading_number(value: &str) -> Option<i128> {
    let end = value.find(|c: char| !c.is_ascii_digit()).unwrap_or(value.len());
    value[..end].parse().ok()
}

fn holds(value: &str, op: Op, operand: &Operand) -> bool {
    match (op, operand) {
        (Op::Contains, Operand::Text(part)) => value.contains(part.as_str()),
        (Op::Equal, Operand::Text(text)) => value == text,
        (_, Operand::Text(_)) | (Op::Contains, _) => false,
        (_, Operand::Number(number)) => leading_number(value).is_some_and(|value| match op {
            Op::Equal => value == *number,
            Op::Less => value < *number,
            Op::LessOrEqual => value <= *number,
            Op::Greater => value > *number,
            Op::GreaterOrEqual => value >= *number,
            Op::Contains => false,
        }),
    }
}

/// What a transaction can be found by.
pub fn tx_events(block: &Block, tx: &StoredTx) -> EventMap {
    let mut map = EventMap::new();
    for event in &tx.result.events {
        for (key, value) in &event.attributes {
            map.entry(format!("{}.{key}", event.ty)).or_default().push(value.clone());
        }
    }
    map.insert("tm.event".into(), vec!["Tx".into()]);
    map.insert("tx.hash".into(), vec![hex::encode_upper(tx.hash)]);
    map.insert("tx.height".into(), vec![block.height().to_string()]);
    map
}

/// What a block event can be found by.
pub fn block_events(kind: &str, block: &Block) -> EventMap {
    EventMap::from([
        ("tm.event".into(), vec![kind.into()]),
        ("block.height".into(), vec![block.height().to_string()]),
    ])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn map(pairs: &[(&str, &str)]) -> EventMap {
        let mut map = EventMap::new();
        for (key, value) in pairs {
            map.entry((*key).into()).or_default().push((*value).into());
        }
        map
    }

    #[test]
    fn queries_select_what_they_say() {
        let events = map(&[
            ("tm.event", "Tx"),
            ("tx.height", "7"),
            ("wasm-bid.order", "12"),
            ("transfer.amount", "100usouk"),
        ]);
        let table = [
            ("tm.event='Tx'", true),
            ("tm.event = 'Tx' AND tx.height=7", true),
            ("tm.event='Tx' AND tx.height > 7", false),
            ("tx.height>=7 AND tx.height<=7", true),
            ("wasm-bid.order EXISTS", true),
            ("wasm-bid.price EXISTS", false),
            ("wasm-bid.order='1'", false),
            ("wasm-bid.order CONTAINS '1'", true),
            ("transfer.amount>99", true),
        ];
        for (query, expected) in table {
            let search = Search::parse(query).unwrap();
            assert_eq!(search.matches(&events), expected, "{query}");
        }
    }

    #[test]
    fn text_that_is_no_query_is_refused() {
        for query in ["", "tm.event", "='x'", "a='x' OR b='y'", "a='x", "a=x"] {
            assert!(Search::parse(query).is_err(), "{query}");
        }
    }
}
