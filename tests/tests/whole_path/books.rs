//! Books kept beside the contracts': from balances, block times and nothing else.

use souk_core::Denom;

use crate::stage::Stage;

/// What cannot change but by burning.
#[derive(Clone, Copy, Debug)]
pub struct Books {
    made: u128,
}

impl Books {
    /// Opens them with what there is.
    pub async fn open(stage: &Stage) -> Self {
        let books = Self { made: stage.all_coins().await.unwrap().supply };
        books.check(stage).await;
        books
    }

    /// In one block's state all balances add up to what there was at the start, and each
    /// contract holds exactly what it says that it owes.
    pub async fn check(&self, stage: &Stage) {
        let denom = Denom::native(stage.market.network.denom.clone());
        // The newest block's state may not be there yet.
        let height = stage.market.now().await.unwrap().0 - 1;
        let then = stage.market.at(height);
        let bank = then.chain();
        let owners = bank.denom_owners(&then.network.denom).await.unwrap();
        let sum: u128 = owners.iter().map(|(_, amount)| amount).sum();
        let fees = then.fees(&denom).await.unwrap();
        assert_eq!(sum + fees.burned.u128(), self.made, "coins were lost or made");
        let held = |contract: &str| {
            let owner = owners.iter().find(|(owner, _)| owner == contract);
            owner.map_or(0, |(_, amount)| *amount)
        };

        let owed = then.escrow_totals(&denom).await.unwrap();
        assert_eq!(held(&then.contracts.escrow), owed.held.u128() + owed.fees.u128(), "escrow");

        let mut bonds = 0;
        for provider in &stage.providers {
            bonds += then.provider(&provider.address).await.unwrap().bond.u128();
        }
        assert_eq!(held(&then.contracts.registry), bonds, "registry");

        let stake = then.fees_config().await.unwrap().total_stake;
        let rewards = [fees.undistributed, fees.dripping, fees.unclaimed, fees.pending_burn];
        let rewards: u128 = rewards.iter().map(|part| part.u128()).sum();
        let distributor = held(&then.contracts.fee_distributor);
        assert_eq!(distributor, stake.u128() + rewards, "fee distributor");

        for contract in [&then.contracts.orderbook, &then.contracts.attestations] {
            assert_eq!(held(contract), 0, "{contract} holds no coins");
        }
    }
}

/// An account whose streams all end together, worked out by hand.
#[derive(Clone, Debug)]
pub struct Ledger {
    /// Base units times 3600.
    left: u128,
    at: u64,
    depleted: bool,
    runway: u64,
    /// Rate and funded seconds of each stream.
    streams: Vec<(u128, u64)>,
}

impl Ledger {
    /// An account that was opened with a deposit.
    pub fn open(deposit: u128, now: u64, runway: u64) -> Self {
        Self { left: deposit * 3_600, at: now, depleted: false, runway, streams: Vec::new() }
    }

    /// Base units an hour, all streams together.
    pub fn rate(&self) -> u128 {
        self.streams.iter().map(|(rate, _)| rate).sum()
    }

    fn funded(&self) -> u64 {
        if self.rate() == 0 || self.depleted {
            return 0;
        }
        u64::try_from(self.left / self.rate()).unwrap()
    }

    /// Runs to a moment, or until the money is used up.
    pub fn run(&mut self, now: u64) {
        assert!(now >= self.at, "time went back from {} to {now}", self.at);
        let seconds = self.funded().min(now - self.at);
        self.left -= self.rate() * u128::from(seconds);
        self.streams.iter_mut().for_each(|(_, ran)| *ran += seconds);
        self.at = now;
        self.depleted |= self.rate() > 0 && self.funded() == 0;
    }

    /// Coins come in. A clock that has stopped starts again if they last for the runway.
    pub fn deposit(&mut self, amount: u128, now: u64) {
        self.run(now);
        self.left += amount * 3_600;
        self.depleted &= self.left < self.rate() * u128::from(self.runway);
    }

    /// Coins are taken back.
    pub fn withdraw(&mut self, amount: u128, now: u64) {
        self.run(now);
        self.left -= amount * 3_600;
    }

    /// A lease begins.
    pub fn lease(&mut self, rate: u128, now: u64) {
        self.run(now);
        self.streams.push((rate, 0));
    }

    /// When it is depleted.
    pub fn depletion(&self) -> u64 {
        self.at + self.funded()
    }

    /// Whole units that each stream has earned.
    pub fn earned(&self) -> Vec<u128> {
        self.streams.iter().map(|(rate, ran)| rate * u128::from(*ran) / 3_600).collect()
    }

    /// Whole units that nobody has earned.
    pub fn left(&self) -> u128 {
        self.left / 3_600
    }

    /// Whether nothing flows for want of money.
    pub fn is_depleted(&self) -> bool {
        self.depleted
    }
}
