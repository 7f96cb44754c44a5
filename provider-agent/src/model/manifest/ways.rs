//! Each way in leads to one place: no two services of one name, and no outer port that leads to two
//! container ports where its number is all that decides.

use std::collections::BTreeMap;

use souk_sdl::{ManifestGroup, ManifestService, ServiceExpose};

use super::Refusal;

/// From where an outer port is seen.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Side<'a> {
    /// The services of the group, by the name of the service.
    Services(&'a str),
    /// The world, at the node port of a service.
    World(&'a str),
    /// The world, at a leased address.
    Address(&'a str),
}

/// From where an expose is seen by the number of its outer port; over HTTP the host decides.
fn sides<'a>(
    service: &'a ManifestService,
    expose: &'a ServiceExpose,
) -> impl Iterator<Item = Side<'a>> {
    let inside = (!expose.service.is_empty()).then_some(Side::Services(&service.name));
    let outside = match expose {
        expose if !expose.ip.is_empty() => Some(Side::Address(&expose.ip)),
        expose if expose.global && !expose.is_ingress() => Some(Side::World(&service.name)),
        _ => None,
    };
    inside.into_iter().chain(outside)
}

pub(super) fn check(group: &ManifestGroup) -> Result<(), Refusal> {
    let mut ways: BTreeMap<(Side<'_>, u32, &str), (&str, u32)> = BTreeMap::new();
    for (at, service) in group.services.iter().enumerate() {
        let name = &service.name;
        if group.services.iter().take(at).any(|earlier| earlier.name == *name) {
            return Err(Refusal::ServiceTwice(name.clone()));
        }
        // An outer port out of range is ignored, as SDL ignores it with a warning.
        let exposes = service.expose.iter().filter(|expose| expose.outer_port() <= 65_535);
        for expose in exposes {
            let (outer, protocol) = (expose.outer_port(), expose.proto.as_str());
            let target = (name.as_str(), expose.port);
            for side in sides(service, expose) {
                let first = *ways.entry((side, outer, protocol)).or_insert(target);
                if first != target {
                    let first = (first.0.to_owned(), first.1);
                    let service = name.clone();
                    return Err(Refusal::PortTwice { service, outer, protocol, first });
                }
            }
        }
    }
    Ok(())
}
