//! What auditors said, and until when.

use std::collections::BTreeMap;

use cosmwasm_std::Addr;
use souk_api::attestations::{Evidence, Profile};

/// What one auditor says of one provider.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Said {
    /// Value and end of each key.
    pub values: BTreeMap<String, (String, u64)>,
    pub evidence: Option<Evidence>,
}

pub struct Words {
    /// By provider and auditor.
    said: BTreeMap<(String, String), Said>,
    pub profiles: BTreeMap<String, Profile>,
    /// The longest lifetime.
    pub longest: u64,
}

fn by(provider: &Addr, auditor: &str) -> (String, String) {
    (provider.to_string(), auditor.to_owned())
}

impl Words {
    pub fn new(longest: u64) -> Self {
        Self { said: BTreeMap::new(), profiles: BTreeMap::new(), longest }
    }

    /// What is said takes the place of what was said of the same key; what has ended goes.
    pub fn attest(
        &mut self,
        provider: &Addr,
        auditor: &Addr,
        now: u64,
        said: impl Iterator<Item = (String, (String, u64))>,
        evidence: Option<Evidence>,
    ) {
        let before = self.said.entry(by(provider, auditor.as_str())).or_default();
        before.values.retain(|_, (_, ends)| *ends > now);
        before.values.extend(said);
        before.evidence = evidence;
    }

    /// Takes keys back, all of which must have been attested; or everything.
    pub fn revoke(&mut self, provider: &Addr, auditor: &Addr, keys: Option<&[&str]>) -> bool {
        let of = by(provider, auditor.as_str());
        let Some(said) = self.said.get_mut(&of) else { return false };
        match keys {
            None => said.values.clear(),
            Some([]) => return false,
            Some(keys) if keys.iter().any(|key| !said.values.contains_key(*key)) => return false,
            Some(keys) => said.values.retain(|key, _| !keys.contains(&key.as_str())),
        }
        if said.values.is_empty() {
            self.said.remove(&of);
        }
        true
    }

    /// Of one provider, by auditor.
    pub fn of(&self, provider: &Addr) -> Vec<(String, Said)> {
        let of_it = self.said.iter().filter(|((of, _), _)| provider.as_str() == of);
        of_it.map(|((_, auditor), said)| (auditor.clone(), said.clone())).collect()
    }

    /// The keys that stand at a moment.
    pub fn attested(&self, provider: &Addr, auditor: &str, at: u64) -> Vec<String> {
        let said = self.said.get(&by(provider, auditor)).cloned().unwrap_or_default();
        let stand = said.values.into_iter().filter(|(_, (_, ends))| *ends > at);
        stand.map(|(key, _)| key).collect()
    }

    /// When the next one ends.
    pub fn next_end(&self, now: u64) -> Option<u64> {
        let all = self.said.values().flat_map(|said| said.values.values());
        all.map(|(_, ends)| *ends).filter(|ends| *ends > now).min()
    }
}
