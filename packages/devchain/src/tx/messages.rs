//! Running one message: to the bank, the wasm or the authz module, and its response.

use cosmrs::Any;
use cosmrs::proto::cosmos::authz::v1beta1::{MsgExecResponse, MsgGrantResponse, MsgRevokeResponse};
use cosmrs::proto::cosmos::bank::v1beta1::{
    MsgMultiSend, MsgMultiSendResponse, MsgSend, MsgSendResponse,
};
use cosmrs::proto::cosmos::base::v1beta1::Coin as ProtoCoin;
use cosmrs::proto::cosmwasm::wasm::v1 as proto;
use cosmwasm_std::{Binary, Coin};
use prost::{Message, Name};

use super::authz;
use crate::coins;
use crate::error::{AbciError, AbciResult, sdk};
use crate::event::Event;
use crate::msg::Msg;
use crate::state::{Ctx, auth, bank};
use crate::wasm::keeper::{self, NewAddress, NewContract};

fn response<M: Message + Name>(message: M) -> Any {
    Any { type_url: M::type_url(), value: message.encode_to_vec() }
}

fn bytes(data: Option<Binary>) -> Vec<u8> {
    data.map(Vec::from).unwrap_or_default()
}

fn address(ctx: &Ctx, text: &str) -> AbciResult<Vec<u8>> {
    ctx.codec()
        .decode(text)
        .ok_or_else(|| AbciError::unregistered(ctx.codec().invalid_reason(text)))
}

fn funds(amount: &[ProtoCoin]) -> AbciResult<Vec<Coin>> {
    coins::parse(amount).map_err(|err| AbciError::unregistered(err.to_string()))
}

/// Runs the message. On failure the caller puts the state back.
pub fn run(ctx: &Ctx, msg: Msg) -> AbciResult<Any> {
    match msg {
        Msg::Send(m) => send(ctx, &m).map(|()| response(MsgSendResponse {})),
        Msg::MultiSend(m) => multi_send(ctx, &m).map(|()| response(MsgMultiSendResponse {})),
        Msg::StoreCode(m) => {
            let sender = address(ctx, &m.sender)?;
            let access = m.instantiate_permission;
            let (code_id, checksum) = keeper::store_code(ctx, &sender, &m.wasm_byte_code, access)?;
            Ok(response(proto::MsgStoreCodeResponse { code_id, checksum }))
        }
        Msg::Instantiate(m) => {
            let creator = address(ctx, &m.sender)?;
            let new = NewContract {
                code_id: m.code_id,
                creator: &creator,
                admin: m.admin,
                label: m.label,
                msg: m.msg,
                funds: funds(&m.funds)?,
                address: NewAddress::Classic,
            };
            let (contract, data) = keeper::instantiate(ctx, new)?;
            Ok(response(proto::MsgInstantiateContractResponse {
                address: ctx.codec().encode(&contract),
                data: bytes(data),
            }))
        }
        Msg::Instantiate2(m) => {
            let creator = address(ctx, &m.sender)?;
            let fixed = if m.fix_msg { m.msg.clone() } else { Vec::new() };
            let new = NewContract {
                code_id: m.code_id,
                creator: &creator,
                admin: m.admin,
                label: m.label,
                msg: m.msg,
                funds: funds(&m.funds)?,
                address: NewAddress::Predictable { salt: m.salt, msg: fixed },
            };
            let (contract, data) = keeper::instantiate(ctx, new)?;
            Ok(response(proto::MsgInstantiateContract2Response {
                address: ctx.codec().encode(&contract),
                data: bytes(data),
            }))
        }
        Msg::Execute(m) => {
            let sender = address(ctx, &m.sender)?;
            let contract = address(ctx, &m.contract)?;
            let data = keeper::execute(ctx, &contract, &sender, m.msg, funds(&m.funds)?)?;
            let data = bytes(data);
            Ok(response(proto::MsgExecuteContractResponse { data }))
        }
        Msg::Migrate(m) => {
            let sender = address(ctx, &m.sender)?;
            let contract = address(ctx, &m.contract)?;
            let data = bytes(keeper::migrate(ctx, &contract, &sender, m.code_id, m.msg)?);
            Ok(response(proto::MsgMigrateContractResponse { data }))
        }
        Msg::UpdateAdmin(m) => {
            let sender = address(ctx, &m.sender)?;
            let contract = address(ctx, &m.contract)?;
            keeper::set_admin(ctx, &contract, &sender, m.new_admin)?;
            Ok(response(proto::MsgUpdateAdminResponse {}))
        }
        Msg::ClearAdmin(m) => {
            let sender = address(ctx, &m.sender)?;
            let contract = address(ctx, &m.contract)?;
            keeper::set_admin(ctx, &contract, &sender, String::new())?;
            Ok(response(proto::MsgClearAdminResponse {}))
        }
        Msg::Grant(m) => authz::grant(ctx, m).map(|()| response(MsgGrantResponse {})),
        Msg::Exec(m) => authz::exec(ctx, m).map(|results| response(MsgExecResponse { results })),
        Msg::Revoke(m) => authz::revoke(ctx, &m).map(|()| response(MsgRevokeResponse {})),
    }
}

fn party(ctx: &Ctx, role: &str, text: &str) -> AbciResult<Vec<u8>> {
    ctx.codec().decode(text).ok_or_else(|| {
        sdk::invalid_address(format!(
            "invalid {role} address: {}",
            ctx.codec().invalid_reason(text)
        ))
    })
}

fn positive(amount: &[ProtoCoin]) -> AbciResult<Vec<Coin>> {
    let text: Vec<_> = amount.iter().map(|coin| format!("{}{}", coin.amount, coin.denom)).collect();
    match coins::parse(amount) {
        Ok(parsed) if !parsed.is_empty() => Ok(parsed),
        _ => Err(sdk::invalid_coins(text.join(","))),
    }
}

fn may_receive(to: &[u8], text: &str) -> AbciResult<()> {
    if bank::is_blocked(to) {
        return Err(sdk::unauthorized(format!("{text} is not allowed to receive funds")));
    }
    Ok(())
}

fn send(ctx: &Ctx, m: &MsgSend) -> AbciResult<()> {
    let from = party(ctx, "from", &m.from_address)?;
    let to = party(ctx, "to", &m.to_address)?;
    let amount = positive(&m.amount)?;
    may_receive(&to, &m.to_address)?;
    bank::send(ctx, &from, &to, &amount)
}

fn multi_send(ctx: &Ctx, m: &MsgMultiSend) -> AbciResult<()> {
    let registered = |code, text| AbciError::registered("bank", code, text, "");
    let [input] = m.inputs.as_slice() else {
        return Err(if m.inputs.is_empty() {
            registered(2, "no inputs to send transaction")
        } else {
            registered(9, "multiple senders not allowed")
        });
    };
    if m.outputs.is_empty() {
        return Err(registered(3, "no outputs to send transaction"));
    }
    let from = party(ctx, "input", &input.address)?;
    let total = positive(&input.coins)?;
    let mut outputs = Vec::new();
    for output in &m.outputs {
        let to = party(ctx, "output", &output.address)?;
        outputs.push((to, positive(&output.coins)?, output.address.as_str()));
    }
    let sum = coins::normalize(outputs.iter().flat_map(|(_, amount, _)| amount.clone()));
    if sum != total {
        return Err(registered(4, "sum inputs != sum outputs"));
    }
    for (to, _, text) in &outputs {
        may_receive(to, text)?;
    }
    ctx.emit(Event::new("message").with("sender", input.address.as_str()));
    for (to, _, _) in &outputs {
        auth::ensure(ctx, to);
    }
    bank::subtract(ctx, &from, &total)?;
    for (to, amount, _) in &outputs {
        bank::add(ctx, to, amount)?;
        ctx.emit(bank::transfer_event(ctx, &from, to, amount));
    }
    Ok(())
}
