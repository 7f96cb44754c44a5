//! Manifests whose hash is the commitment: what of them is accepted, and the objects that are made of it.

use std::sync::LazyLock;

use bolero::check;
use serde_json::Value;
use souk_gateway::body::ManifestUpload;
use souk_provider::{
    cluster::kube::objects::{self as kube_objects, Subject},
    config::Config,
    model::{
        DigestKey,
        hosts::{Domains, Naming},
        image::ImageRules,
        manifest,
        scope::MarketScope,
        volumes::{Assignment, Claim},
    },
};
use souk_sdl::limits::{EXPOSES, HOSTS};

use crate::{
    edits::{Edit, edit},
    lease::{self, Leased},
    measure::{Limit, alone},
    objects::{self, LEASE},
};

/// The objects of a small manifest, and of each byte: in the manifest, its text, and each object.
const LIMIT: Limit = Limit { base: 4 << 20, per_byte: 256 };

struct Fixture {
    leased: Leased,
    upload: Value,
    config: Config,
    scope: MarketScope,
}

static FIXTURE: LazyLock<Fixture> = LazyLock::new(|| {
    let leased = lease::leased();
    let config = lease::config(std::path::Path::new("/nowhere"), 1);
    let upload = serde_json::to_value(&leased.upload).unwrap();
    Fixture { scope: MarketScope::of(&config), leased, upload, config }
});

#[test]
fn any_manifests() {
    let alone = alone();
    check!().with_iterations(1_000).with_type::<(Vec<Edit>, [Vec<Edit>; 3])>().for_each(
        |(edits, of_claims): &(Vec<Edit>, [Vec<Edit>; 3])| {
            let mut upload = FIXTURE.upload.clone();
            edit(&mut upload, edits);
            let text = upload.to_string();
            let claims = of_claims.iter().zip(["db", "db-1", "web"]).map(|(edits, replica)| {
                let mut claim = objects::claim(&FIXTURE.scope, &format!("data-{replica}"), replica);
                edit(&mut claim, edits);
                claim.to_string()
            });
            let claims: Vec<String> = claims.collect();
            let bytes = text.len() + claims.iter().map(String::len).sum::<usize>();
            alone.within(LIMIT, bytes, || accept(&FIXTURE, &text, &claims, bytes));
        },
    );
}

#[test]
fn the_good_manifest_is_accepted() {
    let _alone = alone();
    let text = FIXTURE.upload.to_string();
    assert!(accept(&FIXTURE, &text, &[], text.len()));
}

/// Whether it is accepted. Then it is within the limits, and there are objects for it and the claims that are
/// there; `bytes` are those of all.
fn accept(fixture: &Fixture, text: &str, claims: &[String], bytes: usize) -> bool {
    let Ok(upload) = serde_json::from_str::<ManifestUpload>(text) else { return false };
    let commitment = lease::commitment_of(&upload);
    let (domains, images) =
        (Domains::of(&fixture.config.cluster), ImageRules::of(&fixture.config.cluster));
    let naming = Naming { scope: &fixture.scope, order: LEASE, domains: &domains };
    let accepted = manifest::check(&upload, &commitment, &fixture.leased.spec, &naming, &images);
    let accepted = match accepted {
        Ok(accepted) => accepted,
        Err(refusal) => {
            assert!(refusal.to_string().len() <= 1_024 + 4 * text.len());
            return false;
        }
    };
    assert!(accepted.hostnames.len() <= HOSTS);
    let replicas: u64 = accepted.group.services.iter().map(|one| u64::from(one.count)).sum();
    let ordered: u64 = fixture.leased.spec.units.iter().map(|unit| u64::from(unit.count)).sum();
    assert_eq!(replicas, ordered, "more or less than was ordered");
    assert!(accepted.group.services.iter().all(|one| one.expose.len() <= EXPOSES));
    let subject = Subject {
        order: LEASE,
        scope: &fixture.scope,
        owner: fixture.leased.lease.owner(),
        group: &accepted.group,
        placements: &[],
        cluster: &fixture.config.cluster,
        digests: &DigestKey::from_bytes([7; 32]),
        running: true,
        assigned: Assignment::none(),
        claims: &claims
            .iter()
            .filter_map(|one| Some(Claim::of(&serde_json::from_str(one).ok()?)))
            .collect::<Vec<_>>(),
    };
    let tried = kube_objects::to_try(&subject);
    let size: usize = tried.iter().map(|one| one.dynamic(&subject).data.to_string().len()).sum();
    assert!(size <= (64 << 10) + 64 * bytes, "{size} bytes of objects of {bytes}");
    assert!(tried.len() <= 16 + bytes / 16, "{} objects of {bytes} bytes", tried.len());
    true
}
