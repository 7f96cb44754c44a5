//! How a controller changes what an account reserves.

use std::{borrow::Cow, fmt};

use cosmwasm_schema::{
    schemars::{JsonSchema, r#gen::SchemaGenerator, schema::Schema},
    serde::{Deserialize, Deserializer, Serialize, Serializer, de},
};
use souk_core::Rate;

/// A change of an account's reserve, in base units an hour. On the wire it is a text: `+5` reserves five
/// more, `-5` lets five go, and a bare `5` makes it five, which is what orderbooks of the first release say.
/// Whoever sends a difference need not keep the sum.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReserveChange {
    /// As much more. A sum above [`Rate::MAX`] counts as that: no close may fail for it.
    More(Rate),
    /// As much less, and nothing below zero.
    Less(Rate),
    /// From now on that much.
    To(Rate),
}

impl ReserveChange {
    /// No change.
    pub const NONE: Self = Self::More(Rate::ZERO);

    /// What makes of a part of the reserve another one.
    pub fn between(before: Rate, after: Rate) -> Self {
        if after >= before {
            Self::More(after.saturating_sub(before))
        } else {
            Self::Less(before.saturating_sub(after))
        }
    }

    /// Whether it changes nothing, whatever is reserved.
    pub fn is_none(&self) -> bool {
        matches!(self, Self::More(Rate::ZERO) | Self::Less(Rate::ZERO))
    }

    /// The reserve after it.
    pub fn applied_to(self, reserved: Rate) -> Rate {
        match self {
            Self::More(more) => reserved.checked_add(more).unwrap_or(Rate::MAX),
            Self::Less(less) => reserved.saturating_sub(less),
            Self::To(sum) => sum,
        }
    }
}

impl Default for ReserveChange {
    fn default() -> Self {
        Self::NONE
    }
}

impl fmt::Display for ReserveChange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::More(rate) => write!(f, "+{rate}"),
            Self::Less(rate) => write!(f, "-{rate}"),
            Self::To(rate) => rate.fmt(f),
        }
    }
}

impl Serialize for ReserveChange {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.to_string())
    }
}

impl<'de> Deserialize<'de> for ReserveChange {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <Cow<'de, str>>::deserialize(deserializer)?;
        let rate = |digits: &str| digits.parse().map_err(de::Error::custom);
        if let Some(more) = text.strip_prefix('+') {
            return Ok(Self::More(rate(more)?));
        }
        match text.strip_prefix('-') {
            Some(less) => Ok(Self::Less(rate(less)?)),
            None => Ok(Self::To(rate(&text)?)),
        }
    }
}

impl JsonSchema for ReserveChange {
    fn schema_name() -> String {
        "ReserveChange".to_owned()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let mut schema = String::json_schema(generator).into_object();
        schema.metadata().description = Some(
            "decimal digits in a string: `+5` reserves five more, `-5` lets five go, `5` makes it five"
                .to_owned(),
        );
        schema.into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rate(units: u128) -> Rate {
        Rate::new(units).unwrap()
    }

    #[test]
    fn a_change_travels_as_a_signed_text_and_a_bare_number_is_the_sum() {
        for (text, change) in [
            ("\"+5\"", ReserveChange::More(rate(5))),
            ("\"-5\"", ReserveChange::Less(rate(5))),
            ("\"5\"", ReserveChange::To(rate(5))),
            ("\"-20282409603651670423947251286016\"", ReserveChange::Less(Rate::MAX)),
        ] {
            assert_eq!(serde_json::from_str::<ReserveChange>(text).unwrap(), change);
            assert_eq!(serde_json::to_string(&change).unwrap(), text);
        }
        for bad in ["\"\"", "\"+\"", "\"--5\"", "\"+-5\"", "\"5.0\"", "5", "null"] {
            assert!(serde_json::from_str::<ReserveChange>(bad).is_err(), "{bad}");
        }
        let above = "\"+20282409603651670423947251286017\"";
        assert!(serde_json::from_str::<ReserveChange>(above).is_err(), "above 2^104");
    }

    #[test]
    fn a_reserve_neither_overflows_nor_goes_below_zero() {
        for (change, after) in [
            (ReserveChange::More(rate(5)), rate(12)),
            (ReserveChange::More(Rate::MAX), Rate::MAX),
            (ReserveChange::Less(rate(5)), rate(2)),
            (ReserveChange::Less(rate(8)), Rate::ZERO),
            (ReserveChange::To(rate(5)), rate(5)),
            (ReserveChange::NONE, rate(7)),
            (ReserveChange::between(rate(3), rate(5)), rate(9)),
            (ReserveChange::between(rate(5), rate(3)), rate(5)),
            (ReserveChange::between(rate(5), rate(5)), rate(7)),
        ] {
            assert_eq!(change.applied_to(rate(7)), after, "{change}");
        }
        assert!(ReserveChange::between(rate(5), rate(5)).is_none());
        assert!(!ReserveChange::To(Rate::ZERO).is_none(), "it lets everything go");
    }
}
