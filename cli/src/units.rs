//! Coins and durations as people write them.

use std::time::UNIX_EPOCH;

use clap::builder::RangedU64ValueParser;
use souk_chain::Coin;
use souk_client::Error;
use souk_core::{Amount, Attribute, Denom};

/// Reads `5000000usouk` or `5000000` (in the network's denom).
pub fn coin(text: &str, default_denom: &str) -> Result<Coin, Error> {
    let bad = || {
        Error::input(
            format!("amount `{text}`"),
            format!("write whole base units and a denom, for instance 5000000{default_denom}"),
        )
    };
    let digits = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (number, denom) = text.split_at(digits);
    let amount: Amount = number.parse().map_err(|_| bad())?;
    let denom = if denom.is_empty() { default_denom } else { denom };
    match denom.parse() {
        Ok(Denom::Native(denom)) => Ok(Coin::new(amount.u128(), denom)),
        _ => Err(bad()),
    }
}

/// Reads an amount of one denom, for a message that takes no other.
pub fn amount_of(text: &str, denom: &str) -> Result<Amount, Error> {
    let coin = coin(text, denom)?;
    let bad = |reason: String| Error::input(format!("amount `{text}`"), reason);
    if coin.denom != denom {
        return Err(bad(format!("it must be in {denom}")));
    }
    Amount::new(coin.amount).map_err(|error| bad(error.to_string()))
}

/// Reads seconds to wait for something: a year at most, so that no clock overflows.
pub fn wait() -> RangedU64ValueParser {
    clap::value_parser!(u64).range(..=365 * 86_400)
}

/// Reads a moment, such as `2027-01-31` or `2027-01-31T12:00:00Z`, or a time from the second `now` on, such as `90d`.
/// Gives a second after `now`.
pub fn until(text: &str, now: u64) -> Result<u64, Error> {
    let bad = |reason: &str| Error::input(format!("time `{text}`"), reason);
    let day = format!("{text} 00:00:00");
    let moment = [text, &day].into_iter().find_map(|text| humantime::parse_rfc3339_weak(text).ok());
    let at = match (moment, humantime::parse_duration(text)) {
        (Some(moment), _) => moment.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs()),
        (None, Ok(duration)) => now.saturating_add(duration.as_secs()),
        (None, Err(_)) => {
            return Err(bad(
                "write a day as 2027-01-31, a moment as 2027-01-31T12:00:00Z, or a time from now as 90d",
            ));
        }
    };
    if at > now { Ok(at) } else { Err(bad("it is not after now")) }
}

/// Reads `KEY=VALUE` texts.
pub fn attributes(texts: &[String]) -> Result<Vec<Attribute>, Error> {
    let read = |text: &String| {
        let bad = || Error::input(format!("attribute `{text}`"), "write it as KEY=VALUE");
        let (key, value) = text.split_once('=').ok_or_else(bad)?;
        let attribute = Attribute::new(key, value);
        attribute
            .check_claim()
            .map_err(|error| Error::input(format!("attribute `{text}`"), error))?;
        Ok(attribute)
    };
    texts.iter().map(read).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_amount_of_one_denom_is_refused_in_another() {
        assert_eq!(amount_of("5", "usouk").unwrap().u128(), 5);
        assert_eq!(amount_of("5usouk", "usouk").unwrap().u128(), 5);
        let refused = amount_of("5uatom", "usouk").unwrap_err().to_string();
        assert!(refused.contains("5uatom") && refused.contains("in usouk"), "{refused}");
    }

    #[test]
    fn a_time_is_a_day_a_moment_or_from_now_on() {
        let now = 1_800_000_000;
        for (text, at) in [
            ("2027-01-31", 1_801_353_600),
            ("2027-01-31T12:00:00Z", 1_801_396_800),
            ("2027-01-31 12:00:00", 1_801_396_800),
            ("90d", now + 90 * 86_400),
            ("1h 5m", now + 3_900),
        ] {
            assert_eq!(until(text, now).unwrap(), at, "{text}");
        }
        for wrong in ["", "soon", "2026-01-31", "0s", "-5d", "1969-01-01", "2027-13-01"] {
            assert!(until(wrong, now).is_err(), "{wrong}");
        }
    }

    #[test]
    fn an_amount_without_denom_is_in_the_networks() {
        assert_eq!(coin("5", "usouk").unwrap(), Coin::new(5, "usouk"));
        assert_eq!(coin("5ibc/27AB", "usouk").unwrap(), Coin::new(5, "ibc/27AB"));
        for bad in ["", "usouk", "-5usouk", "1.5usouk", "5 usouk"] {
            assert!(coin(bad, "usouk").is_err(), "{bad}");
        }
    }
}
