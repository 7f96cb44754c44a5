//! Whether a provider may bid on a group: attributes, attestations, capabilities. The
//! orderbook decides by these functions and the agent explains by them.

use std::convert::Infallible;

use thiserror::Error;

use crate::{Attribute, GroupSpec, Requirements, Volume, attributes::key_matches};

/// Why a provider does not match.
#[derive(Debug, Clone, Error, PartialEq, Eq)]
pub enum Mismatch {
    /// A required attribute that the provider does not claim.
    #[error("the provider does not have attribute {0}")]
    Attribute(Attribute),
    /// An auditor of `all_of` does not attest everything required.
    #[error("auditor {auditor} does not attest {missing} of the provider")]
    AllOf {
        /// The auditor.
        auditor: String,
        /// The first attribute that is missing.
        missing: Attribute,
    },
    /// An auditor that must have signed but attests nothing at all.
    #[error("auditor {0} attests nothing of the provider")]
    NotAudited(String),
    /// No auditor of `any_of` attests everything required.
    #[error("none of the auditors {} attests all required attributes of the provider", .0.join(", "))]
    AnyOf(Vec<String>),
    /// No storage of the asked kind.
    #[error("the provider has no storage for volume `{volume}` ({wanted})")]
    Storage {
        /// The volume's name.
        volume: String,
        /// Its attributes, as text.
        wanted: String,
    },
    /// None of the asked GPU models.
    #[error("the provider has none of the GPUs {}", .0.join(", "))]
    Gpu(Vec<String>),
}

/// Why a provider does not match, or the error of whoever looked up the attestations.
#[derive(Debug, PartialEq, Eq)]
pub enum MatchError<E> {
    /// It does not match.
    Mismatch(Mismatch),
    /// It could not be looked up.
    LookUp(E),
}

impl<E> From<Mismatch> for MatchError<E> {
    fn from(mismatch: Mismatch) -> Self {
        Self::Mismatch(mismatch)
    }
}

/// Checks requirements and capabilities. `attested` gives what an auditor attests of the
/// provider, expired values left out; it is asked only if the group names auditors.
pub fn check<E>(
    group: &GroupSpec,
    claims: &[Attribute],
    attested: impl FnMut(&str) -> Result<Vec<Attribute>, E>,
) -> Result<(), MatchError<E>> {
    check_requirements(&group.requirements, claims, attested)?;
    check_capabilities(group, claims)?;
    Ok(())
}

/// Like [`check`], for callers that hold the attestations already.
pub fn check_known(
    group: &GroupSpec,
    claims: &[Attribute],
    mut attested: impl FnMut(&str) -> Vec<Attribute>,
) -> Result<(), Mismatch> {
    check(group, claims, |auditor| Ok::<_, Infallible>(attested(auditor))).map_err(|error| {
        match error {
            MatchError::Mismatch(mismatch) => mismatch,
            MatchError::LookUp(never) => match never {},
        }
    })
}

/// Checks attributes and signatures. With auditors named, the provider's own claims do not
/// count; without, they do.
pub fn check_requirements<E>(
    required: &Requirements,
    claims: &[Attribute],
    mut attested: impl FnMut(&str) -> Result<Vec<Attribute>, E>,
) -> Result<(), MatchError<E>> {
    let wanted = &required.attributes;
    let signed_by = &required.signed_by;
    if signed_by.is_empty() {
        return match first_missing(wanted, claims) {
            Some(missing) => Err(Mismatch::Attribute(missing.clone()).into()),
            None => Ok(()),
        };
    }
    for auditor in &signed_by.all_of {
        let set = attested(auditor).map_err(MatchError::LookUp)?;
        if set.is_empty() {
            return Err(Mismatch::NotAudited(auditor.clone()).into());
        }
        if let Some(missing) = first_missing(wanted, &set) {
            let (auditor, missing) = (auditor.clone(), missing.clone());
            return Err(Mismatch::AllOf { auditor, missing }.into());
        }
    }
    if signed_by.any_of.is_empty() {
        return Ok(());
    }
    for auditor in &signed_by.any_of {
        let set = attested(auditor).map_err(MatchError::LookUp)?;
        if !set.is_empty() && first_missing(wanted, &set).is_none() {
            return Ok(());
        }
    }
    Err(Mismatch::AnyOf(signed_by.any_of.clone()).into())
}

fn first_missing<'a>(wanted: &'a [Attribute], have: &[Attribute]) -> Option<&'a Attribute> {
    wanted.iter().find(|wanted| !have.iter().any(|claim| wanted.is_met_by(claim)))
}

/// Checks that the provider claims storage and GPUs of the kinds that the group asks for.
pub fn check_capabilities(group: &GroupSpec, claims: &[Attribute]) -> Result<(), Mismatch> {
    for unit in &group.units {
        for volume in &unit.resources.storage {
            check_storage(volume, claims)?;
        }
        let Some(gpu) = &unit.resources.gpu else { continue };
        let any = gpu.attributes.iter().any(|model| has_gpu(model, claims));
        if !any {
            let models = gpu.attributes.iter().map(|model| model.key.clone()).collect();
            return Err(Mismatch::Gpu(models));
        }
    }
    Ok(())
}

/// All attributes of a volume must sit in one `capabilities/storage/<n>/` group.
fn check_storage(volume: &Volume, claims: &[Attribute]) -> Result<(), Mismatch> {
    if volume.attributes.is_empty() {
        return Ok(());
    }
    let offers =
        |claim| stored(claim).is_some_and(|(number, ..)| offers_all(number, volume, claims));
    if claims.iter().any(offers) {
        return Ok(());
    }
    let wanted: Vec<String> = volume.attributes.iter().map(ToString::to_string).collect();
    Err(Mismatch::Storage { volume: volume.name.clone(), wanted: wanted.join(", ") })
}

/// Whether one storage of the provider has everything that a volume asks for.
fn offers_all(number: &str, volume: &Volume, claims: &[Attribute]) -> bool {
    volume.attributes.iter().all(|wanted| {
        let offered = Some((number, wanted.key.as_str(), wanted.value.as_str()));
        claims.iter().any(|claim| stored(claim) == offered)
    })
}

/// A claim about a storage: the storage's number, what is claimed of it, and the value.
fn stored(claim: &Attribute) -> Option<(&str, &str, &str)> {
    let rest = claim.key.strip_prefix("capabilities/storage/")?;
    let (number, key) = rest.split_once('/')?;
    Some((number, key, &claim.value))
}

fn has_gpu(model: &Attribute, claims: &[Attribute]) -> bool {
    claims.iter().any(|claim| {
        claim.value == model.value
            && claim
                .key
                .strip_prefix("capabilities/gpu/")
                .is_some_and(|key| key_matches(&model.key, key))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Gpu, GroupUnit, Price, Resources, SignedBy};

    fn attribute(text: &str) -> Attribute {
        let (key, value) = text.split_once('=').unwrap();
        Attribute::new(key, value)
    }

    fn attributes(list: &[&str]) -> Vec<Attribute> {
        list.iter().map(|text| attribute(text)).collect()
    }

    fn group(required: &[&str]) -> GroupSpec {
        let resources = Resources {
            cpu_milli: 100,
            cpu_attributes: Vec::new(),
            memory: 1 << 20,
            gpu: None,
            storage: Vec::new(),
            endpoints: Vec::new(),
        };
        let signed_by = SignedBy::default();
        GroupSpec {
            name: "group".into(),
            requirements: Requirements { signed_by, attributes: attributes(required) },
            units: vec![GroupUnit { id: 1, resources, count: 1 }],
            ceiling: Price::MAX,
        }
    }

    fn nothing(_: &str) -> Vec<Attribute> {
        Vec::new()
    }

    #[test]
    fn without_auditors_the_providers_claims_must_cover_the_requirements() {
        let claims = ["region=eu", "tier=1", "net/down=1000"];
        for (required, missing) in [
            (&[][..], None),
            (&["region=eu"], None),
            (&["region=eu", "tier=1"], None),
            (&["reg*=eu"], None),
            (&["net/*=1000"], None),
            (&["region=us"], Some("region=us")),
            (&["region=eu", "tier=2"], Some("tier=2")),
            (&["ne*=1000"], Some("ne*=1000")),
            (&["host=akash"], Some("host=akash")),
        ] {
            let checked = check_known(&group(required), &attributes(&claims), nothing);
            let missing = missing.map(|text| Mismatch::Attribute(attribute(text)));
            assert_eq!(checked.err(), missing, "{required:?}");
        }
    }

    /// What auditors `a` and `b` attest, held against `all_of` and `any_of`.
    fn signed(all_of: &[&str], any_of: &[&str], a: &[&str], b: &[&str]) -> Result<(), Mismatch> {
        let mut group = group(&["region=eu", "tier=1"]);
        let names = |list: &[&str]| list.iter().map(ToString::to_string).collect();
        group.requirements.signed_by = SignedBy { all_of: names(all_of), any_of: names(any_of) };
        let claims = attributes(&["region=eu", "tier=1"]);
        check_known(&group, &claims, |auditor| match auditor {
            "a" => attributes(a),
            "b" => attributes(b),
            _ => Vec::new(),
        })
    }

    #[test]
    fn with_auditors_named_what_they_attest_counts_and_the_claims_do_not() {
        let (full, half): (&[&str], &[&str]) = (&["region=eu", "tier=1"], &["region=eu"]);
        let missing = |auditor: &str| Mismatch::AllOf {
            auditor: auditor.into(),
            missing: attribute("tier=1"),
        };
        let any = |names: &[&str]| Mismatch::AnyOf(names.iter().map(ToString::to_string).collect());
        let none = |auditor: &str| Mismatch::NotAudited(auditor.into());
        for (all_of, any_of, a, b, expected) in [
            (&["a"][..], &[][..], full, &[][..], Ok(())),
            (&["a"], &[], half, full, Err(missing("a"))),
            (&["a"], &[], &[], full, Err(none("a"))),
            (&["a", "b"], &[], full, full, Ok(())),
            (&["a", "b"], &[], full, half, Err(missing("b"))),
            (&[], &["a", "b"], half, full, Ok(())),
            (&[], &["a", "b"], half, half, Err(any(&["a", "b"]))),
            (&[], &["x"], full, full, Err(any(&["x"]))),
            (&["a"], &["b"], full, full, Ok(())),
            (&["a"], &["b"], full, half, Err(any(&["b"]))),
            (&["a"], &["b"], half, full, Err(missing("a"))),
        ] {
            assert_eq!(signed(all_of, any_of, a, b), expected, "{all_of:?} {any_of:?} {a:?} {b:?}");
        }
    }

    #[test]
    fn an_auditor_must_attest_something_even_if_nothing_is_required() {
        let mut group = group(&[]);
        group.requirements.signed_by.any_of = vec!["a".into()];
        assert!(check_known(&group, &[], nothing).is_err());
        assert!(check_known(&group, &[], |_| attributes(&["audited=yes"])).is_ok());
    }

    #[test]
    fn auditors_are_asked_only_if_they_are_named() {
        let asked = check(&group(&["region=us"]), &[], |_| Err::<Vec<Attribute>, _>("asked"));
        assert_eq!(asked, Err(Mismatch::Attribute(attribute("region=us")).into()));
        let mut named = group(&[]);
        named.requirements.signed_by.all_of = vec!["a".into()];
        let asked = check(&named, &[], |_| Err::<Vec<Attribute>, _>("asked"));
        assert_eq!(asked, Err(MatchError::LookUp("asked")));
    }

    #[test]
    fn one_storage_group_must_have_all_that_a_volume_asks() {
        let claims = [
            "capabilities/storage/1/class=beta2",
            "capabilities/storage/1/persistent=true",
            "capabilities/storage/2/class=beta3",
            "capabilities/storage/2/persistent=false",
            "capabilities/storage/ten/class=ram",
            "storage/3/class=beta1",
        ];
        for (asked, fits) in [
            (&[][..], true),
            (&["class=beta2"], true),
            (&["class=beta2", "persistent=true"], true),
            (&["class=beta2", "persistent=false"], false),
            (&["class=beta3", "persistent=true"], false),
            (&["class=ram"], true),
            (&["class=beta1"], false),
        ] {
            let mut group = group(&[]);
            group.units[0].resources.storage =
                vec![Volume { name: "data".into(), size: 1, attributes: attributes(asked) }];
            let checked = check_known(&group, &attributes(&claims), nothing);
            assert_eq!(checked.is_ok(), fits, "{asked:?}");
        }
    }

    #[test]
    fn a_missing_volume_is_named_with_what_it_asks() {
        let mut group = group(&[]);
        let asked = attributes(&["class=beta2", "persistent=true"]);
        group.units[0].resources.storage =
            vec![Volume { name: "data".into(), size: 1, attributes: asked }];
        let error = check_known(&group, &[], nothing).unwrap_err();
        let wanted = "class=beta2, persistent=true".to_owned();
        assert_eq!(error, Mismatch::Storage { volume: "data".into(), wanted });
    }

    #[test]
    fn any_one_of_the_asked_gpu_models_will_do() {
        let claims = [
            "capabilities/gpu/vendor/nvidia/model/a100=true",
            "capabilities/gpu/vendor/nvidia/model/a100/ram/80Gi=true",
            "capabilities/gpu/vendor/nvidia/model/t4=false",
        ];
        let of = |rest: &str| format!("vendor/{rest}=true");
        for (asked, fits) in [
            (vec![of("nvidia/model/a100")], true),
            (vec![of("nvidia/model/a100/ram/80Gi")], true),
            (vec![of("nvidia/model/a100/ram/40Gi")], false),
            (vec![of("nvidia/model/h100"), of("nvidia/model/a100")], true),
            (vec![of("nvidia/model/h100")], false),
            (vec![of("nvidia/model/t4")], false),
            (vec![of("nvidia/model/*")], true),
            (vec![of("nvidia/*")], false),
            (vec![of("amd/model/*")], false),
        ] {
            let mut group = group(&[]);
            let wanted: Vec<&str> = asked.iter().map(String::as_str).collect();
            let gpu = Gpu { units: 1, attributes: attributes(&wanted) };
            group.units[0].resources.gpu = Some(gpu);
            let checked = check_known(&group, &attributes(&claims), nothing);
            assert_eq!(checked.is_ok(), fits, "{asked:?}");
        }
    }

    #[test]
    fn every_unit_must_find_its_hardware() {
        let mut group = group(&[]);
        let mut second = group.units[0].clone();
        let model = attribute("vendor/nvidia/model/a100=true");
        second.resources.gpu = Some(Gpu { units: 1, attributes: vec![model] });
        group.units.push(second);
        let models = vec!["vendor/nvidia/model/a100".to_owned()];
        assert_eq!(check_known(&group, &[], nothing), Err(Mismatch::Gpu(models)));
    }
}
