//! The attestations: what auditors say of providers.

use souk_api::{
    attestations::{AttestationResponse, AttestationsResponse, ConfigResponse, QueryMsg},
    published::{AttestationRecord, attestation_key},
};

use super::{MarketError, instance::contract};

contract!(
    /// The attestations. Each query's error says why there is no answer.
    Attestations
);

type Answer<T> = Result<T, MarketError>;

impl Attestations {
    /// Their configuration.
    pub async fn config(&self) -> Answer<ConfigResponse> {
        self.0.ask(&QueryMsg::Config {}).await
    }

    /// What all auditors attest of a provider, expired values included.
    pub async fn of_provider(&self, provider: &str) -> Answer<Vec<AttestationResponse>> {
        let msg = |last: Option<&AttestationResponse>, limit| QueryMsg::Attestations {
            provider: provider.to_owned(),
            start_after: last.map(|last| last.auditor.clone()),
            limit: Some(limit),
        };
        self.0.list(usize::MAX, msg, |page: AttestationsResponse| page.attestations).await
    }

    /// The record of what an auditor attests of a provider, as it is published for contracts.
    pub async fn record(&self, auditor: &str, provider: &str) -> Answer<Option<AttestationRecord>> {
        self.0.published(attestation_key(auditor, provider)).await
    }
}
