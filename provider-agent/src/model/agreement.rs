//! What several nodes say of one thing: no single node's word is enough for what can't be undone.

use std::fmt;

/// What one endpoint answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer<T> {
    /// Scheme, host and port.
    pub endpoint: String,
    /// Its word, or why it has none.
    pub word: Result<T, String>,
}

/// What the answers come to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Agreement<T> {
    /// Enough endpoints say this, and none says anything else.
    Agreed(T),
    /// They differ, or too few answer; the text says who says what.
    Undecided(String),
}

/// The endpoints that must say the same: two, or one where no more are configured.
const ENOUGH: usize = 2;

/// Judges the answers of all configured endpoints to the same question.
///
/// A contradiction decides nothing, whatever the majority: the operator must find out which node is
/// wrong.
pub fn agree<T: PartialEq + Clone + fmt::Display>(answers: &[Answer<T>]) -> Agreement<T> {
    let mut words = answers.iter().filter_map(|answer| answer.word.as_ref().ok());
    let Some(first) = words.next() else {
        return Agreement::Undecided(format!("no endpoint answers: {}", list(answers)));
    };
    if words.any(|word| word != first) {
        return Agreement::Undecided(format!("the endpoints differ: {}", list(answers)));
    }
    let same = answers.iter().filter(|answer| answer.word.is_ok()).count();
    if same < ENOUGH.min(answers.len()) {
        let text = format!("one endpoint alone says so, another must agree: {}", list(answers));
        return Agreement::Undecided(text);
    }
    Agreement::Agreed(first.clone())
}

fn list<T: fmt::Display>(answers: &[Answer<T>]) -> String {
    let texts = answers.iter().map(|answer| match &answer.word {
        Ok(word) => format!("{}: {word}", answer.endpoint),
        Err(reason) => format!("{}: no answer ({reason})", answer.endpoint),
    });
    texts.collect::<Vec<_>>().join("; ")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn answers(words: &[Option<u8>]) -> Vec<Answer<u8>> {
        let answer = |(index, word): (usize, &Option<u8>)| Answer {
            endpoint: format!("http://n{index}"),
            word: word.ok_or_else(|| "timeout".to_owned()),
        };
        words.iter().enumerate().map(answer).collect()
    }

    #[test]
    fn a_single_endpoint_is_believed_only_where_no_other_is_configured() {
        assert_eq!(agree(&answers(&[Some(1)])), Agreement::Agreed(1));
        assert_eq!(agree(&answers(&[Some(1), Some(1)])), Agreement::Agreed(1));
        assert_eq!(agree(&answers(&[Some(1), None, Some(1)])), Agreement::Agreed(1));
        let cases: [&[Option<u8>]; 5] =
            [&[Some(1), None], &[None], &[], &[Some(1), Some(2)], &[None, None]];
        for undecided in cases {
            assert!(matches!(agree(&answers(undecided)), Agreement::Undecided(_)), "{undecided:?}");
        }
    }

    #[test]
    fn the_text_says_which_endpoint_says_what() {
        let Agreement::Undecided(text) = agree(&answers(&[Some(1), Some(2), None])) else {
            panic!("decided");
        };
        assert_eq!(
            text,
            "the endpoints differ: http://n0: 1; http://n1: 2; http://n2: no answer (timeout)"
        );
    }

    proptest! {
        #[test]
        fn no_one_endpoint_can_bring_about_what_the_others_do_not_say(
            honest in 0u8..3, others in prop::collection::vec(any::<bool>(), 1..5), lie in 0u8..3,
        ) {
            let mut words: Vec<_> = others.iter().map(|up| up.then_some(honest)).collect();
            words.push(Some(lie));
            if let Agreement::Agreed(word) = agree(&answers(&words)) {
                prop_assert_eq!(word, honest);
            }
        }
    }
}
