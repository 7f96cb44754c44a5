//! CometBFT's query language: conditions joined by AND; and what a subscription makes of them. What a search
//! makes of them is in `index`. Numbers are whole here, and there are no dates.

use std::collections::BTreeMap;

use crate::chain::block::{Block, StoredTx};

/// Values of each `type.key`.
pub type EventMap = BTreeMap<String, Vec<String>>;

/// What a value is compared with.
#[derive(Clone, Debug, PartialEq)]
pub enum Operand {
    /// In single quotes.
    Text(String),
    /// Bare.
    Number {
        /// As it is written: `007`.
        digits: String,
        /// 7; one that is too large counts as the largest.
        value: i128,
    },
}

impl Operand {
    /// As it is written, without quotes.
    pub fn text(&self) -> &str {
        match self {
            Self::Text(text) => text,
            Self::Number { digits, .. } => digits,
        }
    }
}

/// How a value is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Op {
    /// `=`
    Equal,
    /// `<`
    Less,
    /// `<=`
    LessOrEqual,
    /// `>`
    Greater,
    /// `>=`
    GreaterOrEqual,
    /// `CONTAINS`
    Contains,
}

impl Op {
    /// Whether two numbers compare so.
    pub fn compares(self, value: i128, number: i128) -> bool {
        match self {
            Self::Equal => value == number,
            Self::Less => value < number,
            Self::LessOrEqual => value <= number,
            Self::Greater => value > number,
            Self::GreaterOrEqual => value >= number,
            Self::Contains => false,
        }
    }

    /// `CONTAINS` takes text, an order numbers, and `=` both.
    fn takes(self, operand: &Operand) -> bool {
        match self {
            Self::Equal => true,
            Self::Contains => matches!(operand, Operand::Text(_)),
            _ => matches!(operand, Operand::Number { .. }),
        }
    }
}

/// What is asked of a value.
#[derive(Clone, Debug, PartialEq)]
pub enum Test {
    /// That it is there.
    Exists,
    /// How it compares.
    Compare(Op, Operand),
}

/// A key, `type.attribute`, and what is asked of its value.
#[derive(Clone, Debug, PartialEq)]
pub struct Condition {
    /// The key.
    pub key: String,
    /// The question.
    pub test: Test,
}

/// A parsed query.
#[derive(Clone, Debug, PartialEq)]
pub struct Search {
    conditions: Vec<Condition>,
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
            if !is_key(key) {
                return Err(bad("no key"));
            }
            let (test, after) =
                parse_test(after.trim_start()).ok_or_else(|| bad("bad condition"))?;
            conditions.push(Condition { key: key.to_owned(), test });
            rest = after.trim_start();
            if rest.is_empty() {
                return Ok(Self { conditions });
            }
            let next =
                rest.strip_prefix("AND").filter(|next| next.starts_with(char::is_whitespace));
            rest = next.ok_or_else(|| bad("no AND"))?.trim_start();
        }
    }

    /// The conditions, all of which must hold.
    pub fn conditions(&self) -> &[Condition] {
        &self.conditions
    }

    /// Whether all conditions hold, for a subscription: each in any of the events.
    pub fn matches(&self, events: &EventMap) -> bool {
        self.conditions.iter().all(|condition| {
            let Some(values) = events.get(&condition.key) else {
                return false;
            };
            match &condition.test {
                Test::Exists => true,
                Test::Compare(op, operand) => values.iter().any(|value| holds(value, *op, operand)),
            }
        })
    }
}

fn is_key(text: &str) -> bool {
    let allowed = |c: char| "._-".contains(c) || c.is_alphanumeric();
    text.starts_with(|c: char| c == '_' || c.is_alphabetic())
        && text.chars().all(allowed)
        && !["AND", "EXISTS", "CONTAINS"].contains(&text)
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
    let (operand, rest) = parse_operand(rest.trim_start())?;
    op.takes(&operand).then_some((Test::Compare(op, operand), rest))
}

fn parse_operand(text: &str) -> Option<(Operand, &str)> {
    if let Some(quoted) = text.strip_prefix('\'') {
        let end = quoted.find('\'')?;
        return Some((Operand::Text(quoted[..end].to_owned()), &quoted[end + 1..]));
    }
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (digits, rest) = text.split_at(end);
    let value = match digits.parse() {
        Ok(value) => value,
        Err(_) if digits.is_empty() => return None,
        Err(_) => i128::MAX,
    };
    Some((Operand::Number { digits: digits.to_owned(), value }, rest))
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
        (_, Operand::Number { value: number, .. }) => {
            leading_number(value).is_some_and(|value| op.compares(value, *number))
        }
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
            ("tx.height=007AND tm.event='Tx'", true),
            (&format!("transfer.amount<1{}", "0".repeat(60)), true),
        ];
        for (query, expected) in table {
            let search = Search::parse(query).unwrap();
            assert_eq!(search.matches(&events), expected, "{query}");
        }
    }

    #[test]
    fn text_that_is_no_query_is_refused() {
        for query in [
            "",
            "tm.event",
            "='x'",
            "a='x' OR b='y'",
            "a='x' ANDb='y'",
            "a='x' AND",
            "a='x",
            "a=x",
            "a=-1",
            "a=+1",
            "a=",
            "a>'x'",
            "a CONTAINS 5",
            "a/b='x'",
            "1a='x'",
            "AND='x'",
        ] {
            assert!(Search::parse(query).is_err(), "{query}");
        }
    }
}
