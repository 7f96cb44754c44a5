//! The failures that parts report.

use std::{collections::BTreeMap, fmt::Display, sync::Arc};

use parking_lot::Mutex;

use super::Part;

/// What parts report at this moment. Cheap to clone; clones share it.
#[derive(Clone, Debug, Default)]
pub struct Failures(Arc<Mutex<BTreeMap<Part, String>>>);

/// Reports for one part. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Reporter {
    failures: Failures,
    part: Part,
}

impl Failures {
    /// A reporter for a part.
    pub fn of(&self, part: Part) -> Reporter {
        Reporter { failures: self.clone(), part }
    }

    /// The failure of each part that has one.
    pub fn now(&self) -> BTreeMap<Part, String> {
        self.0.lock().clone()
    }
}

impl Reporter {
    /// It works.
    pub fn well(&self) {
        self.failures.0.lock().remove(&self.part);
    }

    /// It does not work, for this reason.
    pub fn failed(&self, why: impl Display) {
        self.failures.0.lock().insert(self.part, why.to_string());
    }

    /// It works if the last attempt did.
    pub fn follow<T, E: Display>(&self, attempt: &Result<T, E>) {
        match attempt {
            Ok(_) => self.well(),
            Err(error) => self.failed(error),
        }
    }
}
