//! The supply check: no coin was lost or made. It counts the bank's supply and the balances of
//! every account, and does not rely on what the contracts say of themselves.

use anyhow::{Result, ensure};
use souk_core::Denom;

use super::{Fixture, print};
use souk_client::show::amount;

use crate::chain::Coins;

/// All coins of the market's denom.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Supply {
    /// Counted at the bank.
    pub coins: Coins,
    /// Burned so far, by the distributor's own count, in base units.
    pub burned: u128,
}

impl Supply {
    /// Counts them now.
    pub async fn count(fixture: &Fixture) -> Result<Self> {
        let denom = Denom::native(fixture.market.network.denom.clone());
        let coins = fixture.all_coins().await?;
        Ok(Self { coins, burned: fixture.market.fees.denom(&denom).await?.burned.u128() })
    }

    /// Prints both counts.
    ///
    /// # Errors
    /// If balances and supply differ, or coins were lost or made since `before`.
    pub fn compare(self, before: &Self, denom: &Denom) -> Result<()> {
        let show = |units: u128| amount(units, denom);
        let (now, then) = (self.coins, before.coins);
        print::line(format!(
            "at the start: supply {}, {} accounts add up to {}",
            show(then.supply),
            then.accounts,
            show(then.balances)
        ));
        print::line(format!(
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
        print::line("All coins add up to the unit.");
        Ok(())
    }
}
