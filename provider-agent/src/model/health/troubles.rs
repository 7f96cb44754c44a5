//! The troubles that parts report.

use std::{collections::BTreeMap, fmt::Display, sync::Arc};

use parking_lot::Mutex;

use super::Part;

/// What parts report at this moment. Cheap to clone; clones share it.
#[derive(Clone, Debug, Default)]
pub struct Troubles(Arc<Mutex<BTreeMap<Part, String>>>);

/// Reports for one part. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Reporter {
    troubles: Troubles,
    part: Part,
}

impl Troubles {
    /// A reporter for a part.
    pub fn of(&self, part: Part) -> Reporter {
        Reporter { troubles: self.clone(), part }
    }

    /// The trouble of each part that has one.
    pub fn now(&self) -> BTreeMap<Part, String> {
        self.0.lock().clone()
    }
}

impl Reporter {
    /// It works.
    pub fn well(&self) {
        self.troubles.0.lock().remove(&self.part);
    }

    /// It does not work, for this reason.
    pub fn failed(&self, why: impl Display) {
        self.troubles.0.lock().insert(self.part, why.to_string());
    }

    /// It works if the last attempt did.
    pub fn follow<T, E: Display>(&self, attempt: &Result<T, E>) {
        match attempt {
            Ok(_) => self.well(),
            Err(error) => self.failed(error),
        }
    }
}
