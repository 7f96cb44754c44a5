//! From bytes to a transaction.

use cosmrs::proto::cosmos::tx::v1beta1::{AuthInfo, TxBody, TxRaw};
use cosmwasm_std::Coin;
use prost::Message;

use crate::address::AddressCodec;
use crate::coins::{self, BadCoins};
use crate::error::{AbciResult, sdk};
use crate::msg::Msg;
use crate::unpack;

/// Fields of a body since SDK 0.53, which the protobuf types do not have yet.
#[derive(Clone, PartialEq, Message)]
pub struct NewerBody {
    /// No sequence counts.
    #[prost(bool, tag = "4")]
    pub unordered: bool,
    /// It is not executed in a block whose time is later.
    #[prost(message, optional, tag = "5")]
    pub timeout_timestamp: Option<Moment>,
}

/// `google.protobuf.Timestamp`.
#[derive(Clone, Copy, PartialEq, Eq, Message)]
pub struct Moment {
    /// Seconds since 1970.
    #[prost(int64, tag = "1")]
    pub seconds: i64,
    /// Nanoseconds after these.
    #[prost(int32, tag = "2")]
    pub nanos: i32,
}

impl Moment {
    /// Nanoseconds since 1970.
    pub fn ns(self) -> i128 {
        i128::from(self.seconds) * 1_000_000_000 + i128::from(self.nanos)
    }
}

/// A decoded transaction.
#[derive(Clone, Debug)]
pub struct Tx {
    /// Parts as they were signed.
    pub raw: TxRaw,
    /// Memo, timeout and more.
    pub body: TxBody,
    /// What else it has.
    pub newer: NewerBody,
    /// Signers and fee.
    pub auth: AuthInfo,
    /// Messages in order.
    pub msgs: Vec<Msg>,
    /// Who must sign, without doubles: the messages' signers in order, then the fee payer.
    pub signers: Vec<Vec<u8>>,
    /// How long the transaction is, in bytes.
    pub size: usize,
}

impl Tx {
    /// Reads a transaction. What cannot be read fails with `tx parse error`, an unknown message too.
    pub fn decode(bytes: &[u8], codec: &AddressCodec) -> AbciResult<Self> {
        let bad = |err: prost::DecodeError| sdk::tx_decode(err.to_string());
        let raw = TxRaw::decode(bytes).map_err(bad)?;
        if raw.encode_to_vec() != bytes {
            return Err(sdk::tx_decode("encoding is not canonical"));
        }
        let body = TxBody::decode(raw.body_bytes.as_slice()).map_err(bad)?;
        let newer = NewerBody::decode(raw.body_bytes.as_slice()).map_err(bad)?;
        let auth = AuthInfo::decode(raw.auth_info_bytes.as_slice()).map_err(bad)?;
        let mut msgs = Vec::new();
        for any in &body.messages {
            msgs.push(unpack::message(any).map_err(sdk::tx_decode)?);
        }
        let fee = auth.fee.iter().flat_map(|fee| &fee.amount);
        unpack::amounts(fee).map_err(sdk::tx_decode)?;
        let mut signers: Vec<Vec<u8>> = Vec::new();
        for msg in &msgs {
            for signer in msg.signers(codec)? {
                if !signers.contains(&signer) {
                    signers.push(signer);
                }
            }
        }
        if let Some(payer) = auth.fee.as_ref().map(|f| &f.payer).filter(|p| !p.is_empty()) {
            let payer = codec
                .decode(payer)
                .ok_or_else(|| sdk::tx_decode(format!("invalid fee payer {payer:?}")))?;
            if !signers.contains(&payer) {
                signers.push(payer);
            }
        }
        Ok(Self { raw, body, newer, auth, msgs, signers, size: bytes.len() })
    }

    /// Gas limit; 0 without a fee.
    pub fn gas_limit(&self) -> u64 {
        self.auth.fee.as_ref().map_or(0, |fee| fee.gas_limit)
    }

    /// The fee's coins.
    pub fn fee(&self) -> Result<Vec<Coin>, BadCoins> {
        match &self.auth.fee {
            Some(fee) => coins::parse(&fee.amount),
            None => Ok(Vec::new()),
        }
    }

    /// Who pays the fee.
    pub fn fee_payer(&self, codec: &AddressCodec) -> Vec<u8> {
        self.auth
            .fee
            .as_ref()
            .and_then(|fee| codec.decode(&fee.payer))
            .or_else(|| self.signers.first().cloned())
            .unwrap_or_default()
    }
}
