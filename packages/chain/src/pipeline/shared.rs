//! What the actor and its handles share.

use tokio::sync::{Notify, mpsc, watch};

use super::decide::Included;
use super::status::PipelineStatus;
use super::store::SharedStore;
use crate::TxHash;

/// Inclusions that were seen in followed blocks.
pub(super) type FoundSender = mpsc::UnboundedSender<(TxHash, Included)>;
pub(super) type FoundReceiver = mpsc::UnboundedReceiver<(TxHash, Included)>;

/// Why nothing is sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Hold {
    pub reason: String,
    /// Whether what is urgent is sent all the same.
    pub but_urgent: bool,
}

/// What the actor and its handles share.
#[derive(Debug)]
pub(super) struct Shared {
    /// The outbox.
    pub store: SharedStore,
    /// Ends the actor's sleep.
    pub wake: Notify,
    /// Counts durable changes of items.
    pub changes: watch::Sender<u64>,
    /// The transaction that is under way.
    pub in_flight: watch::Sender<Option<TxHash>>,
    /// Why nothing is sent at present, if there is a reason.
    pub held: watch::Sender<Option<Hold>>,
    /// How the pipeline is doing.
    pub status: watch::Sender<PipelineStatus>,
}
