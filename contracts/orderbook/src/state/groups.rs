//! Groups: what each asks for, written once, and how it stands.

use cosmwasm_schema::cw_serde;
use cosmwasm_std::{Addr, StdResult, Storage};
use cw_storage_plus::Map;
use souk_api::orderbook::{GroupState, MAX_EXCLUDED, MAX_ROUNDS, MAX_STARTS, MAX_UNWANTED};
use souk_core::{GroupId, GroupSeq, GroupSpec, OrderId};

use super::deployments::Deployment;
use crate::{ContractError, rules::daily};

const GROUPS: Map<(u64, u32), Group> = Map::new("g");
const SPECS: Map<(u64, u32), GroupSpec> = Map::new("s");

/// How a group stands.
#[cw_serde]
pub struct Group {
    /// Its state while its deployment is active.
    #[serde(rename = "s")]
    state: GroupState,
    /// Its latest order.
    #[serde(rename = "o")]
    pub order: OrderId,
    /// Providers that may not bid on its orders to come because they left a lease, the oldest first.
    #[serde(rename = "x", default, skip_serializing_if = "Vec::is_empty")]
    excluded: Vec<Addr>,
    /// Those that its tenant does not want, likewise: [`MAX_UNWANTED`] at most, and [`MAX_EXCLUDED`] with
    /// the others.
    #[serde(rename = "n", default, skip_serializing_if = "Vec::is_empty")]
    unwanted: Vec<Addr>,
    /// What some records count of breaches in all the group's life. It is read and not kept.
    #[serde(rename = "b", default, skip_serializing)]
    breaches: Option<u8>,
    /// When it was reopened within a day without its tenant's fault, the oldest first.
    #[serde(rename = "l", default, skip_serializing_if = "Vec::is_empty")]
    rounds: Vec<u64>,
    /// When it was started within a day, or reopened by its tenant's close, the oldest first.
    #[serde(rename = "t", default, skip_serializing_if = "Vec::is_empty")]
    starts: Vec<u64>,
}

impl Group {
    /// A group with its first order.
    pub fn opened(order: OrderId) -> Self {
        let state = GroupState::Open;
        let (excluded, unwanted) = (Vec::new(), Vec::new());
        let (rounds, starts) = (Vec::new(), Vec::new());
        Self { state, order, excluded, unwanted, breaches: None, rounds, starts }
    }

    /// Its state: with its deployment a group is closed as well, which is not written into
    /// each.
    pub fn state(&self, deployment: &Deployment) -> GroupState {
        if deployment.closed { GroupState::Closed } else { self.state }
    }

    /// Sets its state.
    pub fn set_state(&mut self, state: GroupState) {
        self.state = state;
    }

    /// It is open. If its tenant started it, nothing counts against it that was before: another, who may
    /// start what has money again, does not let providers turn it over more often.
    ///
    /// # Errors
    /// Those of [`Group::count_start`].
    pub fn start(&mut self, now: u64, by_tenant: bool) -> Result<(), u64> {
        self.count_start(now)?;
        self.state = GroupState::Open;
        if by_tenant {
            self.rounds.clear();
        }
        Ok(())
    }

    /// Counts that it is reopened by a start or by its tenant's close of a lease.
    ///
    /// # Errors
    /// If it was so [`MAX_STARTS`] times within a day: from when on it can be again.
    pub fn count_start(&mut self, now: u64) -> Result<(), u64> {
        self.starts = daily::count(&self.starts, MAX_STARTS.into(), now)?;
        Ok(())
    }

    /// Takes the latest of those back: a lease came of it for which its tenant paid. Else providers that win
    /// and leave would use up what its tenant needs to go on.
    pub fn take_start_back(&mut self) {
        self.starts.pop();
    }

    /// Providers that may not bid on its orders to come: first those that left a lease, then those that
    /// its tenant does not want, of each the oldest first.
    pub fn excluded(&self) -> Vec<Addr> {
        self.excluded.iter().chain(&self.unwanted).cloned().collect()
    }

    /// Whether this one may not bid on its orders to come.
    pub fn is_excluded(&self, provider: &Addr) -> bool {
        self.excluded.contains(provider) || self.unwanted.contains(provider)
    }

    /// Excludes a provider that left a lease or that the tenant's delegate does not want, unless its tenant
    /// did so already. Beyond [`MAX_EXCLUDED`] the oldest of these may bid again, and none that its tenant
    /// does not want.
    pub fn exclude_leaver(&mut self, provider: &Addr) {
        if !self.unwanted.contains(provider) {
            self.readmit(std::slice::from_ref(provider));
            self.excluded.push(provider.clone());
            self.leave_room();
        }
    }

    /// Excludes a provider that its tenant does not want. Beyond [`MAX_UNWANTED`] the oldest of these may
    /// bid again.
    pub fn exclude_unwanted(&mut self, provider: &Addr) {
        self.readmit(std::slice::from_ref(provider));
        self.unwanted.push(provider.clone());
        let excess = self.unwanted.len().saturating_sub(MAX_UNWANTED);
        self.unwanted.drain(..excess);
        self.leave_room();
    }

    /// Lets these bid again.
    pub fn readmit(&mut self, providers: &[Addr]) {
        self.excluded.retain(|known| !providers.contains(known));
        self.unwanted.retain(|known| !providers.contains(known));
    }

    /// Lets the oldest of those bid again that left a lease, until those that its tenant does not want have a place.
    fn leave_room(&mut self) {
        let places = MAX_EXCLUDED.saturating_sub(self.unwanted.len());
        let excess = self.excluded.len().saturating_sub(places);
        self.excluded.drain(..excess);
    }

    /// How often it was reopened without its tenant's fault, and how often started, within a day.
    pub fn lately(&self, now: u64) -> (u32, u32) {
        (daily::within(&self.rounds, now), daily::within(&self.starts, now))
    }

    /// Counts a reopening without its tenant's fault. `false`, and nothing is counted, if there were
    /// [`MAX_ROUNDS`] within a day.
    pub fn count_round(&mut self, now: u64) -> bool {
        let Ok(rounds) = daily::count(&self.rounds, MAX_ROUNDS.into(), now) else { return false };
        self.rounds = rounds;
        true
    }
}

/// A group's standing.
///
/// # Errors
/// [`ContractError::GroupNotFound`], or if it is stored in a form that cannot be read.
pub fn get(storage: &dyn Storage, id: GroupId) -> Result<Group, ContractError> {
    GROUPS.may_load(storage, key(id))?.ok_or(ContractError::GroupNotFound(id))
}

/// What a group asks for.
///
/// # Errors
/// [`ContractError::GroupNotFound`], or if it is stored in a form that cannot be read.
pub fn spec(storage: &dyn Storage, id: GroupId) -> Result<GroupSpec, ContractError> {
    SPECS.may_load(storage, key(id))?.ok_or(ContractError::GroupNotFound(id))
}

/// Saves a group's standing.
///
/// # Errors
/// If it cannot be written as JSON.
pub fn save(storage: &mut dyn Storage, id: GroupId, group: &Group) -> StdResult<()> {
    GROUPS.save(storage, key(id), group)
}

/// Saves what a group asks for, once.
///
/// # Errors
/// If it cannot be written as JSON.
pub fn save_spec(storage: &mut dyn Storage, id: GroupId, spec: &GroupSpec) -> StdResult<()> {
    SPECS.save(storage, key(id), spec)
}

/// Deletes a group.
pub fn delete(storage: &mut dyn Storage, id: GroupId) {
    GROUPS.remove(storage, key(id));
    SPECS.remove(storage, key(id));
}

/// A deployment's groups, from 1.
pub fn of(deployment: &Deployment) -> impl Iterator<Item = GroupSeq> + use<> {
    (1..=deployment.groups).map(GroupSeq)
}

fn key(id: GroupId) -> (u64, u32) {
    (id.deployment.0, id.group.0)
}

#[cfg(test)]
mod tests {
    use cosmwasm_std::{StdResult, from_json, to_json_string};

    use super::*;

    fn provider(number: usize) -> Addr {
        Addr::unchecked(format!("p{number}"))
    }

    #[test]
    fn breaches_that_older_records_count_do_not_matter_any_more() -> StdResult<()> {
        for old in
            [r#"{"s":"open","o":7,"x":["p1","p2"]}"#, r#"{"s":"open","o":7,"x":["p1","p2"],"b":3}"#]
        {
            let mut group: Group = from_json(old)?;
            assert!((0..10).all(|second| group.count_round(second)), "{old}");
            assert!(!group.count_round(10), "{old}");
            let again: Group = from_json(to_json_string(&group)?)?;
            assert_eq!(again, Group { breaches: None, ..group });
        }
        Ok(())
    }

    #[test]
    fn rounds_are_forgotten_if_the_tenant_starts_the_group_and_not_if_another_does() {
        let mut group = Group::opened(OrderId(7));
        while group.count_round(5) {}
        assert_eq!(group.start(5, false), Ok(()));
        assert!(!group.count_round(5));
        assert_eq!(group.start(5, true), Ok(()));
        assert!(group.count_round(5));
    }

    #[test]
    fn a_group_that_nothing_happened_to_is_stored_as_in_the_first_release() -> StdResult<()> {
        let text = to_json_string(&Group::opened(OrderId(7)))?;
        assert_eq!(text, r#"{"s":"open","o":7}"#);
        Ok(())
    }

    #[test]
    fn beyond_sixteen_the_provider_that_was_excluded_first_may_bid_again() {
        let mut group = Group::opened(OrderId(7));
        for number in 1..=16 {
            group.exclude_leaver(&provider(number));
        }
        group.exclude_leaver(&provider(2));
        assert_eq!(group.excluded().len(), 16, "each stands there once");
        assert_eq!(group.excluded().last(), Some(&provider(2)), "as the newest");
        group.exclude_leaver(&provider(17));
        assert_eq!(group.excluded().len(), 16);
        assert_eq!(group.excluded().first(), Some(&provider(3)));
    }

    #[test]
    fn whom_the_tenant_does_not_want_is_let_in_again_for_others_that_it_does_not_want_alone() {
        let mut group = Group::opened(OrderId(7));
        for number in 1..=10 {
            group.exclude_unwanted(&provider(number));
        }
        for number in 11..=40 {
            group.exclude_leaver(&provider(number));
        }
        let last: Vec<_> = (35..=40).chain(1..=10).map(provider).collect();
        assert_eq!(group.excluded(), last);
        group.exclude_leaver(&provider(1));
        assert_eq!(group.excluded(), last, "whom the tenant does not want stays the tenant's");
        for number in 50..=60 {
            group.exclude_unwanted(&provider(number));
        }
        let kept: Vec<_> = [40].into_iter().chain(7..=10).chain(50..=60).map(provider).collect();
        assert_eq!(group.excluded(), kept, "one place is left for the latest that left");
        group.exclude_leaver(&provider(70));
        group.exclude_leaver(&provider(71));
        assert_eq!(group.excluded()[0], provider(71));
        assert_eq!(group.excluded()[1..], kept[1..]);
        group.exclude_unwanted(&provider(71));
        assert_eq!(group.excluded().last(), Some(&provider(71)));
        assert_eq!(group.excluded().len(), MAX_UNWANTED);
    }
}
