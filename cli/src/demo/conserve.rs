//! The proof that no coin was lost or made: from the bank's supply and the balances of every
//! account, not from what the contracts say of themselves.

use anyhow::{Result, ensure};
use souk_core::Denom;

use super::{Stage, tell};
use crate::output::money::amount;

/// All coins of the market's denom, counted twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sum {
    /// As the bank's supply has it.
    pub supply: u128,
    /// As all accounts' balances add up: people, contracts, collected fees.
    pub balances: u128,
    /// How many accounts those are.
    pub accounts: usize,
    /// What was burned so far, by the distributor's own count.
    pub burned: u128,
}

impl Sum {
    /// Counts.
    pub async fn take(stage: &Stage) -> Result<Self> {
        let denom = &stage.market.network.denom;
        // Blocks may pass between the two; what is compared does not change by them.
        let (balances, accounts) = stage.all_coins().await?;
        let supply = stage.market.chain().supply(denom).await?;
        let fees = stage.market.fees(&Denom::native(denom.clone())).await?;
        Ok(Self { supply, balances, accounts, burned: fees.burned.u128() })
    }

    /// Compares with the sum that was taken at the start.
    pub fn compare(self, before: &Self) -> Result<()> {
        let denom = Denom::native("usouk");
        let show = |units: u128| amount(units, &denom);
        tell::line(format!(
            "at the start: supply {}, {} accounts add up to {}",
            show(before.supply),
            before.accounts,
            show(before.balances)
        ));
        tell::line(format!(
            "now:          supply {}, {} accounts add up to {}, burned {}",
            show(self.supply),
            self.accounts,
            show(self.balances),
            show(self.burned)
        ));
        ensure!(
            self.balances == self.supply,
            "balances and supply differ by {}",
            self.balances.abs_diff(self.supply)
        );
        ensure!(
            self.supply + self.burned == before.supply + before.burned,
            "coins were lost or made: {} units",
            (self.supply + self.burned).abs_diff(before.supply + before.burned)
        );
        tell::line("All coins add up to the unit.");
        Ok(())
    }
}
