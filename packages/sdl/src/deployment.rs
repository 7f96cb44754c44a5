//! `deployment`: which service runs in which placement, and how often.
//!
//! ```yaml
//! deployment:
//!   web:                # the service
//!     europe:           # the placement
//!       profile: web    # the compute profile
//!       count: 2        # replicas
//! ```

use std::collections::BTreeMap;

use crate::{
    reader::{Read, Reader},
    yaml::NodeId,
};

/// A service's placements.
#[derive(Debug)]
pub(crate) struct Deployed {
    /// The service's key.
    pub at: NodeId,
    pub placements: BTreeMap<String, Replicas>,
}

/// A count of replicas with a compute profile.
#[derive(Debug)]
pub(crate) struct Replicas {
    /// The placement's key.
    pub at: NodeId,
    pub profile: Read<String>,
    pub profile_at: NodeId,
    pub count: Read<u32>,
    pub count_at: NodeId,
}

impl Replicas {
    /// The number of replicas, 0 if none is given.
    pub fn count(&self) -> u32 {
        self.count.as_ref().value().copied().unwrap_or_default()
    }

    /// The profile's name, empty if none is given.
    pub fn profile(&self) -> &str {
        self.profile.as_ref().value().map_or("", String::as_str)
    }
}

pub(crate) fn read(reader: &mut Reader<'_>, id: NodeId, deployed: &mut BTreeMap<String, Deployed>) {
    let read = reader.entries(id, "`deployment`", &mut |reader, name, key, value| {
        let mut placements = BTreeMap::new();
        let what = format!("the deployment of `{name}`");
        reader.entries(value, &what, &mut |reader, placement, key, value| {
            placements.insert(placement, replicas(reader, key, value));
        });
        // Unlike elsewhere nothing in a second section takes the first away.
        deployed.insert(name, Deployed { at: key, placements });
    });
    if read == Read::Null {
        deployed.clear();
    }
}

fn replicas(reader: &mut Reader<'_>, key: NodeId, id: NodeId) -> Replicas {
    let mut replicas = Replicas {
        at: key,
        profile: Read::Null,
        profile_at: key,
        count: Read::Null,
        count_at: key,
    };
    let keys = &["profile", "count"];
    let got = reader.fields(id, "a deployment", keys, &mut |reader, field, at| match field {
        "profile" => (replicas.profile, replicas.profile_at) = (reader.text(at), at),
        _ => (replicas.count, replicas.count_at) = (reader.number(at), at),
    });
    if got.is_bad() {
        (replicas.profile, replicas.count) = (Read::Bad, Read::Bad);
    }
    replicas
}
