//! Bonds: given, asked back, claimed and taken.

use souk_api::{defaults::UNBONDING_PERIOD, registry::ExecuteMsg};

use super::*;

/// What a provider has at stake.
#[derive(Clone, Debug, Default)]
pub struct Bond {
    pub bond: u128,
    pub unbonding: u128,
    pub claimable_at: u64,
    payee: String,
    operator: String,
}

impl Bond {
    pub fn at_stake(&self) -> u128 {
        self.bond + self.unbonding
    }

    /// What can be claimed at `now` while that many slots are in use.
    pub fn claimable(&self, now: u64, used: usize) -> u128 {
        let free = self.at_stake().saturating_sub(used as u128 * SLOT);
        if now >= self.claimable_at { free.min(self.unbonding) } else { 0 }
    }
}

impl Ledger {
    /// Whom a provider lets be paid.
    pub(super) fn payee(&self, provider: &str) -> String {
        self.bonds[provider].payee.clone()
    }

    /// Who acts for a provider.
    pub(super) fn operator(&self, provider: &str) -> &str {
        &self.bonds[provider].operator
    }

    pub(super) fn of_registry(&mut self, market: &Market, record: &Record, msg: &ExecuteMsg) {
        let (from, done) = (record.from.to_string(), record.done.is_some());
        let units = record.funds.first().map_or(0, |coin| coin.amount.u128());
        let (now, used) = (self.now, self.slots(&from));
        let vault = market.registry.as_str();
        if done {
            self.quotes.of_registry(msg);
        }
        let mut bond = self.bonds.get(&from).cloned().unwrap_or_default();
        let (expected, paid) = match msg {
            ExecuteMsg::Register { payee, operator, .. } => {
                bond.bond += units;
                bond.operator = operator.clone();
                bond.payee = payee.clone().unwrap_or_else(|| from.clone());
                (true, 0)
            }
            ExecuteMsg::Bond {} => {
                bond.bond += units;
                (true, 0)
            }
            ExecuteMsg::Unbond { amount } => {
                let units = amount.u128();
                // The least bond stays, here that of one slot.
                let fine = units > 0 && units + SLOT <= bond.bond;
                if fine {
                    bond.bond -= units;
                    bond.unbonding += units;
                    bond.claimable_at = now + UNBONDING_PERIOD;
                }
                (fine, 0)
            }
            ExecuteMsg::ClaimUnbonded {} => {
                let paid = bond.claimable(now, used);
                bond.unbonding -= paid;
                (paid > 0, paid)
            }
            ExecuteMsg::Slash { provider, amount } if done => {
                let victim = self.bonds.get_mut(provider).unwrap();
                let of_bond = amount.u128().min(victim.bond);
                victim.bond -= of_bond;
                victim.unbonding -= amount.u128() - of_bond;
                self.moves(COIN, vault, market.collector.as_str(), amount.u128());
                return;
            }
            _ => return,
        };
        assert_eq!(done, expected, "{msg:?} of {from} at {now}, {used} slots used: {bond:?}");
        if done {
            self.bonds.insert(from.clone(), bond);
            self.moves(COIN, &from, vault, units);
            self.moves(COIN, vault, &from, paid);
        }
    }
}
