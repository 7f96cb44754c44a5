//! What auditors, slashers and the market's owner do.

use cw_ownable::Action;

use super::*;

impl Play {
    pub(super) fn harm(&mut self, provider: &str, units: u16) -> Done {
        let address = self.market.who(provider);
        match units % 3 {
            0 => self.market.slash(&address, 1),
            1 => {
                let (auditor, attestations) =
                    (self.market.who("auditor"), self.market.attestations.clone());
                let msg = attestations::ExecuteMsg::Revoke { provider: address.into(), keys: None };
                self.market.call(&auditor, &attestations, &msg, 0)?;
            }
            _ => {
                let until = self.market.now() + 10 * DAY;
                self.market.attest("auditor", &address, &[eu()], until);
            }
        }
        Ok(())
    }

    /// The denom is delisted, or listed again.
    pub(super) fn delist(&mut self) -> Done {
        let config: ConfigResponse = self.market.query(&QueryMsg::Config {}).unwrap();
        let delisted = config.denoms[0].delisted.is_none();
        self.list(delisted);
        self.count(if delisted { "denom delisted" } else { "denom listed again" });
        Ok(())
    }

    pub(super) fn list(&mut self, delisted: bool) {
        let config: ConfigResponse = self.market.query(&QueryMsg::Config {}).unwrap();
        let denoms =
            Some(vec![DenomConfig { delisted: Some(delisted), ..config.denoms[0].clone() }]);
        let msg = ExecuteMsg::UpdateConfig { guardian: None, denoms, params: None };
        self.market.send(&self.market.owner.clone(), &msg).unwrap();
    }

    /// The owner offers the orderbook to another, who takes it.
    pub(super) fn hand_over(&mut self, units: u16) -> Done {
        let owner = self.market.owner.clone();
        let heirs = ["owner", "heir"].map(|name| self.market.who(name));
        let heir = heirs.into_iter().find(|heir| *heir != owner).unwrap();
        let own = ExecuteMsg::UpdateOwnership;
        let accept = own(Action::AcceptOwnership);
        let by_none = self.attempt(|market| market.send(&market.who("anyone"), &accept));
        assert!(by_none.is_err(), "nobody else takes it");
        let offer = Action::TransferOwnership { new_owner: heir.to_string(), expiry: None };
        self.attempt(|market| market.send(&owner, &own(offer)))?;
        if units % 3 == 0 {
            return Ok(());
        }
        self.attempt(|market| market.send(&heir, &accept))?;
        self.market.owner = heir;
        let msg = ExecuteMsg::Unpause {};
        let late = self.attempt(|market| market.send(&owner, &msg));
        assert!(late.is_err(), "who gave it away owns it no more");
        Ok(())
    }
}
