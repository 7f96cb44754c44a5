//! Whose attestations a tenant trusts.

use cosmwasm_schema::cw_serde;

/// Auditors whose word counts. Both lists given: both must hold.
#[cw_serde]
#[derive(Eq, Default)]
pub struct SignedBy {
    /// Each of them attests all required attributes.
    #[serde(default)]
    pub all_of: Vec<String>,
    /// At least one of them does.
    #[serde(default)]
    pub any_of: Vec<String>,
}

impl SignedBy {
    /// Nobody in particular: the provider's own claims count.
    pub fn is_empty(&self) -> bool {
        self.all_of.is_empty() && self.any_of.is_empty()
    }

    /// Every auditor named, `all_of` first.
    pub fn auditors(&self) -> impl Iterator<Item = &str> {
        self.all_of.iter().chain(&self.any_of).map(String::as_str)
    }
}
