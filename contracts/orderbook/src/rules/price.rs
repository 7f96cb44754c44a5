//! What a bid may cost, in base units an hour.

use souk_core::{Denom, GroupSpec, Price, PriceFloor};

use crate::ContractError;

/// Checks a bid's price against the least of its order and the ceiling of its group; `denom`
/// is for the error.
///
/// # Errors
/// If it is outside.
pub fn check(price: Price, min: Price, ceiling: Price, denom: &Denom) -> Result<(), ContractError> {
    check_min(price, min)?;
    if price > ceiling {
        let denom = denom.to_string();
        return Err(ContractError::PriceAboveCeiling { price, ceiling, denom });
    }
    Ok(())
}

/// Checks a bid's price against the least of its order.
///
/// # Errors
/// If it is below.
pub fn check_min(price: Price, min: Price) -> Result<(), ContractError> {
    if price < min {
        return Err(ContractError::PriceBelowMinimum { price, min });
    }
    Ok(())
}

/// Checks a bid's price against the floors that its provider set, of which there must be one in the
/// order's denom if there are any; without a price only that.
///
/// # Errors
/// If it is below, or if there is none.
pub fn check_floors(
    floors: &[PriceFloor],
    denom: &Denom,
    spec: &GroupSpec,
    price: Option<Price>,
) -> Result<(), ContractError> {
    if floors.is_empty() {
        return Ok(());
    }
    let Some(floor) = floors.iter().find(|floor| floor.denom == *denom) else {
        return Err(ContractError::NoFloor { denom: denom.to_string() });
    };
    let least = floor.of(spec);
    match price {
        Some(price) if price.u128() < least => Err(ContractError::PriceBelowFloor { price, least }),
        _ => Ok(()),
    }
}

/// Checks that a bid is lowered by at least 1 %.
///
/// # Errors
/// If the step is smaller.
pub fn check_lowered(price: Price, current: Price) -> Result<(), ContractError> {
    let most = highest_lowered(current);
    if price.u128() > most {
        return Err(ContractError::NotLowered { price, current, most });
    }
    Ok(())
}

/// The highest price that is at least 1 % below this one.
fn highest_lowered(price: Price) -> u128 {
    // A price is at most 2^96, so the product fits.
    price.u128().saturating_mul(99).checked_div(100).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use souk_core::amount::AmountError;

    use super::*;

    #[test]
    fn a_step_is_one_per_cent_rounded_up() -> Result<(), AmountError> {
        for (price, most) in [(1, 0), (2, 1), (99, 98), (100, 99), (101, 99), (1_000, 990)] {
            assert_eq!(highest_lowered(Price::new(price)?), most, "from {price}");
        }
        assert_eq!(highest_lowered(Price::MAX), (1u128 << 96) - (1u128 << 96).div_ceil(100));
        Ok(())
    }

    #[test]
    fn a_price_lies_between_the_least_and_the_ceiling() -> Result<(), AmountError> {
        let (least, ceiling) = (Price::new(10)?, Price::new(20)?);
        for (units, fine) in [(9, false), (10, true), (20, true), (21, false)] {
            let checked = check(Price::new(units)?, least, ceiling, &Denom::native("usouk"));
            assert_eq!(checked.is_ok(), fine, "{units}");
        }
        Ok(())
    }
}
