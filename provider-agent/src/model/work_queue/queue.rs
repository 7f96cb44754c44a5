//! A queue of keys with work, after the work queue of Kubernetes' controllers.
//!
//! A key is worked on by one worker at a time; one that is added while it is worked on is worked on
//! again. What is urgent goes first. A key whose work failed waits longer and longer.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    hash::{DefaultHasher, Hash, Hasher},
    time::{Duration, Instant},
};

/// How urgent work is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Urgency {
    /// Something is done again to be sure.
    Refresh,
    /// Something changed by itself. A key whose work failed waits for its time nevertheless.
    Observed,
    /// Somebody wants something else. It is done at once, whatever failed before.
    Fresh,
}

/// How work on a key ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// It is done.
    Done,
    /// It is done, and to be looked at again after a time.
    Again(Duration),
    /// It failed.
    Failed,
    /// It cannot succeed until somebody wants something else. It is tried again like what failed, but is not
    /// work that was left undone.
    Refused,
}

/// A key to work on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Taken<K> {
    /// The key.
    pub key: K,
    /// How urgent it was.
    pub urgency: Urgency,
    /// Whether it is a refresh that is to be done, too: also one that failed before, or that something
    /// more urgent overtook.
    pub refresh: bool,
    /// How long it waited since it was ready.
    pub waited: Duration,
}

/// The wait after the first failure, and the longest; each is up to a quarter shorter or longer.
const BACKOFF: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(60));

/// A queue of keys with work. It holds only keys that have work.
#[derive(Debug)]
pub struct WorkQueue<K> {
    keys: HashMap<K, Work>,
    /// The keys that can be taken, the most urgent first and each line in its order.
    ready: BTreeMap<Position, K>,
    /// When keys are ready by themselves.
    later: BTreeSet<(Instant, K)>,
    sequence: u64,
    backoff: (Duration, Duration),
}

/// Where a key stands: the more urgent line has the lower number.
type Position = (u8, u64);

/// The line of what is fresh.
const FRESH: u8 = 0;

#[derive(Debug, Default)]
struct Work {
    /// What it is to be done for; while it is worked on, for the next time.
    wanted: Option<Urgency>,
    position: Option<Position>,
    running: bool,
    later: Option<Instant>,
    failures: u32,
    /// A refresh that is still to be done; and one that is being done.
    refresh: [bool; 2],
    ready_since: Option<Instant>,
    /// Since when it has work that did not succeed yet: what is worked on, and what came since.
    unfinished: [Option<Instant>; 2],
}

impl<K> Default for WorkQueue<K> {
    fn default() -> Self {
        Self {
            keys: HashMap::new(),
            ready: BTreeMap::new(),
            later: BTreeSet::new(),
            sequence: 0,
            backoff: BACKOFF,
        }
    }
}

impl<K: Copy + Eq + Ord + Hash> WorkQueue<K> {
    /// A queue with other waits after the first failure, and at most.
    pub fn with_backoff(first: Duration, longest: Duration) -> Self {
        Self { backoff: (first, longest), ..Self::default() }
    }

    /// Whether a key has work.
    pub fn contains(&self, key: K) -> bool {
        self.keys.contains_key(&key)
    }

    /// Adds work on a key. What is there already becomes more urgent, if this is.
    pub fn add(&mut self, key: K, urgency: Urgency, now: Instant) {
        let work = self.keys.entry(key).or_default();
        work.unfinished[1].get_or_insert(now);
        work.refresh[0] |= urgency == Urgency::Refresh;
        if work.running {
            work.wanted = work.wanted.max(Some(urgency));
            return;
        }
        let waits = work.failures > 0 && work.later.is_some() && urgency < Urgency::Fresh;
        if !waits && work.wanted < Some(urgency) {
            self.line_up(key, urgency, now);
        }
    }

    /// Lets keys whose work failed try again at once: what they failed for is over.
    pub fn retry_all(&mut self, now: Instant) {
        let waiting = self.later.iter().map(|(_, key)| *key);
        let failed: Vec<K> = waiting.filter(|key| self.failures(*key) > 0).collect();
        for key in failed {
            self.line_up(key, Urgency::Observed, now);
        }
    }

    /// The next key to work on. It must come back by [`finish`](Self::finish).
    pub fn take(&mut self, now: Instant) -> Option<Taken<K>> {
        while let Some((at, key)) = self.later.first().copied()
            && at <= now
        {
            self.line_up(key, Urgency::Observed, now);
        }
        let (_, key) = self.ready.pop_first()?;
        let work = self.keys.get_mut(&key)?;
        let urgency = work.wanted.take().unwrap_or(Urgency::Observed);
        work.position = None;
        work.running = true;
        work.refresh = [false, work.refresh[0]];
        let refresh = work.refresh[1];
        work.unfinished = [work.unfinished[0].or(work.unfinished[1]), None];
        let since = work.ready_since.take().unwrap_or(now);
        Some(Taken { key, urgency, refresh, waited: now.saturating_duration_since(since) })
    }

    /// As [`take`](Self::take), only what is fresh.
    pub fn take_fresh(&mut self, now: Instant) -> Option<Taken<K>> {
        let ((line, _), _) = self.ready.first_key_value()?;
        if *line == FRESH { self.take(now) } else { None }
    }

    /// Gives a key back whose work has ended.
    pub fn finish(&mut self, key: K, end: End, now: Instant) {
        let Some(work) = self.keys.get_mut(&key).filter(|work| work.running) else { return };
        work.running = false;
        match end {
            End::Failed | End::Refused => {
                work.failures = work.failures.saturating_add(1);
                work.refresh[0] |= work.refresh[1];
                if end == End::Refused {
                    work.unfinished[0] = None;
                }
            }
            End::Done | End::Again(_) => {
                work.failures = 0;
                work.unfinished[0] = None;
            }
        }
        // After a failure, only what is fresh does not wait.
        let again = work.wanted.take().filter(|wanted| match end {
            End::Failed | End::Refused => *wanted == Urgency::Fresh,
            End::Done | End::Again(_) => true,
        });
        let wait = match end {
            End::Done => None,
            End::Again(wait) => Some(wait),
            End::Failed | End::Refused => Some(backoff(self.backoff, &key, work.failures)),
        };
        match (again, wait) {
            (Some(urgency), _) => self.line_up(key, urgency, now),
            (None, Some(wait)) => {
                work.later = Some(now + wait);
                self.later.insert((now + wait, key));
            }
            (None, None) => drop(self.keys.remove(&key)),
        }
    }

    /// When the next key is ready by itself, if none is now.
    pub fn next_later(&self) -> Option<Instant> {
        self.later.first().map(|(at, _)| *at)
    }

    /// How often the work on a key failed since it last succeeded.
    pub fn failures(&self, key: K) -> u32 {
        self.keys.get(&key).map_or(0, |work| work.failures)
    }

    /// The keys that can be taken.
    pub fn depth(&self) -> usize {
        self.ready.len()
    }

    /// The keys that wait for their time.
    pub fn waiting(&self) -> usize {
        self.later.len()
    }

    /// The age of the oldest work that is not done yet.
    pub fn oldest(&self, now: Instant) -> Duration {
        let all = self.keys.values().flat_map(|work| work.unfinished).flatten();
        all.min().map_or(Duration::ZERO, |since| now.saturating_duration_since(since))
    }

    /// Puts a key that is not worked on into a line, and out of the one where it stands.
    fn line_up(&mut self, key: K, urgency: Urgency, now: Instant) {
        let work = self.keys.entry(key).or_default();
        if let Some(position) = work.position.take() {
            self.ready.remove(&position);
        }
        if let Some(at) = work.later.take() {
            self.later.remove(&(at, key));
        }
        let line = match urgency {
            Urgency::Fresh => FRESH,
            Urgency::Observed => 1,
            Urgency::Refresh => 2,
        };
        self.sequence += 1;
        let position = (line, self.sequence);
        work.position = Some(position);
        work.wanted = Some(urgency);
        work.ready_since.get_or_insert(now);
        self.ready.insert(position, key);
    }
}

/// The wait after a number of failures. The jitter comes from key and number, so that keys that
/// failed together do not come back together.
fn backoff(limits: (Duration, Duration), key: &impl Hash, failures: u32) -> Duration {
    let doubled = limits.0.saturating_mul(1 << failures.saturating_sub(1).min(16));
    let mut hasher = DefaultHasher::new();
    (key, failures).hash(&mut hasher);
    let percent = u32::try_from(hasher.finish() % 51).unwrap_or(0) + 75;
    doubled.min(limits.1) * percent / 100
}

#[cfg(test)]
mod tests;
