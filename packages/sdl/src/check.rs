//! Rules across sections: whether what was read makes a deployment.

mod bounds;
mod mounts;
mod ports;
mod shared_ports;
mod size;
mod totals;
mod units;
mod unused;

use std::collections::BTreeMap;

use crate::{
    deployment::Replicas,
    document::Document,
    endpoints, names,
    profiles::{compute::Needs, price},
    reader::{Read, Reader},
    services::Service,
    yaml::NodeId,
};

/// Checks the whole document; findings go to the reader.
pub(crate) fn check(reader: &mut Reader<'_>, document: &Document) {
    endpoints::check(reader, &document.endpoints);
    if let Some(reclamation) = &document.reclamation {
        reclamation.check(reader);
    }
    if !size::check(reader, document) {
        return;
    }
    let mut ports = ports::Ports::default();
    let mut tees: BTreeMap<&str, &str> = BTreeMap::new();
    for (name, deployed) in &document.deployment {
        let Some(service) = service(reader, document, name, deployed.at) else { continue };
        for (placement, replicas) in &deployed.placements {
            let needs = compute(reader, document, replicas);
            placement_and_price(reader, document, placement, replicas);
            check_service(reader, name, service);
            ports.check(reader, document, name, service);
            shared_ports::warn(reader, name, service);
            if let Some(needs) = needs {
                units::check(reader, needs);
                mounts::check(reader, document.edition, name, service, needs);
                check_tee(reader, service, needs, placement, &mut tees);
            }
        }
    }
    ports.check_unused(reader, document);
    unused::warn(reader, document);
    bounds::warn(reader, document);
    // Sums of what could not be read would only add noise.
    if !reader.has_errors() {
        totals::check(reader, document);
    }
}

fn service<'d>(
    reader: &mut Reader<'_>,
    document: &'d Document,
    name: &str,
    at: NodeId,
) -> Option<&'d Service> {
    let service = document.services.get(name);
    if service.is_none() && !document.deployment[name].placements.is_empty() {
        let help = reader.suggest(name, document.services.keys().map(String::as_str));
        reader.error(at, "unknown-service", format!("no service is named `{name}`")).maybe(help);
    }
    service
}

/// The profile's needs, if they are there.
fn compute<'d>(
    reader: &mut Reader<'_>,
    document: &'d Document,
    replicas: &Replicas,
) -> Option<&'d Needs> {
    if replicas.profile.is_bad() {
        return None;
    }
    let name = replicas.profile();
    let Some(profile) = document.profiles.compute.get(name) else {
        let known = document.profiles.compute.keys().map(String::as_str);
        let (message, help) = if replicas.profile == Read::Null {
            ("a deployment needs a `profile`".to_owned(), None)
        } else {
            (format!("no compute profile is named `{name}`"), reader.suggest(name, known))
        };
        reader.error(replicas.profile_at, "unknown-profile", message).maybe(help);
        return None;
    };
    match &profile.resources {
        Read::Is(needs) => Some(needs),
        Read::Bad => None,
        Read::Null => {
            let message = format!("the compute profile `{name}` has no `resources`");
            reader
                .error(profile.at, "missing-key", message)
                .help("write cpu, memory and storage below `resources`");
            None
        }
    }
}

fn placement_and_price(
    reader: &mut Reader<'_>,
    document: &Document,
    placement: &str,
    replicas: &Replicas,
) {
    if placement.is_empty() {
        reader.error(replicas.at, "invalid-name", "a placement needs a name").maybe(None);
    }
    let Some(profile) = document.profiles.placement.get(placement) else {
        let known = document.profiles.placement.keys().map(String::as_str);
        let help = reader.suggest(placement, known);
        let message = format!("no placement profile is named `{placement}`");
        reader.error(replicas.at, "unknown-profile", message).maybe(help);
        return;
    };
    if replicas.profile.is_bad() || profile.bad {
        return;
    }
    let name = replicas.profile();
    if !document.profiles.compute.contains_key(name) {
        return;
    }
    match profile.pricing.get(name) {
        Some((Read::Bad, _)) => {}
        Some((Read::Is(price), _)) => {
            let unit = document.souk.price_per;
            let most = price::most(unit);
            if price.amount > most {
                let message = format!(
                    "a replica may cost at most {most:#} a {unit}, this is {:#}",
                    price.amount
                );
                reader.error(price.amount_at, "out-of-range", message).maybe(None);
            }
        }
        Some((Read::Null, at)) => {
            reader.error(*at, "missing-key", "a price needs `denom` and `amount`").maybe(None);
        }
        None => {
            let known = profile.pricing.keys().map(String::as_str);
            let help = reader.suggest(name, known).unwrap_or_else(|| {
                format!("write `{name}: {{ denom: ..., amount: ... }}` below `pricing`")
            });
            let message =
                format!("the placement `{placement}` has no price for the profile `{name}`");
            reader.error(profile.at, "missing-price", message).help(help);
        }
    }
}

/// What concerns one service alone.
fn check_service(reader: &mut Reader<'_>, name: &str, service: &Service) {
    if !names::is_service(name) {
        let message = format!("`{name}` can't name a service");
        reader
            .error(service.at, "invalid-name", message)
            .help("a-z, 0-9 and `-`, starting with a letter and not ending in `-`");
    }
    match &service.image {
        Read::Bad => {}
        Read::Is((image, at)) => check_image(reader, name, image, *at),
        Read::Null => check_image(reader, name, "", service.at),
    }
    let mut seen: BTreeMap<&str, NodeId> = BTreeMap::new();
    for (variable, at) in service.env.iter().flatten() {
        let key = variable.split('=').next().unwrap_or_default();
        if !names::is_env(key) {
            let message = format!("`{key}` can't name an environment variable");
            reader.error(*at, "invalid-name", message).help("write `NAME=value`");
        } else if let Some(first) = seen.insert(key, *at) {
            let message = format!("the variable `{key}` is set twice");
            let help =
                format!("it is set first in line {}; the last one counts", reader.line(first));
            reader.warn(*at, "duplicate-env", message).help(help);
        }
    }
    if let Some(credentials) = &service.credentials {
        credentials.check(reader);
    }
}

fn check_image(reader: &mut Reader<'_>, name: &str, image: &str, at: NodeId) {
    if image.is_empty() {
        let message = format!("the service `{name}` has no image");
        reader.error(at, "missing-key", message).help("write `image: nginx:1.29`");
    } else if image.contains(char::is_whitespace) {
        let message = format!("the image `{image}` holds a blank, so it can't be found");
        reader.warn(at, "invalid-name", message).maybe(None);
    }
}

fn check_tee<'d>(
    reader: &mut Reader<'_>,
    service: &'d Service,
    needs: &Needs,
    placement: &'d str,
    tees: &mut BTreeMap<&'d str, &'d str>,
) {
    let Some(params) = &service.params else { return };
    let has_gpu = match &needs.gpu {
        Read::Is(gpu) => gpu.units > 0,
        Read::Null => false,
        Read::Bad => true,
    };
    params.check_tee(reader, has_gpu);
    let Some((tee, at)) = &params.tee else { return };
    let first = tees.entry(placement).or_insert(tee);
    if first != tee {
        let message =
            format!("the placement `{placement}` has both `tee: {first}` and `tee: {tee}`");
        reader.error(*at, "tee", message).help("use one of them, or two placements");
    }
}
