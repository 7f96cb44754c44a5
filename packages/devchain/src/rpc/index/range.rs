//! Bounds of a number. Of several on one side the last one counts, and once a bound belongs to the range, so do
//! those after it: `a>=1 AND a>3` finds 3.

use std::collections::BTreeMap;

use crate::rpc::search::{Condition, Op, Operand, Test};

/// What bounds a key's number.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Range {
    lower: Option<i128>,
    upper: Option<i128>,
    with_lower: bool,
    with_upper: bool,
}

/// The bound that a condition sets, if it is one.
pub fn bound(condition: &Condition) -> Option<(Op, i128)> {
    match &condition.test {
        Test::Compare(Op::Equal | Op::Contains, _) => None,
        Test::Compare(op, Operand::Number { value, .. }) => Some((*op, *value)),
        _ => None,
    }
}

impl Range {
    /// The range of each key that has one.
    pub fn of_keys<'a>(conditions: &[&'a Condition]) -> BTreeMap<&'a str, Self> {
        let mut ranges: BTreeMap<&str, Self> = BTreeMap::new();
        for condition in conditions {
            if let Some((op, number)) = bound(condition) {
                ranges.entry(&condition.key).or_default().narrow(op, number);
            }
        }
        ranges
    }

    fn narrow(&mut self, op: Op, number: i128) {
        match op {
            Op::Greater | Op::GreaterOrEqual => {
                self.lower = Some(number);
                self.with_lower |= op == Op::GreaterOrEqual;
            }
            Op::Less | Op::LessOrEqual => {
                self.upper = Some(number);
                self.with_upper |= op == Op::LessOrEqual;
            }
            Op::Equal | Op::Contains => {}
        }
    }

    /// Whether a number is within.
    pub fn holds(&self, number: i128) -> bool {
        let above = |lower| number > lower || (self.with_lower && number == lower);
        let below = |upper| number < upper || (self.with_upper && number == upper);
        self.lower.is_none_or(above) && self.upper.is_none_or(below)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rpc::search::Search;

    #[test]
    fn the_last_bound_counts_and_one_that_belongs_to_the_range_makes_later_ones_belong() {
        let numbers = |query: &str| -> Vec<i128> {
            let search = Search::parse(query).unwrap();
            let conditions: Vec<_> = search.conditions().iter().collect();
            let ranges = Range::of_keys(&conditions);
            (0..6).filter(|number| ranges["a"].holds(*number)).collect()
        };
        assert_eq!(numbers("a>1"), [2, 3, 4, 5]);
        assert_eq!(numbers("a>1 AND a<4"), [2, 3]);
        assert_eq!(numbers("a>=1 AND a<=4"), [1, 2, 3, 4]);
        assert_eq!(numbers("a>3 AND a>1"), [2, 3, 4, 5]);
        assert_eq!(numbers("a>=1 AND a>3"), [3, 4, 5]);
        assert_eq!(numbers("a<4 AND a<=2 AND b>0"), [0, 1, 2]);
    }
}
