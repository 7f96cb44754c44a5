//! Moves to this code.

use cosmwasm_std::{DepsMut, Env, Response};
use souk_contract_std::{admin, config};

use crate::{
    ContractError,
    neighbours::{self, escrow},
    state::Config,
};

/// Probes the neighbours again and asks the escrow again for what is kept of it.
///
/// # Errors
/// If the storage is another contract's or a newer version's, or if a neighbour is none.
pub fn migrate(deps: DepsMut, env: &Env) -> Result<Response, ContractError> {
    let mut config: Config = config::load(deps.storage)?;
    neighbours::probe_all(&deps.querier, &config)?;
    let own = &env.contract.address;
    if escrow::refresh_link(deps.storage, &deps.querier, &mut config, own)? {
        config::save(deps.storage, &config)?;
    }
    Ok(admin::migrate::<Config>(deps.storage)?)
}
