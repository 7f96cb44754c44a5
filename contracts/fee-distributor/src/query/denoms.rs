//! Where the income of a denom is.

use souk_api::fees::DenomResponse;
use souk_contract_std::pay;
use souk_core::{Amount, Denom};

use crate::{
    ContractError, View,
    state::{incomes, stakers},
};

/// Where a denom's income is now.
pub fn denom(view: &View, denom: &Denom) -> Result<DenomResponse, ContractError> {
    let config = view.config;
    let index = config.index_of(denom)?;
    let totals = stakers::totals(view.storage)?;
    let income = incomes::at(view.storage, index, view.now(), config.stakes(&totals))?;
    let balance = pay::balance(&view.querier, view.env.contract.address.as_str(), denom)?;
    let came = income.undistributed(balance, config.staked_of(denom, &totals)).u128();
    let rest = income.rest.units().u128();
    let dripping = income.dripping();
    Ok(DenomResponse {
        undistributed: Amount::saturating(came.saturating_add(rest)),
        dripping,
        unclaimed: income.stakers.saturating_sub(dripping),
        pending_pool: income.pool,
        pending_burn: income.burn,
        to_pool: income.to_pool,
        burned: income.burned,
    })
}
