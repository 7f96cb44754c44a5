//! What every contract emits about its administration: pauses, configuration, ownership,
//! migration. Each contract puts its own name in front (`souk_escrow_paused`), and its event
//! enum reads them as its variant `Admin`.

use cosmwasm_std::Attribute;

use crate::event::{EventError, event_types};

event_types! {
    /// An event of a contract's administration.
    enum AdminEvent;

    /// New business is stopped from now on.
    Paused = "paused" {
        /// Who stopped it.
        by: String,
        /// The second at which the pause ends by itself, if it does.
        until: Option<u64>,
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

/// Defines the events of the contract that is named after `of`, such as `"souk_escrow"`: structs, their
/// enum, and the ways there and back. The enum has the contract's administrative events, too.
macro_rules! events {
    (
        $(#[$enum_doc:meta])* enum $enum:ident of $contract:literal;
        $($events:tt)*
    ) => {
        $crate::event::event_types! { @define [
            /// An event of its administration.
            Admin($crate::admin::AdminEvent)
        ] [$contract] $(#[$enum_doc])* enum $enum; $($events)* }

        impl $enum {
            /// What the types of the contract's events begin with.
            pub const PREFIX: &'static str = $contract;
        }

        impl From<$crate::admin::AdminEvent> for $enum {
            fn from(event: $crate::admin::AdminEvent) -> Self {
                Self::Admin(event)
            }
        }
    };
}
pub(crate) use events;
