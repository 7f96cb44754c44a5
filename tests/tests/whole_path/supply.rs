//! The supply check: coins are counted at the bank, not by what the contracts say.

use souk_core::Denom;

use crate::fixture::Fixture;

/// The coins that exist, which only burning may reduce.
#[derive(Clone, Copy, Debug)]
pub struct SupplyCheck {
    /// Base units at the start.
    start: u128,
}

impl SupplyCheck {
    /// Counts the coins at the start.
    pub async fn start(fixture: &Fixture) -> Self {
        let check = Self { start: fixture.all_coins().await.unwrap().supply };
        check.check(fixture).await;
        check
    }

    /// In one block's state all balances add up to what there was at the start, and each
    /// contract holds exactly what it says that it owes.
    pub async fn check(&self, fixture: &Fixture) {
        let denom = Denom::native(fixture.market.network.denom.clone());
        // The newest block's state may not be there yet.
        let height = fixture.market.now().await.unwrap().0 - 1;
        let then = fixture.market.at(height);
        let bank = then.chain();
        let owners = bank.denom_owners(&then.network.denom).await.unwrap();
        let sum: u128 = owners.iter().map(|(_, amount)| amount).sum();
        let fees = then.fees.denom(&denom).await.unwrap();
        assert_eq!(sum + fees.burned.u128(), self.start, "coins were lost or made");
        let held = |contract: &str| {
            let owner = owners.iter().find(|(owner, _)| owner == contract);
            owner.map_or(0, |(_, amount)| *amount)
        };

        let owed = then.escrow.totals(&denom).await.unwrap();
        assert_eq!(held(&then.contracts.escrow), owed.held.u128() + owed.fees.u128(), "escrow");

        let mut bonds = 0;
        for provider in &fixture.providers {
            bonds += then.registry.provider(&provider.address).await.unwrap().bond.u128();
        }
        assert_eq!(held(&then.contracts.registry), bonds, "registry");

        let stake = then.fees.config().await.unwrap().total_stake;
        let rewards = [
            fees.undistributed,
            fees.dripping,
            fees.unclaimed,
            fees.pending_pool,
            fees.pending_burn,
        ];
        let rewards: u128 = rewards.iter().map(|part| part.u128()).sum();
        let distributor = held(&then.contracts.fee_distributor);
        assert_eq!(distributor, stake.u128() + rewards, "fee distributor");

        for contract in [&then.contracts.orderbook, &then.contracts.attestations] {
            assert_eq!(held(contract), 0, "{contract} holds no coins");
        }
    }
}
