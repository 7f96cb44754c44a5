//! Balances and supply.

use cosmrs::proto::cosmos::bank::v1beta1::{
    DenomOwner, QueryAllBalancesRequest, QueryAllBalancesResponse, QueryBalanceRequest,
    QueryBalanceResponse, QueryDenomOwnersRequest, QueryDenomOwnersResponse, QuerySupplyOfRequest,
    QuerySupplyOfResponse, QueryTotalSupplyRequest, QueryTotalSupplyResponse,
};
use cosmrs::proto::cosmos::base::query::v1beta1::{PageRequest, PageResponse};
use cosmrs::proto::cosmos::base::v1beta1::Coin as ProtoCoin;

use super::error::QueryError;
use super::queries::Queries;
use crate::Coin;

const PAGE: u64 = 200;

impl Queries {
    /// Base units of `denom` that `address` holds; 0 for an address that never had any.
    ///
    /// # Errors
    /// If no node answers, the node refuses, or the answer cannot be read.
    pub async fn balance(&self, address: &str, denom: &str) -> Result<u128, QueryError> {
        let what = || format!("balance of {address}");
        let request = QueryBalanceRequest { address: address.to_owned(), denom: denom.to_owned() };
        let answer = self
            .ask::<_, QueryBalanceResponse>("/cosmos.bank.v1beta1.Query/Balance", what, &request)
            .await?;
        amount(what, answer.value.balance)
    }

    /// Everything that `address` holds, sorted by denom. All pages are from one height.
    ///
    /// # Errors
    /// If no node answers, the node refuses, or the answer cannot be read.
    pub async fn balances(&self, address: &str) -> Result<Vec<Coin>, QueryError> {
        const PATH: &str = "/cosmos.bank.v1beta1.Query/AllBalances";
        let what = || format!("balances of {address}");
        let mut pages = Pages::new(self.clone());
        while let Some(page) = pages.next() {
            let request = QueryAllBalancesRequest {
                address: address.to_owned(),
                pagination: Some(page),
                ..Default::default()
            };
            let answer =
                pages.queries.ask::<_, QueryAllBalancesResponse>(PATH, what, &request).await?;
            let value = answer.value;
            pages.turn(answer.height, value.pagination);
            pages.found.extend(read_all(what, &value.balances)?);
        }
        Ok(sorted(pages.found))
    }

    /// Base units of `denom` that exist.
    ///
    /// # Errors
    /// If no node answers, the node refuses, or the answer cannot be read.
    pub async fn supply(&self, denom: &str) -> Result<u128, QueryError> {
        let what = || format!("supply of {denom}");
        let request = QuerySupplyOfRequest { denom: denom.to_owned() };
        let answer = self
            .ask::<_, QuerySupplyOfResponse>("/cosmos.bank.v1beta1.Query/SupplyOf", what, &request)
            .await?;
        amount(what, answer.value.amount)
    }

    /// The supply of every denom, sorted by denom. All pages are from one height.
    ///
    /// # Errors
    /// If no node answers, the node refuses, or the answer cannot be read.
    pub async fn total_supply(&self) -> Result<Vec<Coin>, QueryError> {
        const PATH: &str = "/cosmos.bank.v1beta1.Query/TotalSupply";
        let what = || "total supply".to_owned();
        let mut pages = Pages::new(self.clone());
        while let Some(page) = pages.next() {
            let request = QueryTotalSupplyRequest { pagination: Some(page) };
            let answer =
                pages.queries.ask::<_, QueryTotalSupplyResponse>(PATH, what, &request).await?;
            let value = answer.value;
            pages.turn(answer.height, value.pagination);
            pages.found.extend(read_all(what, &value.supply)?);
        }
        Ok(sorted(pages.found))
    }

    /// Every address that holds `denom` and how many base units; accounts of users, contracts
    /// and the chain's modules alike. All pages are from one height. A node walks its whole index
    /// for it: for chains whose denom has few holders.
    ///
    /// # Errors
    /// If no node answers, the node refuses, or the answer cannot be read.
    pub async fn denom_owners(&self, denom: &str) -> Result<Vec<(String, u128)>, QueryError> {
        const PATH: &str = "/cosmos.bank.v1beta1.Query/DenomOwners";
        let what = || format!("holders of {denom}");
        let mut pages = Pages::new(self.clone());
        while let Some(page) = pages.next() {
            let request =
                QueryDenomOwnersRequest { denom: denom.to_owned(), pagination: Some(page) };
            let answer =
                pages.queries.ask::<_, QueryDenomOwnersResponse>(PATH, what, &request).await?;
            let value = answer.value;
            pages.turn(answer.height, value.pagination);
            for DenomOwner { address, balance } in value.denom_owners {
                pages.found.push((address, amount(what, balance)?));
            }
        }
        Ok(pages.found)
    }
}

/// Walks the pages of a list; after the first page it stays at that page's height.
struct Pages<T> {
    queries: Queries,
    next: Option<Vec<u8>>,
    found: Vec<T>,
}

impl<T> Pages<T> {
    fn new(queries: Queries) -> Self {
        Self { queries, next: Some(Vec::new()), found: Vec::new() }
    }

    fn next(&mut self) -> Option<PageRequest> {
        self.next.take().map(|key| PageRequest { key, limit: PAGE, ..Default::default() })
    }

    fn turn(&mut self, height: u64, page: Option<PageResponse>) {
        self.next = page.map(|p| p.next_key).filter(|key| !key.is_empty());
        if self.next.is_some() && height > 0 {
            self.queries = self.queries.at(height);
        }
    }
}

fn sorted(mut coins: Vec<Coin>) -> Vec<Coin> {
    coins.sort_by(|a, b| a.denom.cmp(&b.denom));
    coins
}

fn read_all(what: impl Fn() -> String, coins: &[ProtoCoin]) -> Result<Vec<Coin>, QueryError> {
    coins.iter().map(|coin| read(&what, coin)).collect()
}

fn amount(what: impl Fn() -> String, coin: Option<ProtoCoin>) -> Result<u128, QueryError> {
    match coin {
        Some(coin) => Ok(read(&what, &coin)?.amount),
        None => Ok(0),
    }
}

fn read(what: &impl Fn() -> String, coin: &ProtoCoin) -> Result<Coin, QueryError> {
    Coin::from_proto(coin).map_err(|e| QueryError::Decode { what: what(), reason: e.to_string() })
}
