//! The proof that no coin was lost or made: from the bank's supply and the balances of every
//! account, not from what the contracts say of themselves.

use anyhow::{Result, ensure};
use souk_core::Denom;

use super::{Stage, tell};
use crate::{local::Coins, output::money::amount};

/// All coins of the market's denom.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sum {
    /// As the bank counts them.
    pub coins: Coins,
    /// What was burned so far, by the distributor's own count.
    pub burned: u128,
}

impl Sum {
    /// Counts.
    pub async fn take(stage: &Stage) -> Result<Self> {
        let denom = Denom::native(stage.market.network.denom.clone());
        let coins = stage.all_coins().await?;
        Ok(Self { coins, burned: stage.market.fees.denom(&denom).await?.burned.u128() })
    }

    /// Compares with the sum that was taken at the start.
    pub fn compare(self, before: &Self, denom: &Denom) -> Result<()> {
        let show = |units: u128| amount(units, denom);
        let (now, then) = (self.coins, before.coins);
        tell::line(format!(
            "at the start: supply {}, {} accounts add up to {}",
            show(then.supply),
            then.accounts,
            show(then.balances)
        ));
        tell::line(format!(
            "now:          supply {}, {} accounts add up to {}, burned {}",
            show(now.supply),
            now.accounts,
            show(now.balances),
            show(self.burned)
        ));
        ensure!(
            now.balances == now.supply,
            "balances and supply differ by {}",
            now.balances.abs_diff(now.supply)
        );
        ensure!(
            now.supply + self.burned == then.supply + before.burned,
            "coins were lost or made: {} units",
            (now.supply + self.burned).abs_diff(then.supply + before.burned)
        );
        tell::line("All coins add up to the unit.");
        Ok(())
    }
}
