//! What a contract returned: its events checked and emitted as wasmd does.

use cosmwasm_std::{Attribute, Event as ContractEvent};

use crate::error::{AbciResult, wasm};
use crate::event::Event;
use crate::state::Ctx;

/// Attribute that wasmd puts first, so that nobody can speak for another contract.
pub const CONTRACT_ATTRIBUTE: &str = "_contract_address";

/// Emits a contract's attributes and events, and charges for them.
pub fn emit(
    ctx: &Ctx,
    contract: &[u8],
    attributes: &[Attribute],
    events: &[ContractEvent],
) -> AbciResult<()> {
    ctx.gas().consume(event_gas(attributes, events), "Custom contract event attributes");
    if !attributes.is_empty() {
        ctx.emit(checked(ctx, contract, "wasm".into(), attributes)?);
    }
    for event in events {
        let ty = event.ty.trim();
        if ty.len() <= 2 {
            return Err(wasm::invalid_event(format!("Event type too short: '{ty}'")));
        }
        ctx.emit(checked(ctx, contract, format!("wasm-{ty}"), &event.attributes)?);
    }
    Ok(())
}

fn checked(ctx: &Ctx, contract: &[u8], ty: String, attributes: &[Attribute]) -> AbciResult<Event> {
    let mut event = Event::new(ty).with(CONTRACT_ATTRIBUTE, ctx.codec().encode(contract));
    for attribute in attributes {
        let key = attribute.key.trim();
        if key.is_empty() {
            return Err(wasm::invalid_event(format!(
                "Empty attribute key. Value: {}",
                attribute.value
            )));
        }
        if key.starts_with('_') {
            return Err(wasm::invalid_event(format!(
                "Attribute key starts with reserved prefix _: '{key}'"
            )));
        }
        event = event.with(key, attribute.value.trim());
    }
    Ok(event)
}

/// 10 an attribute, 20 an event, 1 a byte of types, and of attributes above the first 100.
pub fn event_gas(attributes: &[Attribute], events: &[ContractEvent]) -> u64 {
    let bytes_of = |attributes: &[Attribute]| -> u64 {
        attributes.iter().map(|a| (a.key.len() + a.value.len()) as u64).sum()
    };
    let mut count = attributes.len() as u64;
    let mut bytes = bytes_of(attributes);
    let mut gas = 0;
    for event in events {
        gas += 20 + event.ty.len() as u64;
        count += event.attributes.len() as u64;
        bytes += bytes_of(&event.attributes);
    }
    gas + 10 * count + bytes.saturating_sub(100)
}
