//! Coins as people read them.

use souk_core::Denom;

/// Hours in a month, for prices by the month: a twelfth of 365.25 days.
const HOURS_A_MONTH: f64 = 730.5;

/// Base units as text: `1.5 SOUK` for a denom in millionths (`usouk`), the bare number
/// otherwise.
pub fn amount(units: u128, denom: &Denom) -> String {
    let name = denom.to_string();
    match name.strip_prefix('u').filter(|rest| !rest.is_empty() && !name.contains('/')) {
        Some(rest) => format!("{} {}", decimal(units), rest.to_uppercase()),
        None => format!("{units} {name}"),
    }
}

/// A price an hour as its price a month, for show.
pub fn a_month(units_an_hour: u128, denom: &Denom) -> String {
    // Rounded for the eye: no coin is counted by it.
    amount((units_an_hour as f64 * HOURS_A_MONTH).round() as u128, denom)
}

/// Millionths with as many decimals as they need, two at least.
fn decimal(millionths: u128) -> String {
    let (whole, part) = (millionths / 1_000_000, millionths % 1_000_000);
    let digits = format!("{part:06}");
    let digits = digits.trim_end_matches('0');
    format!("{whole}.{digits:0<2}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn millionths_are_shown_exactly() {
        let denom = Denom::native("usouk");
        for (units, text) in [
            (1_500_000, "1.50 SOUK"),
            (1, "0.000001 SOUK"),
            (0, "0.00 SOUK"),
            (25_125_000, "25.125 SOUK"),
        ] {
            assert_eq!(amount(units, &denom), text);
        }
        assert_eq!(amount(7, &Denom::native("ibc/27AB")), "7 ibc/27AB");
    }
}
