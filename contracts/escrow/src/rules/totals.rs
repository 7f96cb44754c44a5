//! What the contract owes in one denom, all accounts together. Pure.
//!
//! Its balance of the denom is `held + fees`, stray transfers aside. The sum is bounded when
//! coins come in, so that nothing that goes out can overflow.

use cosmwasm_schema::cw_serde;
use souk_core::{Amount, Denom};

use super::stream::Due;
use crate::ContractError;

/// The sums of one denom.
#[cw_serde]
pub struct Totals {
    /// To accounts, payees and depositors; the fee on what was not yet withdrawn is in it.
    pub held: Amount,
    /// To the fee collector.
    pub fees: Amount,
}

impl Default for Totals {
    fn default() -> Self {
        Self { held: Amount::ZERO, fees: Amount::ZERO }
    }
}

impl Totals {
    /// All that is owed, in base units.
    pub fn sum(&self) -> u128 {
        self.held.u128().saturating_add(self.fees.u128())
    }

    /// Coins came in.
    pub fn add(&mut self, denom: &Denom, amount: Amount) -> Result<(), ContractError> {
        let too_much =
            |_| ContractError::TooMuch { denom: denom.clone(), amount, what: "the escrow" };
        let held = self.held.checked_add(amount).map_err(too_much)?;
        held.checked_add(self.fees).map_err(too_much)?;
        self.held = held;
        Ok(())
    }

    /// A stream's payee is paid, its fee is put aside.
    pub fn pay_stream(&mut self, denom: &Denom, due: Due) -> Result<(), ContractError> {
        self.pay(denom, due.sum())?;
        self.fees = self.fees.checked_add(due.fee)?;
        Ok(())
    }

    /// Coins go out to a tenant or depositor.
    pub fn pay(&mut self, denom: &Denom, amount: Amount) -> Result<(), ContractError> {
        let held = self.held;
        let overdrawn = || {
            let denom = denom.clone();
            ContractError::Overdrawn { denom, held, asked: amount }
        };
        self.held = held.checked_sub(amount).ok_or_else(overdrawn)?;
        Ok(())
    }

    /// All fees go out.
    pub fn sweep(&mut self) -> Amount {
        std::mem::replace(&mut self.fees, Amount::ZERO)
    }
}
