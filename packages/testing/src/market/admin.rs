//! What owner and guardian do.

use cosmwasm_std::Addr;
use serde_json::json;

use super::{Market, Outcome};

impl Market {
    /// The guardian stops new business of one of the contracts.
    pub fn pause(&mut self, contract: &Addr) -> Outcome {
        let guardian = self.who("guardian");
        self.send(&guardian, contract, &json!({"pause": {}}), &[])
    }

    /// The owner allows it again.
    pub fn unpause(&mut self, contract: &Addr) -> Outcome {
        let owner = self.who("owner");
        self.send(&owner, contract, &json!({"unpause": {}}), &[])
    }
}
