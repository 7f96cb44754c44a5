//! Bonds and fees: what providers put at stake and take back, and what stakers and the pool get.

use souk_api::{defaults::UNBONDING_PERIOD, fees::ExecuteMsg as ToFees};

use super::*;

impl Play {
    /// A provider bonds more, unbonds, or claims: all but the least bond or one unit more, what slots leave free.
    pub(super) fn bonds(&mut self, provider: &str, units: u16) -> Done {
        use registry::ExecuteMsg::{Bond, ClaimUnbonded, Unbond};
        let (address, registry) = (self.market.who(provider), self.market.registry.clone());
        let bond = self.ledger.bonds[address.as_str()].clone();
        let (msg, sum) = match units % 8 {
            0 | 1 => (Bond {}, 1 + u128::from(units) * 40),
            2 => (Unbond { amount: amount(1 + u128::from(units) * 20) }, 0),
            3 => (Unbond { amount: amount(bond.bond.saturating_sub(SLOT)) }, 0),
            4 => (Unbond { amount: amount((bond.bond + 1).saturating_sub(SLOT)) }, 0),
            5 if bond.unbonding > 0 && units % 16 == 5 => {
                // A second before, and then.
                let wait = bond.claimable_at.saturating_sub(self.market.now());
                assert!(wait <= UNBONDING_PERIOD);
                if wait > 0 {
                    self.market.blocks(wait / 6, wait - 1);
                    let early = self.market.call(&address, &registry, &ClaimUnbonded {}, 0);
                    assert!(early.is_err(), "a second too early");
                    self.market.pass(1);
                }
                (ClaimUnbonded {}, 0)
            }
            6 if units % 16 < 8 => {
                // Mostly off.
                let on = units % 64 == 6;
                let named = registry::ExecuteMsg::SetMaintenance { provider: address.into(), on };
                let operator = self.market.operator(provider);
                self.count(if on { "maintenance" } else { "no maintenance" });
                return self.attempt(|market| market.call(&operator, &registry, &named, 0));
            }
            _ => (ClaimUnbonded {}, 0),
        };
        self.attempt(|market| market.call(&address, &registry, &msg, sum))?;
        if matches!(msg, ClaimUnbonded {}) {
            self.count("bond returned");
        }
        Ok(())
    }

    /// Somebody stakes, unstakes or claims; anyone distributes, pays the pool and burns.
    pub(super) fn share(&mut self, who: u8, units: u16) -> Done {
        let who = usize::from(who) % STAKERS.len();
        let (staker, fees) = (self.market.who(STAKERS[who]), self.ledger.fees.distributor.clone());
        let held = if units % 2 == 0 { COIN } else { TOKEN };
        let denom = self.ledger.fees.denom(held);
        let staked = self.ledger.fees.expected.stakes[who];
        let amount_of = |units: u128| amount(units.max(1));
        let (msg, sum) = match units / 2 % 10 {
            0 | 1 => (ToFees::Stake {}, 1 + u128::from(units)),
            2 => (ToFees::Unstake { amount: amount_of(staked + u128::from(units / 20 % 2)) }, 0),
            3 => (ToFees::ClaimUnstaked {}, 0),
            4 | 5 => (ToFees::ClaimRewards { staker: staker.to_string(), denoms: vec![denom] }, 0),
            6 | 7 => (ToFees::Distribute { denom }, 0),
            8 => (ToFees::PayPool { denom }, 0),
            _ => (ToFees::Burn { denom }, 0),
        };
        if matches!(msg, ToFees::Distribute { .. }) {
            let sweep = escrow::ExecuteMsg::SweepFees { denom: self.ledger.fees.denom(held) };
            let (escrow, anyone) = (self.market.escrow.clone(), self.market.who("anyone"));
            self.attempt(|market| market.call(&anyone, &escrow, &sweep, 0))?;
        }
        self.attempt(|market| market.call(&staker, &fees, &msg, sum))
    }

    /// One of those who have something to claim of the accounts is paid, whoever asks.
    pub(super) fn pay_out(&mut self, units: u16) -> Done {
        let mut all = Vec::new();
        for (id, (_, of)) in &self.ledger.accounts {
            let account = AccountId(*id);
            let owed = of.streams.iter().filter(|(_, stream)| stream.known && stream.owed().0 > 0);
            all.extend(
                owed.map(|(number, _)| escrow::ExecuteMsg::Withdraw { account, stream: *number }),
            );
            let own = of.own.refund.is_some_and(|units| units > 0).then_some(None);
            let left = of.others.iter().zip(1..).filter(|(purse, _)| purse.refund.is_some());
            let refunds = own.into_iter().chain(left.map(|(_, number)| Some(number)));
            all.extend(refunds.map(|deposit| escrow::ExecuteMsg::ClaimRefund { account, deposit }));
        }
        let Some(msg) = all.get(usize::from(units) % all.len().max(1)) else {
            return Err("nobody has anything to claim".to_owned());
        };
        let (escrow, anyone) = (self.market.escrow.clone(), self.market.who("anyone"));
        self.attempt(|market| market.call(&anyone, &escrow, msg, 0))?;
        self.count(match msg {
            escrow::ExecuteMsg::Withdraw { .. } => "payout",
            escrow::ExecuteMsg::ClaimRefund { deposit: None, .. } => "refund of the tenant",
            _ => "refund of a friend",
        });
        Ok(())
    }
}
