//! What every contract emits about its administration: pauses, configuration, ownership,
//! migration. Each contract puts its own name in front (`souk_escrow_paused`), and its event
//! enum reads them as its variant `Admin`.

use cosmwasm_std::{Attribute, Event};

use crate::event::{EventError, events};

events! {
    /// An event of a contract's administration.
    enum AdminEvent;

    /// New business is stopped from now on.
    Paused = "paused" {
        /// Who stopped it.
        by: String,
    }
    /// New business is allowed again.
    Unpaused = "unpaused" {
        /// Who allowed it.
        by: String,
    }
    /// The configuration changed; the query `config` shows it.
    ConfigUpdated = "config_updated" {
        /// Who changed it.
        by: String,
    }
    /// The owner proposed another one, who may accept.
    OwnershipTransferProposed = "ownership_transfer_proposed" {
        /// The owner until then.
        owner: String,
        /// Who may accept.
        pending_owner: String,
        /// The second from which the proposal does not count any more, if there is one.
        expires_at: Option<u64>,
        /// The block from which it does not count any more, if there is one.
        expires_at_height: Option<u64>,
    }
    /// The proposed owner accepted.
    OwnershipTransferAccepted = "ownership_transfer_accepted" {
        /// The owner from now on.
        owner: String,
    }
    /// The contract has no owner any more.
    OwnershipRenounced = "ownership_renounced" {
        /// The last owner.
        owner: String,
    }
    /// The contract runs other code from now on.
    Migrated = "migrated" {
        /// The version before.
        from: String,
        /// The version now.
        to: String,
    }
}

/// An administrative event under a contract's name: `souk_escrow` and `paused` become
/// `souk_escrow_paused`.
pub fn named(contract: &str, mut event: Event) -> Event {
    event.ty = [contract, "_", &event.ty].concat();
    event
}

impl AdminEvent {
    /// Reads an event by its type and the name of its contract; none if it is about something
    /// else.
    pub(crate) fn of_contract(
        contract: &str,
        ty: &str,
        attributes: &[Attribute],
    ) -> Option<Result<Self, EventError>> {
        let verb = ty.strip_prefix(contract)?.strip_prefix('_')?;
        match Self::parse(verb, attributes) {
            Err(EventError::Unknown(_)) => None,
            read => Some(read),
        }
    }
}
