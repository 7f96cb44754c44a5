//! What the attestations contract is asked.

use cosmwasm_schema::{QueryResponses, cw_serde};

use super::{Evidence, Profile};
use crate::published::AttestedValue;

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

/// An auditor.
#[cw_serde]
pub struct AuditorResponse {
    /// Its address.
    pub auditor: String,
    /// Its profile, if it gave one.
    pub profile: Option<Profile>,
}
