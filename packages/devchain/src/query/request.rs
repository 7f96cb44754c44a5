//! One query on its way to its handler: what was asked, of which state.

use prost::Message;

use super::failure::Failure;
use crate::chain::Chain;
use crate::gas::GasMeter;
use crate::state::{Ctx, Kv};

/// What a query handler works with.
pub struct Query<'a> {
    pub chain: &'a Chain,
    pub state: &'a Kv,
    pub height: u64,
    /// The height that counts as the head.
    pub head: u64,
    pub data: &'a [u8],
}

impl Query<'_> {
    pub fn request<M: Message + Default>(&self) -> Result<M, Failure> {
        Ok(M::decode(self.data)?)
    }

    pub fn ctx(&self) -> Ctx {
        self.ctx_with(GasMeter::unlimited())
    }

    pub fn ctx_with(&self, gas: GasMeter) -> Ctx {
        self.chain.query_context(self.height, self.state, gas)
    }

    /// Bytes of an address. An invalid one is an error that no module registered.
    pub fn address(&self, text: &str) -> Result<Vec<u8>, Failure> {
        let codec = &self.chain.settings().codec;
        codec.decode(text).ok_or_else(|| Failure::Plain(codec.invalid_reason(text)))
    }
}

pub fn encoded<M: Message>(message: M) -> Result<Vec<u8>, Failure> {
    Ok(message.encode_to_vec())
}
