//! Coins and durations as people write them.

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
    fn an_amount_without_denom_is_in_the_networks() {
        assert_eq!(coin("5", "usouk").unwrap(), Coin::new(5, "usouk"));
        assert_eq!(coin("5ibc/27AB", "usouk").unwrap(), Coin::new(5, "ibc/27AB"));
        for bad in ["", "usouk", "-5usouk", "1.5usouk", "5 usouk"] {
            assert!(coin(bad, "usouk").is_err(), "{bad}");
        }
    }
}
