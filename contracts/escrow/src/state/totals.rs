//! What the contract owes in each denom, all accounts together.

use cosmwasm_std::{StdResult, Storage};
use cw_storage_plus::Map;
use souk_core::{Amount, Denom};

use crate::{ContractError, rules::totals::Totals};

const TOTALS: Map<&[u8], Totals> = Map::new("t");

/// The sums of a denom.
///
/// # Errors
/// If they are stored in a form that cannot be read.
pub fn get(storage: &dyn Storage, denom: &Denom) -> StdResult<Totals> {
    Ok(TOTALS.may_load(storage, &denom_key(denom))?.unwrap_or_default())
}

/// Saves the sums of a denom.
///
/// # Errors
/// If they cannot be written as JSON.
pub fn save(storage: &mut dyn Storage, denom: &Denom, totals: &Totals) -> StdResult<()> {
    TOTALS.save(storage, &denom_key(denom), totals)
}

/// Counts coins that came in.
///
/// # Errors
/// If there would be more than can be counted.
pub fn count_in(
    storage: &mut dyn Storage,
    denom: &Denom,
    amount: Amount,
) -> Result<(), ContractError> {
    let mut totals = get(storage, denom)?;
    totals.add(denom, amount)?;
    Ok(save(storage, denom, &totals)?)
}

/// Counts coins that go out to a tenant or depositor.
///
/// # Errors
/// If more would go out than is owed.
pub fn count_out(
    storage: &mut dyn Storage,
    denom: &Denom,
    amount: Amount,
) -> Result<(), ContractError> {
    if amount == Amount::ZERO {
        return Ok(());
    }
    let mut totals = get(storage, denom)?;
    totals.pay(denom, amount)?;
    Ok(save(storage, denom, &totals)?)
}

/// A bank denom may look like a written cw20 denom, so the kind goes in front.
fn denom_key(denom: &Denom) -> Vec<u8> {
    let (kind, name) = match denom {
        Denom::Native(name) => (b'n', name),
        Denom::Cw20(address) => (b'c', address),
    };
    let mut key = vec![kind];
    key.extend_from_slice(name.as_bytes());
    key
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bank_denom_that_looks_like_a_token_is_counted_apart() {
        assert_ne!(denom_key(&Denom::native("cw20:abc")), denom_key(&Denom::Cw20("abc".into())));
        assert_ne!(denom_key(&Denom::native("abc")), denom_key(&Denom::Cw20("abc".into())));
    }
}
