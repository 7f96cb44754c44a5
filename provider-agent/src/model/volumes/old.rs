//! Claims that a StatefulSet's template made, as agents up to 0.1 had them: of one StatefulSet for all
//! replicas of a service. Their names stay for ever: `VOLUME-HASH-SET-NUMBER`, where hash and set are the
//! service's and the number is the replica's.

use super::Claim;
use crate::model::names::{hash, object_name};

/// What the name of such a claim says.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Old<'a> {
    /// The label of the service.
    pub service: &'a str,
    pub number: u32,
    /// The end of the name, which all claims of the replica have.
    pub suffix: String,
    /// What the volume's part is.
    template: &'a str,
}

impl<'a> Old<'a> {
    /// Reads a claim whose service is still the one that made it.
    pub fn of(claim: &'a Claim) -> Option<Self> {
        let service = claim.service.as_deref()?;
        let (rest, number) = claim.name.rsplit_once('-')?;
        let template = rest.strip_suffix(&*object_name(service, ""))?.strip_suffix('-')?;
        let suffix = format!("{}-{}", hash_of(service), &claim.name[template.len() + 1..]);
        let is_whole = claim.name.ends_with(&suffix);
        let number = number.parse().ok()?;
        is_whole.then_some(Self { service, number, suffix, template })
    }

    /// Whether it is of a volume of this name.
    pub fn is_of(&self, volume: &str) -> bool {
        object_name(volume, &hash_of(self.service)) == self.template
    }
}

fn hash_of(service: &str) -> String {
    format!("-{}", hash(&[service], 8))
}

/// Whether a claim is of the template of a StatefulSet that an agent up to 0.1 made for the service with
/// this label.
pub fn is_of_old_set(claim: &str, set: &str, service: &str) -> bool {
    let Some((rest, number)) = claim.rsplit_once('-') else { return false };
    number.parse::<u32>().is_ok() && rest.ends_with(&format!("{}-{set}", hash_of(service)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_of_an_old_claim_says_its_set_and_number() {
        let long = "a".repeat(50);
        for service in ["db", "a-db", long.as_str()] {
            let name = format!("data-{}-{service}-11", hash(&[service], 8));
            let claim = Claim {
                name: name.as_str().into(),
                service: Some(service.into()),
                ..Claim::default()
            };
            let old = Old::of(&claim).unwrap();
            assert_eq!((old.number, old.is_of("data"), old.is_of("logs")), (11, true, false));
            assert!(name.ends_with(&old.suffix), "{old:?}");
            assert!(is_of_old_set(&name, service, service), "{name}");
            assert!(!is_of_old_set(&name, "b", "b"), "{name}");
            assert_eq!(is_of_old_set(&name, "db", "db"), service == "db", "{name}");
        }
        // One that this agent made.
        let made = Claim {
            name: object_name("data", &format!("-{}", hash(&["db"], 8))).into(),
            service: Some("db".into()),
            ..Claim::default()
        };
        assert_eq!(Old::of(&made), None);
        assert!(!is_of_old_set(&made.name, "db", "db"));
    }
}
