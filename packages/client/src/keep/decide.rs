//! From what is seen of a deployment to what is told of it and done. Pure.

use souk_api::{
    escrow::AccountResponse,
    orderbook::{DeploymentResponse, DeploymentState, GroupState, LeaseResponse},
};
use souk_core::{Amount, CloseReason, GroupSeq, OrderId, absence, clock::needed};
use souk_gateway::presence::Presence;

use super::{Allowance, Heard, Memory, News, Said, presence::is_unseen_for_long};

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
    /// Whether the words of providers that the chain does not see are passed on to it.
    pub pass_on: bool,
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
    /// What providers say that the chain has not seen for long.
    pub heard: Vec<Heard>,
    /// Whether coins may be added.
    pub leave: Leave,
}

/// Whether the keeper needs its tenant's leave to add coins, and has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Leave {
    /// The coins are its own.
    NotNeeded,
    /// It has none, or none any more.
    Nothing,
    /// It has.
    UpTo(Allowance),
}

/// What to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// Add this many base units to the account.
    TopUp(Amount),
    /// Pass the word of a provider on that it is there.
    PassOn(Presence),
    /// End the lease of an absent provider.
    CloseAbsent(OrderId),
    /// End a lease whose notice is over.
    EndReclaim(OrderId),
    /// Put a group that rests out again.
    Start(GroupSeq),
}

/// What is new, and what to do now, in that order.
pub fn decide(seen: &Kept, wishes: &Wishes, memory: &mut Memory) -> (Vec<News>, Vec<Step>) {
    let (mut news, mut steps) = (Vec::new(), Vec::new());
    if seen.deployment.state == DeploymentState::Closed {
        memory.report(News::Closed, &mut news);
        return (news, steps);
    }
    let mut words = Vec::new();
    for lease in &seen.leases {
        look_at_lease(seen, lease, wishes, memory, &mut news, &mut steps);
        look_at_absence(seen, lease, wishes, memory, &mut news, (&mut steps, &mut words));
    }
    // What a lease's end gives back comes first: coins for a provider that is gone would start a clock that stands,
    // and it would be paid for what it earned before.
    let mut money = Vec::new();
    look_at_leave(seen, wishes, memory, &mut news);
    look_at_money(seen, wishes, memory, &mut news, &mut money);
    if steps.is_empty() && words.iter().all(|(_, absent)| !absent) {
        steps.append(&mut money);
    }
    steps.extend(words.into_iter().map(|(word, _)| Step::PassOn(word)));
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
    memory.retain(|known| match known {
        News::RunwayShort { .. }
        | News::LimitUsedUp { .. }
        | News::NoGrant { .. }
        | News::GrantTooSmall { .. } => short,
        News::Depleted { .. } => depleted,
        News::Unseen { order, .. }
        | News::Absent { order, .. }
        | News::NothingRuns { order, .. }
        | News::SaysItIsThere { order, .. } => is_unseen(seen, *order),
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
    let allowed = match seen.leave {
        Leave::NotNeeded => wishes.spend,
        Leave::Nothing => Amount::ZERO,
        Leave::UpTo(allowance) => wishes.spend.min(allowance.left),
    };
    let (spend, needed) = (allowed.u128(), Amount::saturating(wanted));
    if spend >= least.max(1) {
        steps.push(Step::TopUp(Amount::saturating(wanted.min(spend))));
    } else if allowed < needed {
        memory.report(
            match seen.leave {
                Leave::Nothing => News::NoGrant { needed },
                Leave::UpTo(Allowance { left, .. }) if left <= wishes.spend => {
                    News::GrantTooSmall { left, needed }
                }
                _ => News::LimitUsedUp { left: wishes.spend, needed },
            },
            news,
        );
    }
}

/// Tells once that the leave to top up ends before the money of a runway is used up.
fn look_at_leave(seen: &Kept, wishes: &Wishes, memory: &mut Memory, news: &mut Vec<News>) {
    let Leave::UpTo(Allowance { until: Some(until), .. }) = seen.leave else { return };
    let Some(runway) = wishes.runway else { return };
    if until.saturating_sub(seen.now) < runway.max(seen.min_runway) {
        memory.report(News::GrantEnds { until }, news);
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
}

/// Tells of a provider that is not seen, and does about it what is wished: one whose gateway says that it is there,
/// and whose workload runs, is not gone.
fn look_at_absence(
    seen: &Kept,
    lease: &LeaseResponse,
    wishes: &Wishes,
    memory: &mut Memory,
    news: &mut Vec<News>,
    (steps, words): (&mut Vec<Step>, &mut Vec<(Presence, bool)>),
) {
    let Some((terms, unseen)) = lease.absence.zip(lease.unseen) else { return };
    if lease.reason.is_some() {
        return;
    }
    let (order, provider) = (lease.order, lease.provider.clone());
    if unseen.absent {
        let paid_until = unseen.paid_until;
        memory.report(News::Absent { order, provider: provider.clone(), paid_until }, news);
    } else if seen.now.saturating_sub(unseen.since) > terms.limit / 2 {
        let (since, absent_from) = (unseen.since, unseen.from);
        memory.report(News::Unseen { order, provider: provider.clone(), since, absent_from }, news);
    }
    let closes = unseen.absent && wishes.close_absent;
    let Some(Heard { word, said, .. }) = seen.heard.iter().find(|heard| heard.order == order)
    else {
        steps.extend(closes.then_some(Step::CloseAbsent(order)));
        return;
    };
    let issued_at = word.issued_at;
    if *said == Said::NothingRuns {
        memory.report(News::NothingRuns { order, provider, issued_at }, news);
        steps.extend(closes.then_some(Step::CloseAbsent(order)));
        return;
    }
    // A fifth of the limit, as the agent itself does: more often it would only cost.
    let fifth = absence::heartbeat_every(terms.limit);
    let last = memory.last_passed_on(&provider);
    let tried = last.is_some_and(|at| seen.now.saturating_sub(at) < fifth);
    let is_new = issued_at.saturating_sub(unseen.since) >= fifth;
    if tried {
        // The chain did not take it, or is absent no more by the next look.
        steps.extend(closes.then_some(Step::CloseAbsent(order)));
    } else if !wishes.pass_on {
        memory.report(News::SaysItIsThere { order, provider, issued_at }, news);
    } else if is_new && is_unseen_for_long(lease, seen.now) {
        match words.iter_mut().find(|(known, _)| known.provider == provider) {
            Some((_, absent)) => *absent |= unseen.absent,
            None => words.push((word.clone(), unseen.absent)),
        }
    }
}

/// Whether the lease runs and its provider was not seen for a quarter of its limit.
fn is_unseen(seen: &Kept, order: OrderId) -> bool {
    let mut leases = seen.leases.iter().filter(|lease| lease.order == order);
    leases.any(|lease| is_unseen_for_long(lease, seen.now))
}

#[cfg(test)]
mod tests;
