//! Deposits of others than the tenant: intervals laid end to end, which spending eats from
//! the left. Pure.
//!
//! At the end every depositor takes back the part of its interval right of the spent mark. The mark is rounded down to a whole unit, so that the
//! one depositor whose interval it cuts gets the whole unit; the tenant's part bears it.

use cosmwasm_schema::cw_serde;
use cosmwasm_std::Addr;
use souk_core::{Amount, clock};

/// One deposit of another than the tenant.
#[cw_serde]
pub struct Deposit {
    /// Who made it and gets back what is not spent.
    pub depositor: Addr,
    /// Where its interval begins.
    pub start: Amount,
    /// How long its interval is.
    pub amount: Amount,
}

impl Deposit {
    /// What is left of it when `spent` scaled units of all deposits are gone.
    pub fn left(&self, spent: u128) -> Amount {
        let (mark, _) = clock::split(spent);
        let eaten = Amount::saturating(mark.saturating_sub(self.start.u128()));
        self.amount.saturating_sub(eaten)
    }
}

#[cfg(test)]
mod tests {
    use souk_core::clock::SCALE;

    use super::*;

    fn deposit(start: u128, amount: u128) -> Deposit {
        Deposit {
            depositor: Addr::unchecked("someone"),
            start: Amount::saturating(start),
            amount: Amount::saturating(amount),
        }
    }

    #[test]
    fn spending_eats_deposits_in_their_order() {
        let (first, second) = (deposit(0, 10), deposit(10, 5));
        for (spent, left) in [(0, (10, 5)), (4, (6, 5)), (10, (0, 5)), (12, (0, 3)), (15, (0, 0))] {
            let of = |deposit: &Deposit| deposit.left(spent * SCALE).u128();
            assert_eq!((of(&first), of(&second)), left, "{spent}");
        }
    }

    #[test]
    fn a_unit_begun_is_still_the_depositors() {
        assert_eq!(deposit(0, 10).left(4 * SCALE + 1).u128(), 6);
        assert_eq!(deposit(0, 10).left(5 * SCALE - 1).u128(), 6);
    }
}
