//! `pricing`: the most that one replica may cost.
//!
//! ```yaml
//! pricing:
//!   web:
//!     denom: uakt
//!     amount: 1000.5   # base units a block, unless `souk.price.per` says otherwise
//! ```

use souk_core::time::SDL_BLOCKS_PER_HOUR;

use crate::{
    groups::{Decimal, decimal::AmountError},
    reader::{Read, Reader},
    souk::PriceUnit,
    yaml::NodeId,
};

/// A price as the file gives it.
#[derive(Clone, Debug)]
pub(crate) struct Price {
    pub denom: String,
    pub denom_at: NodeId,
    pub amount: Decimal,
    pub amount_at: NodeId,
}

/// The highest price of one replica: as in Akash, ten million base units a block.
pub(crate) const fn most(unit: PriceUnit) -> Decimal {
    let (times, parts) = unit.per_hour();
    Decimal::from_atomics(10_000_000 * Decimal::ONE * SDL_BLOCKS_PER_HOUR * parts / times)
}

pub(crate) fn read(reader: &mut Reader<'_>, id: NodeId) -> Read<Price> {
    let (mut denom, mut amount) = (Read::Null, Read::Null);
    let (mut denom_at, mut amount_at) = (id, id);
    let keys = &["amount", "denom"];
    let got = reader.fields(id, "a price", keys, &mut |reader, field, at| match field {
        "amount" => (amount, amount_at) = (reader.text(at), at),
        _ => (denom, denom_at) = (reader.text(at), at),
    });
    match got {
        Read::Null => return Read::Null,
        Read::Bad => return Read::Bad,
        Read::Is(()) => {}
    }
    let amount = read_amount(reader, amount_at, amount);
    let denom = read_denom(reader, denom_at, denom);
    match (denom, amount) {
        (Some(denom), Some(amount)) => Read::Is(Price { denom, denom_at, amount, amount_at }),
        _ => Read::Bad,
    }
}

fn read_amount(reader: &mut Reader<'_>, at: NodeId, text: Read<String>) -> Option<Decimal> {
    let text = match text {
        Read::Bad => return None,
        Read::Null => {
            reader.error(at, "missing-key", "a price needs an `amount`").maybe(None);
            return None;
        }
        Read::Is(text) => text,
    };
    match Decimal::from_amount(&text) {
        Ok(amount) => Some(amount),
        Err(problem) => {
            let help = match problem {
                AmountError::NotANumber(_) => {
                    Some("write digits, with a point if need be: 1000 or 0.5")
                }
                _ => None,
            };
            let message = problem.to_string();
            reader.error(at, "invalid-price", message).maybe(help.map(str::to_owned));
            None
        }
    }
}

fn read_denom(reader: &mut Reader<'_>, at: NodeId, text: Read<String>) -> Option<String> {
    let denom = match text {
        Read::Bad => return None,
        Read::Null => String::new(),
        Read::Is(text) => text,
    };
    if denom.is_empty() {
        reader
            .error(at, "missing-key", "a price needs a `denom`")
            .help("write `denom: uakt`, or another denom");
        return None;
    }
    if !is_denom(&denom) {
        let message = format!("`{denom}` is not a denom");
        reader
            .error(at, "invalid-price", message)
            .help("a letter, then 2 to 127 letters, digits or `/:._-`");
        return None;
    }
    Some(denom)
}

/// The rule of the chain's bank: a letter, then 2 to 127 letters, digits and `/:._-`.
pub(crate) fn is_denom(text: &str) -> bool {
    (3..=128).contains(&text.len())
        && text.as_bytes()[0].is_ascii_alphabetic()
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"/:._-".contains(&b))
}
