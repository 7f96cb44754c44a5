//! Questions to registry and attestations.

use souk_api::{
    attestations::{self, AttestationResponse, AttestationsResponse},
    registry::{ConfigResponse, ProviderResponse, ProvidersResponse, QueryMsg},
};
use souk_chain::query::QueryError;

use super::{Market, PAGE};

impl Market {
    /// The registry's configuration.
    pub async fn registry_config(&self) -> Result<ConfigResponse, QueryError> {
        self.ask(&self.contracts.registry, &QueryMsg::Config {}).await
    }

    /// A provider.
    pub async fn provider(&self, provider: &str) -> Result<ProviderResponse, QueryError> {
        let msg = QueryMsg::Provider { provider: provider.to_owned() };
        self.ask(&self.contracts.registry, &msg).await
    }

    /// All providers that are registered.
    pub async fn providers(&self) -> Result<Vec<ProviderResponse>, QueryError> {
        let mut all: Vec<ProviderResponse> = Vec::new();
        loop {
            let start_after = all.last().map(|last| last.provider.clone());
            let msg = QueryMsg::Providers { start_after, limit: Some(PAGE) };
            let page: ProvidersResponse = self.ask(&self.contracts.registry, &msg).await?;
            if page.providers.is_empty() {
                all.retain(|provider| provider.registered);
                return Ok(all);
            }
            all.extend(page.providers);
        }
    }

    /// What all auditors attest of a provider.
    pub async fn attestations(
        &self,
        provider: &str,
    ) -> Result<Vec<AttestationResponse>, QueryError> {
        let mut all: Vec<AttestationResponse> = Vec::new();
        loop {
            let msg = attestations::QueryMsg::Attestations {
                provider: provider.to_owned(),
                start_after: all.last().map(|last| last.auditor.clone()),
                limit: Some(PAGE),
            };
            let page: AttestationsResponse = self.ask(&self.contracts.attestations, &msg).await?;
            if page.attestations.is_empty() {
                return Ok(all);
            }
            all.extend(page.attestations);
        }
    }
}
