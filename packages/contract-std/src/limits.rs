//! Limits of texts and lists that messages carry.

use cosmwasm_std::Addr;

use crate::{CommonError, Ctx};

/// Longest free text in bytes.
pub const MAX_TEXT: usize = 256;

/// Checks the length of a free text; `what` is what the error calls it.
///
/// # Errors
/// If it has more than [`MAX_TEXT`] bytes.
pub fn check_text(what: &'static str, text: &str) -> Result<(), CommonError> {
    let (len, max) = (text.len(), MAX_TEXT);
    if len > max {
        return Err(CommonError::TooLong { what, len, max });
    }
    Ok(())
}

/// Checks the length of a list; `what` is what the error calls it.
///
/// # Errors
/// If it has more than `max` entries.
pub fn check_count(what: &'static str, count: usize, max: usize) -> Result<(), CommonError> {
    if count > max {
        return Err(CommonError::TooMany { what, count, max });
    }
    Ok(())
}

/// Checks a list of addresses that came as text, and gives each once, in their order.
///
/// # Errors
/// If there are more than `max`, or if one is not an address of this chain.
pub fn addresses<C>(
    ctx: &Ctx<C>,
    what: &'static str,
    texts: &[String],
    max: usize,
) -> Result<Vec<Addr>, CommonError> {
    check_count(what, texts.len(), max)?;
    let mut addresses = Vec::with_capacity(texts.len());
    for text in texts {
        let address = ctx.address(text)?;
        if !addresses.contains(&address) {
            addresses.push(address);
        }
    }
    Ok(addresses)
}

/// Each of the items once, sorted. For short lists: inserting keeps the code of a sort out of
/// the contract.
pub fn distinct<T: Ord>(items: impl IntoIterator<Item = T>) -> Vec<T> {
    let mut sorted = Vec::new();
    for item in items {
        if let Err(index) = sorted.binary_search(&item) {
            sorted.insert(index, item);
        }
    }
    sorted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distinct_items_stand_once_and_sorted() {
        assert_eq!(distinct([3, 1, 2, 3, 1]), [1, 2, 3]);
        assert!(distinct::<u8>([]).is_empty());
    }

    #[test]
    fn limits_are_inclusive() {
        assert_eq!(check_text("a text", &"x".repeat(MAX_TEXT)), Ok(()));
        assert!(check_text("a text", &"x".repeat(MAX_TEXT + 1)).is_err());
        assert_eq!(check_count("things", 3, 3), Ok(()));
        assert!(check_count("things", 4, 3).is_err());
    }
}
