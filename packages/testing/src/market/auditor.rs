//! What auditors do.

use souk_api::attestations::ExecuteMsg;
use souk_core::Attribute;

use super::{Market, Outcome};

impl Market {
    /// The auditor attests attributes of a provider for `lifetime` seconds.
    pub fn attest(
        &mut self,
        auditor: &str,
        provider: &str,
        attributes: &[(&str, &str)],
        lifetime: u64,
    ) -> Outcome {
        let attributes = attributes.iter().map(|(key, value)| Attribute::new(*key, *value));
        let msg = ExecuteMsg::Attest {
            provider: self.who(provider).into(),
            attributes: attributes.collect(),
            expires_at: self.now().saturating_add(lifetime),
            evidence: None,
        };
        self.tell_attestations(auditor, &msg)
    }

    /// The auditor takes everything back that it attested of a provider.
    pub fn revoke(&mut self, auditor: &str, provider: &str) -> Outcome {
        let provider = self.who(provider).into();
        self.tell_attestations(auditor, &ExecuteMsg::Revoke { provider, keys: None })
    }

    fn tell_attestations(&mut self, name: &str, msg: &ExecuteMsg) -> Outcome {
        let (sender, contract) = (self.who(name), self.contracts.attestations.clone());
        self.send(&sender, &contract, msg, &[])
    }
}
