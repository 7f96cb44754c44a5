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

#[cfg(test)]
mod tests {
    use std::{cell::RefCell, future::ready};

    use super::*;

    fn too_large() -> MarketError {
        let reason = "out of gas in location: wasm contract".to_owned();
        MarketError::OutOfGas { what: "query".to_owned(), reason }
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
