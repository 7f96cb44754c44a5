//! When a quote can be used. Pure.

use souk_api::orderbook::Quote;
use souk_core::quote::MAX_VALIDITY;

use crate::QuoteError;

/// Checks a quote's times against the block's, and the take rate of its order against the one that it agrees with.
///
/// # Errors
/// If it is from the future, over, for too long, or if the take rate is above what its provider agreed with.
pub fn check(quote: &Quote, now: u64, take_bps: u16) -> Result<(), QuoteError> {
    let Quote { issued_at, valid_until, max_take_bps: max, .. } = *quote;
    // What an agent signed for a later time is good only then: whom it believes about the time is the agent's to say.
    if issued_at > now {
        return Err(QuoteError::FromTheFuture { issued_at, now });
    }
    if now > valid_until {
        return Err(QuoteError::Over { valid_until, now });
    }
    let validity = valid_until.saturating_sub(issued_at);
    if validity > MAX_VALIDITY {
        return Err(QuoteError::TooLong { validity, max: MAX_VALIDITY });
    }
    if take_bps > max {
        return Err(QuoteError::TakeRate { take_bps, max });
    }
    Ok(())
}

/// Whether every quote is over that was on a nonce when it made a lease. Others may hold for longer than the one that
/// was used, but no agent signs on a nonce that it has seen used.
pub fn is_nonce_over(used_at: u64, now: u64) -> bool {
    now > used_at.saturating_add(MAX_VALIDITY)
}

#[cfg(test)]
mod tests {
    use cosmwasm_std::HexBinary;
    use souk_core::{Price, amount::AmountError};

    use super::*;

    #[test]
    fn a_quote_holds_from_its_first_to_its_last_second_for_ten_minutes_at_most()
    -> Result<(), AmountError> {
        for (issued_at, valid_until, now, fine) in [
            (1_000, 1_060, 999, false),
            (1_000, 1_060, 1_000, true),
            (1_000, 1_060, 1_060, true),
            (1_000, 1_060, 1_061, false),
            (1_000, 1_600, 1_600, true),
            (1_000, 1_601, 1_600, false),
            (1_000, 1_000, 1_000, true),
            (1_000, 999, 1_000, false),
            (0, u64::MAX, 1_000, false),
        ] {
            for (take_bps, agrees) in [(0, true), (200, true), (201, false)] {
                let quote = Quote {
                    provider: "pro".into(),
                    price: Price::new(1)?,
                    max_take_bps: 200,
                    offer: Vec::new(),
                    reclamation_window: None,
                    issued_at,
                    valid_until,
                    nonce: 1,
                    signature: HexBinary::default(),
                };
                let found = check(&quote, now, take_bps).is_ok();
                assert_eq!(found, fine && agrees, "{issued_at} to {valid_until} at {now}");
            }
        }
        Ok(())
    }
}
