//! A provider changes what is known of it.

use cosmwasm_std::Response;
use souk_api::registry::{Contact, events::Updated};
use souk_core::{Attribute, attributes, limits::MAX_CLAIMS};

use crate::{ContractError, Ctx, rules::settings, state::providers};

/// What is not given stays. Leases keep the payee that they were won with.
///
/// # Errors
/// If the payee is not an address, or if attributes or contact break a rule.
pub fn update(
    ctx: &mut Ctx,
    payee: Option<String>,
    attributes: Option<Vec<Attribute>>,
    contact: Option<Contact>,
) -> Result<Response, ContractError> {
    let mut provider = providers::registered(ctx.storage(), ctx.sender())?;
    let record_changes = payee.is_some() || attributes.is_some();
    if let Some(payee) = payee {
        provider.record.payee = ctx.address(&payee)?.into();
    }
    if let Some(attributes) = attributes {
        attributes::check_claims(&attributes, MAX_CLAIMS)?;
        provider.record.attributes = attributes;
    }
    if let Some(contact) = contact {
        settings::check_contact(&contact)?;
        provider.contact = contact;
        providers::save_details(ctx.storage_mut(), &provider)?;
    }
    if record_changes {
        providers::save_record(ctx.storage_mut(), &provider)?;
    }
    Ok(Response::new().add_event(Updated { provider: provider.address.into() }))
}
