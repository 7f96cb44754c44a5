//! Events of the attestations contract.

use crate::admin::events;

events! {
    /// The events.
    enum AttestationEvent of "souk_attestations";

    /// Attributes were attested.
    Attested = "souk_attestations_attested" {
        /// The auditor.
        auditor: String,
        /// The provider.
        provider: String,
        /// How many.
        count: u32,
        /// When they end.
        expires_at: u64,
    }
    /// Attestations were taken back.
    Revoked = "souk_attestations_revoked" {
        /// The auditor.
        auditor: String,
        /// The provider.
        provider: String,
        /// How many.
        count: u32,
    }
    /// An auditor changed its profile.
    ProfileSet = "souk_attestations_profile_set" {
        /// The auditor.
        auditor: String,
    }
}
