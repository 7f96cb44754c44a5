//! The health of the agent: pure.

use serde::Serialize;

use crate::{market::follow::FollowState, model::placement::GpuFault};

/// The health of the agent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Health {
    /// Whether there are no errors.
    pub healthy: bool,
    /// The last block in the store.
    pub height: u64,
    /// The chain's head as last seen.
    pub head: u64,
    /// The errors now.
    pub errors: Vec<ComponentError>,
    /// Leases that run and whose tenants have to send their manifests again.
    pub awaiting_manifest: usize,
}

/// An error of a component.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ComponentError {
    /// `follower`, `audit`, `transactions`, `cluster`, `gpus`, `gateway` or `lock`.
    pub component: &'static str,
    /// What is wrong.
    pub message: String,
}

/// The most blocks that the store may be behind the head.
const MAX_BLOCKS_BEHIND: u64 = 20;
/// Seconds of wall time without a new block after which the chain counts as halted. It does not
/// apply to chains whose time is ahead or simulated.
const MAX_SILENCE: u64 = 300;

impl Health {
    /// Adds an error.
    pub fn add(&mut self, component: &'static str, message: String) {
        self.errors.push(ComponentError { component, message });
        self.healthy = false;
    }
}

/// Puts the parts' errors together.
pub fn judge(
    following: &FollowState,
    findings: Vec<String>,
    transactions: Option<&str>,
    cluster: Vec<String>,
    gpus: &[GpuFault],
    wall: u64,
) -> Health {
    let mut errors = Vec::new();
    let mut add = |component, message: String| errors.push(ComponentError { component, message });
    let FollowState { height, head, time, .. } = *following;
    match &following.last_error {
        Some(message) => add("follower", message.clone()),
        None if height == 0 => add("follower", "no block was read yet".into()),
        None if head > height.saturating_add(MAX_BLOCKS_BEHIND) => {
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
    findings.into_iter().for_each(|message| add("audit", message));
    transactions.into_iter().for_each(|message| add("transactions", message.to_owned()));
    cluster.into_iter().for_each(|message| add("cluster", message));
    gpus.iter().for_each(|fault| add("gpus", fault.to_string()));
    Health { healthy: errors.is_empty(), height, head, errors, awaiting_manifest: 0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_error_has_its_component() {
        let fine = FollowState { height: 100, head: 101, time: 1_000, ..FollowState::default() };
        let parts = |following: &FollowState, tx, cluster: Option<&str>, wall| {
            let cluster = cluster.into_iter().map(str::to_owned).collect();
            let health = judge(following, Vec::new(), tx, cluster, &[], wall);
            assert_eq!(health.healthy, health.errors.is_empty());
            health.errors.iter().map(|error| error.component).collect::<Vec<_>>().join(" ")
        };
        assert_eq!(parts(&fine, None, None, 1_010), "");
        assert_eq!(parts(&fine, None, None, 500), "", "the chain's clock may be ahead");
        assert_eq!(parts(&fine, Some("no coins"), Some("gone"), 1_010), "transactions cluster");
        assert_eq!(parts(&fine, None, None, 2_000), "follower");
        assert_eq!(parts(&FollowState::default(), None, None, 0), "follower");
        let behind = FollowState { head: 200, ..fine.clone() };
        assert_eq!(parts(&behind, None, None, 1_010), "follower");
        let newer = FollowState { unreadable: 1, ..fine.clone() };
        assert_eq!(parts(&newer, None, None, 1_010), "follower");
        let differs = judge(&fine, vec!["lease 7 runs".to_owned()], None, Vec::new(), &[], 1_010);
        assert_eq!(differs.errors[0].component, "audit");
    }

    #[test]
    fn a_node_whose_gpus_fail_is_named() {
        let fine = FollowState { height: 100, head: 101, time: 1_000, ..FollowState::default() };
        let fault = GpuFault {
            node: "g1".into(),
            problem: "1 of 8 nvidia.com/gpu failed".into(),
            orders: [souk_core::OrderId(7)].into(),
        };
        let health = judge(&fine, Vec::new(), None, Vec::new(), &[fault], 1_000);
        assert!(!health.healthy);
        let ComponentError { component, message } = &health.errors[0];
        let expected = "GPUs of node g1: 1 of 8 nvidia.com/gpu failed";
        assert_eq!((*component, message.as_str()), ("gpus", expected));
    }
}
