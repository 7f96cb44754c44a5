//! An auditor says who it is.

use cosmwasm_std::Response;
use souk_api::attestations::{Profile, events::ProfileSet};

use super::{Ctx, check_text};
use crate::{ContractError, state};

/// The sender's profile from now on.
pub fn set_profile(ctx: Ctx, profile: Profile) -> Result<Response, ContractError> {
    ctx.no_coins()?;
    check_text("the profile's name", &profile.name)?;
    check_text("the profile's website", &profile.website)?;
    check_text("the profile's policy", &profile.policy)?;
    let auditor = ctx.info.sender.clone();
    state::save_profile(ctx.deps.storage, &auditor, &profile)?;
    Ok(Response::new().add_event(ProfileSet { auditor: auditor.into() }))
}
