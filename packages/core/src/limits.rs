//! How large things may be, and the check of a group against it. The figures are
//! Akash's (akash-network/node, validation of deployments).

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
/// Bytes of all names, keys and values in a group, so that one can be read back for little gas;
/// Akash bounds a transaction alone.
pub const MAX_TEXT: usize = 16 * 1024;

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
    for (index, group) in groups.iter().enumerate() {
        let taken = groups.iter().take(index).any(|before| before.name == group.name);
        if taken || !(1..=MAX_NAME).contains(&group.name.len()) {
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
    for (index, unit) in group.units.iter().enumerate() {
        if group.units.iter().take(index).any(|before| before.id == unit.id) {
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
    range(name, "the number of auditors", auditors, (0, len_of(MAX_AUDITORS)))?;
    range(name, "bytes of all names, keys and values", text(group), (0, len_of(MAX_TEXT)))
}

/// Bytes of everything in a group that its author words.
fn text(group: &GroupSpec) -> u64 {
    let resources = || group.units.iter().map(|unit| &unit.resources);
    let volumes = || resources().flat_map(|of| &of.storage);
    let gpus = resources().filter_map(|of| of.gpu.as_ref()).flat_map(|gpu| &gpu.attributes);
    let attributes = group
        .requirements
        .attributes
        .iter()
        .chain(gpus)
        .chain(resources().flat_map(|of| &of.cpu_attributes))
        .chain(volumes().flat_map(|volume| &volume.attributes));
    let words = attributes
        .flat_map(|attribute| [attribute.key.as_str(), attribute.value.as_str()])
        .chain(volumes().map(|volume| volume.name.as_str()))
        .chain(group.requirements.signed_by.auditors());
    words.map(|word| len(word.as_bytes())).fold(0, u64::saturating_add)
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Attribute, Endpoint, EndpointKind, Gpu, Price, Requirements, Resources, Volume};

    fn group() -> GroupSpec {
        let resources = Resources {
            cpu_milli: 100,
            cpu_attributes: Vec::new(),
            memory: MI,
            gpu: None,
            storage: vec![volume(5 * MI)],
            endpoints: Vec::new(),
        };
        GroupSpec {
            name: "web".into(),
            requirements: Requirements::default(),
            units: vec![GroupUnit { id: 1, resources, count: 1 }],
            ceiling: Price::MAX,
        }
    }

    fn volume(size: u64) -> Volume {
        Volume { name: "default".into(), size, attributes: Vec::new() }
    }

    fn gpu(units: u32, models: usize) -> Option<Gpu> {
        let model = |n| Attribute::new(format!("vendor/nvidia/model/m{n}"), "true");
        Some(Gpu { units, attributes: (0..models).map(model).collect() })
    }

    fn many(count: usize) -> Vec<Attribute> {
        (0..count).map(|n| Attribute::new(format!("key{n}"), "x")).collect()
    }

    /// What a change to a fine group makes of it: nothing, or a value out of its range.
    fn range_broken(change: &dyn Fn(&mut GroupSpec)) -> Option<(&'static str, u64)> {
        let mut group = group();
        change(&mut group);
        match check_group(&group) {
            Ok(()) => None,
            Err(LimitError::Range { what, value, .. }) => Some((what, value)),
            Err(other) => panic!("{other}"),
        }
    }

    #[test]
    fn each_figure_of_a_replica_has_its_least_and_its_most() {
        type Set = fn(&mut Resources, u64);
        let cases: [(&str, Set, (u64, u64)); 6] = [
            ("CPU of a replica (milli)", |r, n| r.cpu_milli = n, CPU_MILLI),
            ("memory of a replica (bytes)", |r, n| r.memory = n, MEMORY),
            ("the size of a volume (bytes)", |r, n| r.storage = vec![volume(n)], STORAGE),
            ("GPUs of a replica", |r, n| r.gpu = gpu(u32::try_from(n).unwrap(), 1), (1, 24)),
            ("GPU models", |r, n| r.gpu = gpu(1, usize::try_from(n).unwrap()), (1, 32)),
            (
                "the number of endpoints",
                |r, n| {
                    let endpoint = Endpoint { kind: EndpointKind::RandomPort, sequence: 0 };
                    r.endpoints = vec![endpoint; usize::try_from(n).unwrap()];
                },
                (0, 64),
            ),
        ];
        for (what, set, (min, max)) in cases {
            for (value, fine) in
                [(min, true), (max, true), (min.wrapping_sub(1), min == 0), (max + 1, false)]
            {
                if value == u64::MAX {
                    continue;
                }
                let broken = range_broken(&|group| set(&mut group.units[0].resources, value));
                assert_eq!(broken, (!fine).then_some((what, value)), "{what} {value}");
            }
        }
    }

    #[test]
    fn a_group_has_fifty_replicas_at_most_however_they_are_split() {
        let split = |counts: &'static [u32]| {
            move |group: &mut GroupSpec| {
                let unit = group.units[0].clone();
                let unit = |(id, count)| GroupUnit { id, count, ..unit.clone() };
                group.units = (1..).zip(counts.iter().copied()).map(unit).collect();
            }
        };
        assert_eq!(range_broken(&split(&[50])), None);
        assert_eq!(range_broken(&split(&[25, 25])), None);
        assert_eq!(range_broken(&split(&[0])), Some(("the count of a resource unit", 0)));
        assert_eq!(range_broken(&split(&[51])), Some(("the count of a resource unit", 51)));
        assert_eq!(range_broken(&split(&[25, 26])), Some(("the number of replicas", 51)));
    }

    #[test]
    fn a_groups_words_have_sixteen_kib_at_most_wherever_they_stand() {
        let claims = |lens: &[usize]| -> Vec<Attribute> {
            (0..)
                .zip(lens)
                .map(|(n, len)| Attribute::new(format!("k{n}"), "x".repeat(*len)))
                .collect()
        };
        let wordy = |last: usize| {
            move |group: &mut GroupSpec| {
                group.requirements.attributes = (0..32)
                    .map(|n| Attribute::new(format!("key{n:02}"), "x".repeat(256)))
                    .collect();
                let attributes = claims(&[256; 4]);
                let of = &mut group.units[0].resources;
                of.storage = vec![Volume { attributes, ..volume(5 * MI) }; 7];
                of.cpu_attributes = claims(&[256, 256, last]);
            }
        };
        let before = 32 * 261 + 7 * ("default".len() + 4 * 258) + 2 * 258 + "k2".len();
        let last = MAX_TEXT - before;
        assert_eq!(range_broken(&wordy(last)), None);
        let over = Some(("bytes of all names, keys and values", len_of(MAX_TEXT) + 1));
        assert_eq!(range_broken(&wordy(last + 1)), over);
    }

    #[test]
    fn storage_of_a_group_is_fifty_times_that_of_a_volume_at_most() {
        let volumes = |each: usize, count: u32| {
            move |group: &mut GroupSpec| {
                group.units[0].resources.storage = vec![volume(STORAGE.1); each];
                group.units[0].count = count;
            }
        };
        assert_eq!(range_broken(&volumes(1, 50)), None);
        assert_eq!(range_broken(&volumes(2, 25)), None);
        let sum = 52 * STORAGE.1;
        let broken = Some(("storage of all replicas (bytes)", sum));
        assert_eq!(range_broken(&volumes(2, 26)), broken);
        assert_eq!(range_broken(&volumes(9, 1)), Some(("the number of volumes", 9)));
    }

    #[test]
    fn a_sum_that_does_not_fit_is_above_the_limit() {
        let mut group = group();
        group.units[0].resources.storage = vec![volume(u64::MAX); 2];
        assert_eq!(group.totals().storage, u64::MAX);
        assert!(check_group(&group).is_err());
    }

    #[test]
    fn units_are_one_to_twenty_with_a_number_each() {
        let units = |count: u32| {
            move |group: &mut GroupSpec| {
                let unit = group.units[0].clone();
                group.units = (1..=count).map(|id| GroupUnit { id, ..unit.clone() }).collect();
            }
        };
        assert_eq!(range_broken(&units(20)), None);
        for count in [0, 21] {
            let broken = Some(("the number of resource units", u64::from(count)));
            assert_eq!(range_broken(&units(count)), broken);
        }
        let mut twice = group();
        twice.units.push(twice.units[0].clone());
        let error = LimitError::DuplicateUnit { group: "web".into(), id: 1 };
        assert_eq!(check_group(&twice), Err(error));
    }

    #[test]
    fn a_group_names_eight_auditors_at_most_in_both_lists_together() {
        let auditors = |all: usize, any: usize| {
            move |group: &mut GroupSpec| {
                let signed_by = &mut group.requirements.signed_by;
                signed_by.all_of = vec!["auditor".into(); all];
                signed_by.any_of = vec!["auditor".into(); any];
            }
        };
        assert_eq!(range_broken(&auditors(8, 0)), None);
        assert_eq!(range_broken(&auditors(4, 4)), None);
        assert_eq!(range_broken(&auditors(4, 5)), Some(("the number of auditors", 9)));
    }

    #[test]
    fn attributes_obey_their_rules_wherever_they_stand() {
        let too_many = |count, max| Err(AttributeError::TooMany { count, max });
        type Put = fn(&mut GroupSpec, Vec<Attribute>);
        let places: [(Put, usize); 3] = [
            (|group, list| group.requirements.attributes = list, MAX_REQUIREMENTS),
            (|group, list| group.units[0].resources.cpu_attributes = list, MAX_VOLUMES),
            (|group, list| group.units[0].resources.storage[0].attributes = list, MAX_VOLUMES),
        ];
        for (put, max) in places {
            for (count, expected) in [(max, Ok(())), (max + 1, too_many(max + 1, max))] {
                let mut group = group();
                put(&mut group, many(count));
                let named = |error| LimitError::Attribute { group: "web".into(), error };
                assert_eq!(check_group(&group), expected.map_err(named));
            }
        }
    }

    #[test]
    fn names_hold_one_to_64_bytes_and_stand_once() {
        let named = |name: &str| GroupSpec { name: name.into(), ..group() };
        let long = "x".repeat(65);
        for (groups, bad) in [
            (vec![named("a"), named("b")], None),
            (vec![named(&long[..64])], None),
            (vec![named("")], Some("")),
            (vec![named(&long)], Some(long.as_str())),
            (vec![named("a"), named("b"), named("a")], Some("a")),
        ] {
            let expected = bad.map_or(Ok(()), |name| Err(LimitError::Name(name.into())));
            assert_eq!(check_groups(&groups), expected);
        }
    }

    #[test]
    fn a_deployment_has_one_to_twenty_groups() {
        let groups = |count: usize| -> Vec<GroupSpec> {
            (0..count).map(|n| GroupSpec { name: n.to_string(), ..group() }).collect()
        };
        assert!(check_groups(&groups(20)).is_ok());
        assert!(check_groups(&groups(0)).is_err());
        assert!(check_groups(&groups(21)).is_err());
    }
}
