//! The health of the agent: pure.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{
    market::follow::FollowState,
    model::{health::Part, placement::GpuFault},
};

/// The health of the agent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Health {
    /// Whether there are no errors.
    pub healthy: bool,
    /// The last block in the store.
    pub height: u64,
    /// The chain's head as last seen.
    pub head: u64,
    /// The errors now.
    pub errors: Vec<ComponentError>,
    /// What the operator should know, though the agent works.
    #[serde(default)]
    pub warnings: Vec<ComponentError>,
    /// Leases whose tenants have to send their manifests again: they run, or are older than the store.
    #[serde(default)]
    pub awaiting_manifest: usize,
}

/// An error of a component.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ComponentError {
    /// The part, by its name in [`Part::as_str`]; of a warning `endpoints`, `leases` or `heartbeats`.
    pub component: String,
    /// What is wrong.
    pub message: String,
}

/// The most blocks that the store may be behind the head.
const MAX_BLOCKS_BEHIND: u64 = 20;
/// Seconds of wall time without a new block after which the chain counts as halted. It does not
/// apply to chains whose time is ahead or simulated.
const MAX_SILENCE: u64 = 300;
/// Seconds after which a change that is not in the cluster yet is an error.
const MAX_WAIT: f64 = 120.0;
/// Errors of a kind that are shown; of more only their number.
const SHOWN: usize = 10;

/// What all parts have to say.
#[derive(Debug, Default)]
pub struct Reports {
    /// The follower's state.
    pub following: FollowState,
    /// What parts report of themselves.
    pub failures: BTreeMap<Part, String>,
    /// Endpoints that do not agree, and differences of store and chain.
    pub findings: Vec<String>,
    /// Why messages cannot be sent.
    pub transactions: Option<String>,
    /// Why nodes and pods are not seen.
    pub inventory: Option<String>,
    /// Why kinds of objects are not seen.
    pub watches: Vec<String>,
    /// Leases whose last step failed, with the reason.
    pub leases: Vec<String>,
    /// Leases whose manifest Kubernetes refuses, which their tenants have to change.
    pub refused: Vec<String>,
    /// Seconds that the oldest change waits for the cluster.
    pub oldest_change: f64,
    /// Namespaces that are being deleted for too long, with what holds them.
    pub held: Vec<String>,
    /// Devices that fail.
    pub gpus: Vec<GpuFault>,
    /// Why tenants do not reach the gateway.
    pub gateway: Option<String>,
    /// Why another agent acts for this provider, or may.
    pub lock: Option<String>,
    /// Endpoints that are not used, with the reason.
    pub endpoints: Vec<String>,
    /// Why the operator's coins do not last for heartbeats, if they do not.
    pub short: Option<String>,
    /// Seconds that a write to the store takes by now.
    pub writing: Option<u64>,
    /// This machine's time, in Unix seconds.
    pub wall: u64,
}

impl Reports {
    /// The errors of a part.
    fn errors(&self, part: Part) -> Vec<String> {
        let mut errors: Vec<String> = self.failures.get(&part).cloned().into_iter().collect();
        errors.extend(match part {
            Part::Follower => self.follower(),
            Part::Audit => self.findings.clone(),
            Part::Transactions => self.transactions.clone().into_iter().collect(),
            Part::Inventory => self.inventory.clone().into_iter().collect(),
            Part::Watches => self.watches.clone(),
            Part::Leases => self.leases(),
            Part::Deletions => limited(&self.held, "namespaces"),
            Part::Gpus => self.gpus.iter().map(ToString::to_string).collect(),
            Part::Gateway => {
                let shown = |why: &String| format!("tenants do not reach it: {why}");
                self.gateway.iter().map(shown).collect()
            }
            Part::Store => {
                let shown = |seconds: &u64| {
                    format!(
                        "a write takes {seconds} seconds by now; see whether another process holds the file, and the disk"
                    )
                };
                self.writing.iter().map(shown).collect()
            }
            Part::Lock => self.lock.clone().into_iter().collect(),
            Part::Details
            | Part::Confirmations
            | Part::Bidding
            | Part::Upkeep
            | Part::Heartbeats
            | Part::QuoteKey
            | Part::Claims
            | Part::FailedPods
            | Part::Listener
            | Part::Certificate
            | Part::DryRuns => Vec::new(),
        });
        errors
    }

    fn follower(&self) -> Vec<String> {
        let FollowState { height, head, time, .. } = self.following;
        let silence = self.wall.saturating_sub(time);
        let mut errors = Vec::new();
        match &self.following.last_error {
            Some(message) => errors.push(message.clone()),
            None if height == 0 => errors.push("no block was read yet".to_owned()),
            None if head > height.saturating_add(MAX_BLOCKS_BEHIND) => {
                errors.push(format!("{} blocks behind the chain's head", head - height));
            }
            None if silence > MAX_SILENCE => errors.push(format!("no block for {silence} seconds")),
            None => {}
        }
        if self.following.unreadable > 0 {
            let count = self.following.unreadable;
            errors.push(format!("{count} events could not be read; update souk-provider"));
        }
        errors
    }

    fn leases(&self) -> Vec<String> {
        let mut errors = limited(&self.leases, "leases");
        if self.oldest_change > MAX_WAIT {
            let wait = self.oldest_change;
            errors.push(format!("a change waits for {wait:.0} seconds to get into the cluster"));
        }
        errors
    }
}

/// The first of many, and how many more there are.
fn limited(all: &[String], what: &str) -> Vec<String> {
    let mut shown: Vec<String> = all.iter().take(SHOWN).cloned().collect();
    if all.len() > SHOWN {
        shown.push(format!("{} more {what}", all.len() - SHOWN));
    }
    shown
}

/// Puts the parts' errors together.
pub fn judge(reports: &Reports) -> Health {
    let named = |component: &str, message: String| ComponentError {
        component: component.to_owned(),
        message,
    };
    let mut errors = Vec::new();
    for part in Part::ALL {
        let of_part = reports.errors(part).into_iter();
        errors.extend(of_part.map(|message| named(part.as_str(), message)));
    }
    let endpoints = reports.endpoints.iter().map(|one| named("endpoints", one.clone()));
    let refused = limited(&reports.refused, "leases");
    let refused = refused.into_iter().map(|one| named(Part::Leases.as_str(), one));
    let short = reports.short.iter().map(|one| named(Part::Heartbeats.as_str(), one.clone()));
    let warnings = endpoints.chain(refused).chain(short).collect();
    let FollowState { height, head, .. } = reports.following;
    Health { healthy: errors.is_empty(), height, head, errors, warnings, awaiting_manifest: 0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fine() -> Reports {
        let following =
            FollowState { height: 100, head: 101, time: 1_000, ..FollowState::default() };
        Reports { following, wall: 1_010, ..Reports::default() }
    }

    fn parts(reports: &Reports) -> String {
        let health = judge(reports);
        assert_eq!(health.healthy, health.errors.is_empty());
        let names: Vec<&str> = health.errors.iter().map(|error| error.component.as_str()).collect();
        names.join(" ")
    }

    #[test]
    fn each_error_has_its_part() {
        let following = |change: FollowState| Reports { following: change, ..fine() };
        let state = fine().following;
        let fault = GpuFault {
            node: "g1".into(),
            problem: "1 of 8 nvidia.com/gpu failed".into(),
            orders: [souk_core::OrderId(7)].into(),
        };
        for (reports, expected) in [
            (fine(), ""),
            (Reports { wall: 500, ..fine() }, ""),
            (Reports { wall: 2_000, ..fine() }, "follower"),
            (following(FollowState::default()), "follower"),
            (following(FollowState { head: 200, ..state.clone() }), "follower"),
            (following(FollowState { unreadable: 1, ..state.clone() }), "follower"),
            (following(FollowState { last_error: Some("no".into()), ..state }), "follower"),
            (Reports { findings: vec!["lease 7 runs".into()], ..fine() }, "audit"),
            (Reports { transactions: Some("no coins".into()), ..fine() }, "transactions"),
            (Reports { inventory: Some("gone".into()), ..fine() }, "cluster"),
            (
                Reports { watches: vec!["pods".into(), "secrets".into()], ..fine() },
                "watches watches",
            ),
            (Reports { leases: vec!["lease 7: no".into()], ..fine() }, "leases"),
            (Reports { oldest_change: 121.0, ..fine() }, "leases"),
            (Reports { held: vec!["souk-x-7".into()], ..fine() }, "deletions"),
            (Reports { gpus: vec![fault], ..fine() }, "gpus"),
            (Reports { gateway: Some("no route".into()), ..fine() }, "gateway"),
            (Reports { writing: Some(9), ..fine() }, "store"),
        ] {
            assert_eq!(parts(&reports), expected, "{reports:?}");
        }
    }

    #[test]
    fn whatever_a_part_reports_of_itself_is_an_error_under_its_name() {
        for part in Part::ALL {
            let failures = [(part, "it does not work".to_owned())].into();
            let health = judge(&Reports { failures, ..fine() });
            assert_eq!(health.errors.len(), 1, "{part:?}");
            assert_eq!(health.errors[0].component, part.as_str());
            assert_eq!(health.errors[0].message, "it does not work");
        }
    }

    #[test]
    fn of_many_errors_of_a_kind_the_first_are_shown_and_the_others_counted() {
        let leases = (0..1_000).map(|order| format!("lease {order}: refused")).collect();
        let health = judge(&Reports { leases, ..fine() });
        assert_eq!(health.errors.len(), SHOWN + 1);
        assert_eq!(health.errors[SHOWN].message, "990 more leases");
    }

    #[test]
    fn however_many_leases_are_refused_the_agent_is_healthy_and_names_them() {
        let refused = (0..100).map(|order| format!("lease {order}: refused")).collect();
        let health = judge(&Reports { refused, ..fine() });
        assert!(health.healthy);
        assert_eq!(health.warnings.len(), SHOWN + 1);
        assert_eq!(health.warnings[0].component, "leases");
    }

    #[test]
    fn coins_that_do_not_last_for_heartbeats_are_a_warning() {
        let health = judge(&Reports { short: Some("send it coins".into()), ..fine() });
        assert!(health.healthy);
        let named = (health.warnings[0].component.as_str(), health.warnings[0].message.as_str());
        assert_eq!(named, ("heartbeats", "send it coins"));
    }

    #[test]
    fn an_endpoint_that_is_set_aside_is_a_warning_while_others_answer() {
        let health = judge(&Reports { endpoints: vec!["http://a: no results".into()], ..fine() });
        assert!(health.healthy);
        assert_eq!(health.warnings[0].message, "http://a: no results");
    }
}
