//! Pages of lists. A node refuses what costs it more gas than it has for a query, and strangers
//! may write entries that are as large as they can be: such a page is asked for in halves.

use souk_api::paging::MAX_LIMIT;

use super::MarketError;

/// Asks for as many entries as the node gives at once, from the most that contracts give.
pub(super) async fn largest<T, F>(ask: impl Fn(u32) -> F) -> Result<T, MarketError>
where
    F: Future<Output = Result<T, MarketError>>,
{
    let mut limit = MAX_LIMIT;
    loop {
        match ask(limit).await {
            Err(MarketError::OutOfGas { .. }) if limit > 1 => limit /= 2,
            answer => return answer,
        }
    }
}

/// A page of at most as many entries as contracts give, with numbers above the one that it was asked to go
/// on from, each above the one before: so that a list ends, whatever a node answers.
pub(super) fn advancing<T>(
    contract: &str,
    after: Option<u64>,
    page: Vec<T>,
    number: impl Fn(&T) -> u64,
) -> Result<Vec<T>, MarketError> {
    let wrong = |problem| MarketError::Page { contract: contract.to_owned(), problem };
    bounded(contract, page.len())?;
    let mut last = after;
    for entry in &page {
        let number = number(entry);
        if last.is_some_and(|last| number <= last) {
            let last = last.unwrap_or_default();
            return Err(wrong(format!("{number} comes after {last}")));
        }
        last = Some(number);
    }
    Ok(page)
}

/// Whether a page has no more entries than contracts give.
pub(super) fn bounded(contract: &str, entries: usize) -> Result<(), MarketError> {
    if entries <= MAX_LIMIT as usize {
        return Ok(());
    }
    let problem = format!("it has {entries} entries, {MAX_LIMIT} were asked for at most");
    Err(MarketError::Page { contract: contract.to_owned(), problem })
}

#[cfg(test)]
mod tests {
    use std::{cell::RefCell, future::ready};

    use super::*;

    fn too_large() -> MarketError {
        let reason = "out of gas in location: wasm contract".to_owned();
        MarketError::OutOfGas { what: "query".to_owned(), reason }
    }

    #[test]
    fn a_page_goes_on_from_the_one_before_in_order() {
        let page = |after, numbers: &[u64]| {
            advancing("souk1book", after, numbers.to_vec(), |number| *number)
                .map_err(|e| e.to_string())
        };
        assert_eq!(page(None, &[0, 1, 5]).unwrap(), [0, 1, 5]);
        assert_eq!(page(Some(5), &[6]).unwrap(), [6]);
        assert!(page(Some(5), &[]).unwrap().is_empty());
        for (after, numbers) in [(Some(5), vec![5]), (Some(5), vec![1, 6]), (None, vec![2, 2])] {
            let error = page(after, &numbers).unwrap_err();
            assert!(error.contains("souk1book") && error.contains("comes after"), "{error}");
        }
        let many: Vec<u64> = (0..101).collect();
        assert!(page(None, &many).unwrap_err().contains("101 entries"));
    }

    #[tokio::test]
    async fn a_page_that_costs_the_node_too_much_is_asked_for_in_smaller_ones() {
        let asked = RefCell::new(Vec::new());
        let page = largest(|limit| {
            asked.borrow_mut().push(limit);
            ready(if limit > 20 { Err(too_large()) } else { Ok(limit) })
        });
        assert_eq!(page.await.unwrap(), 12);
        assert_eq!(*asked.borrow(), [100, 50, 25, 12]);
    }

    #[tokio::test]
    async fn an_entry_that_costs_too_much_by_itself_and_any_other_refusal_are_errors() {
        assert!(largest(|_| ready(Err::<(), _>(too_large()))).await.is_err());
        let asked = RefCell::new(0);
        let refused = largest(|_| {
            *asked.borrow_mut() += 1;
            ready(Err::<(), _>(MarketError::Refused("paused".to_owned())))
        });
        assert!(refused.await.is_err());
        assert_eq!(*asked.borrow(), 1);
    }
}
