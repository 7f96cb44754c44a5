//! Accounts.

use cosmrs::Any;
use cosmrs::proto::cosmos::auth::v1beta1::{
    BaseAccount, QueryAccountInfoRequest, QueryAccountInfoResponse, QueryAccountRequest,
    QueryAccountResponse, QueryAccountsRequest, QueryAccountsResponse,
};
use prost::{Message, Name};

use super::failure::Failure;
use super::paging;
use super::request::{Query, encoded};
use crate::state::auth;

fn load(query: &Query<'_>, address: &str, empty: &str) -> Result<BaseAccount, Failure> {
    if address.is_empty() {
        return Err(Failure::InvalidArgument(empty.into()));
    }
    let bytes = query.address(address)?;
    auth::load(&query.ctx(), &bytes)
        .ok_or_else(|| Failure::NotFound(format!("account {address} not found")))
}

fn any(account: Vec<u8>) -> Any {
    Any { type_url: BaseAccount::type_url(), value: account }
}

pub fn account(query: &Query<'_>) -> Result<Vec<u8>, Failure> {
    let request: QueryAccountRequest = query.request()?;
    let account = load(query, &request.address, "Address cannot be empty")?;
    encoded(QueryAccountResponse { account: Some(any(account.encode_to_vec())) })
}

pub fn account_info(query: &Query<'_>) -> Result<Vec<u8>, Failure> {
    let request: QueryAccountInfoRequest = query.request()?;
    let info = load(query, &request.address, "address cannot be empty")?;
    encoded(QueryAccountInfoResponse { info: Some(info) })
}

pub fn accounts(query: &Query<'_>) -> Result<Vec<u8>, Failure> {
    let request: QueryAccountsRequest = query.request()?;
    let (page, pagination) = paging::page(query.state, auth::PREFIX, request.pagination)?;
    encoded(QueryAccountsResponse {
        accounts: page.into_iter().map(|(_, value)| any(value)).collect(),
        pagination: Some(pagination),
    })
}
