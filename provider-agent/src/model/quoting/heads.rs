//! Whether the time of the store's last block can be believed. One node gave that block: one that runs ahead, or
//! lies, must not make quotes for days to come, and one that stands still must not sell what is gone.

/// Seconds between the store's time and an endpoint's that mean nothing.
pub const TOLERANCE: u64 = 30;

/// What the endpoints say.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Heads {
    /// The time of the newest block of each endpoint that answered.
    pub times: Vec<u64>,
    /// How many endpoints there are.
    pub endpoints: usize,
}

/// Why nothing is signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Doubt {
    /// Too few answered.
    #[error("too few of the chain's endpoints answer")]
    Unanswered,
    /// The store's time is ahead.
    #[error("an endpoint of the chain does not know the last block's time yet")]
    Ahead,
    /// The store is behind.
    #[error("the chain is ahead of what was read of it")]
    Behind,
}

impl Heads {
    /// Whether a block of this time is the chain's present. Two endpoints must have answered, where there are two; none
    /// of them may be behind the block, and one alone cannot make it old.
    ///
    /// # Errors
    ///
    /// If it may not be.
    pub fn check(&self, time: u64) -> Result<(), Doubt> {
        if self.times.len() < self.endpoints.clamp(1, 2) {
            return Err(Doubt::Unanswered);
        }
        if self.times.iter().any(|head| time > head.saturating_add(TOLERANCE)) {
            return Err(Doubt::Ahead);
        }
        let later = self.times.iter().filter(|head| **head > time.saturating_add(TOLERANCE));
        match later.count() >= self.endpoints.clamp(1, 2) {
            true => Err(Doubt::Behind),
            false => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_counts_that_no_endpoint_has_not_reached_and_two_have_not_passed() {
        for (times, endpoints, expected) in [
            (&[1_000][..], 1, Ok(())),
            (&[970], 1, Ok(())),
            (&[969], 1, Err(Doubt::Ahead)),
            (&[1_030], 1, Ok(())),
            (&[1_031], 1, Err(Doubt::Behind)),
            (&[], 1, Err(Doubt::Unanswered)),
            (&[1_000], 2, Err(Doubt::Unanswered)),
            (&[1_000, 1_000], 3, Ok(())),
            // The store's block came from one that lies.
            (&[1_000, 500], 2, Err(Doubt::Ahead)),
            (&[1_000, 1_000, 0], 3, Err(Doubt::Ahead)),
            // One that runs ahead makes nothing old.
            (&[1_000, 90_000], 2, Ok(())),
            (&[1_000, 1_040, 1_050], 3, Err(Doubt::Behind)),
        ] {
            let heads = Heads { times: times.to_vec(), endpoints };
            assert_eq!(heads.check(1_000), expected, "{heads:?}");
        }
    }
}
