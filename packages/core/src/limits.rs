//! How large things may be, and the check of a group against it. The figures are the
//! incumbent's (akash-network/node, validation of deployments).

use std::collections::BTreeSet;

use thiserror::Error;

use crate::{
    GroupSpec, GroupUnit,
    attributes::{self, AttributeError},
};

const KI: u64 = 1 << 10;
const MI: u64 = KI << 10;
const TI: u64 = MI << 20;

/// Groups in a deployment.
pub const MAX_GROUPS: usize = 20;
/// Resource units in a group.
pub const MAX_UNITS: usize = 20;
/// Replicas in a group.
pub const MAX_REPLICAS: u64 = 50;
/// Volumes of one replica.
pub const MAX_VOLUMES: usize = 8;
/// Endpoints of one replica.
pub const MAX_ENDPOINTS: usize = 64;
/// Thousandths of a core for one replica, least and most.
pub const CPU_MILLI: (u64, u64) = (10, 384_000);
/// GPUs of one replica, most.
pub const MAX_GPU: u32 = 24;
/// GPU models that a tenant names, most.
pub const MAX_GPU_MODELS: usize = 32;
/// Bytes of memory for one replica, least and most.
pub const MEMORY: (u64, u64) = (MI, 2 * TI);
/// Bytes of one volume, least and most.
pub const STORAGE: (u64, u64) = (5 * MI, 32 * TI);
/// A group's sum is at most this many times a unit's limit.
pub const GROUP_FACTOR: u64 = 50;
/// Attributes that a group requires.
pub const MAX_REQUIREMENTS: usize = 32;
/// Attributes that a provider claims.
pub const MAX_CLAIMS: usize = 64;
/// Auditors that a group names.
pub const MAX_AUDITORS: usize = 8;
/// Bytes of a name.
pub const MAX_NAME: usize = 64;

/// A group that is too large, too small or malformed.
#[derive(Debug, Clone, Error, PartialEq, Eq)]
pub enum LimitError {
    /// A value outside its range.
    #[error("group `{group}`: {what} is {value}, allowed is {min} to {max}")]
    Range {
        /// The group's name.
        group: String,
        /// What was measured, with its unit.
        what: &'static str,
        /// Its value.
        value: u64,
        /// The least.
        min: u64,
        /// The most.
        max: u64,
    },
    /// A name that is empty, too long or taken.
    #[error("group name `{0}` must hold 1 to 64 bytes and stand there once")]
    Name(String),
    /// A unit's number twice.
    #[error("group `{group}`: resource unit {id} stands there twice")]
    DuplicateUnit {
        /// The group's name.
        group: String,
        /// The unit's number.
        id: u32,
    },
    /// An attribute that breaks a rule.
    #[error("group `{group}`: {error}")]
    Attribute {
        /// The group's name.
        group: String,
        /// What is wrong with it.
        error: AttributeError,
    },
}

/// Checks a deployment's groups: their number, their names and each one by itself.
pub fn check_groups(groups: &[GroupSpec]) -> Result<(), LimitError> {
    range("", "the number of groups", len(groups), (1, len_of(MAX_GROUPS)))?;
    let mut names = BTreeSet::new();
    for group in groups {
        let fine = (1..=MAX_NAME).contains(&group.name.len()) && names.insert(&group.name);
        if !fine {
            return Err(LimitError::Name(group.name.clone()));
        }
        check_group(group)?;
    }
    Ok(())
}

/// Checks one group against every limit.
pub fn check_group(group: &GroupSpec) -> Result<(), LimitError> {
    let name = group.name.as_str();
    range(name, "the number of resource units", len(&group.units), (1, len_of(MAX_UNITS)))?;
    let mut ids = BTreeSet::new();
    for unit in &group.units {
        if !ids.insert(unit.id) {
            return Err(LimitError::DuplicateUnit { group: name.to_owned(), id: unit.id });
        }
        check_unit(name, unit)?;
    }
    let totals = group.totals();
    let times = |limit: u64| limit.saturating_mul(GROUP_FACTOR);
    range(name, "the number of replicas", totals.replicas, (1, MAX_REPLICAS))?;
    range(name, "CPU of all replicas (milli)", totals.cpu_milli, (0, times(CPU_MILLI.1)))?;
    range(name, "memory of all replicas (bytes)", totals.memory, (0, times(MEMORY.1)))?;
    range(name, "GPUs of all replicas", totals.gpu, (0, times(u64::from(MAX_GPU))))?;
    range(name, "storage of all replicas (bytes)", totals.storage, (0, times(STORAGE.1)))?;

    let required = &group.requirements;
    attributes::check_requirements(&required.attributes, MAX_REQUIREMENTS)
        .map_err(|error| attribute(name, error))?;
    let auditors = u64::try_from(required.signed_by.auditors().count()).unwrap_or(u64::MAX);
    range(name, "the number of auditors", auditors, (0, len_of(MAX_AUDITORS)))
}

fn check_unit(group: &str, unit: &GroupUnit) -> Result<(), LimitError> {
    let of = &unit.resources;
    range(group, "the count of a resource unit", u64::from(unit.count), (1, MAX_REPLICAS))?;
    range(group, "CPU of a replica (milli)", of.cpu_milli, CPU_MILLI)?;
    range(group, "memory of a replica (bytes)", of.memory, MEMORY)?;
    range(group, "the number of volumes", len(&of.storage), (0, len_of(MAX_VOLUMES)))?;
    range(group, "the number of endpoints", len(&of.endpoints), (0, len_of(MAX_ENDPOINTS)))?;
    for volume in &of.storage {
        range(group, "the size of a volume (bytes)", volume.size, STORAGE)?;
        range(group, "bytes of a volume's name", len(volume.name.as_bytes()), (1, 64))?;
        attributes::check_claims(&volume.attributes, MAX_VOLUMES)
            .map_err(|error| attribute(group, error))?;
    }
    if let Some(gpu) = &of.gpu {
        range(group, "GPUs of a replica", u64::from(gpu.units), (1, u64::from(MAX_GPU)))?;
        range(group, "GPU models", len(&gpu.attributes), (1, len_of(MAX_GPU_MODELS)))?;
        for model in &gpu.attributes {
            range(group, "bytes of a GPU model's key", len(model.key.as_bytes()), (1, 128))?;
            range(group, "bytes of a GPU model's value", len(model.value.as_bytes()), (0, 256))?;
        }
    }
    attributes::check_claims(&of.cpu_attributes, MAX_VOLUMES)
        .map_err(|error| attribute(group, error))
}

fn attribute(group: &str, error: AttributeError) -> LimitError {
    LimitError::Attribute { group: group.to_owned(), error }
}

fn len<T>(list: &[T]) -> u64 {
    len_of(list.len())
}

fn len_of(len: usize) -> u64 {
    u64::try_from(len).unwrap_or(u64::MAX)
}

fn range(
    group: &str,
    what: &'static str,
    value: u64,
    (min, max): (u64, u64),
) -> Result<(), LimitError> {
    if (min..=max).contains(&value) {
        return Ok(());
    }
    Err(LimitError::Range { group: group.to_owned(), what, value, min, max })
}
