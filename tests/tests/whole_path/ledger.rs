//! An account's ledger, worked out beside the contracts from deposits, rates and block times.

/// An account whose streams all end together.
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

    /// When it will be depleted, in Unix seconds.
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

    /// Whether nothing flows because the account is depleted.
    pub fn is_depleted(&self) -> bool {
        self.depleted
    }
}
