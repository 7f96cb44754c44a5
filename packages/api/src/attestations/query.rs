//! What the attestations contract is asked.

use cosmwasm_schema::{QueryResponses, cw_serde};

use super::{Evidence, Profile};
use crate::published::AttestedValue;

/// Auditors in one [`QueryMsg::Check`] at most: as many as an order can name.
pub const MAX_CHECKED: usize = 8;
/// Keys in one [`QueryMsg::Check`] at most: as many as a group can require.
pub const MAX_CHECKED_KEYS: usize = 32;

/// The queries.
#[cw_ownable::cw_ownable_query]
#[cw_serde]
#[derive(QueryResponses)]
pub enum QueryMsg {
    /// The configuration.
    #[returns(ConfigResponse)]
    Config {},
    /// What one auditor attests of one provider, expired values included.
    #[returns(AttestationResponse)]
    Attestation {
        /// The auditor.
        auditor: String,
        /// The provider.
        provider: String,
    },
    /// What all auditors attest of one provider.
    #[returns(AttestationsResponse)]
    Attestations {
        /// The provider.
        provider: String,
        /// The last auditor of the page before.
        start_after: Option<String>,
        /// Entries at most.
        limit: Option<u32>,
    },
    /// What several auditors attest of one provider, in one answer.
    #[returns(CheckResponse)]
    Check {
        /// The provider.
        provider: String,
        /// The auditors, 8 at most; each is answered for once.
        auditors: Vec<String>,
        /// Which keys; a key that ends in `*` stands for all that begin so. All if none is given.
        keys: Option<Vec<String>>,
        /// Only what counts at this second; what has ended is in the answer, too, if none is given.
        at: Option<u64>,
    },
    /// An auditor's profile.
    #[returns(AuditorResponse)]
    Auditor {
        /// The auditor.
        auditor: String,
    },
}

/// The configuration.
#[cw_serde]
pub struct ConfigResponse {
    /// May stop new attestations.
    pub guardian: String,
    /// Longest lifetime in seconds.
    pub max_lifetime: u64,
    /// Whether new attestations are stopped.
    pub paused: bool,
    /// When that ends by itself, in seconds: a guardian's pause after a week; the owner's does not.
    pub pause_ends: Option<u64>,
}

/// What one auditor attests of one provider.
#[cw_serde]
pub struct AttestationResponse {
    /// The auditor.
    pub auditor: String,
    /// The provider.
    pub provider: String,
    /// Values with their expiry, by key.
    pub values: Vec<AttestedValue>,
    /// What the latest attestation rests on.
    pub evidence: Option<Evidence>,
}

/// A page of attestations.
#[cw_serde]
pub struct AttestationsResponse {
    /// By auditor.
    pub attestations: Vec<AttestationResponse>,
}

/// What several auditors attest of one provider.
#[cw_serde]
pub struct CheckResponse {
    /// One for each auditor that was asked for, by address; without values if it attests nothing
    /// of that kind.
    pub auditors: Vec<CheckedResponse>,
}

/// What one of them attests.
#[cw_serde]
pub struct CheckedResponse {
    /// The auditor.
    pub auditor: String,
    /// Values with their expiry, by key.
    pub values: Vec<AttestedValue>,
}

/// An auditor.
#[cw_serde]
pub struct AuditorResponse {
    /// Its address.
    pub auditor: String,
    /// Its profile, if it gave one.
    pub profile: Option<Profile>,
}
