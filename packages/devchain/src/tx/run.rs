//! Running a transaction in any mode: checks, then all messages or none.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;

use cosmrs::Any;
use cosmrs::proto::cosmos::base::abci::v1beta1::TxMsgData;
use prost::Message;

use super::ante::{self, ExecMode, MinGasPrice};
use super::decode::Tx;
use super::messages;
use crate::error::{AbciError, AbciResult, sdk};
use crate::event::Event;
use crate::gas::{GasMeter, OutOfGas};
use crate::state::{BlockEnv, Ctx, Kv, Modules};

/// What a transaction did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TxResult {
    /// Why it failed, if it did.
    pub error: Option<AbciError>,
    /// Encoded responses of the messages; empty on failure.
    pub data: Vec<u8>,
    /// The responses themselves.
    pub responses: Vec<(String, Vec<u8>)>,
    /// Gas limit.
    pub gas_wanted: u64,
    /// Gas counted; an estimate.
    pub gas_used: u64,
    /// Events; of a failed transaction those of fee and signatures.
    pub events: Vec<Event>,
}

impl TxResult {
    fn failed(error: AbciError, gas_wanted: u64, gas_used: u64, events: Vec<Event>) -> Self {
        Self {
            error: Some(error),
            data: Vec::new(),
            responses: Vec::new(),
            gas_wanted,
            gas_used,
            events,
        }
    }

    /// 0 for success.
    pub fn code(&self) -> u32 {
        self.error.as_ref().map_or(0, |err| err.code)
    }

    /// Empty for success.
    pub fn codespace(&self) -> &'static str {
        self.error.as_ref().map_or("", |err| err.codespace)
    }

    /// Empty for success.
    pub fn log(&self) -> &str {
        self.error.as_ref().map_or("", |err| err.log.as_str())
    }
}

/// What transactions run with.
pub struct Executor<'a> {
    /// The block that they run in.
    pub block: &'a Rc<BlockEnv>,
    /// Native code and message handlers.
    pub modules: &'a Rc<Modules>,
    /// Least gas price; counts only in checks.
    pub min_price: Option<&'a MinGasPrice>,
}

/// How a guarded step ended.
enum Outcome<T> {
    Done(AbciResult<T>),
    OutOfGas(&'static str),
    Panicked(String),
}

fn guarded<T>(run: impl FnOnce() -> AbciResult<T>) -> Outcome<T> {
    match catch_unwind(AssertUnwindSafe(run)) {
        Ok(result) => Outcome::Done(result),
        Err(payload) => match payload.downcast::<OutOfGas>() {
            Ok(out) => Outcome::OutOfGas(out.doing),
            Err(other) => Outcome::Panicked(
                other.downcast_ref::<String>().cloned().unwrap_or_else(|| "recovered".into()),
            ),
        },
    }
}

impl<T> Outcome<T> {
    fn into_result(self, ctx: &Ctx) -> AbciResult<T> {
        match self {
            Self::Done(result) => result,
            Self::OutOfGas(doing) => Err(sdk::out_of_gas(format!(
                "out of gas in location: {doing}; gasWanted: {}, gasUsed: {}",
                ctx.gas().limit(),
                ctx.gas().used()
            ))),
            Self::Panicked(what) => Err(sdk::panic(what)),
        }
    }
}

impl Executor<'_> {
    /// Runs `bytes` on `state` and leaves there what remains of it: everything, the fee alone, or nothing.
    /// In a simulation the state stays as it was.
    pub fn run(&self, state: &mut Kv, bytes: &[u8], mode: ExecMode, tx_index: u32) -> TxResult {
        let codec = &self.block.codec;
        let tx = match Tx::decode(bytes, codec).and_then(|tx| self.check_messages(tx)) {
            Ok(tx) => tx,
            Err(err) => return TxResult::failed(err, 0, 0, Vec::new()),
        };
        let wanted = tx.gas_limit();
        let meter = match mode {
            ExecMode::Simulate => GasMeter::unlimited(),
            _ => GasMeter::limited(wanted),
        };
        let mut ctx = Ctx::new(state.clone(), meter, self.block.clone(), self.modules.clone());
        ctx.tx_index = Some(tx_index);

        let checked = guarded(|| ante::run(&ctx, &tx, mode, self.min_price)).into_result(&ctx);
        if let Err(err) = checked {
            return TxResult::failed(err, wanted, ctx.gas().used(), Vec::new());
        }
        let mut events = ctx.take_events();
        if mode != ExecMode::Simulate {
            *state = ctx.snapshot();
        }
        if mode == ExecMode::Check {
            return TxResult {
                error: None,
                data: Vec::new(),
                responses: Vec::new(),
                gas_wanted: wanted,
                gas_used: ctx.gas().used(),
                events,
            };
        }
        match guarded(|| run_messages(&ctx, tx)).into_result(&ctx) {
            Err(err) => TxResult::failed(err, wanted, ctx.gas().used(), events),
            Ok((responses, message_events)) => {
                if mode == ExecMode::Deliver {
                    *state = ctx.snapshot();
                }
                events.extend(message_events);
                let data = TxMsgData { msg_responses: responses.clone(), ..TxMsgData::default() };
                TxResult {
                    error: None,
                    data: data.encode_to_vec(),
                    responses: responses.into_iter().map(|any| (any.type_url, any.value)).collect(),
                    gas_wanted: wanted,
                    gas_used: ctx.gas().used(),
                    events,
                }
            }
        }
    }

    fn check_messages(&self, tx: Tx) -> AbciResult<Tx> {
        if tx.msgs.is_empty() {
            return Err(sdk::invalid_request("must contain at least one message"));
        }
        for msg in &tx.msgs {
            msg.validate_basic(&self.block.codec)?;
        }
        Ok(tx)
    }
}

fn run_messages(ctx: &Ctx, tx: Tx) -> AbciResult<(Vec<Any>, Vec<Event>)> {
    let mut responses = Vec::new();
    let mut all = Vec::new();
    for (index, msg) in tx.msgs.into_iter().enumerate() {
        let (action, module) = (msg.type_url(), msg.module());
        let signer = msg.signers(ctx.codec())?.into_iter().next();
        let response = messages::run(ctx, msg).map_err(|err| {
            err.wrap(format!("failed to execute message; message index: {index}"))
        })?;
        let events = ctx.take_events();
        let mut message = Event::new("message").with("action", action);
        if let Some(signer) = signer {
            message = message.with("sender", ctx.codec().encode(&signer));
        }
        if !events.iter().any(|event| event.get("module").is_some()) {
            message = message.with("module", module);
        }
        let with_index = std::iter::once(message)
            .chain(events)
            .map(|event| event.with("msg_index", index.to_string()));
        all.extend(with_index);
        responses.push(response);
    }
    Ok((responses, all))
}
