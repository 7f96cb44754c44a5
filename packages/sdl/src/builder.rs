//! Document to manifest and groups.
//!
//! 2.0 gives each service a resource unit of its own. 2.1 lets services of one placement that
//! share a compute profile share a unit, whose count is the sum of theirs.

use std::collections::BTreeMap;

use crate::{
    deployment::Replicas,
    document::Document,
    endpoints,
    groups::{DecCoin, Decimal, GroupSpec, PlacementRequirements, ResourceUnit},
    manifest::{
        Attribute, Cpu, Endpoint, Gpu, Manifest, ManifestGroup, ManifestService, Memory, Resources,
        Storage,
    },
    profiles::{compute::Needs, placement::Placement},
    reader::Read,
    services::{Service, expose},
    version::Edition,
};

/// A group while its services come in.
struct Group {
    spec: GroupSpec,
    manifest: ManifestGroup,
    /// Index of the unit of each compute profile, in 2.1.
    units: BTreeMap<String, usize>,
    has_tee: bool,
}

/// Builds from a document that has been checked: what is missing in it counts as nothing.
pub(crate) fn build(document: &Document) -> (Manifest, Vec<GroupSpec>) {
    let deployed = document.deployment.keys().filter_map(|name| document.services.get(name));
    let sequence = endpoints::sequence_numbers(deployed);
    let mut groups: BTreeMap<&str, Group> = BTreeMap::new();
    for (name, deployed) in &document.deployment {
        let Some(service) = document.services.get(name) else { continue };
        for (placement, replicas) in &deployed.placements {
            let profile = document.profiles.placement.get(placement);
            let group = groups.entry(placement).or_insert_with(|| Group::new(placement, profile));
            let needs = document.profiles.compute.get(replicas.profile());
            let Some(Read::Is(needs)) = needs.map(|profile| &profile.resources) else { continue };
            let mut exposes: Vec<_> = service
                .ports()
                .iter()
                .flat_map(|expose| expose.manifest(|ip| sequence.get(ip).copied().unwrap_or(0)))
                .collect();
            expose::sort(&mut exposes);
            group.require_tee(service);
            let endpoints = expose::endpoints(&exposes);
            let id = group.unit(document.edition, replicas, needs, &endpoints, profile);
            group.manifest.services.push(ManifestService {
                name: name.clone(),
                image: text(&service.image),
                command: service.command.clone(),
                args: service.args.clone(),
                env: service
                    .env
                    .as_ref()
                    .map(|env| env.iter().map(|(variable, _)| variable.clone()).collect()),
                resources: resources(id, needs, endpoints),
                count: replicas.count(),
                expose: exposes,
                params: service.params.as_ref().map(|params| params.manifest()),
                credentials: service
                    .credentials
                    .as_ref()
                    .map(|credentials| credentials.manifest(document.edition)),
            });
        }
    }
    let (manifest, specs) = groups.into_values().map(|group| (group.manifest, group.spec)).unzip();
    (Manifest(manifest), specs)
}

impl Group {
    fn new(name: &str, profile: Option<&Placement>) -> Self {
        let attributes = profile.map(|profile| profile.attributes.clone()).unwrap_or_default();
        let requirements = PlacementRequirements {
            signed_by: profile.map(|profile| profile.signed_by.clone()).unwrap_or_default(),
            attributes: (!attributes.is_empty()).then_some(attributes),
        };
        Self {
            spec: GroupSpec { name: name.to_owned(), requirements, resources: Vec::new() },
            manifest: ManifestGroup { name: name.to_owned(), services: Vec::new() },
            units: BTreeMap::new(),
            has_tee: false,
        }
    }

    /// Confidential computing becomes an attribute that the provider must have.
    fn require_tee(&mut self, service: &Service) {
        let tee = service.params.as_ref().and_then(|params| params.tee.as_ref());
        let Some((tee, _)) = tee.filter(|_| !self.has_tee) else { return };
        self.has_tee = true;
        let attributes = self.spec.requirements.attributes.get_or_insert_default();
        attributes.push(Attribute::new("tee/type", tee));
        attributes.sort_by(|a, b| a.key.cmp(&b.key));
    }

    /// The number of the service's unit, which is made or grows.
    fn unit(
        &mut self,
        edition: Edition,
        replicas: &Replicas,
        needs: &Needs,
        endpoints: &[Endpoint],
        profile: Option<&Placement>,
    ) -> u32 {
        let units = &mut self.spec.resources;
        let shared = self.units.get(replicas.profile()).filter(|_| edition == Edition::V2_1);
        if let Some(unit) = shared.and_then(|index| units.get_mut(*index)) {
            unit.count = unit.count.saturating_add(replicas.count());
            unit.resource.endpoints.extend_from_slice(endpoints);
            unit.resource.endpoints.sort_by_key(|endpoint| endpoint.sequence_number);
            return unit.resource.id;
        }
        self.units.insert(replicas.profile().to_owned(), units.len());
        let id = u32::try_from(units.len() + 1).unwrap_or(u32::MAX);
        let price = profile.and_then(|profile| profile.pricing.get(replicas.profile()));
        let price = match price {
            Some((Read::Is(price), _)) => {
                DecCoin { denom: price.denom.clone(), amount: price.amount }
            }
            _ => DecCoin { denom: String::new(), amount: Decimal::default() },
        };
        let resource = resources(id, needs, endpoints.to_vec());
        units.push(ResourceUnit { resource, count: replicas.count(), price });
        id
    }
}

fn resources(id: u32, needs: &Needs, endpoints: Vec<Endpoint>) -> Resources {
    let cpu = needs.cpu.as_ref().value();
    let units = cpu.and_then(|cpu| cpu.units.as_ref().value().copied()).unwrap_or_default();
    let memory = needs.memory.as_ref().value().and_then(|memory| memory.size.as_ref().value());
    let gpu = needs.gpu.as_ref().value();
    let volumes = needs.storage.as_ref().value().map_or(&[][..], Vec::as_slice);
    Resources {
        id,
        cpu: Cpu {
            units: u64::from(units).into(),
            attributes: cpu.map(|cpu| cpu.attributes.clone()).unwrap_or_default(),
        },
        memory: Memory { size: memory.copied().unwrap_or_default().into(), attributes: Vec::new() },
        storage: volumes
            .iter()
            .map(|volume| Storage {
                name: volume.name.clone(),
                size: volume.size.as_ref().value().copied().unwrap_or_default().into(),
                attributes: volume.attributes.clone(),
            })
            .collect(),
        gpu: Gpu {
            units: gpu.map_or(0, |gpu| gpu.units).into(),
            attributes: gpu.map(|gpu| gpu.attributes.clone()).unwrap_or_default(),
        },
        endpoints,
    }
}

fn text<A>(read: &Read<(String, A)>) -> String {
    read.as_ref().value().map(|(text, _)| text.clone()).unwrap_or_default()
}
