//! Warnings about what providers refuse although it compiles: they take no more than
//! [`limits`](crate::limits) says.

use std::collections::BTreeMap;

use crate::{document::Document, limits, reader::Reader, services::Service};

pub(super) fn warn(reader: &mut Reader<'_>, document: &Document) {
    let mut hosts: BTreeMap<&str, usize> = BTreeMap::new();
    for (name, deployed) in &document.deployment {
        let Some(service) = document.services.get(name) else { continue };
        if deployed.placements.is_empty() {
            continue;
        }
        environment(reader, name, service);
        ports(reader, name, service);
        let accepted: usize =
            service.ports().iter().map(|expose| expose.accept.iter().flatten().count()).sum();
        for placement in deployed.placements.keys() {
            *hosts.entry(placement).or_default() += accepted;
        }
    }
    for (placement, count) in hosts.into_iter().filter(|(_, count)| *count > limits::HOSTS) {
        let message = format!("the services in `{placement}` accept {count} host names");
        let Some(profile) = document.profiles.placement.get(placement) else { continue };
        let help = format!("providers take {} at most", limits::HOSTS);
        reader.warn(profile.at, "too-many-hosts", message).help(help);
    }
}

fn environment(reader: &mut Reader<'_>, name: &str, service: &Service) {
    let entries = service.env.iter().flatten();
    let (variables, bytes) =
        entries.fold((0, 0), |(count, bytes), (entry, _)| (count + 1, bytes + entry.len()));
    if variables <= limits::VARIABLES && bytes <= limits::ENVIRONMENT {
        return;
    }
    let message =
        format!("the environment of `{name}` has {variables} variables of {bytes} bytes in all");
    let (most, most_bytes) = (limits::VARIABLES, limits::ENVIRONMENT);
    let help = format!(
        "providers take {most} variables and {most_bytes} bytes at most; put large values into the image or a volume"
    );
    reader.warn(service.at, "environment-too-large", message).help(help);
}

fn ports(reader: &mut Reader<'_>, name: &str, service: &Service) {
    let count: usize = service.ports().iter().map(|expose| expose.to.len().max(1)).sum();
    if count > limits::EXPOSES {
        let message = format!("`{name}` opens {count} ports, each target counted");
        let help = format!("providers take {} at most", limits::EXPOSES);
        reader.warn(service.at, "too-many-ports", message).help(help);
    }
}
