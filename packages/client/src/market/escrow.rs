//! The escrow: accounts, streams, deposits.

use souk_api::escrow::{
    AccountResponse, ConfigResponse, DepositResponse, DepositsResponse, QueryMsg, StreamResponse,
    StreamsResponse, TotalsResponse,
};
use souk_core::{AccountId, Denom};

use super::{MarketError, instance::contract};

contract!(
    /// The escrow.
    Escrow
);

type Answer<T> = Result<T, MarketError>;

impl Escrow {
    /// Its configuration.
    ///
    /// # Errors
    /// If there is no answer: [`MarketError`] says why.
    pub async fn config(&self) -> Answer<ConfigResponse> {
        self.0.ask(&QueryMsg::Config {}).await
    }

    /// What it owes in a denom, all accounts together.
    ///
    /// # Errors
    /// If there is no answer: [`MarketError`] says why.
    pub async fn totals(&self, denom: &Denom) -> Answer<TotalsResponse> {
        self.0.ask(&QueryMsg::Totals { denom: denom.clone() }).await
    }

    /// An account, settled to the newest block's time.
    ///
    /// # Errors
    /// [`MarketError::Absent`] if there is no such account; another one if there is no answer.
    pub async fn account(&self, account: AccountId) -> Answer<AccountResponse> {
        self.0.ask(&QueryMsg::Account { account }).await
    }

    /// All streams of an account that are open or still owe something.
    ///
    /// # Errors
    /// [`MarketError::Absent`] if there is no such account; another one if there is no answer.
    pub async fn streams(&self, account: AccountId) -> Answer<Vec<StreamResponse>> {
        let msg = |last: Option<&StreamResponse>, limit| QueryMsg::Streams {
            account,
            start_after: last.map(|last| last.stream),
            limit: Some(limit),
        };
        self.0.list(usize::MAX, msg, |page: StreamsResponse| page.streams).await
    }

    /// A stream of an account; none if it is closed and paid. The list is asked, since its answer
    /// says that a stream is not there.
    ///
    /// # Errors
    /// [`MarketError::Absent`] if there is no such account; another one if there is no answer.
    pub async fn stream(&self, account: AccountId, stream: u64) -> Answer<Option<StreamResponse>> {
        let start_after = stream.checked_sub(1);
        let msg = QueryMsg::Streams { account, start_after, limit: Some(1) };
        let page: StreamsResponse = self.0.ask(&msg).await?;
        Ok(page.streams.into_iter().find(|found| found.stream == stream))
    }

    /// All deposits of others that were not claimed yet.
    ///
    /// # Errors
    /// [`MarketError::Absent`] if there is no such account; another one if there is no answer.
    pub async fn deposits(&self, account: AccountId) -> Answer<Vec<DepositResponse>> {
        self.deposits_up_to(account, usize::MAX).await
    }

    /// The oldest `most` of them, or some more: anyone can make any number.
    ///
    /// # Errors
    /// [`MarketError::Absent`] if there is no such account; another one if there is no answer.
    pub async fn deposits_up_to(
        &self,
        account: AccountId,
        most: usize,
    ) -> Answer<Vec<DepositResponse>> {
        let msg = |last: Option<&DepositResponse>, limit| QueryMsg::Deposits {
            account,
            start_after: last.map(|last| last.deposit),
            limit: Some(limit),
        };
        self.0.list(most, msg, |page: DepositsResponse| page.deposits).await
    }
}
