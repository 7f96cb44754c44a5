//! Messages to the attestations contract.

use cosmwasm_schema::cw_serde;
use cosmwasm_std::HexBinary;
use souk_core::Attribute;

use crate::{Message, Permission};

/// Sets the contract up. The sender becomes its owner unless one is named.
#[cw_serde]
pub struct InstantiateMsg {
    /// The owner; the sender if none.
    pub owner: Option<String>,
    /// May stop new attestations; the owner if none.
    pub guardian: Option<String>,
    /// Longest lifetime of an attestation in seconds, an hour to ten years.
    pub max_lifetime: u64,
}

/// Migrates to the code's version; there is nothing to say.
#[cw_serde]
pub struct MigrateMsg {}

/// What an attestation rests on.
#[cw_serde]
#[derive(Eq)]
pub struct Evidence {
    /// SHA-256 of the report.
    pub hash: HexBinary,
    /// Where it can be read; 256 bytes at most.
    pub uri: String,
}

/// Who an auditor is, in its own words; each text 256 bytes at most.
#[cw_serde]
#[derive(Eq, Default)]
pub struct Profile {
    /// Name.
    pub name: String,
    /// Web page.
    pub website: String,
    /// How it audits.
    pub policy: String,
}

/// The messages.
#[cw_ownable::cw_ownable_execute]
#[cw_serde]
pub enum ExecuteMsg {
    /// The sender, as auditor, attests attributes of a provider. A key attested before gets
    /// the new value and expiry; others stay, except those that have ended.
    Attest {
        /// The provider.
        provider: String,
        /// What is attested; with what stands and has not ended, at most 64 values and 8 KB.
        attributes: Vec<Attribute>,
        /// When it ends, in seconds; in the future, at most the longest lifetime away.
        expires_at: u64,
        /// What it rests on.
        evidence: Option<Evidence>,
    },
    /// The sender takes attestations back.
    Revoke {
        /// The provider.
        provider: String,
        /// The keys; none for all.
        keys: Option<Vec<String>>,
    },
    /// The sender says who it is.
    SetProfile {
        /// Its profile.
        profile: Profile,
    },
    /// Changes the configuration; what is not given stays.
    UpdateConfig {
        /// The guardian.
        guardian: Option<String>,
        /// Longest lifetime in seconds.
        max_lifetime: Option<u64>,
    },
    /// Stops new attestations.
    Pause {},
    /// Allows them again.
    Unpause {},
}

impl Message for ExecuteMsg {
    fn permission(&self) -> Permission {
        match self {
            Self::Attest { .. } | Self::Revoke { .. } | Self::SetProfile { .. } => {
                Permission::Self_
            }
            Self::UpdateConfig { .. } | Self::Unpause {} => Permission::Owner,
            Self::Pause {} => Permission::Guardian,
            // cw-ownable checks owner and pending owner itself.
            Self::UpdateOwnership(_) => Permission::Anyone,
        }
    }
    fn takes_coins(&self) -> bool {
        false
    }

    fn is_new_business(&self) -> bool {
        matches!(self, Self::Attest { .. })
    }
}
