//! The context of one transaction, simulation or query: state, gas, events and the block it runs in.

use std::cell::RefCell;
use std::rc::Rc;

use cosmrs::Any;
use cosmwasm_std::{BlockInfo, Timestamp};

use super::kv::{Kv, Records};
use crate::address::AddressCodec;
use crate::codes::NativeCodes;
use crate::error::AbciResult;
use crate::event::Event;
use crate::gas::{GasMeter, storage};
use crate::msg::Msg;

/// What is the same for everything in one block.
#[derive(Debug)]
pub struct BlockEnv {
    /// Chain id.
    pub chain_id: String,
    /// Height of the block.
    pub height: u64,
    /// Time of the block, nanoseconds since 1970.
    pub time_ns: u64,
    /// Address prefix.
    pub codec: AddressCodec,
}

impl BlockEnv {
    /// As contracts see it.
    pub fn block_info(&self) -> BlockInfo {
        BlockInfo {
            height: self.height,
            time: Timestamp::from_nanos(self.time_ns),
            chain_id: self.chain_id.clone(),
        }
    }
}

/// Runs a message that a contract sent, signed by the contract, and returns its encoded response.
pub type MessageHandler = fn(&Ctx, Msg) -> AbciResult<Any>;

/// What the chain's program brings along, which is not part of the state.
pub struct Modules {
    /// Native code of contracts.
    pub codes: NativeCodes,
    /// Runs contracts' messages: the SDK's message router. The wasm module calls it without knowing the handlers.
    pub handler: MessageHandler,
}

/// A context; clones share state and gas.
#[derive(Clone)]
pub struct Ctx {
    state: Rc<RefCell<Kv>>,
    gas: Rc<GasMeter>,
    events: Rc<RefCell<Vec<Event>>>,
    /// Codes that this transaction has loaded: entering them again is cheap.
    loaded: Rc<RefCell<Vec<Vec<u8>>>>,
    block: Rc<BlockEnv>,
    modules: Rc<Modules>,
    /// Index of the transaction in its block; none in queries.
    pub tx_index: Option<u32>,
    /// How deep contract calls are nested.
    pub call_depth: u32,
    /// How deep contract queries are nested.
    pub query_depth: u32,
}

impl Ctx {
    /// A context over `state`.
    pub fn new(state: Kv, gas: GasMeter, block: Rc<BlockEnv>, modules: Rc<Modules>) -> Self {
        Self {
            state: Rc::new(RefCell::new(state)),
            gas: Rc::new(gas),
            events: Rc::default(),
            loaded: Rc::default(),
            block,
            modules,
            tx_index: None,
            call_depth: 0,
            query_depth: 0,
        }
    }

    /// The same context with another meter.
    pub fn with_gas(&self, gas: GasMeter) -> Self {
        Self { gas: Rc::new(gas), ..self.clone() }
    }

    /// The same context that collects its events apart.
    pub fn with_own_events(&self) -> Self {
        Self { events: Rc::default(), ..self.clone() }
    }

    /// The meter.
    pub fn gas(&self) -> &GasMeter {
        &self.gas
    }

    /// The block.
    pub fn block(&self) -> &BlockEnv {
        &self.block
    }

    /// The address codec.
    pub fn codec(&self) -> &AddressCodec {
        &self.block.codec
    }

    /// Native code by name.
    pub fn codes(&self) -> &NativeCodes {
        &self.modules.codes
    }

    /// Runs a message that a contract sent.
    pub fn run_message(&self, msg: Msg) -> AbciResult<Any> {
        (self.modules.handler)(self, msg)
    }

    /// The state as it is now.
    pub fn snapshot(&self) -> Kv {
        self.state.borrow().clone()
    }

    /// Puts an earlier state back.
    pub fn restore(&self, snapshot: Kv) {
        *self.state.borrow_mut() = snapshot;
    }

    /// Emits an event.
    pub fn emit(&self, event: Event) {
        self.events.borrow_mut().push(event);
    }

    /// Emits events in order.
    pub fn emit_all(&self, events: impl IntoIterator<Item = Event>) {
        self.events.borrow_mut().extend(events);
    }

    /// Takes the events that were emitted so far.
    pub fn take_events(&self) -> Vec<Event> {
        std::mem::take(&mut *self.events.borrow_mut())
    }

    /// Notes that a code is used; true if this transaction has used it before.
    pub fn loads(&self, checksum: &[u8]) -> bool {
        let mut loaded = self.loaded.borrow_mut();
        let known = loaded.iter().any(|c| c == checksum);
        if !known {
            loaded.push(checksum.to_vec());
        }
        known
    }

    /// Reads a value and charges for it.
    pub fn get(&self, key: &[u8]) -> Option<Vec<u8>> {
        let value = self.state.borrow().get(key).cloned();
        let bytes = key.len() + value.as_ref().map_or(0, Vec::len);
        self.gas.consume(storage::READ + storage::READ_BYTE * bytes as u64, "ReadFlat");
        value
    }

    /// Whether a key exists; charges for it.
    pub fn has(&self, key: &[u8]) -> bool {
        self.gas.consume(storage::HAS, "Has");
        self.state.borrow().contains_key(key)
    }

    /// Writes a value and charges for it.
    pub fn set(&self, key: Vec<u8>, value: Vec<u8>) {
        let bytes = (key.len() + value.len()) as u64;
        self.gas.consume(storage::WRITE + storage::WRITE_BYTE * bytes, "WriteFlat");
        self.state.borrow_mut().insert_mut(key, value);
    }

    /// Removes a key and charges for it.
    pub fn remove(&self, key: &[u8]) {
        self.gas.consume(storage::DELETE, "Delete");
        self.state.borrow_mut().remove_mut(key);
    }

    /// Iterates over `start <= key < end`, charging for each record.
    pub fn range(&self, start: Vec<u8>, end: Option<Vec<u8>>, descending: bool) -> Charged {
        self.gas.consume(storage::NEXT, "IterNextFlat");
        Charged {
            records: Records::new(self.snapshot(), start, end, descending),
            gas: self.gas.clone(),
        }
    }
}

/// An iterator that charges for what it yields.
pub struct Charged {
    records: Records,
    gas: Rc<GasMeter>,
}

impl Iterator for Charged {
    type Item = (Vec<u8>, Vec<u8>);

    fn next(&mut self) -> Option<Self::Item> {
        let record = self.records.next()?;
        let bytes = (record.0.len() + record.1.len()) as u64;
        self.gas.consume(storage::NEXT + storage::READ_BYTE * bytes, "IterNextFlat");
        Some(record)
    }
}
