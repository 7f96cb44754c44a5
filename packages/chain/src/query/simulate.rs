//! Simulation of a transaction: what gas it would use, or why it would fail.

use cosmrs::proto::cosmos::tx::v1beta1::{SimulateRequest, SimulateResponse};

use super::error::QueryError;
use super::queries::{At, Queries, decode};
use crate::log;
use crate::rpc::RpcError;
use crate::tx::{Refusal, TxPhase};

/// What a simulation found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Simulation {
    /// Gas that the transaction would use.
    pub gas_used: u64,
}

/// Why a simulation gave no gas figure.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SimulationError {
    /// The transaction would fail.
    #[error("{0}")]
    WouldFail(Refusal),
    /// The chain could not be asked.
    #[error(transparent)]
    Query(#[from] QueryError),
}

impl Queries {
    /// Runs these transaction bytes without effect; signatures are not verified, the sequence is.
    ///
    /// # Errors
    /// If the chain refuses the transaction, or no node answers.
    pub async fn simulate(&self, tx: &[u8]) -> Result<Simulation, SimulationError> {
        #[allow(deprecated)]
        let request = SimulateRequest { tx: None, tx_bytes: tx.to_vec() };
        let response = match self.ask_raw("/cosmos.tx.v1beta1.Service/Simulate", &request).await {
            Ok(response) => response,
            Err(RpcError::Node { error, .. }) if error.request_is_too_large() => {
                let bytes = tx.len();
                return Err(SimulationError::WouldFail(Refusal::too_large(format!(
                    "the transaction has {bytes} bytes, and no node takes a request with twice \
                     that, which a simulation needs: {error}; send less at once"
                ))));
            }
            Err(error) => return Err(SimulationError::Query(error.into())),
        };
        if response.lacks_state() {
            return Err(SimulationError::Query(QueryError::HeightUnavailable {
                what: "simulation".to_owned(),
                height: self.height.unwrap_or(0),
                log: response.log,
            }));
        }
        if response.code != 0 && log::is_not_served(&response.log) {
            let what = "simulation".to_owned();
            return Err(SimulationError::Query(QueryError::NotServed { what, log: response.log }));
        }
        if response.code != 0 {
            let (codespace, code) = (&response.codespace, response.code);
            let refusal = Refusal::read(TxPhase::Simulate, codespace, code, &response.log);
            return Err(SimulationError::WouldFail(refusal));
        }
        let answer: At<SimulateResponse> = decode("simulation".to_owned(), &response)?;
        let gas = answer.value.gas_info.unwrap_or_default();
        Ok(Simulation { gas_used: gas.gas_used })
    }
}
