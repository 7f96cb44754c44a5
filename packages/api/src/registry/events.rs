//! Events of the registry.

use souk_core::Amount;

use crate::admin::events;

events! {
    /// The registry's events.
    enum RegistryEvent of "souk_registry";

    /// A provider registered.
    Registered = "souk_registry_registered" {
        /// The provider.
        provider: String,
        /// Its operator key.
        operator: String,
        /// Its bond.
        bond: Amount,
    }
    /// A provider's record changed: attributes, payee, contact, operator, gateway or maintenance.
    Updated = "souk_registry_updated" {
        /// The provider.
        provider: String,
    }
    /// A bond changed.
    BondChanged = "souk_registry_bond_changed" {
        /// The provider.
        provider: String,
        /// What counts from now on.
        bond: Amount,
        /// What unbonds.
        unbonding: Amount,
    }
    /// Unbonded coins were paid.
    UnbondedClaimed = "souk_registry_unbonded_claimed" {
        /// The provider.
        provider: String,
        /// How much.
        amount: Amount,
    }
    /// A provider left.
    Deregistered = "souk_registry_deregistered" {
        /// The provider.
        provider: String,
    }
    /// The gateway or the price floors change after a while.
    ChangeNoticed = "souk_registry_change_noticed" {
        /// The provider.
        provider: String,
        /// What changes: `gateway` or `floors`.
        what: String,
        /// From which second on the new one holds.
        from: u64,
    }
    /// Part of a bond will be taken.
    SlashNoticed = "souk_registry_slash_noticed" {
        /// The provider.
        provider: String,
        /// How much.
        amount: Amount,
        /// From which second on.
        executable_at: u64,
        /// From which second on not any more.
        lapses_at: u64,
        /// Why.
        reason: String,
    }
    /// A notice was taken back.
    NoticeWithdrawn = "souk_registry_notice_withdrawn" {
        /// The provider.
        provider: String,
        /// How much would have been taken.
        amount: Amount,
    }
    /// A bond was slashed.
    Slashed = "souk_registry_slashed" {
        /// The provider.
        provider: String,
        /// How much was taken.
        amount: Amount,
        /// Who got it.
        recipient: String,
        /// Why.
        reason: String,
    }
}
