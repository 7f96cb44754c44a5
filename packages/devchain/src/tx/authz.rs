//! The authz module's messages, in the SDK's order of steps: granting, revoking, and acting for another.

use cosmrs::proto::cosmos::authz::v1beta1::{Grant, MsgExec, MsgGrant, MsgRevoke};
use cosmrs::proto::cosmwasm::wasm::v1::MsgExecuteContract;
use prost::Name;

use super::ante::time_text;
use crate::authorization::{Execution, Verdict};
use crate::error::{AbciError, AbciResult, authz as errors, sdk};
use crate::event::Event;
use crate::msg::Msg;
use crate::state::authz::{self, Parties};
use crate::state::{Ctx, auth, bank};
use crate::unpack;

/// Addresses of granter and grantee, who must not be the same.
fn addresses(ctx: &Ctx, granter: &str, grantee: &str) -> AbciResult<(Vec<u8>, Vec<u8>)> {
    if granter.eq_ignore_ascii_case(grantee) {
        return Err(errors::own_grantee(""));
    }
    let address = |role: &str, text: &str| {
        ctx.codec().decode(text).ok_or_else(|| {
            let reason = ctx.codec().invalid_reason(text);
            sdk::invalid_address(format!("invalid {role} address: {reason}"))
        })
    };
    let grantee = address("grantee", grantee)?;
    Ok((address("granter", granter)?, grantee))
}

/// A typed event of the SDK: its values are JSON.
fn event(ctx: &Ctx, name: &str, parties: Parties<'_>, type_url: &str) -> Event {
    let quoted = |text: &str| serde_json::Value::from(text).to_string();
    Event::new(format!("cosmos.authz.v1beta1.{name}"))
        .with("grantee", quoted(&ctx.codec().encode(parties.grantee)))
        .with("granter", quoted(&ctx.codec().encode(parties.granter)))
        .with("msg_type_url", quoted(type_url))
}

/// Stores a grant in the place of an earlier one for the same type of message.
pub fn grant(ctx: &Ctx, m: MsgGrant) -> AbciResult<()> {
    let (granter, grantee) = addresses(ctx, &m.granter, &m.grantee)?;
    let Grant { authorization, expiration } = m.grant.unwrap_or_default();
    let Some(held) = authorization else {
        return Err(sdk::invalid_type("authorization is nil"));
    };
    let held = Execution::read(&held).map_err(sdk::tx_decode)?;
    held.validate(ctx.codec())?;
    if auth::load(ctx, &grantee).is_none() {
        if bank::is_blocked(&grantee) {
            let text = format!("{} is not allowed to receive funds", m.grantee);
            return Err(sdk::unauthorized(text));
        }
        auth::create(ctx, &grantee);
    }
    let now = i128::from(ctx.block().time_ns);
    if let Some(until) = expiration.as_ref().map(authz::ns).filter(|until| *until <= now) {
        return Err(errors::invalid_expiry(format!(
            "expiration must be after the current block time ({}), got {}",
            time_text(now),
            time_text(until)
        )));
    }
    let parties = Parties { granter: &granter, grantee: &grantee };
    let type_url = MsgExecuteContract::type_url();
    let stored = Grant { authorization: Some(held.to_any()), expiration };
    authz::save(ctx, parties, &type_url, &stored);
    ctx.emit(event(ctx, "EventGrant", parties, &type_url));
    Ok(())
}

/// Removes a grant.
pub fn revoke(ctx: &Ctx, m: &MsgRevoke) -> AbciResult<()> {
    let (granter, grantee) = addresses(ctx, &m.granter, &m.grantee)?;
    if m.msg_type_url.is_empty() {
        return Err(sdk::invalid_request("missing msg method name"));
    }
    let parties = Parties { granter: &granter, grantee: &grantee };
    let held = authz::load(ctx, parties, &m.msg_type_url)
        .ok_or_else(|| errors::not_granted("failed to delete grant"))?;
    remove(ctx, parties, &m.msg_type_url, &held);
    Ok(())
}

fn remove(ctx: &Ctx, parties: Parties<'_>, type_url: &str, held: &Grant) {
    authz::remove(ctx, parties, type_url, held);
    ctx.emit(event(ctx, "EventRevoke", parties, type_url));
}

/// Runs messages of others who allowed them, or of the grantee itself. Returns their responses.
pub fn exec(ctx: &Ctx, m: MsgExec) -> AbciResult<Vec<Vec<u8>>> {
    let grantee = ctx.codec().decode(&m.grantee).ok_or_else(|| {
        let reason = ctx.codec().invalid_reason(&m.grantee);
        sdk::invalid_address(format!("invalid grantee address: {reason}"))
    })?;
    if m.msgs.is_empty() {
        return Err(sdk::invalid_request("messages cannot be empty"));
    }
    let msgs = m.msgs.iter().map(unpack::message).collect::<Result<Vec<_>, _>>();
    let msgs = msgs.map_err(sdk::tx_decode)?;
    for (at, msg) in msgs.iter().enumerate() {
        msg.validate_basic(ctx.codec()).map_err(|err| err.wrap(format!("msg {at}")))?;
    }
    let mut results = Vec::new();
    for (at, msg) in msgs.into_iter().enumerate() {
        // Nobody registered the SDK's error for a signer that is no address.
        let signers = msg.signers(ctx.codec());
        let signers = signers.map_err(|err| AbciError::unregistered(err.log))?;
        let [granter] = signers.as_slice() else {
            return Err(errors::several_signers(""));
        };
        if *granter != grantee {
            spend(ctx, Parties { granter, grantee: &grantee }, &msg)?;
        }
        let own = ctx.with_own_events();
        let text = text(&msg);
        let response = own
            .run_message(msg)
            .map_err(|err| err.wrap(format!("failed to execute message; message {text}")))?;
        let events = own.take_events().into_iter();
        ctx.emit_all(events.map(|event| event.with("authz_msg_index", at.to_string())));
        results.push(response.value);
    }
    Ok(results)
}

/// Takes a message from what was granted for it.
fn spend(ctx: &Ctx, parties: Parties<'_>, msg: &Msg) -> AbciResult<()> {
    let type_url = msg.type_url();
    let Some(held) = authz::load(ctx, parties, &type_url) else {
        return Err(errors::not_granted(format!(
            "failed to get grant with given granter: {}, grantee: {} & msgType: {type_url} ",
            ctx.codec().encode(parties.granter),
            ctx.codec().encode(parties.grantee)
        )));
    };
    let now = i128::from(ctx.block().time_ns);
    if held.expiration.as_ref().is_some_and(|until| authz::ns(until) < now) {
        return Err(errors::expired(""));
    }
    let (Some(any), Msg::Execute(call)) = (&held.authorization, msg) else {
        return Err(sdk::invalid_type("authorization is nil"));
    };
    let execution = Execution::read(any).map_err(sdk::invalid_type)?;
    match execution.accept(ctx.gas(), call)? {
        Verdict::Refused => return Err(sdk::unauthorized("")),
        Verdict::Kept => {}
        Verdict::Changed(left) => {
            // The SDK reads the grant again.
            let stored = authz::load(ctx, parties, &type_url).unwrap_or_default();
            let left = Grant { authorization: Some(left.to_any()), ..stored };
            authz::update(ctx, parties, &type_url, &left);
        }
        Verdict::UsedUp => {
            let stored = authz::load(ctx, parties, &type_url).unwrap_or_default();
            remove(ctx, parties, &type_url, &stored);
        }
    }
    Ok(())
}

/// A message as protobuf's compact text, which the SDK puts before its failure.
fn text(msg: &Msg) -> String {
    let Msg::Execute(m) = msg else { return msg.type_url() };
    let mut text = format!(
        "sender:{:?} contract:{:?} msg:{:?} ",
        m.sender,
        m.contract,
        String::from_utf8_lossy(&m.msg)
    );
    for coin in &m.funds {
        text.push_str(&format!("funds:<denom:{:?} amount:{:?} > ", coin.denom, coin.amount));
    }
    text
}
