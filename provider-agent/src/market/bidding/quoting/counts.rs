//! What is counted of quotes, since the start.

use std::collections::BTreeMap;

use parking_lot::Mutex;

use super::NotQuoted;

/// The counters.
#[derive(Debug, Default)]
pub struct QuoteCounts(Mutex<Totals>);

/// What they say. All but nonces count groups.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Totals {
    /// Asked for.
    pub asked: u64,
    /// Offered without a signature.
    pub offered: u64,
    /// Signed.
    pub signed: u64,
    /// Declined, by kind of reason; whole requests among them.
    pub declined: BTreeMap<&'static str, u64>,
    /// Nonces of which a quote became a lease.
    pub used: u64,
    /// Nonces that lapsed.
    pub lapsed: u64,
}

impl QuoteCounts {
    /// What they say now.
    pub fn totals(&self) -> Totals {
        self.0.lock().clone()
    }

    pub(super) fn asked(&self, groups: usize) {
        self.0.lock().asked += u64::try_from(groups).unwrap_or(0);
    }

    pub(super) fn offered(&self) {
        self.0.lock().offered += 1;
    }

    pub(super) fn signed(&self) {
        self.0.lock().signed += 1;
    }

    pub(super) fn declined(&self, kind: &'static str) {
        *self.0.lock().declined.entry(kind).or_default() += 1;
    }

    /// Nobody answered a request, or it was refused as a whole.
    pub(super) fn refused(&self, why: &NotQuoted) {
        self.declined(match why {
            NotQuoted::Off => "gives no quotes",
            NotQuoted::Busy | NotQuoted::Late(_) => "busy",
            NotQuoted::Behind | NotQuoted::Chain | NotQuoted::Doubt(_) => "chain in doubt",
            NotQuoted::NoKey | NotQuoted::Superseded | NotQuoted::EmptyStore(_) => "signs nothing",
            NotQuoted::TooMany(_) => "too many hold",
        });
    }

    pub(in super::super) fn used(&self, nonces: usize) {
        self.0.lock().used += u64::try_from(nonces).unwrap_or(0);
    }

    pub(in super::super) fn lapsed(&self, nonces: usize) {
        self.0.lock().lapsed += u64::try_from(nonces).unwrap_or(0);
    }
}
