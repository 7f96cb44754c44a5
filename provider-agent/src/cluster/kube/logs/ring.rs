//! The newest lines of one container, for all who follow it. Whoever is too slow loses lines and
//! learns how many; nobody waits for anybody.
//!
//! Lines that all followers have are dropped at once, so that memory holds only what somebody has
//! still to read.

use std::{
    collections::{HashMap, VecDeque},
    sync::Arc,
};

use parking_lot::Mutex;
use tokio::sync::watch;

use super::{budget::Budget, lines::LONGEST_PIECE, position::Place};

/// The most bytes that one container's lines take.
const BYTES: usize = 2 * LONGEST_PIECE;
/// The most lines of one container.
const LINES: usize = 1_024;
/// What a line takes beside its text.
const OVERHEAD: usize = 96;

/// A line, or a piece of one.
#[derive(Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its line's place in the log.
    pub place: Place,
    /// What it says.
    pub text: String,
    /// Whether the next entry is of the same line.
    pub continues: bool,
}

impl Entry {
    fn bytes(&self) -> usize {
        self.text.len() + OVERHEAD
    }
}

/// What a follower gets.
#[derive(Debug, PartialEq, Eq)]
pub enum Next {
    /// A line.
    Line(Arc<Entry>),
    /// This many entries were dropped before it could read them.
    Skipped(u64),
    /// No line will come any more.
    End,
}

/// The lines and their followers.
#[derive(Debug)]
pub struct Ring {
    state: Mutex<State>,
    budget: Budget,
    /// The number of the next entry, and whether there is none.
    news: watch::Sender<(u64, bool)>,
    /// How many follow.
    followers: watch::Sender<usize>,
}

/// An entry of as many bytes always has room in an empty ring: lines that one tenant does not read do
/// not silence the logs of others.
const ALWAYS: usize = 16 << 10;

#[derive(Debug, Default)]
struct State {
    /// The number of the first entry.
    first: u64,
    entries: VecDeque<Arc<Entry>>,
    bytes: usize,
    cursors: HashMap<u64, u64>,
    last_follower: u64,
}

/// One follower's place. It no longer follows when it is dropped.
#[derive(Debug)]
pub struct Follower {
    ring: Arc<Ring>,
    number: u64,
    news: watch::Receiver<(u64, bool)>,
}

impl Ring {
    /// Without lines and followers.
    pub fn new(budget: Budget) -> Self {
        let (news, followers) = (watch::Sender::new((0, false)), watch::Sender::new(0));
        Self { state: Mutex::default(), budget, news, followers }
    }

    /// Adds an entry. Entries that nobody has read make room for it; if memory is short and it is large
    /// it is dropped itself.
    pub fn push(&self, entry: Entry) {
        let bytes = entry.bytes();
        let mut state = self.state.lock();
        while !state.entries.is_empty()
            && (state.bytes + bytes > BYTES || state.entries.len() >= LINES)
        {
            self.drop_first(&mut state);
        }
        while !self.budget.take(bytes) {
            if !self.drop_first(&mut state) {
                if bytes <= ALWAYS {
                    self.budget.take_anyway(bytes);
                    break;
                }
                state.first += 1;
                let next = state.first;
                drop(state);
                self.news.send_modify(|news| news.0 = next);
                return;
            }
        }
        state.bytes += bytes;
        state.entries.push_back(Arc::new(entry));
        let next = state.first + state.entries.len() as u64;
        self.trim(&mut state);
        drop(state);
        self.news.send_modify(|news| news.0 = next);
    }

    /// No line will come any more.
    pub fn end(&self) {
        self.news.send_modify(|news| news.1 = true);
    }

    /// Follows from the next entry on.
    pub fn follow(self: &Arc<Self>) -> Follower {
        let mut state = self.state.lock();
        state.last_follower += 1;
        let number = state.last_follower;
        let next = state.first + state.entries.len() as u64;
        state.cursors.insert(number, next);
        self.followers.send_modify(|count| *count += 1);
        Follower { ring: Arc::clone(self), number, news: self.news.subscribe() }
    }

    /// How many follow, and its changes.
    pub fn followers(&self) -> watch::Receiver<usize> {
        self.followers.subscribe()
    }

    /// Drops what all have read.
    fn trim(&self, state: &mut State) {
        let slowest = state.cursors.values().min().copied().unwrap_or(u64::MAX);
        while state.first < slowest && self.drop_first(state) {}
    }

    fn drop_first(&self, state: &mut State) -> bool {
        let Some(entry) = state.entries.pop_front() else { return false };
        state.first += 1;
        state.bytes -= entry.bytes();
        self.budget.give(entry.bytes());
        true
    }
}

impl Drop for Ring {
    fn drop(&mut self) {
        let bytes = self.state.get_mut().bytes;
        self.budget.give(bytes);
    }
}

impl Follower {
    /// The next line, once it is there.
    pub async fn next(&mut self) -> Next {
        loop {
            let (_, ended) = *self.news.borrow_and_update();
            if let Some(next) = self.take() {
                return next;
            }
            if ended || self.news.changed().await.is_err() {
                return Next::End;
            }
        }
    }

    fn take(&self) -> Option<Next> {
        let mut state = self.ring.state.lock();
        let first = state.first;
        let cursor = state.cursors.get(&self.number).copied().unwrap_or(first);
        let (next, at) = if cursor < first {
            (Next::Skipped(first - cursor), first)
        } else {
            let index = usize::try_from(cursor - first).ok()?;
            (Next::Line(Arc::clone(state.entries.get(index)?)), cursor + 1)
        };
        state.cursors.insert(self.number, at);
        self.ring.trim(&mut state);
        Some(next)
    }
}

impl Drop for Follower {
    fn drop(&mut self) {
        let mut state = self.ring.state.lock();
        state.cursors.remove(&self.number);
        self.ring.trim(&mut state);
        self.ring.followers.send_modify(|count| *count = count.saturating_sub(1));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ring(budget: usize) -> Arc<Ring> {
        Arc::new(Ring::new(Budget::new(budget)))
    }

    fn entry(text: &str) -> Entry {
        let place = Place { time: "2026-01-02T03:04:05Z".parse().unwrap(), number: 1 };
        Entry { place, text: text.to_owned(), continues: false }
    }

    fn next(follower: &mut Follower) -> String {
        match futures::executor::block_on(follower.next()) {
            Next::Line(entry) => entry.text.clone(),
            Next::Skipped(count) => format!("skipped {count}"),
            Next::End => "end".to_owned(),
        }
    }

    #[test]
    fn all_get_all_lines_from_where_they_began_and_memory_is_given_back() {
        let ring = ring(1 << 20);
        let (mut early, mut late);
        early = ring.follow();
        ring.push(entry("one"));
        late = ring.follow();
        ring.push(entry("two"));
        ring.end();
        assert_eq!([next(&mut early), next(&mut early), next(&mut early)], ["one", "two", "end"]);
        assert_eq!([next(&mut late), next(&mut late)], ["two", "end"]);
        assert_eq!(ring.state.lock().bytes, 0);
        assert!(ring.budget.take(1 << 20), "all of it is free again");
    }

    #[test]
    fn a_slow_follower_loses_lines_and_learns_how_many_while_others_lose_none() {
        let ring = ring(64 << 20);
        let (mut slow, mut quick) = (ring.follow(), ring.follow());
        for i in 0..5_000 {
            ring.push(entry(&i.to_string()));
            assert_eq!(next(&mut quick), i.to_string());
        }
        assert_eq!(next(&mut slow), format!("skipped {}", 5_000 - LINES));
        assert_eq!(next(&mut slow), (5_000 - LINES).to_string());
        assert_eq!(*ring.followers().borrow(), 2);
        drop(slow);
        assert_eq!((*ring.followers().borrow(), ring.state.lock().bytes), (1, 0));
    }

    #[test]
    fn many_logs_take_the_budget_and_a_line_each_at_most() {
        let budget = Budget::new(1 << 20);
        let mut rings = Vec::new();
        for _ in 0..100 {
            let ring = Arc::new(Ring::new(budget.clone()));
            let follower = ring.follow();
            for i in 0..50 {
                ring.push(entry(&format!("{i}{}", "x".repeat(10_000))));
            }
            rings.push((ring, follower));
        }
        let held: usize = rings.iter().map(|(ring, _)| ring.state.lock().bytes).sum();
        assert!(held <= (1 << 20) + 100 * ALWAYS, "{held}");
        let (_, last) = rings.last_mut().unwrap();
        assert_eq!(next(last), "skipped 49");
        assert!(next(last).starts_with("49x"), "the newest line is there although memory is short");
    }

    #[test]
    fn nothing_is_kept_while_nobody_follows() {
        let ring = ring(1 << 20);
        ring.push(entry("one"));
        assert_eq!(ring.state.lock().bytes, 0);
    }
}
