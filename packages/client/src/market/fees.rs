//! The fee distributor: where fees are, and whose.

use souk_api::fees::{ConfigResponse, DenomResponse, QueryMsg, StakerResponse, StakersResponse};
use souk_core::Denom;

use super::{MarketError, instance::contract};

contract!(
    /// The fee distributor.
    FeeDistributor
);

type Answer<T> = Result<T, MarketError>;

impl FeeDistributor {
    /// Its configuration.
    ///
    /// # Errors
    /// If there is no answer: [`MarketError`] says why.
    pub async fn config(&self) -> Answer<ConfigResponse> {
        self.0.ask(&QueryMsg::Config {}).await
    }

    /// Where the income in a denom is.
    ///
    /// # Errors
    /// If there is no answer: [`MarketError`] says why.
    pub async fn denom(&self, denom: &Denom) -> Answer<DenomResponse> {
        self.0.ask(&QueryMsg::Denom { denom: denom.clone() }).await
    }

    /// A staker.
    ///
    /// # Errors
    /// If there is no answer: [`MarketError`] says why.
    pub async fn staker(&self, staker: &str) -> Answer<StakerResponse> {
        self.0.ask(&QueryMsg::Staker { staker: staker.to_owned() }).await
    }

    /// All stakers, by address.
    ///
    /// # Errors
    /// If there is no answer: [`MarketError`] says why.
    pub async fn stakers(&self) -> Answer<Vec<StakerResponse>> {
        let msg = |last: Option<&StakerResponse>, limit| QueryMsg::Stakers {
            start_after: last.map(|last| last.staker.clone()),
            limit: Some(limit),
        };
        self.0.list(usize::MAX, msg, |page: StakersResponse| page.stakers).await
    }
}
