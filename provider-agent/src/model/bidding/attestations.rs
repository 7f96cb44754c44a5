//! What is known of what auditors attest of the provider.
//!
//! Orders may name any number of auditors that nobody ever heard of. Those who attest something are
//! listed by the contract; while that list is complete, everyone else is known to attest nothing. Where
//! strangers made the list too long, single auditors are asked, and a bounded number of answers is kept.

use std::collections::BTreeMap;

use hashlink::LruCache;
use souk_api::published::AttestationRecord;

/// Answers about single auditors that are kept, at most.
const KEPT: usize = 4_096;

/// What is known of what auditors attest of the provider.
#[derive(Debug)]
pub struct Attestations {
    /// Those who attest something, as far as they were listed; none before the first list.
    listed: Option<Listed>,
    /// What single auditors attest, if anything, since the list.
    answers: LruCache<String, Option<AttestationRecord>>,
}

#[derive(Debug)]
struct Listed {
    by_auditor: BTreeMap<String, AttestationRecord>,
    is_complete: bool,
}

impl Default for Attestations {
    fn default() -> Self {
        Self { listed: None, answers: LruCache::new(KEPT) }
    }
}

impl Attestations {
    /// Sets who attests something. If the list `is_complete`, nobody else does.
    pub fn set_list(
        &mut self,
        listed: impl IntoIterator<Item = (String, AttestationRecord)>,
        is_complete: bool,
    ) {
        self.answers.clear();
        self.listed = Some(Listed { by_auditor: listed.into_iter().collect(), is_complete });
    }

    /// Sets what one auditor attests, if anything.
    pub fn set(&mut self, auditor: &str, record: Option<AttestationRecord>) {
        self.answers.insert(auditor.to_owned(), record);
    }

    /// Forgets everything: it may have changed.
    pub fn forget(&mut self) {
        self.listed = None;
        self.answers.clear();
    }

    /// Whether those who attest something were listed.
    pub fn is_listed(&self) -> bool {
        self.listed.is_some()
    }

    /// Whether it is known what an auditor attests.
    pub fn is_known(&self, auditor: &str) -> bool {
        let listed = self.listed.as_ref();
        listed.is_some_and(|listed| listed.is_complete || listed.by_auditor.contains_key(auditor))
            || self.answers.peek(auditor).is_some()
    }

    /// What an auditor attests, as far as it is known.
    pub fn of(&self, auditor: &str) -> Option<&AttestationRecord> {
        let listed = self.listed.as_ref().and_then(|listed| listed.by_auditor.get(auditor));
        listed.or_else(|| self.answers.peek(auditor)?.as_ref())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record() -> AttestationRecord {
        AttestationRecord { v: 1, values: Vec::new() }
    }

    #[test]
    fn by_a_complete_list_everyone_is_known_and_by_another_only_who_is_on_it() {
        let mut known = Attestations::default();
        assert!(!known.is_known("a") && !known.is_listed());
        known.set_list([("a".to_owned(), record())], true);
        assert!(known.is_known("a") && known.is_known("made up"));
        assert!(known.of("a").is_some() && known.of("made up").is_none());
        known.set_list([("a".to_owned(), record())], false);
        assert!(known.is_known("a") && !known.is_known("made up"));
        known.set("made up", None);
        assert!(known.is_known("made up") && known.of("made up").is_none());
        known.set("b", Some(record()));
        assert!(known.of("b").is_some());
        known.forget();
        assert!(!known.is_known("a") && !known.is_known("made up"));
    }

    #[test]
    fn a_bounded_number_of_answers_is_kept() {
        let mut known = Attestations::default();
        known.set_list([], false);
        for number in 0..=KEPT {
            known.set(&number.to_string(), None);
        }
        assert!(!known.is_known("0") && known.is_known("1"));
    }
}
