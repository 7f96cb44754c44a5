//! What a query says of heights. CometBFT takes them out of the query and reads each as a number, in quotes or bare.
//!
//! - Of several that the height must equal, the first counts; text that is no number is passed over.
//! - Beside a range, `EXISTS` or `CONTAINS` of the height, none of them counts.
//! - Beside conditions of other keys a height decides which blocks are searched: 0 all of them, less than 0 none.
//! - Alone it is looked for as it is written: `'02'` finds nothing.

use super::range::{Range, bound};
use crate::rpc::search::{Condition, Op, Operand, Test};

const HEIGHT: &str = "tx.height";

/// The heights of a query.
pub struct Heights<'a> {
    /// The condition that the height must equal a number, and this number.
    equal: Option<(&'a Condition, i64)>,
    range: Option<Range>,
    /// That the query asks of nothing else.
    alone: bool,
}

impl<'a> Heights<'a> {
    /// The heights of these conditions.
    pub fn of(conditions: &'a [Condition]) -> Self {
        let heights: Vec<_> = conditions.iter().filter(|one| one.key == HEIGHT).collect();
        let equal = |one: &&'a Condition| number(wanted(one)?.text()).map(|height| (*one, height));
        let all_equal = heights.iter().all(|one| wanted(one).is_some());
        Self {
            equal: if all_equal { heights.iter().find_map(equal) } else { None },
            range: Range::of_keys(&heights).remove(HEIGHT),
            alone: heights.len() == conditions.len(),
        }
    }

    /// Whether a condition is still to be looked for among the events.
    pub fn leave(&self, condition: &Condition) -> bool {
        if condition.key != HEIGHT {
            return true;
        }
        if wanted(condition).is_some() {
            return self.alone && self.equal.is_some_and(|(one, _)| std::ptr::eq(one, condition));
        }
        self.alone || bound(condition).is_none()
    }

    /// The only height that is searched.
    pub fn single(&self) -> Option<u64> {
        let (_, height) = self.equal?;
        u64::try_from(height).ok().filter(|height| *height > 0)
    }

    /// Whether a block is searched.
    pub fn hold(&self, height: u64) -> bool {
        let equal = |(_, number)| number == 0 || u64::try_from(number) == Ok(height);
        let within = |range: Range| range.holds(i128::from(height));
        self.equal.is_none_or(equal) && self.range.is_none_or(within)
    }
}

fn wanted(condition: &Condition) -> Option<&Operand> {
    match &condition.test {
        Test::Compare(Op::Equal, wanted) => Some(wanted),
        _ => None,
    }
}

/// A whole number, or what a decimal one has before its point; the nearest that there is.
fn number(text: &str) -> Option<i64> {
    if let Ok(whole) = text.parse::<i128>() {
        let nearest = if whole < 0 { i64::MIN } else { i64::MAX };
        return Some(i64::try_from(whole).unwrap_or(nearest));
    }
    let decimal = text.parse::<f64>().ok().filter(|number| !number.is_nan())?;
    Some(decimal as i64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rpc::search::Search;

    /// The blocks, of 1 to 4, that a query searches, and how many conditions are looked for among the events.
    fn of(query: &str) -> (Vec<u64>, usize) {
        let search = Search::parse(query).unwrap();
        let heights = Heights::of(search.conditions());
        let searched = (1..=4).filter(|height| heights.hold(*height)).collect();
        (searched, search.conditions().iter().filter(|one| heights.leave(one)).count())
    }

    #[test]
    fn a_height_is_a_number_in_quotes_or_bare_and_the_first_one_counts() {
        for (query, searched, left) in [
            ("tx.height=2", vec![2], 1),
            ("tx.height='2'", vec![2], 1),
            ("tx.height='2' AND tx.height=3", vec![2], 1),
            ("tx.height=3 AND tx.height='2'", vec![3], 1),
            ("tx.height='x' AND tx.height='2'", vec![2], 1),
            ("tx.height='x'", vec![1, 2, 3, 4], 0),
            ("tx.height='2' AND a='b'", vec![2], 1),
            ("a='b' AND tx.height='02'", vec![2], 1),
            ("a='b' AND tx.height='2.9'", vec![2], 1),
            ("a='b' AND tx.height='x'", vec![1, 2, 3, 4], 1),
            ("a='b' AND tx.height='0'", vec![1, 2, 3, 4], 1),
            ("a='b' AND tx.height=0", vec![1, 2, 3, 4], 1),
            ("a='b' AND tx.height='-2'", vec![], 1),
            ("a='b' AND tx.height=99999999999999999999", vec![], 1),
        ] {
            assert_eq!(of(query), (searched, left), "{query}");
        }
    }

    #[test]
    fn beside_another_question_of_heights_equality_is_passed_over() {
        for (query, searched, left) in [
            ("tx.height>2", vec![3, 4], 1),
            ("tx.height>2 AND tx.height='2'", vec![3, 4], 1),
            ("tx.height='2' AND tx.height>2", vec![3, 4], 1),
            ("tx.height='2' AND tx.height>2 AND a='b'", vec![3, 4], 1),
            ("tx.height='2' AND tx.height EXISTS", vec![1, 2, 3, 4], 1),
            ("tx.height CONTAINS '2' AND tx.height=3 AND a='b'", vec![1, 2, 3, 4], 2),
        ] {
            assert_eq!(of(query), (searched, left), "{query}");
        }
    }
}
