//! A provider changes what is known of it.

use cosmwasm_std::Response;
use souk_api::registry::{Contact, events::Updated};
use souk_core::{Attribute, attributes, limits::MAX_CLAIMS};

use super::{Ctx, check_contact};
use crate::{ContractError, state};

/// What is not given stays. Leases keep the payee that they were won with.
pub fn update(
    ctx: Ctx,
    payee: Option<String>,
    attributes: Option<Vec<Attribute>>,
    contact: Option<Contact>,
) -> Result<Response, ContractError> {
    ctx.no_coins()?;
    let mut provider = state::registered(ctx.deps.storage, &ctx.info.sender)?;
    let record_changes = payee.is_some() || attributes.is_some();
    if let Some(payee) = payee {
        provider.record.payee = ctx.address(&payee)?.into();
    }
    if let Some(attributes) = attributes {
        attributes::check_claims(&attributes, MAX_CLAIMS)?;
        provider.record.attributes = attributes;
    }
    if let Some(contact) = contact {
        check_contact(&contact)?;
        provider.contact = contact;
        state::save_details(ctx.deps.storage, &provider)?;
    }
    if record_changes {
        state::save_record(ctx.deps.storage, &provider)?;
    }
    Ok(Response::new().add_event(Updated { provider: provider.address.into() }))
}
