//! The provider registry: who provides.

use souk_api::{
    published::{ProviderRecord, provider_key},
    registry::{ConfigResponse, ProviderResponse, ProvidersResponse, QueryMsg},
};

use super::{MarketError, instance::contract};

contract!(
    /// The provider registry.
    Registry
);

type Answer<T> = Result<T, MarketError>;

impl Registry {
    /// Its configuration.
    ///
    /// # Errors
    /// If there is no answer: [`MarketError`] says why.
    pub async fn config(&self) -> Answer<ConfigResponse> {
        self.0.ask(&QueryMsg::Config {}).await
    }

    /// A provider.
    ///
    /// # Errors
    /// [`MarketError::Absent`] if it never registered; another one if there is no answer.
    pub async fn provider(&self, provider: &str) -> Answer<ProviderResponse> {
        self.0.ask(&QueryMsg::Provider { provider: provider.to_owned() }).await
    }

    /// All providers that are registered.
    ///
    /// # Errors
    /// If there is no answer: [`MarketError`] says why.
    pub async fn providers(&self) -> Answer<Vec<ProviderResponse>> {
        let msg = |last: Option<&ProviderResponse>, limit| QueryMsg::Providers {
            start_after: last.map(|last| last.provider.clone()),
            limit: Some(limit),
        };
        let all = self.0.list(usize::MAX, msg, |page: ProvidersResponse| page.providers);
        let mut all = all.await?;
        all.retain(|provider| provider.registered);
        Ok(all)
    }

    /// The record of a provider that the registry publishes for other contracts.
    ///
    /// # Errors
    /// If there is no answer, or [`MarketError::Record`] for one of a later version.
    pub async fn provider_record(&self, provider: &str) -> Answer<Option<ProviderRecord>> {
        self.0.published(provider_key(provider)).await
    }
}
