//! The attestations: what auditors vouch for, until when, on which evidence.

pub mod events;
mod msg;
mod query;

pub use events::AttestationEvent;
pub use msg::{Evidence, ExecuteMsg, InstantiateMsg, MigrateMsg, Profile};
pub use query::{
    AttestationResponse, AttestationsResponse, AuditorResponse, CheckResponse, CheckedResponse,
    ConfigResponse, MAX_CHECKED, MAX_CHECKED_KEYS, QueryMsg,
};
