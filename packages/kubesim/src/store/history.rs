//! The bounded memory of changes from which watches resume.

use std::collections::VecDeque;

use super::object::{Object, ObjectKey};
use crate::error::ApiError;

/// What happened to an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChangeKind {
    /// It came to be.
    Added,
    /// It changed.
    Modified,
    /// It is gone.
    Deleted,
}

/// One change of one object.
#[derive(Clone, Debug)]
pub struct Change {
    /// Resource version of the change.
    pub version: u64,
    /// What happened.
    pub what: ChangeKind,
    /// Which object.
    pub key: ObjectKey,
    /// State before, unless it was added.
    pub old: Option<Object>,
    /// State after; of a deleted object its last state.
    pub new: Object,
}

/// The last changes of one kind.
#[derive(Debug)]
pub struct History {
    capacity: usize,
    floor: u64,
    changes: VecDeque<Change>,
}

impl History {
    /// Keeps `capacity` changes, none of them at or before version `floor`.
    pub fn new(capacity: usize, floor: u64) -> Self {
        Self { capacity: capacity.max(1), floor, changes: VecDeque::new() }
    }

    /// How many changes are kept.
    pub(super) fn capacity(&self) -> usize {
        self.capacity
    }

    pub(super) fn push(&mut self, change: Change) {
        self.changes.push_back(change);
        while self.changes.len() > self.capacity {
            if let Some(dropped) = self.changes.pop_front() {
                self.floor = dropped.version;
            }
        }
    }

    /// Changes after a version, oldest first; 410 when some of them were forgotten.
    pub fn since(
        &self,
        version: u64,
    ) -> Result<impl DoubleEndedIterator<Item = &Change>, ApiError> {
        if version < self.floor {
            let message = format!("too old resource version: {version} ({})", self.floor);
            return Err(ApiError::expired(message));
        }
        let start = self.changes.partition_point(|c| c.version <= version);
        Ok(self.changes.range(start..))
    }
}
