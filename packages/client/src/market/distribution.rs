//! What brings fees to where they belong.

use souk_api::{escrow, fees};
use souk_chain::{
    Any,
    tx::{self, MsgError},
};
use souk_core::Denom;

use super::Market;

impl Market {
    /// The messages that bring all fees of a denom to the distributor and split them there.
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
}
