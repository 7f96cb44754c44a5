//! When the agent signs that its provider is there, and when not. Pure.

use std::time::{Duration, Instant};

use souk_core::presence::LIFETIME;

use super::Registered;

/// What is known of it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct There {
    /// Whether it is known by now if anything runs.
    pub judged: bool,
    /// Whether nothing runs of what is paid, for longer than a fifth of the limit.
    pub silent: bool,
    /// When the store was last at the chain's head, by this process' clock; none if it was not yet.
    pub current: Option<Instant>,
    /// The chain's time, block time; 0 before it is known. The store's is less while it is behind.
    pub head: u64,
}

/// Why the agent does not say that its provider is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotThere {
    /// The store has not caught up with the chain.
    #[error(
        "this provider has not caught up with the chain, and does not say that it is there; try again later"
    )]
    Behind,
    /// Another agent's key is in the registry.
    #[error(
        "another agent of this provider took over, and this one does not say that the provider is there"
    )]
    Superseded,
    /// Nothing runs of what is paid.
    #[error("nothing runs of what is paid here, and this provider does not say that it is there")]
    NothingRuns,
}

/// Whether it says so at this moment of its clock, where the store's block time is `time`, if it has a block.
///
/// # Errors
///
/// If it must not.
pub fn may_say(
    there: &There,
    key: Registered,
    time: Option<u64>,
    now: Instant,
) -> Result<u64, NotThere> {
    if key == Registered::Another {
        return Err(NotThere::Superseded);
    }
    let lifetime = Duration::from_secs(LIFETIME);
    let current = there.current.is_some_and(|at| now.saturating_duration_since(at) <= lifetime);
    let time = time.filter(|time| current && there.head.saturating_sub(*time) <= LIFETIME);
    let time = time.filter(|_| there.judged).ok_or(NotThere::Behind)?;
    match there.silent {
        true => Err(NotThere::NothingRuns),
        false => Ok(time),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_says_so_at_the_time_of_its_store_while_that_follows_the_chain_and_something_runs() {
        let start = Instant::now();
        let later = |seconds| start + Duration::from_secs(seconds);
        let fine = There { judged: true, silent: false, current: Some(start), head: 10_000 };
        let own = Registered::Own;
        for (what, there, key, time, now, expected) in [
            ("all is well", fine, own, Some(10_000), start, Ok(10_000)),
            ("not asked yet", fine, Registered::Unknown, Some(10_000), start, Ok(10_000)),
            ("an hour behind", fine, own, Some(6_400), later(3_600), Ok(6_400)),
            ("a second more", fine, own, Some(6_399), start, Err(NotThere::Behind)),
            ("the chain is silent", fine, own, Some(10_000), later(3_601), Err(NotThere::Behind)),
            ("no block", fine, own, None, start, Err(NotThere::Behind)),
            ("just started", There::default(), own, Some(9), start, Err(NotThere::Behind)),
            (
                "never at the head",
                There { current: None, ..fine },
                own,
                Some(10_000),
                start,
                Err(NotThere::Behind),
            ),
            (
                "all pods are gone",
                There { silent: true, ..fine },
                own,
                Some(10_000),
                start,
                Err(NotThere::NothingRuns),
            ),
            (
                "another's key",
                fine,
                Registered::Another,
                Some(10_000),
                start,
                Err(NotThere::Superseded),
            ),
        ] {
            assert_eq!(may_say(&there, key, time, now), expected, "{what}");
        }
    }
}
