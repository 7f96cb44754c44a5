//! One contract at its address.

use cosmwasm_std::from_json;
use serde::{Serialize, de::DeserializeOwned};
use souk_api::published::{VERSION, Versioned};
use souk_chain::Queries;

use super::{MarketError, page};

/// A contract, asked at the newest height or at a pinned one. Cheap to clone.
#[derive(Clone, Debug)]
pub(super) struct Instance {
    pub(super) queries: Queries,
    pub(super) address: String,
}

impl Instance {
    /// The contract's answer.
    pub(super) async fn ask<R: DeserializeOwned>(
        &self,
        msg: &impl Serialize,
    ) -> Result<R, MarketError> {
        Ok(self.queries.smart(&self.address, msg).await?)
    }

    /// The largest page that the node gives: `msg` makes the question from a number of entries.
    pub(super) async fn page<M: Serialize, R: DeserializeOwned>(
        &self,
        msg: impl Fn(u32) -> M,
    ) -> Result<R, MarketError> {
        page::largest(|limit| {
            let msg = msg(limit);
            async move { self.ask(&msg).await }
        })
        .await
    }

    /// A list's entries, page by page, until a page is empty or `most` are there. `msg` makes the
    /// question from the last entry so far and a number of entries, `entries` opens a page. A page after
    /// which the same would be asked again is an error.
    pub(super) async fn list<M: Serialize, R: DeserializeOwned, T>(
        &self,
        most: usize,
        msg: impl Fn(Option<&T>, u32) -> M,
        entries: impl Fn(R) -> Vec<T>,
    ) -> Result<Vec<T>, MarketError> {
        let mut all: Vec<T> = Vec::new();
        let question = |all: &[T]| serde_json::to_vec(&msg(all.last(), 1)).unwrap_or_default();
        let mut asked = question(all.as_slice());
        while all.len() < most {
            let page = entries(self.page(|limit| msg(all.last(), limit)).await?);
            if page.is_empty() {
                break;
            }
            page::bounded(&self.address, page.len())?;
            all.extend(page);
            let next = question(all.as_slice());
            if next == asked {
                let (contract, problem) =
                    (self.address.clone(), "it ends where it began".to_owned());
                return Err(MarketError::Page { contract, problem });
            }
            asked = next;
        }
        Ok(all)
    }

    /// A record that the contract publishes under a raw key, if it is there.
    pub(super) async fn published<T: Versioned>(
        &self,
        key: Vec<u8>,
    ) -> Result<Option<T>, MarketError> {
        let Some(bytes) = self.queries.raw(&self.address, &key).await? else { return Ok(None) };
        let unreadable = |problem| MarketError::Record {
            record: T::RECORD,
            contract: self.address.clone(),
            problem,
        };
        let record: T = from_json(bytes).map_err(|error| unreadable(error.to_string()))?;
        if record.version() != VERSION {
            let found = record.version();
            return Err(unreadable(format!("its version is {found}, known is {VERSION}")));
        }
        Ok(Some(record))
    }
}

/// A contract's type, with what all of them have.
macro_rules! contract {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Debug)]
        pub struct $name(super::instance::Instance);

        impl $name {
            /// The contract at `address`.
            pub fn new(queries: souk_chain::Queries, address: impl Into<String>) -> Self {
                Self(super::instance::Instance { queries, address: address.into() })
            }

            /// The same as it was after block `height`.
            #[must_use]
            pub fn at(&self, height: u64) -> Self {
                Self::new(self.0.queries.at(height), self.0.address.clone())
            }

            /// Its address.
            pub fn address(&self) -> &str {
                &self.0.address
            }
        }
    };
}
pub(super) use contract;
