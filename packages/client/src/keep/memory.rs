//! What a watcher remembers between two looks.

use super::News;

/// What was told already, so that it is told once, and which words were passed on.
#[derive(Clone, Debug, Default)]
pub struct Memory {
    reported: Vec<News>,
    passed_on: Vec<(String, u64)>,
}

impl Memory {
    /// Tells what was not told before.
    pub(super) fn report(&mut self, news: News, into: &mut Vec<News>) {
        if !self.reported.iter().any(|known| known.is_same(&news)) {
            self.reported.push(news.clone());
            into.push(news);
        }
    }

    /// Forgets what is not so any more: if it comes again, it is news again.
    pub(super) fn retain(&mut self, still: impl FnMut(&News) -> bool) {
        self.reported.retain(still);
    }

    /// Keeps that the chain got a provider's word at the second `now`, whether it took it or refused it.
    pub fn passed_on(&mut self, provider: &str, now: u64) {
        self.passed_on.retain(|(other, _)| other != provider);
        self.passed_on.push((provider.to_owned(), now));
    }

    /// When the chain got a provider's word last.
    pub(super) fn last_passed_on(&self, provider: &str) -> Option<u64> {
        self.passed_on.iter().find(|(other, _)| other == provider).map(|(_, at)| *at)
    }
}
