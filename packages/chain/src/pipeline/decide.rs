//! What to do next, as a pure function of what is stored and what the chain shows. All judgement
//! on whether a transaction may be signed again is here.

use crate::rpc::TxResult;

/// The stored attempt that is under way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Flight {
    /// The sequence that it was signed with.
    pub sequence: u64,
    /// It can be only in blocks above this height.
    pub base_height: u64,
    /// It can be only in blocks up to this height.
    pub timeout_height: u64,
    /// The chain's height at the last broadcast since the process started, if there was one.
    pub broadcast_at: Option<u64>,
}

/// What is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum State {
    /// Nothing is under way.
    Idle {
        /// There are items to send.
        queued: bool,
    },
    /// A signed transaction is under way.
    InFlight(Flight),
}

/// A transaction in a block.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Included {
    /// The block.
    pub height: u64,
    /// What the chain made of it.
    pub result: TxResult,
}

/// Where the attempt was looked for, and with what result.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Search {
    /// It is in a block: the blocks were read. If it is in several, this is the one in which it
    /// succeeded, else the last.
    Found(Included),
    /// An index has it. Of a failure that is not the last word: it may be in a later block, too.
    Indexed(Included),
    /// No index has it; indexes lag behind blocks and may be switched off.
    NotIndexed,
    /// Every block up to the observed height that could hold it was read: it is in none.
    InNoBlock,
    /// Some of those blocks are gone.
    BlocksGone,
}

/// What the chain shows. Sequence and height belong to the same state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Observation {
    /// Height of the state that was read.
    pub height: u64,
    /// The account's next sequence in that state.
    pub sequence: u64,
    /// Where the attempt is.
    pub search: Search,
}

/// Why an attempt can never be executed any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dead {
    /// Its timeout height has passed and its sequence is unused.
    Expired,
    /// Its sequence was used by another transaction of this key.
    SequenceTaken,
}

/// What to do next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    /// Nothing to do until something is enqueued.
    Rest,
    /// Take queued items, sign and store.
    SignNext,
    /// Broadcast the stored bytes.
    Broadcast,
    /// Look again after the next block.
    Wait,
    /// Read these blocks, both ends included, for the attempt.
    SearchBlocks {
        /// First height.
        from: u64,
        /// Last height.
        to: u64,
    },
    /// Store that it was included.
    Record(Included),
    /// Give the attempt up; its items are queued again.
    Release(Dead),
    /// Whether it was executed cannot be known; its items must not be sent again.
    Abandon,
}

/// Decides. `rebroadcast_blocks` is how many blocks to wait between broadcasts.
pub fn decide(state: &State, seen: Option<&Observation>, rebroadcast_blocks: u64) -> Action {
    let (flight, seen) = match (state, seen) {
        (State::Idle { queued: false }, _) => return Action::Rest,
        (State::Idle { queued: true }, _) => return Action::SignNext,
        (State::InFlight(_), None) => return Action::Wait,
        (State::InFlight(flight), Some(seen)) => (flight, seen),
    };
    if let Search::Found(included) | Search::Indexed(included) = &seen.search {
        // One that failed before it used its sequence can be put into a block again by anyone
        // who saw it, and may then succeed. It is settled once the sequence is used and all
        // blocks were read, or past its timeout with the sequence unused.
        let read = matches!(seen.search, Search::Found(_));
        let used = seen.sequence > flight.sequence;
        if included.result.code == 0 || used && read {
            return Action::Record(included.clone());
        }
        if !used {
            let over = seen.height >= flight.timeout_height;
            return if over { Action::Record(included.clone()) } else { Action::Wait };
        }
    }
    if seen.sequence > flight.sequence {
        // Someone used the sequence: this very transaction, or another process with the key.
        return match seen.search {
            Search::InNoBlock => Action::Release(Dead::SequenceTaken),
            Search::BlocksGone => Action::Abandon,
            _ => Action::SearchBlocks {
                from: flight.base_height.saturating_add(1),
                to: seen.height.min(flight.timeout_height),
            },
        };
    }
    if seen.height >= flight.timeout_height {
        return Action::Release(Dead::Expired);
    }
    let due = |at: u64| seen.height >= at.saturating_add(rebroadcast_blocks.max(1));
    match flight.broadcast_at {
        Some(at) if !due(at) => Action::Wait,
        _ => Action::Broadcast,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn flight(broadcast_at: Option<u64>) -> State {
        State::InFlight(Flight { sequence: 5, base_height: 100, timeout_height: 120, broadcast_at })
    }

    fn seen(height: u64, sequence: u64, search: Search) -> Observation {
        Observation { height, sequence, search }
    }

    fn included(code: u32) -> Included {
        Included { height: 104, result: TxResult { code, ..TxResult::default() } }
    }

    #[test]
    fn each_situation_has_its_action() {
        use Search::*;
        let search = |to| Action::SearchBlocks { from: 101, to };
        let found = |code| Found(included(code));
        let indexed = |code| Indexed(included(code));
        let table = [
            ("fresh from the store", None, seen(100, 5, NotIndexed), Action::Broadcast),
            ("just broadcast", Some(100), seen(100, 5, NotIndexed), Action::Wait),
            ("two blocks later", Some(100), seen(102, 5, NotIndexed), Action::Wait),
            ("long not included", Some(100), seen(103, 5, NotIndexed), Action::Broadcast),
            ("one block before the timeout", Some(118), seen(119, 5, NotIndexed), Action::Wait),
            ("timeout passed", Some(118), seen(120, 5, NotIndexed), Action::Release(Dead::Expired)),
            ("indexed", Some(100), seen(104, 6, indexed(0)), Action::Record(included(0))),
            // It may have been put into a later block, and have used its sequence there.
            ("indexed as failed", Some(100), seen(105, 6, indexed(5)), search(105)),
            (
                "failed in all blocks",
                Some(100),
                seen(105, 6, found(5)),
                Action::Record(included(5)),
            ),
            ("succeeded later", Some(100), seen(105, 6, found(0)), Action::Record(included(0))),
            ("failed without its sequence", Some(100), seen(104, 5, indexed(5)), Action::Wait),
            ("and its timeout passed", None, seen(120, 5, indexed(5)), Action::Record(included(5))),
            // The index may lag: an absent transaction whose sequence is used is looked for.
            ("sequence used", Some(100), seen(104, 6, NotIndexed), search(104)),
            ("sequence used, late", Some(100), seen(130, 9, NotIndexed), search(120)),
            (
                "another used the key",
                Some(100),
                seen(104, 6, InNoBlock),
                Action::Release(Dead::SequenceTaken),
            ),
            ("outcome unknown", Some(100), seen(104, 6, BlocksGone), Action::Abandon),
            // With the sequence unused it was not executed, whatever blocks are gone.
            ("gone but unused", None, seen(130, 5, BlocksGone), Action::Release(Dead::Expired)),
            ("a node that lags", Some(100), seen(90, 3, NotIndexed), Action::Wait),
        ];
        for (what, broadcast_at, seen, action) in table {
            assert_eq!(decide(&flight(broadcast_at), Some(&seen), 3), action, "{what}");
        }
    }

    #[test]
    fn an_idle_pipeline_signs_only_what_is_queued() {
        let idle = |queued| decide(&State::Idle { queued }, None, 3);
        assert_eq!(idle(false), Action::Rest);
        assert_eq!(idle(true), Action::SignNext);
    }

    #[test]
    fn nothing_is_judged_without_an_observation() {
        assert_eq!(decide(&flight(None), None, 3), Action::Wait);
    }

    fn any_search() -> impl Strategy<Value = Search> {
        prop_oneof![
            Just(Search::Found(included(0))),
            Just(Search::Found(included(5))),
            Just(Search::Indexed(included(0))),
            Just(Search::Indexed(included(5))),
            Just(Search::NotIndexed),
            Just(Search::InNoBlock),
            Just(Search::BlocksGone),
        ]
    }

    proptest! {
        #[test]
        fn an_attempt_that_may_still_be_executed_is_never_given_up(
            height in 0u64..200, sequence in 0u64..10, search in any_search(),
            broadcast_at in prop::option::of(0u64..200),
        ) {
            let observed = seen(height, sequence, search.clone());
            let action = decide(&flight(broadcast_at), Some(&observed), 3);
            let unused_for_good = sequence <= 5 && height >= 120;
            let used_by_another = sequence > 5 && search == Search::InNoBlock;
            match action {
                Action::Release(_) => prop_assert!(unused_for_good || used_by_another),
                Action::Record(included) if included.result.code != 0 => {
                    let read = search == Search::Found(included.clone());
                    prop_assert!(sequence > 5 && read || sequence <= 5 && height >= 120);
                }
                _ => {}
            }
            let action = decide(&flight(broadcast_at), Some(&observed), 3);
            prop_assert!(action != Action::SignNext);
        }
    }
}
