//! Grants from one account to another.

use cosmrs::proto::cosmos::authz::v1beta1::{Grant, QueryGrantsRequest, QueryGrantsResponse};
use prost::Message;

use super::failure::Failure;
use super::paging;
use super::request::{Query, encoded};
use crate::error;
use crate::state::authz::{self, Parties};

/// All of them, or the one for a type of message.
pub fn grants(query: &Query<'_>) -> Result<Vec<u8>, Failure> {
    let request: QueryGrantsRequest = query.request()?;
    let (granter, grantee) = (query.address(&request.granter)?, query.address(&request.grantee)?);
    let parties = Parties { granter: &granter, grantee: &grantee };
    let type_url = &request.msg_type_url;
    if !type_url.is_empty() {
        let grant = authz::load(&query.ctx(), parties, type_url).ok_or_else(|| {
            let text = format!("authorization not found for {type_url} type");
            error::authz::not_granted(text)
        })?;
        return encoded(QueryGrantsResponse { grants: vec![grant], pagination: None });
    }
    let (page, pagination) = paging::page(query.state, &parties.prefix(), request.pagination)?;
    let grants = page.iter().map(|(_, value)| Grant::decode(value.as_slice()));
    let grants = grants.collect::<Result<_, _>>()?;
    encoded(QueryGrantsResponse { grants, pagination: Some(pagination) })
}
