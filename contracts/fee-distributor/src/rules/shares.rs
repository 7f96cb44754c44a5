//! Parts of income in hundredths of a per cent, exact over any number of splits. Pure.
//!
//! A part has had `floor(all that came x bps / 10000)` units, whatever the pieces in which it
//! came: the fraction below a unit is carried to the next split. Three fractions can make one or
//! two units together; these wait, too.

use cosmwasm_schema::cw_serde;
use souk_api::fees::Split;
use souk_core::Amount;

/// Hundredths of a per cent in a unit.
const WHOLE: u128 = 10_000;

/// What splits left of each part, in ten-thousandths of a unit; each is less than a unit.
#[cw_serde]
#[derive(Copy, Default, Eq)]
pub struct Rest {
    /// Of the pool's.
    pub pool: u16,
    /// Of the stakers'.
    pub stakers: u16,
    /// Of what is burned.
    pub burn: u16,
}

impl Rest {
    /// Whether nothing is left.
    pub fn is_none(&self) -> bool {
        *self == Self::default()
    }

    /// The whole units that the rests make together: 2 at most.
    pub fn units(&self) -> Amount {
        let rests = [self.pool, self.stakers, self.burn];
        let sum = rests.into_iter().fold(0u128, |sum, rest| sum.saturating_add(rest.into()));
        Amount::saturating(sum.checked_div(WHOLE).unwrap_or(0))
    }

    /// Splits income into whole units for pool, stakers and burn. With what is left before and
    /// after nothing is lost or made.
    pub fn split(&mut self, income: Amount, split: &Split) -> [Amount; 3] {
        [
            part(income, split.pool_bps, &mut self.pool),
            part(income, split.stakers_bps, &mut self.stakers),
            part(income, split.burn_bps, &mut self.burn),
        ]
    }
}

/// The whole units of a part. Amounts are below 2^113 and rates at most 10000, so that no
/// product is out of bounds.
fn part(income: Amount, bps: u16, rest: &mut u16) -> Amount {
    let share = income.u128().saturating_mul(bps.into()).saturating_add((*rest).into());
    let units = share.checked_div(WHOLE).unwrap_or(0);
    *rest = u16::try_from(share.checked_rem(WHOLE).unwrap_or(0)).unwrap_or(0);
    Amount::saturating(units)
}

#[cfg(test)]
#[allow(clippy::arithmetic_side_effects)]
mod tests {
    use super::*;

    fn amount(units: u128) -> Amount {
        Amount::saturating(units)
    }

    #[test]
    fn any_pieces_are_split_as_their_sum_and_no_unit_is_lost() {
        let split = Split { pool_bps: 3_333, stakers_bps: 3_334, burn_bps: 3_333 };
        let (mut rest, mut came, mut parts) = (Rest::default(), 0, [0; 3]);
        for piece in [1, 1, 1, 7, 10_000, 2, 99_999, 1, 1 << 100, 3] {
            came += piece;
            for (sum, units) in parts.iter_mut().zip(rest.split(amount(piece), &split)) {
                *sum += units.u128();
            }
            let bps = [split.pool_bps, split.stakers_bps, split.burn_bps];
            assert_eq!(parts, bps.map(|bps| came * u128::from(bps) / 10_000));
            assert_eq!(parts.iter().sum::<u128>() + rest.units().u128(), came);
        }
    }

    #[test]
    fn the_largest_income_is_split_without_loss() {
        let split = Split { pool_bps: 1, stakers_bps: 9_998, burn_bps: 1 };
        let mut rest = Rest { pool: 9_999, stakers: 9_999, burn: 9_999 };
        let parts = rest.split(Amount::MAX, &split).map(|part| part.u128());
        let before = Amount::MAX.u128() * 10_000 + 3 * 9_999;
        let left = [rest.pool, rest.stakers, rest.burn].map(u128::from).iter().sum::<u128>();
        assert_eq!(parts.iter().sum::<u128>() * 10_000 + left, before);
    }
}
