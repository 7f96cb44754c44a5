//! Questions to escrow and fee distributor.

use souk_api::{
    escrow::{
        AccountResponse, ConfigResponse, DepositResponse, DepositsResponse, QueryMsg,
        StreamResponse, StreamsResponse, TotalsResponse,
    },
    fees::{self, DenomResponse, StakerResponse},
};
use souk_chain::query::QueryError;
use souk_core::{AccountId, Denom};

use super::{Market, PAGE};

impl Market {
    /// The escrow's configuration.
    pub async fn escrow_config(&self) -> Result<ConfigResponse, QueryError> {
        self.ask(&self.contracts.escrow, &QueryMsg::Config {}).await
    }

    /// What the escrow owes in a denom.
    pub async fn escrow_totals(&self, denom: &Denom) -> Result<TotalsResponse, QueryError> {
        let msg = QueryMsg::Totals { denom: denom.clone() };
        self.ask(&self.contracts.escrow, &msg).await
    }

    /// The fee distributor's configuration.
    pub async fn fees_config(&self) -> Result<fees::ConfigResponse, QueryError> {
        self.ask(&self.contracts.fee_distributor, &fees::QueryMsg::Config {}).await
    }

    /// An account, settled to the newest block.
    pub async fn account(&self, account: AccountId) -> Result<AccountResponse, QueryError> {
        self.ask(&self.contracts.escrow, &QueryMsg::Account { account }).await
    }

    /// An account's streams. There are at most as many as groups, so one page holds them.
    pub async fn streams(&self, account: AccountId) -> Result<Vec<StreamResponse>, QueryError> {
        let msg = QueryMsg::Streams { account, start_after: None, limit: Some(PAGE) };
        let page: StreamsResponse = self.ask(&self.contracts.escrow, &msg).await?;
        Ok(page.streams)
    }

    /// All deposits of others that were not claimed yet.
    pub async fn deposits(&self, account: AccountId) -> Result<Vec<DepositResponse>, QueryError> {
        self.deposits_up_to(account, usize::MAX).await
    }

    /// The same, the oldest `most` or some more.
    pub async fn deposits_up_to(
        &self,
        account: AccountId,
        most: usize,
    ) -> Result<Vec<DepositResponse>, QueryError> {
        let mut all: Vec<DepositResponse> = Vec::new();
        while all.len() < most {
            let start_after = all.last().map(|last| last.deposit);
            let msg = QueryMsg::Deposits { account, start_after, limit: Some(PAGE) };
            let page: DepositsResponse = self.ask(&self.contracts.escrow, &msg).await?;
            if page.deposits.is_empty() {
                break;
            }
            all.extend(page.deposits);
        }
        Ok(all)
    }

    /// Where the fees of a denom are.
    pub async fn fees(&self, denom: &Denom) -> Result<DenomResponse, QueryError> {
        let msg = fees::QueryMsg::Denom { denom: denom.clone() };
        self.ask(&self.contracts.fee_distributor, &msg).await
    }

    /// A staker.
    pub async fn staker(&self, staker: &str) -> Result<StakerResponse, QueryError> {
        let msg = fees::QueryMsg::Staker { staker: staker.to_owned() };
        self.ask(&self.contracts.fee_distributor, &msg).await
    }
}
