//! Whether a provider may bid on a group: attributes, attestations, capabilities. The
//! orderbook decides by these functions and the agent explains by them.

use std::{collections::BTreeSet, convert::Infallible};

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
    /// It could not be told.
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
    let offers = |claim: &Attribute| -> Option<(String, Attribute)> {
        let rest = claim.key.strip_prefix("capabilities/storage/")?;
        let (number, key) = rest.split_once('/')?;
        Some((number.to_owned(), Attribute::new(key, claim.value.clone())))
    };
    let offered: Vec<_> = claims.iter().filter_map(offers).collect();
    let numbers: BTreeSet<&str> = offered.iter().map(|(number, _)| number.as_str()).collect();
    let fits = |number: &&str| {
        let has =
            |wanted: &Attribute| offered.iter().any(|(n, have)| n == number && have == wanted);
        volume.attributes.iter().all(has)
    };
    if numbers.iter().any(fits) {
        return Ok(());
    }
    let wanted: Vec<String> = volume.attributes.iter().map(ToString::to_string).collect();
    Err(Mismatch::Storage { volume: volume.name.clone(), wanted: wanted.join(", ") })
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
