//! `profiles.placement`: where a service may run, and what it may cost.
//!
//! ```yaml
//! placement:
//!   europe:
//!     attributes:
//!       region: eu-west         # the provider's attributes must be these
//!     signedBy:
//!       anyOf: [akash1...]      # one of these auditors attests them
//!       allOf: []               # all of these do
//!     pricing:
//!       web: { denom: uakt, amount: 1000 }
//! ```

use std::collections::BTreeMap;

use crate::{
    groups::SignedBy,
    manifest::Attribute,
    names,
    reader::{Read, Reader},
    yaml::NodeId,
};

use super::price::{self, Price};

/// A profile as the file gives it.
#[derive(Debug)]
pub(crate) struct Placement {
    /// Its key.
    pub at: NodeId,
    /// Sorted by key.
    pub attributes: Vec<Attribute>,
    pub signed_by: SignedBy,
    /// By compute profile; nothing where the file gives null.
    pub pricing: BTreeMap<String, (Read<Price>, NodeId)>,
    /// Whether something in it could not be read.
    pub bad: bool,
}

/// What a profile may hold.
pub(crate) const KEYS: &[&str] = &["attributes", "signedBy", "pricing"];

pub(crate) fn read(
    reader: &mut Reader<'_>,
    id: NodeId,
    profiles: &mut BTreeMap<String, Placement>,
) {
    let read = reader.entries(id, "`profiles.placement`", &mut |reader, name, key, value| {
        let mut placement = Placement {
            at: key,
            attributes: Vec::new(),
            signed_by: SignedBy::default(),
            pricing: BTreeMap::new(),
            bad: false,
        };
        let what = format!("the placement `{name}`");
        let got = reader.fields(value, &what, KEYS, &mut |reader, field, at| match field {
            "attributes" => placement.attributes = attributes(reader, at),
            "signedBy" => placement.signed_by = signed_by(reader, at),
            _ => placement.bad |= pricing(reader, at, &mut placement.pricing).is_bad(),
        });
        placement.bad |= got.is_bad();
        if got != Read::Null || !profiles.contains_key(&name) {
            profiles.insert(name, placement);
        }
    });
    if read == Read::Null {
        profiles.clear();
    }
}

fn attributes(reader: &mut Reader<'_>, at: NodeId) -> Vec<Attribute> {
    let mut attributes = BTreeMap::new();
    reader.entries(at, "placement `attributes`", &mut |reader, name, key, value| {
        if !names::is_attribute_key(&name) {
            let message = format!("`{name}` is not a key that a provider's attribute may have");
            reader.warn(key, "invalid-name", message).help(
                "start with a letter; then letters, digits, `_`, `-`, `.`, `/`; `*` at the end",
            );
        }
        attributes.insert(name, reader.text(value).value().unwrap_or_default());
    });
    attributes.into_iter().map(|(key, value)| Attribute { key, value }).collect()
}

fn signed_by(reader: &mut Reader<'_>, at: NodeId) -> SignedBy {
    let mut signed_by = SignedBy::default();
    let keys = &["allOf", "anyOf"];
    reader.fields(at, "`signedBy`", keys, &mut |reader, field, at| match field {
        "allOf" => signed_by.all_of = reader.texts(at, "`allOf`").value(),
        _ => signed_by.any_of = reader.texts(at, "`anyOf`").value(),
    });
    signed_by
}

fn pricing(
    reader: &mut Reader<'_>,
    at: NodeId,
    prices: &mut BTreeMap<String, (Read<Price>, NodeId)>,
) -> Read<()> {
    reader.entries(at, "`pricing`", &mut |reader, name, key, value| {
        prices.insert(name, (price::read(reader, value), key));
    })
}
