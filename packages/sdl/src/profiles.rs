//! `profiles`: what a service needs (`compute`) and where it may run at what price (`placement`).
//!
//! ```yaml
//! profiles:
//!   compute:
//!     web:
//!       resources:
//!         cpu: { units: 500m }
//!         memory: { size: 512Mi }
//!         storage: { size: 1Gi }
//!   placement:
//!     anywhere:
//!       pricing:
//!         web: { denom: uakt, amount: 1000 }
//! ```

pub(crate) mod compute;
pub(crate) mod gpu;
pub(crate) mod placement;
pub(crate) mod price;
mod size;
pub(crate) mod storage;
pub(crate) mod volume;
mod volume_order;

use std::collections::BTreeMap;

use crate::{reader::Reader, yaml::NodeId};

use compute::Compute;
use placement::Placement;

/// The section as the file gives it.
#[derive(Debug, Default)]
pub(crate) struct Profiles {
    pub compute: BTreeMap<String, Compute>,
    pub placement: BTreeMap<String, Placement>,
}

/// Reads the section into `profiles`; a section that stands there twice is merged.
pub(crate) fn read(reader: &mut Reader<'_>, id: NodeId, profiles: &mut Profiles) {
    let keys = &["compute", "placement"];
    reader.fields(id, "`profiles`", keys, &mut |reader, field, at| match field {
        "compute" => compute::read(reader, at, &mut profiles.compute),
        _ => placement::read(reader, at, &mut profiles.placement),
    });
}
