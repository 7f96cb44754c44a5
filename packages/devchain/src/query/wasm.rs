//! Codes, contracts and their state.

use cosmrs::proto::cosmwasm::wasm::v1 as proto;
use prost::Message;

use super::failure::Failure;
use super::paging;
use super::request::{Query, encoded};
use crate::error::wasm;
use crate::gas::{GasMeter, SMART_QUERY_LIMIT};
use crate::msg::must_be_json;
use crate::wasm::{self as module, records};

/// Block height and transaction index at the start of the keys of contract lists.
const POSITION: usize = 16;

/// Not among the generated types yet. The request is that of `Code`.
#[derive(Clone, PartialEq, Message)]
struct QueryCodeInfoResponse {
    #[prost(uint64, tag = "1")]
    code_id: u64,
    #[prost(string, tag = "2")]
    creator: String,
    #[prost(bytes = "vec", tag = "3")]
    checksum: Vec<u8>,
    #[prost(message, optional, tag = "4")]
    instantiate_permission: Option<proto::AccessConfig>,
}

/// The answer with the contract's record as bytes, since a field is not among the generated types yet.
#[derive(Clone, PartialEq, Message)]
struct QueryContractInfoResponse {
    #[prost(string, tag = "1")]
    address: String,
    #[prost(bytes = "vec", tag = "2")]
    contract_info: Vec<u8>,
}

/// Field of a contract's record that names its port of IBC's second version.
const IBC2_PORT: u32 = 8;

fn contract(query: &Query<'_>, text: &str) -> Result<Vec<u8>, Failure> {
    let address = query.address(text)?;
    if !records::has_contract(&query.ctx(), &address) {
        return Err(wasm::no_such_contract(text).into());
    }
    Ok(address)
}

pub fn smart(query: &Query<'_>) -> Result<Vec<u8>, Failure> {
    let request: proto::QuerySmartContractStateRequest = query.request()?;
    must_be_json(&request.query_data)
        .map_err(|_| Failure::InvalidArgument("invalid query data".into()))?;
    let address = query.address(&request.address)?;
    let ctx = query.ctx_with(GasMeter::limited(SMART_QUERY_LIMIT));
    let data = module::query_smart(&ctx, &address, request.query_data)?;
    encoded(proto::QuerySmartContractStateResponse { data: data.into() })
}

pub fn raw(query: &Query<'_>) -> Result<Vec<u8>, Failure> {
    let request: proto::QueryRawContractStateRequest = query.request()?;
    let address = contract(query, &request.address)?;
    let data = module::query_raw(&query.ctx(), &address, &request.query_data);
    encoded(proto::QueryRawContractStateResponse { data: data.unwrap_or_default() })
}

pub fn all_state(query: &Query<'_>) -> Result<Vec<u8>, Failure> {
    let request: proto::QueryAllContractStateRequest = query.request()?;
    let address = contract(query, &request.address)?;
    let prefix = records::store_prefix(&address);
    let (page, pagination) = paging::page_by_key(query.state, &prefix, request.pagination)?;
    encoded(proto::QueryAllContractStateResponse {
        models: page.into_iter().map(|(key, value)| proto::Model { key, value }).collect(),
        pagination: Some(pagination),
    })
}

pub fn contract_info(query: &Query<'_>) -> Result<Vec<u8>, Failure> {
    let request: proto::QueryContractInfoRequest = query.request()?;
    let address = contract(query, &request.address)?;
    let mut contract_info = records::contract(&query.ctx(), &address)
        .map(|record| record.encode_to_vec())
        .unwrap_or_default();
    let codec = &query.chain.settings().codec;
    let text = codec.encode(&address);
    let port = format!("wasm2{}", text.strip_prefix(codec.prefix()).unwrap_or(&text));
    prost::encoding::string::encode(IBC2_PORT, &port, &mut contract_info);
    encoded(QueryContractInfoResponse { address: request.address, contract_info })
}

pub fn history(query: &Query<'_>) -> Result<Vec<u8>, Failure> {
    let request: proto::QueryContractHistoryRequest = query.request()?;
    let address = query.address(&request.address)?;
    let prefix = records::history_prefix(&address);
    let (page, pagination) = paging::page_by_key(query.state, &prefix, request.pagination)?;
    let entries = page
        .iter()
        .map(|(_, value)| proto::ContractCodeHistoryEntry::decode(value.as_slice()))
        .collect::<Result<_, _>>()?;
    encoded(proto::QueryContractHistoryResponse { entries, pagination: Some(pagination) })
}

fn addresses(query: &Query<'_>, page: paging::Page) -> Vec<String> {
    let codec = &query.chain.settings().codec;
    page.iter()
        .filter_map(|(key, _)| key.get(POSITION..).map(|address| codec.encode(address)))
        .collect()
}

pub fn by_code(query: &Query<'_>) -> Result<Vec<u8>, Failure> {
    let request: proto::QueryContractsByCodeRequest = query.request()?;
    if request.code_id == 0 {
        return Err(wasm::invalid("code id").into());
    }
    let prefix = records::by_code_prefix(request.code_id);
    let (page, pagination) = paging::page_by_key(query.state, &prefix, request.pagination)?;
    encoded(proto::QueryContractsByCodeResponse {
        contracts: addresses(query, page),
        pagination: Some(pagination),
    })
}

pub fn by_creator(query: &Query<'_>) -> Result<Vec<u8>, Failure> {
    let request: proto::QueryContractsByCreatorRequest = query.request()?;
    let creator = query.address(&request.creator_address)?;
    let prefix = records::by_creator_prefix(&creator);
    let (page, pagination) = paging::page_by_key(query.state, &prefix, request.pagination)?;
    encoded(proto::QueryContractsByCreatorResponse {
        contract_addresses: addresses(query, page),
        pagination: Some(pagination),
    })
}

fn info_response(code_id: u64, info: proto::CodeInfo) -> proto::CodeInfoResponse {
    proto::CodeInfoResponse {
        code_id,
        creator: info.creator,
        data_hash: info.code_hash,
        instantiate_permission: info.instantiate_config,
    }
}

fn load_code(query: &Query<'_>, code_id: u64) -> Result<proto::CodeInfo, Failure> {
    if code_id == 0 {
        return Err(wasm::invalid("code id").into());
    }
    records::code(&query.ctx(), code_id).ok_or_else(|| wasm::no_such_code(code_id).into())
}

pub fn code(query: &Query<'_>) -> Result<Vec<u8>, Failure> {
    let request: proto::QueryCodeRequest = query.request()?;
    let info = load_code(query, request.code_id)?;
    let data = records::code_bytes(&query.ctx(), &info.code_hash).unwrap_or_default();
    encoded(proto::QueryCodeResponse {
        code_info: Some(info_response(request.code_id, info)),
        data,
    })
}

pub fn code_info(query: &Query<'_>) -> Result<Vec<u8>, Failure> {
    let request: proto::QueryCodeRequest = query.request()?;
    let info = load_code(query, request.code_id)?;
    encoded(QueryCodeInfoResponse {
        code_id: request.code_id,
        creator: info.creator,
        checksum: info.code_hash,
        instantiate_permission: info.instantiate_config,
    })
}

pub fn codes(query: &Query<'_>) -> Result<Vec<u8>, Failure> {
    let request: proto::QueryCodesRequest = query.request()?;
    let (page, pagination) =
        paging::page_by_key(query.state, records::CODE_PREFIX, request.pagination)?;
    let mut code_infos = Vec::new();
    for (key, value) in page {
        let code_id = key.as_slice().try_into().map_or(0, u64::from_be_bytes);
        let info = proto::CodeInfo::decode(value.as_slice())?;
        code_infos.push(info_response(code_id, info));
    }
    encoded(proto::QueryCodesResponse { code_infos, pagination: Some(pagination) })
}

/// Nothing is ever pinned here.
pub fn pinned(query: &Query<'_>) -> Result<Vec<u8>, Failure> {
    let _: proto::QueryPinnedCodesRequest = query.request()?;
    encoded(proto::QueryPinnedCodesResponse {
        code_ids: Vec::new(),
        pagination: Some(Default::default()),
    })
}
