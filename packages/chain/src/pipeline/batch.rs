//! A batch of items as one transaction, and which item a message belongs to.

use cosmrs::Any;

use super::error::PipelineError;
use super::store::StoredItem;
use crate::tx::{Refusal, RefusalKind, messages_from_bytes};

/// Items that go together, in order.
#[derive(Debug, Clone)]
pub(super) struct Batch {
    pub items: Vec<StoredItem>,
    pub messages: Vec<Any>,
    /// For each item the number of messages up to and with it.
    ends: Vec<usize>,
}

impl Batch {
    pub(super) fn new(items: Vec<StoredItem>) -> Result<Self, PipelineError> {
        let mut messages = Vec::new();
        let mut ends = Vec::new();
        for item in &items {
            let read = messages_from_bytes(&item.messages);
            messages.extend(read.map_err(|e| PipelineError::Damaged {
                dedup_key: item.dedup_key.clone(),
                reason: e.to_string(),
            })?);
            ends.push(messages.len());
        }
        Ok(Self { items, messages, ends })
    }

    pub(super) fn len(&self) -> usize {
        self.items.len()
    }

    /// Whether it is what goes before all that waits, which goes alone.
    pub(super) fn is_urgent(&self) -> bool {
        self.items.first().is_some_and(|item| item.id < 0)
    }

    /// The item whose message failed, if the chain named a message that is there.
    pub(super) fn failed_item(&self, refusal: &Refusal) -> Option<usize> {
        let RefusalKind::Message { index: Some(index) } = refusal.kind else {
            return None;
        };
        self.ends.iter().position(|end| index < *end)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tx::{TxPhase, messages_to_bytes, send};

    fn item(id: i64, messages: usize) -> StoredItem {
        StoredItem {
            id,
            dedup_key: id.to_string(),
            messages: messages_to_bytes(&vec![send("a", "b", &[]); messages]),
            presumes_height: 0,
        }
    }

    #[test]
    fn a_failing_message_is_found_in_its_item() {
        let batch = Batch::new(vec![item(1, 1), item(2, 3), item(3, 1)]).unwrap();
        assert_eq!(batch.messages.len(), 5);
        let failed = |index: usize| {
            let log = format!("failed to execute message; message index: {index}: no");
            batch.failed_item(&Refusal::read(TxPhase::Deliver, "wasm", 5, &log))
        };
        let items: Vec<_> = (0..6).map(failed).collect();
        assert_eq!(items, [Some(0), Some(1), Some(1), Some(1), Some(2), None]);
    }
}
