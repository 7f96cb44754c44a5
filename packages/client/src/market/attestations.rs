//! The attestations: what auditors say of providers.

use souk_api::{
    attestations::{
        AttestationResponse, AttestationsResponse, CheckResponse, CheckedResponse, ConfigResponse,
        MAX_CHECKED, QueryMsg,
    },
    published::{AttestationRecord, attestation_key},
};

use super::{MarketError, instance::contract};

contract!(
    /// The attestations.
    Attestations
);

/// How a contract answers a question that it does not know: the words of serde.
const UNKNOWN_QUERY: &str = "unknown variant `check`";

type Answer<T> = Result<T, MarketError>;

impl Attestations {
    /// Their configuration.
    ///
    /// # Errors
    /// If there is no answer: [`MarketError`] says why.
    pub async fn config(&self) -> Answer<ConfigResponse> {
        self.0.ask(&QueryMsg::Config {}).await
    }

    /// What all auditors attest of a provider, expired values included.
    ///
    /// # Errors
    /// If there is no answer: [`MarketError`] says why.
    pub async fn of_provider(&self, provider: &str) -> Answer<Vec<AttestationResponse>> {
        let msg = |last: Option<&AttestationResponse>, limit| QueryMsg::Attestations {
            provider: provider.to_owned(),
            start_after: last.map(|last| last.auditor.clone()),
            limit: Some(limit),
        };
        self.0.list(usize::MAX, msg, |page: AttestationsResponse| page.attestations).await
    }

    /// What auditors attest of a provider, a page after one auditor by address, expired values included.
    ///
    /// # Errors
    /// If there is no answer: [`MarketError`] says why.
    pub async fn after(
        &self,
        provider: &str,
        start_after: Option<String>,
    ) -> Answer<Vec<AttestationResponse>> {
        let msg = |limit| QueryMsg::Attestations {
            provider: provider.to_owned(),
            start_after: start_after.clone(),
            limit: Some(limit),
        };
        Ok(self.0.page::<_, AttestationsResponse>(msg).await?.attestations)
    }

    /// What each of several auditors attests of a provider, expired values included. They are asked
    /// for in one question for each [`MAX_CHECKED`] of them. A contract of the first release does not know that
    /// question; there each record is read by itself.
    ///
    /// # Errors
    /// If there is no answer: [`MarketError`] says why.
    pub async fn check(&self, provider: &str, auditors: &[String]) -> Answer<Vec<CheckedResponse>> {
        let mut all = Vec::with_capacity(auditors.len());
        for auditors in auditors.chunks(MAX_CHECKED) {
            let question = QueryMsg::Check {
                provider: provider.to_owned(),
                auditors: auditors.to_vec(),
                keys: None,
                at: None,
            };
            match self.0.ask::<CheckResponse>(&question).await {
                Ok(answer) => all.extend(answer.auditors),
                Err(MarketError::Refused(why)) if why.contains(UNKNOWN_QUERY) => {
                    all.extend(self.records(provider, auditors).await?);
                }
                Err(error) => return Err(error),
            }
        }
        Ok(all)
    }

    /// What each of several auditors attests, from the record of each.
    async fn records(&self, provider: &str, auditors: &[String]) -> Answer<Vec<CheckedResponse>> {
        let read = |auditor: String| async move {
            let record = self.record(&auditor, provider).await?;
            let values = record.map(|record| record.values).unwrap_or_default();
            Ok(CheckedResponse { auditor, values })
        };
        futures::future::try_join_all(auditors.iter().cloned().map(read)).await
    }

    /// The record of what an auditor attests of a provider, as it is published for contracts.
    ///
    /// # Errors
    /// If there is no answer, or [`MarketError::Record`] for one of a later version.
    pub async fn record(&self, auditor: &str, provider: &str) -> Answer<Option<AttestationRecord>> {
        self.0.published(attestation_key(auditor, provider)).await
    }
}
