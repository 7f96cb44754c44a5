//! From what is seen of a deployment to what is told of it and done. Pure.

use souk_api::{
    escrow::AccountResponse,
    orderbook::{DeploymentResponse, DeploymentState, GroupState, LeaseResponse},
};
use souk_core::{Amount, CloseReason, GroupSeq, OrderId, clock::needed};

use super::News;

/// What its tenant wants of the watcher.
#[derive(Clone, Copy, Debug, Default)]
pub struct Wishes {
    /// For how many seconds the money shall last; when it does not, it is made to last twice as long.
    pub runway: Option<u64>,
    /// What may still be spent on that, in base units.
    pub spend: Amount,
    /// Whether leases of absent providers are closed.
    pub close_absent: bool,
    /// Whether groups that rest after a lease are put out again.
    pub start_again: bool,
}

/// A deployment as it is seen at one moment.
#[derive(Clone, Debug)]
pub struct Kept {
    /// Block time, in seconds.
    pub now: u64,
    /// The escrow's least runway, in seconds.
    pub min_runway: u64,
    /// The deployment.
    pub deployment: DeploymentResponse,
    /// The latest leases of its groups.
    pub leases: Vec<LeaseResponse>,
    /// Its account.
    pub account: AccountResponse,
}

/// What was told already, so that it is told once.
#[derive(Clone, Debug, Default)]
pub struct Memory {
    reported: Vec<News>,
}

/// What to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// Add this many base units to the account.
    TopUp(Amount),
    /// End the lease of an absent provider.
    CloseAbsent(OrderId),
    /// End a lease whose notice is over.
    EndReclaim(OrderId),
    /// Put a group that rests out again.
    Start(GroupSeq),
}

impl Memory {
    /// Tells what was not told before.
    fn report(&mut self, news: News, into: &mut Vec<News>) {
        if !self.reported.iter().any(|known| known.is_same(&news)) {
            self.reported.push(news.clone());
            into.push(news);
        }
    }
}

/// What is new, and what to do now, in that order.
pub fn decide(seen: &Kept, wishes: &Wishes, memory: &mut Memory) -> (Vec<News>, Vec<Step>) {
    let (mut news, mut steps) = (Vec::new(), Vec::new());
    if seen.deployment.state == DeploymentState::Closed {
        memory.report(News::Closed, &mut news);
        return (news, steps);
    }
    for lease in &seen.leases {
        look_at_lease(seen, lease, wishes, memory, &mut news, &mut steps);
    }
    // What a lease's end gives back comes first: coins for a provider that is gone would start a clock that stands,
    // and it would be paid for what it earned before.
    let mut money = Vec::new();
    look_at_money(seen, wishes, memory, &mut news, &mut money);
    if steps.is_empty() {
        steps.append(&mut money);
    }
    for group in &seen.deployment.groups {
        let for_lack_of_funds = match group.state {
            GroupState::Paused => false,
            GroupState::InsufficientFunds => true,
            GroupState::Open | GroupState::Closed => continue,
        };
        let last = seen.leases.iter().find(|lease| lease.order == group.order);
        memory.report(News::Rests { group: group.seq, for_lack_of_funds }, &mut news);
        if wishes.start_again && last.is_some_and(was_left) {
            steps.push(Step::Start(group.seq));
        }
    }
    // One that rests again is news again.
    let (short, depleted) = (is_short(seen, wishes), seen.account.clock.depleted_since.is_some());
    memory.reported.retain(|known| match known {
        News::RunwayShort { .. } | News::LimitUsedUp { .. } => short,
        News::Depleted { .. } => depleted,
        News::Rests { group, .. } => seen.deployment.groups.iter().any(|one| {
            one.seq == *group
                && matches!(one.state, GroupState::Paused | GroupState::InsufficientFunds)
        }),
        _ => true,
    });
    (news, steps)
}

/// Whether its provider left a lease or its money was used up. What its tenant ended rests because it wants that, and
/// without a manifest the next provider would be paid for nothing.
fn was_left(lease: &LeaseResponse) -> bool {
    match lease.reason {
        None | Some(CloseReason::Tenant | CloseReason::ManifestTimeout) => false,
        Some(
            CloseReason::Unstable
            | CloseReason::Decommission
            | CloseReason::Unspecified
            | CloseReason::InsufficientFunds,
        ) => true,
    }
}

fn look_at_money(
    seen: &Kept,
    wishes: &Wishes,
    memory: &mut Memory,
    news: &mut Vec<News>,
    steps: &mut Vec<Step>,
) {
    let (clock, rate) = (&seen.account.clock, seen.account.clock.rate.u128());
    let Some(runway) = wishes.runway.filter(|_| is_short(seen, wishes)) else { return };
    let runway = runway.max(seen.min_runway);
    match (clock.depleted_since, seen.account.depletion) {
        (Some(since), _) => memory.report(News::Depleted { since }, news),
        (None, Some(depletion)) => memory.report(News::RunwayShort { depletion }, news),
        (None, None) => {}
    }
    let burden = rate.saturating_add(seen.account.reserved.u128());
    let lack = |seconds| needed(burden, seconds).saturating_sub(seen.account.balance.u128());
    let wanted = lack(runway.saturating_mul(2));
    // What does not reach the least runway starts no clock that stands.
    let least = if clock.depleted_since.is_some() { lack(seen.min_runway) } else { 1 };
    let spend = wishes.spend.u128();
    if spend >= least.max(1) {
        steps.push(Step::TopUp(Amount::saturating(wanted.min(spend))));
    } else if wishes.spend < Amount::saturating(wanted) {
        let (left, needed) = (wishes.spend, Amount::saturating(wanted));
        memory.report(News::LimitUsedUp { left, needed }, news);
    }
}

/// Whether the money does not last as long as it should.
fn is_short(seen: &Kept, wishes: &Wishes) -> bool {
    let (clock, rate) = (&seen.account.clock, seen.account.clock.rate.u128());
    let Some(runway) = wishes.runway.filter(|_| rate > 0) else { return false };
    clock.depleted_since.is_some() || !clock.lasts(rate, runway.max(seen.min_runway))
}

fn look_at_lease(
    seen: &Kept,
    lease: &LeaseResponse,
    wishes: &Wishes,
    memory: &mut Memory,
    news: &mut Vec<News>,
    steps: &mut Vec<Step>,
) {
    let (order, provider) = (lease.order, lease.provider.clone());
    if let Some(reason) = lease.reason {
        memory.report(News::LeaseEnded { order, provider, reason }, news);
        return;
    }
    if let Some(reclaim) = lease.reclaim.filter(|reclaim| !reclaim.lapsed) {
        let (reason, deadline) = (reclaim.reason, reclaim.deadline);
        memory
            .report(News::Reclaiming { order, provider: provider.clone(), reason, deadline }, news);
        if wishes.close_absent && seen.now >= deadline {
            steps.push(Step::EndReclaim(order));
        }
    }
    let Some((terms, unseen)) = lease.absence.zip(lease.unseen) else { return };
    if unseen.absent {
        let paid_until = unseen.paid_until;
        memory.report(News::Absent { order, provider: provider.clone(), paid_until }, news);
    } else if seen.now.saturating_sub(unseen.since) > terms.limit / 2 {
        let (since, absent_from) = (unseen.since, unseen.from);
        memory.report(News::Unseen { order, provider: provider.clone(), since, absent_from }, news);
    }
    if unseen.absent && wishes.close_absent {
        steps.push(Step::CloseAbsent(order));
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use souk_core::time::HOUR;

    use super::*;

    /// A deployment with one lease of 100 an hour and a limit of six hours, seen at 100,000, of which the money lasts
    /// for `units / 100` hours.
    fn kept(units: u128) -> Kept {
        let spec = json!({
            "name": "web", "units": [], "ceiling": "100", "requirements": { "attributes": [] },
        });
        let deployment = json!({
            "id": 7, "tenant": "souk1ann", "delegate": null, "commitment": "07",
            "denom": { "native": "usouk" }, "auction": { "tenant_choice": {} }, "state": "active",
            "account": 7, "created_at": 1, "marked_at": null,
            "absence": { "limit": 21_600 },
            "groups": [{
                "seq": 1, "state": "open", "order": 9, "order_state": "active", "excluded": [],
                "spec": spec,
            }],
        });
        let lease = json!({
            "order": 9, "group": { "deployment": 7, "group": 1 }, "tenant": "souk1ann",
            "provider": "souk1pro", "price": "100", "denom": { "native": "usouk" }, "account": 7,
            "state": "active", "created_at": 1, "closed_at": null, "reason": null,
            "absence": { "limit": 21_600 },
            "unseen": {
                "since": 99_000, "from": 120_600, "from_block": 1, "anyone_from": 142_200,
                "anyone_from_block": 1, "absent": false, "paid_until": 104_400,
            },
        });
        let account = json!({
            "id": 7, "tenant": "souk1ann", "denom": { "native": "usouk" },
            "clock": {
                "remaining": (units * 3_600).to_string(), "rate": "100", "clock": 0,
                "anchor": 100_000, "depleted_since": null,
            },
            "balance": units.to_string(), "withdrawable": "0", "reserved": "0",
            "depletion": 100_000 + units as u64 * 36, "streams": 1, "deposits": 0, "closed": false,
        });
        Kept {
            now: 100_000,
            min_runway: HOUR,
            deployment: serde_json::from_value(deployment).unwrap(),
            leases: vec![serde_json::from_value(lease).unwrap()],
            account: serde_json::from_value(account).unwrap(),
        }
    }

    fn amount(units: u128) -> Amount {
        Amount::new(units).unwrap()
    }

    fn spending(units: u128) -> Wishes {
        let runway = Some(10 * HOUR);
        Wishes { runway, spend: amount(units), close_absent: true, start_again: true }
    }

    #[test]
    fn nothing_is_told_or_done_while_all_is_well() {
        let decided = decide(&kept(1_000), &spending(9_999), &mut Memory::default());
        assert_eq!(decided, (vec![], vec![]));
        let decided = decide(&kept(1), &Wishes::default(), &mut Memory::default());
        assert_eq!(decided, (vec![], vec![]), "nobody asked for a runway");
    }

    #[test]
    fn money_that_lasts_too_short_is_topped_up_to_twice_the_runway_within_the_limit() {
        for (units, spend, added) in [(999, 9_999, 1_001), (0, 2_000, 2_000), (999, 5, 5)] {
            let mut memory = Memory::default();
            let (news, steps) = decide(&kept(units), &spending(spend), &mut memory);
            assert_eq!(steps, [Step::TopUp(amount(added))], "{units} units, {spend} to spend");
            assert_eq!(news.len(), 1);
            let again = decide(&kept(units), &spending(spend), &mut memory);
            assert_eq!(again, (vec![], steps), "it is told once");
        }
        let (news, steps) = decide(&kept(999), &spending(0), &mut Memory::default());
        assert_eq!(steps, []);
        assert!(news.contains(&News::LimitUsedUp { left: amount(0), needed: amount(1_001) }));
    }

    #[test]
    fn a_clock_that_stands_gets_what_starts_it_or_nothing() {
        let mut seen = kept(50);
        seen.account.clock.depleted_since = Some(90_000);
        let (news, steps) = decide(&seen, &spending(49), &mut Memory::default());
        assert_eq!(steps, [], "49 more last for less than an hour");
        assert_eq!(news[0], News::Depleted { since: 90_000 });
        let (_, steps) = decide(&seen, &spending(50), &mut Memory::default());
        assert_eq!(steps, [Step::TopUp(amount(50))]);
    }

    #[test]
    fn a_provider_that_was_not_seen_is_told_at_half_of_the_limit_and_closed_at_its_end() {
        let (mut seen, mut memory) = (kept(1_000), Memory::default());
        seen.now = 99_000 + 10_801;
        let (news, steps) = decide(&seen, &spending(0), &mut memory);
        assert_eq!(steps, []);
        assert!(matches!(news[..], [News::Unseen { since: 99_000, absent_from: 120_600, .. }]));
        seen.leases[0].unseen.as_mut().unwrap().absent = true;
        let (news, steps) = decide(&seen, &spending(0), &mut memory);
        assert_eq!(steps, [Step::CloseAbsent(OrderId(9))]);
        assert!(matches!(news[..], [News::Absent { paid_until: 104_400, .. }]));
        let told_only = Wishes { close_absent: false, ..spending(0) };
        assert_eq!(decide(&seen, &told_only, &mut memory), (vec![], vec![]));
    }

    #[test]
    fn a_group_that_rests_after_its_lease_is_started_again_where_that_is_wanted() {
        let (mut seen, mut memory) = (kept(1_000), Memory::default());
        seen.deployment.groups[0].state = GroupState::Paused;
        seen.leases[0].reason = Some(souk_core::CloseReason::Unspecified);
        let (news, steps) = decide(&seen, &spending(0), &mut memory);
        assert_eq!(steps, [Step::Start(GroupSeq(1))]);
        assert!(matches!(news[..], [News::LeaseEnded { .. }, News::Rests { .. }]), "{news:?}");
        let told_only = Wishes { start_again: false, ..spending(0) };
        assert_eq!(decide(&seen, &told_only, &mut memory), (vec![], vec![]));
        // Started and resting again is told again.
        seen.deployment.groups[0].state = GroupState::Open;
        decide(&seen, &told_only, &mut memory);
        seen.deployment.groups[0].state = GroupState::Paused;
        assert_eq!(decide(&seen, &told_only, &mut memory).0.len(), 1);
    }

    #[test]
    fn a_lease_is_closed_before_coins_are_added_for_it() {
        let mut seen = kept(50);
        seen.account.clock.depleted_since = Some(90_000);
        seen.leases[0].unseen.as_mut().unwrap().absent = true;
        let (_, steps) = decide(&seen, &spending(9_999), &mut Memory::default());
        assert_eq!(steps, [Step::CloseAbsent(OrderId(9))]);
    }

    #[test]
    fn what_its_tenant_ended_or_sent_no_manifest_for_is_not_started_again() {
        for (reason, started) in CloseReason::ALL.into_iter().map(|reason| {
            (reason, !matches!(reason, CloseReason::Tenant | CloseReason::ManifestTimeout))
        }) {
            let mut seen = kept(1_000);
            seen.deployment.groups[0].state = GroupState::Paused;
            seen.leases[0].reason = Some(reason);
            let (_, steps) = decide(&seen, &spending(0), &mut Memory::default());
            assert_eq!(!steps.is_empty(), started, "{reason}");
        }
    }

    #[test]
    fn a_limit_that_is_used_up_is_told_once_while_more_and_more_is_needed() {
        let mut memory = Memory::default();
        let news = |units, memory: &mut Memory| decide(&kept(units), &spending(0), memory).0.len();
        assert_eq!(news(999, &mut memory), 2);
        assert_eq!((news(990, &mut memory), news(500, &mut memory)), (0, 0));
        assert_eq!(news(1_000, &mut memory), 0, "there is enough again");
        assert_eq!(news(999, &mut memory), 2);
    }

    #[test]
    fn a_closed_deployment_ends_the_watch() {
        let (mut seen, mut memory) = (kept(0), Memory::default());
        seen.deployment.state = DeploymentState::Closed;
        assert_eq!(decide(&seen, &spending(9), &mut memory), (vec![News::Closed], vec![]));
        assert_eq!(decide(&seen, &spending(9), &mut memory), (vec![], vec![]));
    }
}
