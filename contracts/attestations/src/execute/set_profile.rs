//! An auditor says who it is.

use cosmwasm_std::Response;
use souk_api::attestations::{Profile, events::ProfileSet};

use crate::{ContractError, Ctx, rules::limits, state::profiles};

/// The sender's profile from now on.
///
/// # Errors
/// If a text of it is too long.
pub fn set_profile(ctx: &mut Ctx, profile: &Profile) -> Result<Response, ContractError> {
    limits::check_profile(profile)?;
    let auditor = ctx.sender().clone();
    profiles::save(ctx.storage_mut(), &auditor, profile)?;
    Ok(Response::new().add_event(ProfileSet { auditor: auditor.into() }))
}
