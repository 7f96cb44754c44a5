//! A storage that counts gas as the chain does, so that tests can measure what a message costs
//! and that it does not depend on how many bids there are.

use std::cell::Cell;

use cosmwasm_std::{Order, Record, Storage, testing::MockStorage};

/// Gas of the chain's store: flat and by the byte.
const READ: (u64, u64) = (1_000, 3);
const WRITE: (u64, u64) = (2_000, 30);
const DELETE: u64 = 1_000;
const NEXT: u64 = 30;
/// Entering a contract.
pub const ENTER: u64 = 60_000;
/// What a transaction costs before it does anything: signature, size, sequence, fee.
pub const TRANSACTION: u64 = 40_000;

/// Counts what goes in and out of the contracts' stores.
#[derive(Default)]
pub struct Meter {
    inner: MockStorage,
    gas: Cell<u64>,
}

impl Meter {
    /// Gas so far.
    pub fn gas(&self) -> u64 {
        self.gas.get()
    }

    fn charge(&self, gas: u64) {
        self.gas.set(self.gas.get() + gas);
    }

    /// Bytes of a contract's own key and value, with the 33 bytes that the chain puts before
    /// the key; none for what is not a contract's.
    fn size(key: &[u8], value: usize) -> Option<u64> {
        // The test chain's prefix: `wasm`, then `contract_data/` and the address, each with
        // its length in two bytes.
        let rest = key.strip_prefix(b"\0\x04wasm")?;
        let (len, rest) = rest.split_first_chunk::<2>()?;
        let own = rest.get(usize::from(u16::from_be_bytes(*len))..)?;
        rest.starts_with(b"contract_data/").then(|| (33 + own.len() + value) as u64)
    }
}

impl Storage for Meter {
    fn get(&self, key: &[u8]) -> Option<Vec<u8>> {
        let value = self.inner.get(key);
        if let Some(bytes) = Self::size(key, value.as_ref().map_or(0, Vec::len)) {
            self.charge(READ.0 + READ.1 * bytes);
        }
        value
    }

    fn set(&mut self, key: &[u8], value: &[u8]) {
        if let Some(bytes) = Self::size(key, value.len()) {
            self.charge(WRITE.0 + WRITE.1 * bytes);
        }
        self.inner.set(key, value);
    }

    fn remove(&mut self, key: &[u8]) {
        if Self::size(key, 0).is_some() {
            self.charge(DELETE);
        }
        self.inner.remove(key);
    }

    fn range<'a>(
        &'a self,
        start: Option<&[u8]>,
        end: Option<&[u8]>,
        order: Order,
    ) -> Box<dyn Iterator<Item = Record> + 'a> {
        let found = self.inner.range(start, end, order);
        Box::new(found.inspect(|(key, value)| {
            if let Some(bytes) = Self::size(key, value.len()) {
                self.charge(NEXT + READ.1 * bytes);
            }
        }))
    }
}
