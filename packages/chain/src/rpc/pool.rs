//! Which endpoints may be used now: pure bookkeeping, no I/O.
//!
//! An endpoint is used only after a probe said that it is on our chain and near the head. A fault
//! sets it aside for a time that doubles with each further fault; after that it is probed again
//! beside the traffic, so that an endpoint that hangs delays requests only once.

use std::time::{Duration, Instant};

use super::error::{EndpointFault, EndpointReport};
use super::types::Status;

/// How an endpoint is at the moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EndpointHealth {
    /// Not probed yet.
    Unknown,
    /// In use, or ready for use.
    Good,
    /// Not used, for this reason.
    SetAside(EndpointFault),
}

/// What we know of an endpoint, for status pages and metrics.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EndpointStatus {
    /// Scheme, host and port.
    pub endpoint: String,
    /// Whether it is used.
    pub health: EndpointHealth,
    /// Faults in a row.
    pub failures: u32,
    /// The height that it reported last; 0 before its first report.
    pub height: u64,
}

#[derive(Debug)]
struct Member {
    label: String,
    health: EndpointHealth,
    /// Its last fault, also if it is used again.
    last_fault: Option<EndpointFault>,
    retry_at: Option<Instant>,
    failures: u32,
    height: u64,
    probing: bool,
}

/// Of two endpoints this many blocks apart it is the one ahead that is not believed: a week of blocks
/// of six seconds, after which a node that stopped is not to be expected.
const NOT_BELIEVED: u64 = 100_000;

/// How long a faulty endpoint is left alone, and how far an endpoint may lag.
#[derive(Debug, Clone)]
pub(crate) struct Limits {
    pub first_backoff: Duration,
    pub max_backoff: Duration,
    pub max_lag: u64,
}

#[derive(Debug)]
pub(crate) struct Pool {
    chain_id: String,
    limits: Limits,
    members: Vec<Member>,
}

impl Pool {
    pub(crate) fn new(chain_id: String, labels: Vec<String>, limits: Limits) -> Self {
        let members = labels
            .into_iter()
            .map(|label| Member {
                label,
                health: EndpointHealth::Unknown,
                last_fault: None,
                retry_at: None,
                failures: 0,
                height: 0,
                probing: false,
            })
            .collect();
        Self { chain_id, limits, members }
    }

    /// Endpoints to ask, in the configured order.
    pub(crate) fn usable(&self) -> Vec<usize> {
        let good = |m: &Member| m.health == EndpointHealth::Good;
        self.indices(good)
    }

    /// Endpoints that are not known to be on another chain, set aside or not, in the configured order.
    pub(crate) fn not_elsewhere(&self) -> Vec<usize> {
        self.indices(|m| match &m.health {
            EndpointHealth::SetAside(fault) => !matches!(fault, EndpointFault::WrongChain { .. }),
            EndpointHealth::Good => true,
            EndpointHealth::Unknown => false,
        })
    }

    /// Claims the endpoints whose time has come for another probe.
    pub(crate) fn claim_due(&mut self, now: Instant) -> Vec<usize> {
        self.claim(|m| match m.health {
            EndpointHealth::Good => false,
            _ => m.retry_at.is_none_or(|at| at <= now),
        })
    }

    /// Claims every endpoint that is not being probed, backoff or not.
    pub(crate) fn claim_all(&mut self) -> Vec<usize> {
        self.claim(|_| true)
    }

    fn claim(&mut self, due: impl Fn(&Member) -> bool) -> Vec<usize> {
        let claimed = self.indices(|m| !m.probing && due(m));
        for i in &claimed {
            if let Some(member) = self.members.get_mut(*i) {
                member.probing = true;
            }
        }
        claimed
    }

    /// Some endpoint is being probed for the first time.
    pub(crate) fn any_unknown(&self) -> bool {
        self.members.iter().any(|m| m.probing && m.health == EndpointHealth::Unknown)
    }

    pub(crate) fn any_probing(&self) -> bool {
        self.members.iter().any(|m| m.probing)
    }

    pub(crate) fn release(&mut self, index: usize) {
        if let Some(member) = self.members.get_mut(index) {
            member.probing = false;
        }
    }

    /// Judges what an endpoint says of itself.
    pub(crate) fn judge(&mut self, index: usize, status: &Status) -> Result<(), EndpointFault> {
        if status.chain_id != self.chain_id {
            return Err(EndpointFault::WrongChain {
                expected: self.chain_id.clone(),
                found: status.chain_id.clone(),
            });
        }
        if status.catching_up {
            return Err(EndpointFault::CatchingUp { height: status.height });
        }
        self.judge_height(index, status.height)
    }

    /// Judges the height of an answer; only answers that were served at the node's head count.
    pub(crate) fn judge_height(&mut self, index: usize, height: u64) -> Result<(), EndpointFault> {
        let best = self.best(index, height);
        if height.saturating_add(self.limits.max_lag) < best {
            return Err(EndpointFault::Stale { height, best });
        }
        if let Some(member) = self.members.get_mut(index) {
            member.height = height;
        }
        Ok(())
    }

    /// The height that this one's is measured by: what it and the endpoints in use report now, so
    /// that nothing that one said once counts for ever. No single one decides it among three.
    fn best(&self, index: usize, height: u64) -> u64 {
        let good = |(i, m): &(usize, &Member)| *i != index && m.health == EndpointHealth::Good;
        let others = self.members.iter().enumerate().filter(good);
        let mut heights: Vec<u64> = others.map(|(_, m)| m.height).chain([height]).collect();
        heights.sort_unstable_by(|a, b| b.cmp(a));
        match heights.as_slice() {
            [first, second] if first.saturating_sub(*second) <= NOT_BELIEVED => *first,
            [_, second, ..] => *second,
            _ => height,
        }
    }

    /// Whether it was set aside last since it keeps no results of blocks.
    pub(crate) fn lacks_results(&self, index: usize) -> bool {
        let fault = self.members.get(index).and_then(|member| member.last_fault.as_ref());
        matches!(fault, Some(EndpointFault::NoResults { .. }))
    }

    /// Whether it is set aside for nothing but that.
    pub(crate) fn is_without_results(&self, index: usize) -> bool {
        let health = self.members.get(index).map(|member| &member.health);
        matches!(health, Some(EndpointHealth::SetAside(EndpointFault::NoResults { .. })))
    }

    /// Whether another endpoint is in use.
    pub(crate) fn has_another_good(&self, index: usize) -> bool {
        self.usable().iter().any(|other| *other != index)
    }

    pub(crate) fn judge_chain(&self, found: &str) -> Result<(), EndpointFault> {
        if found == self.chain_id {
            return Ok(());
        }
        Err(EndpointFault::WrongChain { expected: self.chain_id.clone(), found: found.to_owned() })
    }

    pub(crate) fn mark_good(&mut self, index: usize) {
        if let Some(member) = self.members.get_mut(index) {
            if member.health != EndpointHealth::Good {
                tracing::info!(endpoint = %member.label, height = member.height, "RPC endpoint in use");
            }
            member.health = EndpointHealth::Good;
            member.failures = 0;
            member.retry_at = None;
        }
    }

    pub(crate) fn set_aside(&mut self, index: usize, fault: EndpointFault, now: Instant) {
        let limits = self.limits.clone();
        if let Some(member) = self.members.get_mut(index) {
            let wait = backoff(limits.first_backoff, limits.max_backoff, member.failures);
            tracing::warn!(endpoint = %member.label, %fault, ?wait, "RPC endpoint set aside");
            member.failures = member.failures.saturating_add(1);
            member.retry_at = now.checked_add(wait);
            member.last_fault = Some(fault.clone());
            member.health = EndpointHealth::SetAside(fault);
        }
    }

    /// Each endpoint's last fault: one that failed a call may have passed a probe since.
    pub(crate) fn reports(&self) -> Vec<EndpointReport> {
        let report = |m: &Member| {
            let fault = m.last_fault.clone()?;
            Some(EndpointReport { endpoint: m.label.clone(), fault })
        };
        self.members.iter().filter_map(report).collect()
    }

    pub(crate) fn statuses(&self) -> Vec<EndpointStatus> {
        self.members
            .iter()
            .map(|m| EndpointStatus {
                endpoint: m.label.clone(),
                health: m.health.clone(),
                failures: m.failures,
                height: m.height,
            })
            .collect()
    }

    fn indices(&self, pick: impl Fn(&Member) -> bool) -> Vec<usize> {
        let members = self.members.iter().enumerate();
        members.filter(|(_, m)| pick(m)).map(|(i, _)| i).collect()
    }
}

/// `first` doubled `failures` times, at most `max`.
pub(crate) fn backoff(first: Duration, max: Duration, failures: u32) -> Duration {
    let factor = 1u32.checked_shl(failures.min(31)).unwrap_or(u32::MAX);
    first.checked_mul(factor).unwrap_or(max).min(max)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn pool() -> Pool {
        let limits = Limits {
            first_backoff: Duration::from_secs(1),
            max_backoff: Duration::from_secs(60),
            max_lag: 5,
        };
        Pool::new("souk-1".into(), vec!["a".into(), "b".into()], limits)
    }

    fn status(chain_id: &str, height: u64) -> Status {
        Status {
            chain_id: chain_id.into(),
            version: String::new(),
            height,
            time: None,
            earliest_height: 1,
            catching_up: false,
        }
    }

    #[test]
    fn an_endpoint_is_not_used_before_a_probe() {
        let mut pool = pool();
        assert!(pool.usable().is_empty());
        assert_eq!(pool.claim_due(Instant::now()), [0, 1]);
    }

    #[test]
    fn another_chain_is_never_used() {
        let mut pool = pool();
        let judged = pool.judge(0, &status("other-1", 900));
        assert!(matches!(judged, Err(EndpointFault::WrongChain { .. })));
        // Its height says nothing about our chain.
        assert_eq!(pool.judge(1, &status("souk-1", 10)), Ok(()));
    }

    #[test]
    fn what_must_arrive_goes_to_endpoints_that_are_set_aside_too_but_to_no_other_chain() {
        let mut pool = good(&[100, 100, 100]);
        let now = Instant::now();
        pool.set_aside(0, EndpointFault::Http { status: 502 }, now);
        let found = "other-1".to_owned();
        pool.set_aside(1, EndpointFault::WrongChain { expected: "souk-1".into(), found }, now);
        assert_eq!((pool.usable(), pool.not_elsewhere()), (vec![2], vec![0, 2]));
    }

    #[test]
    fn an_endpoint_far_behind_the_best_is_stale() {
        let mut pool = good(&[100, 95]);
        assert_eq!(pool.judge(0, &status("souk-1", 100)), Ok(()));
        assert_eq!(pool.judge(1, &status("souk-1", 95)), Ok(()));
        let judged = pool.judge(1, &status("souk-1", 94));
        assert_eq!(judged, Err(EndpointFault::Stale { height: 94, best: 100 }));
    }

    fn good(heights: &[u64]) -> Pool {
        let labels = heights.iter().map(u64::to_string).collect();
        let mut pool = Pool { members: Vec::new(), ..pool() };
        pool.members = Pool::new(String::new(), labels, pool.limits.clone()).members;
        for (index, height) in heights.iter().enumerate() {
            pool.members[index].height = *height;
            pool.mark_good(index);
        }
        pool
    }

    #[test]
    fn one_endpoints_height_that_cannot_be_sets_no_other_aside() {
        for liars in [[9_000_000, 100].as_slice(), &[5_000, 100, 101], &[u64::MAX, 100, 99, 98]] {
            let mut pool = good(liars);
            for index in 1..liars.len() {
                assert_eq!(pool.judge(index, &status("souk-1", 102)), Ok(()), "{liars:?}");
            }
        }
    }

    #[test]
    fn a_height_counts_as_long_as_its_endpoint_is_in_use_and_says_so() {
        let mut pool = good(&[5_000, 100]);
        let stale = EndpointFault::Stale { height: 101, best: 5_000 };
        assert_eq!(pool.judge(1, &status("souk-1", 101)), Err(stale));
        pool.set_aside(0, EndpointFault::Http { status: 502 }, Instant::now());
        assert_eq!(pool.judge(1, &status("souk-1", 101)), Ok(()));
    }

    #[test]
    fn of_three_the_one_that_stopped_is_stale() {
        let mut pool = good(&[100, 200, 201]);
        let stale = EndpointFault::Stale { height: 100, best: 200 };
        assert_eq!(pool.judge(0, &status("souk-1", 100)), Err(stale));
    }

    #[test]
    fn a_chain_with_one_endpoint_may_begin_again_from_a_lower_height() {
        let mut pool = good(&[5_000]);
        assert_eq!(pool.judge(0, &status("souk-1", 7)), Ok(()));
        assert_eq!(pool.statuses()[0].height, 7);
    }

    #[test]
    fn the_fault_of_a_call_is_told_although_a_probe_went_well_since() {
        let mut pool = good(&[5_000]);
        assert_eq!(pool.reports(), []);
        let fault = EndpointFault::Timeout { after: Duration::from_secs(10) };
        pool.set_aside(0, fault.clone(), Instant::now());
        pool.mark_good(0);
        assert_eq!(pool.reports()[0].fault, fault);
    }

    #[test]
    fn a_faulty_endpoint_is_probed_again_only_after_its_backoff() {
        let mut pool = pool();
        let now = Instant::now();
        pool.mark_good(1);
        let fault = EndpointFault::Http { status: 502 };
        pool.set_aside(0, fault.clone(), now);
        assert_eq!(pool.usable(), [1]);
        assert!(pool.claim_due(now).is_empty());
        assert_eq!(pool.claim_due(now + Duration::from_secs(1)), [0]);
        pool.release(0);
        pool.set_aside(0, fault, now);
        assert!(pool.claim_due(now + Duration::from_secs(1)).is_empty());
        assert_eq!(pool.claim_due(now + Duration::from_secs(2)), [0]);
    }

    #[test]
    fn an_endpoint_is_probed_by_one_at_a_time() {
        let mut pool = pool();
        let now = Instant::now();
        assert_eq!(pool.claim_due(now), [0, 1]);
        assert!(pool.claim_all().is_empty());
        pool.release(1);
        assert_eq!(pool.claim_all(), [1]);
    }

    proptest! {
        #[test]
        fn backoff_grows_and_stays_below_its_maximum(first in 1u64..5_000, max in 1u64..600_000, n in 0u32..200) {
            let (first, max) = (Duration::from_millis(first), Duration::from_millis(max));
            let (this, next) = (backoff(first, max, n), backoff(first, max, n + 1));
            prop_assert!(this <= next && next <= max);
            prop_assert!(this >= first.min(max));
        }
    }
}
