//! Whether the agent does its work: pure.

use serde::Serialize;

use crate::market::follow::FollowState;

/// How the agent is doing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Health {
    /// Whether nothing is in its way.
    pub healthy: bool,
    /// The last block that it knows.
    pub height: u64,
    /// The chain's head as last seen.
    pub head: u64,
    /// What is in its way.
    pub troubles: Vec<Trouble>,
}

/// Something in the agent's way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Trouble {
    /// `follower`, `transactions` or `cluster`.
    pub part: &'static str,
    /// What it is.
    pub what: String,
}

/// Blocks that the store may be behind the head.
const MAX_LAG: u64 = 20;
/// Seconds of wall time without a new block after which the chain counts as halted. Chains
/// whose time runs ahead or is simulated are not judged by it.
const MAX_SILENCE: u64 = 300;

/// Puts the parts' troubles together.
pub fn judge(
    following: &FollowState,
    transactions: Option<&str>,
    cluster: Option<&str>,
    wall: u64,
) -> Health {
    let mut troubles = Vec::new();
    let mut add = |part, what: String| troubles.push(Trouble { part, what });
    let FollowState { height, head, time, .. } = *following;
    match &following.trouble {
        Some(what) => add("follower", what.clone()),
        None if height == 0 => add("follower", "no block was read yet".into()),
        None if head > height.saturating_add(MAX_LAG) => {
            add("follower", format!("{} blocks behind the chain's head", head - height));
        }
        None if wall.saturating_sub(time) > MAX_SILENCE => {
            add("follower", format!("no block for {} seconds", wall.saturating_sub(time)));
        }
        None => {}
    }
    if following.unreadable > 0 {
        let count = following.unreadable;
        add("follower", format!("{count} events could not be read; update souk-provider"));
    }
    transactions.into_iter().for_each(|what| add("transactions", what.to_owned()));
    cluster.into_iter().for_each(|what| add("cluster", what.to_owned()));
    Health { healthy: troubles.is_empty(), height, head, troubles }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_trouble_is_named_with_its_part() {
        let fine = FollowState { height: 100, head: 101, time: 1_000, ..FollowState::default() };
        let parts = |following: &FollowState, tx, cluster, wall| {
            let health = judge(following, tx, cluster, wall);
            assert_eq!(health.healthy, health.troubles.is_empty());
            health.troubles.iter().map(|trouble| trouble.part).collect::<Vec<_>>().join(" ")
        };
        assert_eq!(parts(&fine, None, None, 1_010), "");
        assert_eq!(parts(&fine, None, None, 500), "", "the chain's clock may be ahead");
        assert_eq!(parts(&fine, Some("no coins"), Some("gone"), 1_010), "transactions cluster");
        assert_eq!(parts(&fine, None, None, 2_000), "follower");
        assert_eq!(parts(&FollowState::default(), None, None, 0), "follower");
        let behind = FollowState { head: 200, ..fine.clone() };
        assert_eq!(parts(&behind, None, None, 1_010), "follower");
        let newer = FollowState { unreadable: 1, ..fine };
        assert_eq!(parts(&newer, None, None, 1_010), "follower");
    }
}
