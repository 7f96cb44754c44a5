//! Lists: the codes of a chain, the contracts of a creator.

use cosmrs::proto::cosmos::base::query::v1beta1::PageRequest;
use cosmrs::proto::cosmwasm::wasm::v1 as wasm;

use super::error::QueryError;
use super::queries::Queries;
use super::wasm::CodeInfo;

/// What nodes give in one page at most.
const PAGE: u64 = 100;

/// A code in a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedCode {
    /// What the chain says of it.
    pub info: CodeInfo,
    /// Who may instantiate it: everybody, or only these.
    pub only: Option<Vec<String>>,
}

/// A page of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListPage<T> {
    /// Its entries.
    pub entries: Vec<T>,
    /// Where the next page begins, if there is one.
    pub next: Option<Vec<u8>>,
}

impl ListedCode {
    /// Whether this account may make contracts of it.
    pub fn open_to(&self, account: &str) -> bool {
        self.only.as_ref().is_none_or(|only| only.iter().any(|one| one == account))
    }
}

impl Queries {
    /// A page of all codes, the newest first, from the `next` of the page before.
    ///
    /// # Errors
    /// If no node answers, the node refuses, or the answer cannot be read.
    pub async fn newest_codes(
        &self,
        from: Option<Vec<u8>>,
    ) -> Result<ListPage<ListedCode>, QueryError> {
        let pagination = PageRequest {
            key: from.unwrap_or_default(),
            limit: PAGE,
            reverse: true,
            ..PageRequest::default()
        };
        let request = wasm::QueryCodesRequest { pagination: Some(pagination) };
        let answer = self
            .ask::<_, wasm::QueryCodesResponse>(
                "/cosmwasm.wasm.v1.Query/Codes",
                || "list of codes".to_owned(),
                &request,
            )
            .await?;
        let next = answer.value.pagination.map(|page| page.next_key);
        Ok(ListPage {
            entries: answer.value.code_infos.into_iter().map(listed).collect(),
            next: next.filter(|key| !key.is_empty()),
        })
    }

    /// A page of a contract's storage, keys with values by key, from a key or the `next` of the page
    /// before.
    ///
    /// # Errors
    /// [`QueryError::NotFound`] if there is no contract; otherwise if no node answers or gives it.
    pub async fn storage_page(
        &self,
        contract: &str,
        from: Vec<u8>,
    ) -> Result<ListPage<(Vec<u8>, Vec<u8>)>, QueryError> {
        let pagination = PageRequest { key: from, limit: PAGE, ..PageRequest::default() };
        let request = wasm::QueryAllContractStateRequest {
            address: contract.to_owned(),
            pagination: Some(pagination),
        };
        let answer = self
            .ask::<_, wasm::QueryAllContractStateResponse>(
                "/cosmwasm.wasm.v1.Query/AllContractState",
                || format!("storage of contract {contract}"),
                &request,
            )
            .await?;
        let next = answer.value.pagination.map(|page| page.next_key);
        Ok(ListPage {
            entries: answer.value.models.into_iter().map(|one| (one.key, one.value)).collect(),
            next: next.filter(|key| !key.is_empty()),
        })
    }

    /// The addresses of all contracts that an account made, the oldest first.
    ///
    /// # Errors
    /// If no node answers, the node refuses, or the answer cannot be read.
    pub async fn contracts_by_creator(&self, creator: &str) -> Result<Vec<String>, QueryError> {
        let mut addresses = Vec::new();
        let mut key = Vec::new();
        loop {
            let pagination = PageRequest { key, limit: PAGE, ..PageRequest::default() };
            let request = wasm::QueryContractsByCreatorRequest {
                creator_address: creator.to_owned(),
                pagination: Some(pagination),
            };
            let answer = self
                .ask::<_, wasm::QueryContractsByCreatorResponse>(
                    "/cosmwasm.wasm.v1.Query/ContractsByCreator",
                    || format!("contracts made by {creator}"),
                    &request,
                )
                .await?;
            addresses.extend(answer.value.contract_addresses);
            key = answer.value.pagination.map(|page| page.next_key).unwrap_or_default();
            if key.is_empty() {
                return Ok(addresses);
            }
        }
    }
}

fn listed(code: wasm::CodeInfoResponse) -> ListedCode {
    let restricted = code.instantiate_permission.and_then(|access| {
        let open = [wasm::AccessType::Unspecified, wasm::AccessType::Everybody];
        (!open.contains(&access.permission())).then_some(access.addresses)
    });
    ListedCode {
        info: CodeInfo { code_id: code.code_id, creator: code.creator, checksum: code.data_hash },
        only: restricted,
    }
}
