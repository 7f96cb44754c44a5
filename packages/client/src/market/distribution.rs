//! What brings fees to where they belong.

use souk_api::{escrow, fees};
use souk_chain::{
    Any,
    tx::{self, MsgError},
};
use souk_core::Denom;

use super::Market;

impl Market {
    /// The messages that bring all fees of a denom to the distributor and split them there. What
    /// is the pool's is put aside; [`Market::pool_payment`] pays it.
    ///
    /// # Errors
    /// If a message cannot be written as JSON.
    pub fn distribution(&self, sender: &str, denom: &Denom) -> Result<Vec<Any>, MsgError> {
        let sweep = escrow::ExecuteMsg::SweepFees { denom: denom.clone() };
        let split = fees::ExecuteMsg::Distribute { denom: denom.clone() };
        Ok(vec![
            tx::execute(sender, &self.contracts.escrow, &sweep, &[])?,
            tx::execute(sender, &self.contracts.fee_distributor, &split, &[])?,
        ])
    }

    /// The message that pays the pool what was put aside for it. Best in a transaction of its
    /// own: if the pool's address cannot be paid, only that fails.
    ///
    /// # Errors
    /// If it cannot be written as JSON.
    pub fn pool_payment(&self, sender: &str, denom: &Denom) -> Result<Any, MsgError> {
        let pay = fees::ExecuteMsg::PayPool { denom: denom.clone() };
        tx::execute(sender, &self.contracts.fee_distributor, &pay, &[])
    }
}
