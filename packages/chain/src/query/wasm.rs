//! Contracts: smart and raw queries, and what the chain says of contract and code.

use cosmrs::proto::cosmwasm::wasm::v1 as wasm;
use cosmrs::proto::traits::Message;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::error::QueryError;
use super::queries::Queries;

/// A contract as the chain has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ContractInfo {
    /// Bech32 address.
    pub address: String,
    /// The code that it runs.
    pub code_id: u64,
    /// Who instantiated it.
    pub creator: String,
    /// Who may migrate it, if anyone.
    pub admin: Option<String>,
    /// Its label.
    pub label: String,
}

/// A code as the chain has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CodeInfo {
    /// Its number.
    pub code_id: u64,
    /// Who stored it.
    pub creator: String,
    /// SHA-256 of the wasm.
    pub checksum: Vec<u8>,
}

/// The wasmd query without the code's bytes; newer than the generated types.
#[derive(Clone, PartialEq, Message)]
struct QueryCodeInfoRequest {
    #[prost(uint64, tag = "1")]
    code_id: u64,
}

#[derive(Clone, PartialEq, Message)]
struct QueryCodeInfoResponse {
    #[prost(uint64, tag = "1")]
    code_id: u64,
    #[prost(string, tag = "2")]
    creator: String,
    #[prost(bytes = "vec", tag = "3")]
    checksum: Vec<u8>,
}

impl Queries {
    /// Sends `msg` to the contract's query entry and reads its JSON answer.
    ///
    /// # Errors
    /// [`QueryError::NotFound`] if there is no contract; otherwise if the contract refuses, no node answers,
    /// or the answer is not the expected JSON.
    pub async fn smart<R: DeserializeOwned>(
        &self,
        contract: &str,
        msg: &impl Serialize,
    ) -> Result<R, QueryError> {
        let what = || format!("query of contract {contract}");
        let request = wasm::QuerySmartContractStateRequest {
            address: contract.to_owned(),
            query_data: serde_json::to_vec(msg)
                .map_err(|e| QueryError::Encode { what: what(), reason: e.to_string() })?,
        };
        let answer = self
            .ask::<_, wasm::QuerySmartContractStateResponse>(
                "/cosmwasm.wasm.v1.Query/SmartContractState",
                what,
                &request,
            )
            .await?;
        serde_json::from_slice(&answer.value.data)
            .map_err(|e| QueryError::Decode { what: what(), reason: e.to_string() })
    }

    /// The bytes under `key` in the contract's storage.
    ///
    /// # Errors
    /// [`QueryError::NotFound`] if there is no contract; otherwise if no node answers.
    pub async fn raw(&self, contract: &str, key: &[u8]) -> Result<Option<Vec<u8>>, QueryError> {
        let what = || format!("storage of contract {contract}");
        let request = wasm::QueryRawContractStateRequest {
            address: contract.to_owned(),
            query_data: key.to_vec(),
        };
        let answer = self
            .ask::<_, wasm::QueryRawContractStateResponse>(
                "/cosmwasm.wasm.v1.Query/RawContractState",
                what,
                &request,
            )
            .await?;
        Ok(Some(answer.value.data).filter(|data| !data.is_empty()))
    }

    /// What the chain says of a contract.
    ///
    /// # Errors
    /// [`QueryError::NotFound`] if there is no contract; otherwise if no node answers.
    pub async fn contract_info(&self, contract: &str) -> Result<ContractInfo, QueryError> {
        let what = || format!("contract {contract}");
        let request = wasm::QueryContractInfoRequest { address: contract.to_owned() };
        let answer = self
            .ask::<_, wasm::QueryContractInfoResponse>(
                "/cosmwasm.wasm.v1.Query/ContractInfo",
                what,
                &request,
            )
            .await?;
        let info = answer.value.contract_info.ok_or_else(|| QueryError::NotFound {
            what: what(),
            chain_id: self.client().chain_id().to_owned(),
        })?;
        Ok(ContractInfo {
            address: contract.to_owned(),
            code_id: info.code_id,
            creator: info.creator,
            admin: Some(info.admin).filter(|admin| !admin.is_empty()),
            label: info.label,
        })
    }

    /// The record of a code. Older chains send it with the bytes only.
    ///
    /// # Errors
    /// [`QueryError::NotFound`] if there is no code; otherwise if no node answers.
    pub async fn code_info(&self, code_id: u64) -> Result<CodeInfo, QueryError> {
        let what = || format!("code {code_id}");
        let brief = self
            .ask::<_, QueryCodeInfoResponse>(
                "/cosmwasm.wasm.v1.Query/CodeInfo",
                what,
                &QueryCodeInfoRequest { code_id },
            )
            .await;
        match brief {
            Ok(answer) if answer.value.code_id == code_id => {
                return Ok(CodeInfo {
                    code_id,
                    creator: answer.value.creator,
                    checksum: answer.value.checksum,
                });
            }
            Err(error @ (QueryError::Rpc(_) | QueryError::HeightUnavailable { .. })) => {
                return Err(error);
            }
            _ => {}
        }
        let answer = self
            .ask::<_, wasm::QueryCodeResponse>(
                "/cosmwasm.wasm.v1.Query/Code",
                what,
                &wasm::QueryCodeRequest { code_id },
            )
            .await?;
        let info = answer.value.code_info.ok_or_else(|| QueryError::NotFound {
            what: what(),
            chain_id: self.client().chain_id().to_owned(),
        })?;
        Ok(CodeInfo { code_id: info.code_id, creator: info.creator, checksum: info.data_hash })
    }
}
