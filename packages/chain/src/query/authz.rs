//! What one account may do for another.

use cosmrs::proto::cosmos::authz::v1beta1::{QueryGrantsRequest, QueryGrantsResponse};
use cosmrs::proto::cosmos::base::query::v1beta1::PageRequest;

use super::error::QueryError;
use super::queries::Queries;
use crate::tx::ExecutionGrants;

const PAGE: u64 = 100;

impl Queries {
    /// What `grantee` may still execute for `granter`: its limits are what is left of them. None if that is
    /// nothing: it was never granted, or is used up, expired or revoked. What the grantee may do beside
    /// executing contracts is not looked at.
    ///
    /// # Errors
    /// [`QueryError::Decode`] if it is leave to execute anything, or of a kind that is not known;
    /// [`QueryError::NotServed`] if the chain has no `x/authz`; otherwise if no node answers or the node
    /// refuses, as it does what is no address.
    pub async fn execution_grants(
        &self,
        granter: &str,
        grantee: &str,
    ) -> Result<Option<ExecutionGrants>, QueryError> {
        const PATH: &str = "/cosmos.authz.v1beta1.Query/Grants";
        let what = || format!("what {grantee} may execute for {granter}");
        let mut key = Vec::new();
        loop {
            let pagination = PageRequest { key, limit: PAGE, ..PageRequest::default() };
            // The query by type fails where there is none; that of all lists none.
            let request = QueryGrantsRequest {
                granter: granter.to_owned(),
                grantee: grantee.to_owned(),
                msg_type_url: String::new(),
                pagination: Some(pagination),
            };
            let answer = self.ask::<_, QueryGrantsResponse>(PATH, what, &request).await?.value;
            for grant in &answer.grants {
                let read = ExecutionGrants::read(grant);
                let read = read.map_err(|reason| QueryError::Decode { what: what(), reason })?;
                // There is one at most of each kind of message.
                if read.is_some() {
                    return Ok(read);
                }
            }
            key = answer.pagination.map(|page| page.next_key).unwrap_or_default();
            if key.is_empty() {
                return Ok(None);
            }
        }
    }
}
