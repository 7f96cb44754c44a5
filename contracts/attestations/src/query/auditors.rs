//! Who auditors are.

use cosmwasm_std::StdResult;
use souk_api::attestations::AuditorResponse;

use crate::{View, state::profiles};

/// Who an auditor says it is.
pub fn auditor(view: &View, auditor: &str) -> StdResult<AuditorResponse> {
    let auditor = view.address(auditor)?;
    let profile = profiles::get(view.storage, &auditor)?;
    Ok(AuditorResponse { auditor: auditor.into(), profile })
}
