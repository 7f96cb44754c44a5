//! The contracts' events in a response, typed, in order. Events of other contracts are
//! passed over; a malformed one of ours is a failure of the test.

use cosmwasm_std::Addr;
use cw_multi_test::AppResponse;
use souk_api::{
    attestations::AttestationEvent, escrow::EscrowEvent, fees::FeeEvent, orderbook::OrderbookEvent,
    registry::RegistryEvent,
};

macro_rules! typed {
    ($($(#[$doc:meta])* $name:ident -> $event:ident;)*) => {$(
        $(#[$doc])*
        pub fn $name(response: &AppResponse, contract: &Addr) -> Vec<$event> {
            let read = |event: &cosmwasm_std::Event| {
                $event::from_chain(&event.ty, &event.attributes, contract.as_str())
            };
            let read = response.events.iter().filter_map(read);
            read.map(|event| event.unwrap_or_else(|error| panic!("{error}"))).collect()
        }
    )*};
}

typed! {
    /// The orderbook's events.
    orderbook -> OrderbookEvent;
    /// The escrow's events.
    escrow -> EscrowEvent;
    /// The registry's events.
    registry -> RegistryEvent;
    /// The attestations's events.
    attestations -> AttestationEvent;
    /// The fee distributor's events.
    fees -> FeeEvent;
}
