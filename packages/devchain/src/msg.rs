//! The messages that this chain understands, who signs them, and their stateless checks. `tx::messages` runs them.

use cosmrs::Any;
use cosmrs::proto::cosmos::authz::v1beta1::{MsgExec, MsgGrant, MsgRevoke};
use cosmrs::proto::cosmos::bank::v1beta1::{MsgMultiSend, MsgSend};
use cosmrs::proto::cosmos::base::v1beta1::Coin as ProtoCoin;
use cosmrs::proto::cosmwasm::wasm::v1::{
    MsgClearAdmin, MsgExecuteContract, MsgInstantiateContract, MsgInstantiateContract2,
    MsgMigrateContract, MsgStoreCode, MsgUpdateAdmin,
};
use prost::{Message, Name};

use crate::address::AddressCodec;
use crate::codes::MAX_CODE_BYTES;
use crate::coins;
use crate::error::{AbciError, AbciResult, sdk, wasm};

macro_rules! messages {
    ($($variant:ident($ty:ty) $signer:expr;)*) => {
        /// A message of a transaction or of a contract.
        #[derive(Clone, Debug, PartialEq)]
        pub enum Msg {
            $(#[doc = stringify!($ty)] $variant($ty),)*
        }

        impl Msg {
            /// Reads a message; none if its type is not known here.
            pub fn decode(any: &Any) -> Result<Option<Self>, prost::DecodeError> {
                $(if any.type_url == <$ty>::type_url() {
                    return Ok(Some(Self::$variant(<$ty>::decode(any.value.as_slice())?)));
                })*
                Ok(None)
            }

            /// For instance `/cosmwasm.wasm.v1.MsgExecuteContract`.
            pub fn type_url(&self) -> String {
                match self { $(Self::$variant(_) => <$ty>::type_url(),)* }
            }

            /// Texts of the addresses that must sign.
            fn signer_texts(&self) -> Vec<&str> {
                match self { $(Self::$variant(msg) => {
                    let signer: fn(&$ty) -> Vec<&str> = $signer;
                    signer(msg)
                })* }
            }
        }
    };
}

messages! {
    Send(MsgSend) |m| vec![&m.from_address];
    MultiSend(MsgMultiSend) |m| m.inputs.iter().map(|i| i.address.as_str()).collect();
    StoreCode(MsgStoreCode) |m| vec![&m.sender];
    Instantiate(MsgInstantiateContract) |m| vec![&m.sender];
    Instantiate2(MsgInstantiateContract2) |m| vec![&m.sender];
    Execute(MsgExecuteContract) |m| vec![&m.sender];
    Migrate(MsgMigrateContract) |m| vec![&m.sender];
    UpdateAdmin(MsgUpdateAdmin) |m| vec![&m.sender];
    ClearAdmin(MsgClearAdmin) |m| vec![&m.sender];
    Grant(MsgGrant) |m| vec![&m.granter];
    Exec(MsgExec) |m| vec![&m.grantee];
    Revoke(MsgRevoke) |m| vec![&m.granter];
}

impl Msg {
    /// Addresses that must sign, in order.
    pub fn signers(&self, codec: &AddressCodec) -> AbciResult<Vec<Vec<u8>>> {
        self.signer_texts()
            .into_iter()
            .map(|text| {
                codec
                    .decode(text)
                    .ok_or_else(|| sdk::tx_decode(format!("invalid signer address {text:?}")))
            })
            .collect()
    }

    /// Every coin that the message names itself; not those of messages and limits inside it.
    pub fn coins(&self) -> Vec<&ProtoCoin> {
        match self {
            Self::Send(m) => m.amount.iter().collect(),
            Self::MultiSend(m) => {
                let inputs = m.inputs.iter().flat_map(|input| &input.coins);
                inputs.chain(m.outputs.iter().flat_map(|output| &output.coins)).collect()
            }
            Self::Instantiate(m) => m.funds.iter().collect(),
            Self::Instantiate2(m) => m.funds.iter().collect(),
            Self::Execute(m) => m.funds.iter().collect(),
            _ => Vec::new(),
        }
    }

    /// `bank`, `authz` or `wasm`.
    pub fn module(&self) -> &'static str {
        match self {
            Self::Send(_) | Self::MultiSend(_) => "bank",
            Self::Grant(_) | Self::Exec(_) | Self::Revoke(_) => "authz",
            _ => "wasm",
        }
    }

    /// Checks that need no state. Messages of bank and authz have none; they are checked when they run.
    pub fn validate_basic(&self, codec: &AddressCodec) -> AbciResult<()> {
        match self {
            Self::Send(_) | Self::MultiSend(_) => Ok(()),
            Self::Grant(_) | Self::Exec(_) | Self::Revoke(_) => Ok(()),
            Self::StoreCode(m) => {
                address(codec, "sender", &m.sender)?;
                code_bytes(&m.wasm_byte_code)
            }
            Self::Instantiate(m) => {
                new_contract(codec, &m.sender, m.code_id, &m.label, &m.funds, &m.admin, &m.msg)
            }
            Self::Instantiate2(m) => {
                new_contract(codec, &m.sender, m.code_id, &m.label, &m.funds, &m.admin, &m.msg)?;
                let too_long = "cannot be longer than 64 characters";
                match m.salt.len() {
                    0 => Err(wasm::empty("salt: is required")),
                    1..=64 => Ok(()),
                    _ => Err(wasm::limit(format!("salt: {too_long}"))),
                }
            }
            Self::Execute(m) => {
                address(codec, "sender", &m.sender)?;
                address(codec, "contract", &m.contract)?;
                funds(&m.funds)?;
                payload(&m.msg)
            }
            Self::Migrate(m) => {
                code_id(m.code_id)?;
                address(codec, "sender", &m.sender)?;
                address(codec, "contract", &m.contract)?;
                payload(&m.msg)
            }
            Self::UpdateAdmin(m) => {
                address(codec, "sender", &m.sender)?;
                address(codec, "contract", &m.contract)?;
                address(codec, "new admin", &m.new_admin)?;
                if m.sender.eq_ignore_ascii_case(&m.new_admin) {
                    return Err(wasm::invalid("new admin is the same as the old"));
                }
                Ok(())
            }
            Self::ClearAdmin(m) => {
                address(codec, "sender", &m.sender)?;
                address(codec, "contract", &m.contract)
            }
        }
    }
}

/// An error here is one that the SDK did not register.
fn address(codec: &AddressCodec, role: &str, text: &str) -> AbciResult<()> {
    match codec.decode(text) {
        Some(_) => Ok(()),
        None => Err(AbciError::unregistered(format!("{role}: {}", codec.invalid_reason(text)))),
    }
}

fn code_bytes(bytes: &[u8]) -> AbciResult<()> {
    if bytes.is_empty() {
        return Err(sdk::invalid_request("code bytes is required: empty"));
    }
    if bytes.len() > MAX_CODE_BYTES {
        return Err(sdk::invalid_request(format!(
            "code bytes cannot be longer than {MAX_CODE_BYTES} bytes: exceeds limit"
        )));
    }
    Ok(())
}

fn code_id(id: u64) -> AbciResult<()> {
    if id == 0 {
        return Err(sdk::invalid_request("code id is required"));
    }
    Ok(())
}

fn funds(amount: &[ProtoCoin]) -> AbciResult<()> {
    match coins::parse(amount) {
        Ok(_) => Ok(()),
        Err(err) => Err(AbciError::unregistered(format!("funds: {err}"))),
    }
}

/// A message to a contract must be JSON.
pub fn must_be_json(msg: &[u8]) -> AbciResult<()> {
    match serde_json::from_slice::<serde::de::IgnoredAny>(msg) {
        Ok(_) => Ok(()),
        Err(_) => Err(wasm::invalid("")),
    }
}

fn payload(msg: &[u8]) -> AbciResult<()> {
    must_be_json(msg).map_err(|err| err.wrap("payload msg"))
}

fn new_contract(
    codec: &AddressCodec,
    sender: &str,
    code: u64,
    label: &str,
    amount: &[ProtoCoin],
    admin: &str,
    msg: &[u8],
) -> AbciResult<()> {
    address(codec, "sender", sender)?;
    code_id(code)?;
    check_label(label).map_err(|err| err.wrap("label"))?;
    funds(amount)?;
    if !admin.is_empty() {
        address(codec, "admin", admin)?;
    }
    payload(msg)
}

fn check_label(label: &str) -> AbciResult<()> {
    if label.is_empty() {
        return Err(wasm::empty("is required"));
    }
    if label.len() > 128 {
        return Err(wasm::limit("cannot be longer than 128 characters"));
    }
    if label.trim() != label {
        return Err(wasm::invalid("label must not start/end with whitespaces"));
    }
    if label.chars().any(char::is_control) {
        return Err(wasm::invalid("label must have printable characters only"));
    }
    Ok(())
}
