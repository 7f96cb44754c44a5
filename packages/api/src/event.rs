//! Typed events: a struct that turns into a cosmwasm event and back.
//!
//! A contract adds `BidPlaced { .. }.into()`; the chain publishes it as
//! `wasm-souk_orderbook_bid_placed` with the contract's address in `_contract_address`;
//! agent, command line and tests read it back with the contract's event enum. An event
//! counts only if it comes from the configured contract: see [`of_contract`].

use cosmwasm_std::{Attribute, Event};
use souk_core::{
    AccountId, Amount, AuctionPolicy, BidId, CloseReason, Denom, DeploymentId, GroupSeq, OrderId,
    Price, Rate, time::WEEK,
};
use thiserror::Error;

/// What the chain puts before the type of a contract's event.
pub const WASM_PREFIX: &str = "wasm-";
/// The attribute by which the chain names the contract; no contract can forge it.
pub const CONTRACT_ADDRESS: &str = "_contract_address";

/// An event that is not of the expected form.
#[derive(Debug, Clone, Error, PartialEq, Eq)]
pub enum EventError {
    /// Another type.
    #[error("event `{0}` is not known")]
    Unknown(String),
    /// An attribute that is missing or cannot be read.
    #[error("event `{event}`: attribute `{attribute}` is {found:?}")]
    Attribute {
        /// The event's type.
        event: &'static str,
        /// The attribute's key.
        attribute: &'static str,
        /// Its value, if it is there at all.
        found: Option<String>,
    },
}

/// A struct that stands for one type of event.
pub trait TypedEvent: Sized + Into<Event> {
    /// The type as the contract gives it, without the chain's prefix.
    const TYPE: &'static str;

    /// Reads the attributes of an event of this type.
    fn from_attributes(attributes: &[Attribute]) -> Result<Self, EventError>;
}

/// A value as an attribute's text. `None` leaves the attribute out.
pub trait EventValue: Sized {
    /// The text.
    fn write(&self) -> Option<String>;
    /// Reads what [`EventValue::write`] wrote.
    fn read(text: Option<&str>) -> Option<Self>;
}

macro_rules! by_text {
    ($($type:ty),*) => {$(
        impl EventValue for $type {
            fn write(&self) -> Option<String> {
                Some(self.to_string())
            }
            fn read(text: Option<&str>) -> Option<Self> {
                text?.parse().ok()
            }
        }
    )*};
}

by_text!(
    u16,
    u32,
    u64,
    u128,
    bool,
    String,
    AccountId,
    Amount,
    BidId,
    CloseReason,
    Denom,
    DeploymentId,
    GroupSeq,
    OrderId,
    Price,
    Rate
);

impl<T: EventValue> EventValue for Option<T> {
    fn write(&self) -> Option<String> {
        self.as_ref().and_then(EventValue::write)
    }
    fn read(text: Option<&str>) -> Option<Self> {
        match text {
            None => Some(None),
            some => T::read(some).map(Some),
        }
    }
}

impl EventValue for AuctionPolicy {
    fn write(&self) -> Option<String> {
        Some(self.to_string())
    }
    fn read(text: Option<&str>) -> Option<Self> {
        match text? {
            "tenant_choice" => Some(Self::TenantChoice {}),
            text => {
                let closes_after = text.strip_prefix("lowest_price:")?.parse().ok()?;
                (closes_after <= WEEK).then_some(Self::LowestPrice { closes_after })
            }
        }
    }
}

/// Whether an event as the chain publishes it (type with prefix, attributes) was emitted by
/// the contract at `address`. If so, its type without the prefix.
pub fn of_contract<'a>(ty: &'a str, attributes: &[Attribute], address: &str) -> Option<&'a str> {
    let emitter = attributes.iter().find(|attribute| attribute.key == CONTRACT_ADDRESS)?;
    let ty = ty.strip_prefix(WASM_PREFIX)?;
    (emitter.value == address).then_some(ty)
}

/// Looks an attribute up and reads it; used by the macro.
#[doc(hidden)]
pub fn read_attribute<T: EventValue>(
    event: &'static str,
    attribute: &'static str,
    attributes: &[Attribute],
) -> Result<T, EventError> {
    let found = attributes.iter().find(|a| a.key == attribute).map(|a| a.value.as_str());
    T::read(found).ok_or_else(|| EventError::Attribute {
        event,
        attribute,
        found: found.map(str::to_owned),
    })
}

/// Adds an attribute unless there is none; used by the macro.
#[doc(hidden)]
#[inline(never)]
pub fn write_attribute(event: &mut Event, key: &'static str, value: Option<String>) {
    if let Some(value) = value {
        event.attributes.push(Attribute { key: key.to_owned(), value });
    }
}

/// An event under a contract's name: `souk_escrow` and `paused` become `souk_escrow_paused`.
pub fn named(contract: &str, mut event: Event) -> Event {
    event.ty = [contract, "_", &event.ty].concat();
    event
}

/// Defines events: structs, their enum, and the ways there and back. The events of a contract are
/// defined with [`events`](crate::admin::events), which adds those of its administration.
macro_rules! event_types {
    ( $(#[$enum_doc:meta])* enum $enum:ident; $($events:tt)* ) => {
        $crate::event::event_types! { @define [] [] $(#[$enum_doc])* enum $enum; $($events)* }
    };
    (
        @define [$($(#[$admin_doc:meta])* $admin:ident($admin_type:ty))?] [$($contract:literal)?]
        $(#[$enum_doc:meta])* enum $enum:ident;
        $( $(#[$doc:meta])* $name:ident = $type:literal { $( $(#[$fdoc:meta])* $field:ident: $ft:ty ),* $(,)? } )*
    ) => {
        $(
            $(#[$doc])*
            #[derive(Clone, Debug, PartialEq, Eq)]
            pub struct $name { $( $(#[$fdoc])* pub $field: $ft ),* }

            impl From<$name> for cosmwasm_std::Event {
                fn from(event: $name) -> Self {
                    let mut written = cosmwasm_std::Event::new($type);
                    $( $crate::event::write_attribute(&mut written, stringify!($field), $crate::event::EventValue::write(&event.$field)); )*
                    written
                }
            }

            impl $crate::event::TypedEvent for $name {
                const TYPE: &'static str = $type;
                fn from_attributes(attributes: &[cosmwasm_std::Attribute]) -> Result<Self, $crate::event::EventError> {
                    Ok(Self { $( $field: $crate::event::read_attribute($type, stringify!($field), attributes)? ),* })
                }
            }

            impl From<$name> for $enum {
                fn from(event: $name) -> Self {
                    Self::$name(event)
                }
            }
        )*

        $(#[$enum_doc])*
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub enum $enum {
            $( $(#[$doc])* $name($name), )*
            $( $(#[$admin_doc])* $admin($admin_type), )?
        }

        impl From<$enum> for cosmwasm_std::Event {
            fn from(event: $enum) -> Self {
                match event {
                    $( $enum::$name(event) => event.into(), )*
                    $( $enum::$admin(event) => $crate::event::named($contract, event.into()), )?
                }
            }
        }

        impl $enum {
            /// The types of all of them, those of the contract's administration aside.
            pub const TYPES: &'static [&'static str] = &[$($type),*];

            /// Reads an event by its type, without the chain's prefix.
            pub fn parse(ty: &str, attributes: &[cosmwasm_std::Attribute]) -> Result<Self, $crate::event::EventError> {
                $( if let Some(admin) = <$admin_type>::of_contract($contract, ty, attributes) {
                    return admin.map(Self::$admin);
                } )?
                match ty {
                    $( $type => <$name as $crate::event::TypedEvent>::from_attributes(attributes).map(Self::$name), )*
                    _ => Err($crate::event::EventError::Unknown(ty.to_owned())),
                }
            }

            /// Reads an event as the chain publishes it, if the contract at `address` emitted
            /// it and its type is known here.
            pub fn from_chain(ty: &str, attributes: &[cosmwasm_std::Attribute], address: &str) -> Option<Result<Self, $crate::event::EventError>> {
                let ty = $crate::event::of_contract(ty, attributes, address)?;
                match Self::parse(ty, attributes) {
                    Err($crate::event::EventError::Unknown(_)) => None,
                    read => Some(read),
                }
            }
        }
    };
}
pub(crate) use event_types;
