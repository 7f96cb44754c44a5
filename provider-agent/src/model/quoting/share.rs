//! How much of what is free quotes may hold.

use crate::model::placement::{Placement, Requests};

/// What is free, and what of it quotes hold.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Share {
    /// What is left beside everything that is reserved.
    pub free: Requests,
    /// Slots that are left beside bids, leases and quotes.
    pub free_slots: u32,
    /// What open quotes reserve.
    pub quoted: Requests,
    /// Slots that they use.
    pub quoted_slots: u32,
}

impl Share {
    /// What placements request together.
    pub fn sum<'a>(placements: impl IntoIterator<Item = &'a Placement>) -> Requests {
        placements.into_iter().map(|one| one.requests).fold(Requests::default(), Requests::plus)
    }

    /// Whether quotes may hold this as well: no more than `percent` of anything that it asks for. The first quote that
    /// holds something of a kind may, however little there is.
    pub fn allows(&self, wanted: Requests, percent: u32) -> bool {
        let (free, held) = (self.free, self.quoted);
        [
            (wanted.cpu_milli, held.cpu_milli, free.cpu_milli),
            (wanted.memory, held.memory, free.memory),
            (wanted.ephemeral, held.ephemeral, free.ephemeral),
            (wanted.gpu.into(), held.gpu.into(), free.gpu.into()),
            (1, self.quoted_slots.into(), self.free_slots.into()),
        ]
        .into_iter()
        .all(|(wanted, held, free): (u64, u64, u64)| {
            let after = u128::from(held) + u128::from(wanted);
            let all = u128::from(held) + u128::from(free);
            wanted == 0 || held == 0 || after * 100 <= all * u128::from(percent)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cores(cpu_milli: u64, gpu: u32) -> Requests {
        Requests { cpu_milli, gpu, ..Requests::default() }
    }

    #[test]
    fn quotes_hold_their_share_of_each_kind_and_of_slots() {
        let share = Share {
            free: cores(6_000, 1),
            free_slots: 6,
            quoted: cores(2_000, 0),
            quoted_slots: 2,
        };
        for (share, wanted, fine) in [
            (share, cores(2_000, 0), true),
            (share, cores(2_001, 0), false),
            // None is held yet.
            (share, cores(1_000, 1), true),
            (Share { quoted: cores(2_000, 1), ..share }, cores(1_000, 1), false),
            (
                Share { quoted: cores(2_000, 1), free: cores(6_000, 3), ..share },
                cores(1_000, 1),
                true,
            ),
            (Share { quoted: cores(2_000, 1), free: cores(6_000, 0), ..share }, cores(1, 1), false),
            (Share { quoted: cores(2_000, 1), ..share }, cores(1_000, 0), true),
            (Share { quoted_slots: 4, free_slots: 5, ..share }, cores(1, 0), false),
            (Share { quoted_slots: 4, free_slots: 6, ..share }, cores(1, 0), true),
            (Share::default(), cores(64_000, 8), true),
        ] {
            assert_eq!(share.allows(wanted, 50), fine, "{share:?} {wanted:?}");
        }
    }
}
