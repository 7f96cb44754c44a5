//! What the orderbook says where a provider is absent or said to be: the one place that reads it.

/// Why a close as absent, a heartbeat or a limit was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum AbsenceRefusal {
    /// A limit that is too short or too long.
    LimitRange,
    /// The lease is older than the rule.
    NoLimit,
    /// While the market is paused nobody is absent.
    Paused,
    /// The provider was seen, or the sender has to wait longer than the tenant.
    NotAbsent,
    /// A heartbeat of a provider without a lease that runs.
    NoLeases,
}

/// Words of each, which stand in no other refusal. The tests provoke each in the contract.
const WORDS: [(&str, AbsenceRefusal); 5] = [
    (" s for absent providers is outside ", AbsenceRefusal::LimitRange),
    (" has no limit for absence among its terms", AbsenceRefusal::NoLimit),
    ("the market is paused, and nobody counts as absent", AbsenceRefusal::Paused),
    (" counts as absent for this sender from ", AbsenceRefusal::NotAbsent),
    (" has no lease that runs; a heartbeat says nothing", AbsenceRefusal::NoLeases),
];

impl AbsenceRefusal {
    /// Which one the contract's words are, if they are one.
    pub fn of(reason: &str) -> Option<Self> {
        WORDS.iter().find(|(words, _)| reason.contains(words)).map(|(_, refusal)| *refusal)
    }

    /// What to do about it, beside what the contract says.
    pub fn advice(self) -> &'static str {
        match self {
            Self::LimitRange => "write another `limit` under `souk.absence` in the file",
            Self::NoLimit => "`souk lease close` does that",
            Self::Paused => "`souk lease close` ends it meanwhile, and takes no pay back",
            Self::NotAbsent => "`souk lease list` says when its provider was seen",
            Self::NoLeases => "an absence counts from a lease's beginning at the earliest",
        }
    }
}

#[cfg(test)]
mod tests;
