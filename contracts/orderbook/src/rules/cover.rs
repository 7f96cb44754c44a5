//! Whether money keeps a group whose lease ended from being reopened. Pure.

use souk_api::orderbook::GroupState;
use souk_core::Rate;

use super::{delegate, funds::Funds};

/// What must cover the group's new order.
#[derive(Clone, Copy, Debug)]
pub struct Cover<'a> {
    /// What the account has, the ended lease still in it; none if its record cannot be read.
    pub funds: Option<&'a Funds>,
    /// What the lease that ended cost, base units an hour.
    pub ended: Rate,
    /// Within which limit it must stay because a delegate ended the lease of an auction: within none if its
    /// tenant set none.
    pub limit: Option<Option<Rate>>,
}

impl Cover<'_> {
    /// The state in which the group rests since an order of this `ceiling` is not covered once `released` is
    /// reserved no more; none if it is. Base units an hour.
    pub fn rest_for(&self, ceiling: Rate, released: Rate) -> Option<GroupState> {
        let Some(funds) = self.funds else { return Some(GroupState::InsufficientFunds) };
        let gone = self.ended.u128().saturating_add(released.u128());
        let within = |limit| delegate::check(limit, funds.burden_after(ceiling, gone)).is_ok();
        // Before the money: what rests for lack of funds others may start, with no limit.
        if self.limit.is_some_and(|limit| !within(limit)) {
            return Some(GroupState::Paused);
        }
        let carried = funds.carry_order(ceiling, self.ended, released).is_ok();
        (!carried).then_some(GroupState::InsufficientFunds)
    }

    /// Whether a group that rests in `state` may do so only because of what is still reserved.
    pub fn could_gain(&self, state: GroupState) -> bool {
        match state {
            GroupState::InsufficientFunds => self.funds.is_some_and(|funds| !funds.is_depleted()),
            GroupState::Paused => matches!(self.limit, Some(Some(_))),
            GroupState::Open | GroupState::Closed => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use souk_core::{Amount, Clock, amount::AmountError};

    use super::*;

    /// An account that lasts an hour at 100, of which leases cost 40, and open orders reserve 30.
    fn funds(depleted_since: Option<u64>) -> Result<Funds, AmountError> {
        let mut clock = Clock::starting_at(1_000);
        clock.deposit(Amount::new(100)?, 1_000, 3_600);
        clock.add_rate(Rate::new(40)?)?;
        clock.depleted_since = depleted_since;
        Ok(Funds::of(clock, Rate::new(30)?, 3_600))
    }

    #[test]
    fn a_group_is_reopened_as_far_as_account_and_delegates_limit_allow() -> Result<(), AmountError>
    {
        let want = Some(GroupState::InsufficientFunds);
        let paused = Some(GroupState::Paused);
        let (running, stands) = (funds(None)?, funds(Some(900))?);
        let (running, stands) = (Some(&running), Some(&stands));
        for (funds, limit, ceiling, released, rests) in [
            // The lease that ended was the only one: 30 are reserved, or 20 once 10 are let go.
            (running, None, 70, 0, None),
            (running, None, 71, 0, want),
            (running, None, 71, 10, None),
            (running, Some(Some(99)), 70, 0, paused),
            (running, Some(Some(99)), 70, 1, None),
            (running, Some(Some(100)), 70, 0, None),
            (running, Some(Some(100)), 71, 0, paused),
            (running, Some(Some(200)), 71, 0, want),
            (running, Some(None), 1, 30, paused),
            (stands, None, 1, 30, want),
            (None, None, 1, 30, want),
        ] {
            let limit = match limit {
                None => None,
                Some(None) => Some(None),
                Some(Some(limit)) => Some(Some(Rate::new(limit)?)),
            };
            let cover = Cover { funds, ended: Rate::new(40)?, limit };
            let found = cover.rest_for(Rate::new(ceiling)?, Rate::new(released)?);
            assert_eq!(found, rests, "{cover:?}, {ceiling} without {released}");
        }
        Ok(())
    }

    #[test]
    fn what_is_let_go_helps_where_money_is_known_or_a_limit_binds() -> Result<(), AmountError> {
        let (running, stands) = (funds(None)?, funds(Some(900))?);
        let (running, stands) = (Some(&running), Some(&stands));
        let want = GroupState::InsufficientFunds;
        for (funds, limit, state, gains) in [
            (running, None, want, true),
            (stands, None, want, false),
            (None, None, want, false),
            (running, None, GroupState::Paused, false),
            (running, Some(None), GroupState::Paused, false),
            (running, Some(Some(Rate::ZERO)), GroupState::Paused, true),
            (running, Some(Some(Rate::ZERO)), GroupState::Open, false),
        ] {
            let cover = Cover { funds, ended: Rate::ZERO, limit };
            assert_eq!(cover.could_gain(state), gains, "{cover:?}, {state}");
        }
        Ok(())
    }
}
