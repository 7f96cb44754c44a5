//! The status of a lease for its tenant: services, replicas, addresses, pods and errors.

use souk_api::orderbook::LeaseState;
use souk_gateway::body::{
    ForwardedPort, KeptVolume, KeptVolumes, LeaseStatus, Phase, PodStatus, Reclaim, ServiceStatus,
};
use souk_sdl::{ManifestGroup, ManifestService};

use crate::{
    cluster::kube::{
        objects::{self, Kind, ObjectName, Subject},
        seen::{LeaseObjects, Reach, SeenPod, SeenPort, SeenService},
    },
    config::Cluster,
    model::{
        self, DigestKey, Lease, kept::Kept, names::label_value, pods::KEPT, reconcile::Presence,
        scope::MarketScope,
    },
};

/// The input of a status.
pub struct Sources<'a> {
    /// What is seen of its objects.
    pub seen: &'a LeaseObjects,
    /// The cluster's configuration.
    pub cluster: &'a Cluster,
    /// The provider and market that it belongs to.
    pub scope: &'a MarketScope,
    /// The lease.
    pub lease: &'a Lease,
    /// Its group of the manifest, if one was accepted.
    pub group: Option<&'a ManifestGroup>,
    /// Block time.
    pub now: u64,
    /// Why the last step failed, or what it waits for.
    pub failure: Option<String>,
    /// Whether all of the newest manifest is applied.
    pub applied: bool,
    /// What blocks the deletion of its namespace.
    pub blocked_by: Option<String>,
    /// What is wrong with the GPUs that it holds.
    pub gpu_fault: Option<String>,
    /// Block time at which the store was filled from the chain, if it was new or put back.
    pub taken_up: Option<u64>,
    /// Its volumes, if it ended and they are kept.
    pub kept: Option<&'a Kept>,
}

/// What the tenant of a lease that runs without a manifest is asked for.
const LOST: &str = "the provider does not have the manifest any more, and what runs stays as it is; send the manifest again";

/// What the tenant of one is asked for of which nothing runs, but which may have run before.
const GONE: &str = "the provider does not have the manifest, since its machine was replaced, and nothing of this lease runs here; send the manifest again, or end the lease";

/// The status of a lease.
pub fn lease_status(sources: &Sources<'_>) -> LeaseStatus {
    let order = sources.lease.order;
    let claims = sources.seen.claims();
    let services: Vec<ServiceStatus> = match sources.group {
        Some(group) => {
            let subject = Subject {
                order,
                scope: sources.scope,
                owner: sources.lease.owner(),
                group,
                placements: &[],
                cluster: sources.cluster,
                // Names have nothing of it.
                digests: &DigestKey::from_bytes([0; 32]),
                running: true,
                claims: &claims,
                assigned: sources.seen.assigned(),
            };
            let all = objects::names(&subject);
            let of = |service| service_status(sources, &subject, service, &all);
            group.services.iter().map(of).collect()
        }
        None => Vec::new(),
    };
    let phase = phase(sources, &services);
    let kept_volumes = sources.kept.map(kept_volumes);
    let detail = detail(sources, &services, phase);
    let reclaim = reclaim(sources.lease);
    LeaseStatus { order, phase, detail, services, kept_volumes, reclaim }
}

fn kept_volumes(kept: &Kept) -> KeptVolumes {
    let volume =
        |one: &model::kept::KeptVolume| KeptVolume { class: one.class.clone(), bytes: one.bytes };
    KeptVolumes { until: kept.until, volumes: kept.volumes.iter().map(volume).collect() }
}

/// What was announced of a lease that runs.
fn reclaim(lease: &Lease) -> Option<Reclaim> {
    let announced = lease.reclaim.filter(|_| lease.state == LeaseState::Active)?;
    Some(Reclaim {
        reason: announced.reason.to_string(),
        deadline: announced.deadline,
        deadline_block: announced.block,
    })
}

fn phase(sources: &Sources<'_>, services: &[ServiceStatus]) -> Phase {
    if sources.lease.state != LeaseState::Active {
        let over = match sources.seen.presence() {
            Presence::Absent => true,
            Presence::Terminating => false,
            // Where volumes are kept the namespace stays, and nothing in it runs.
            Presence::Active => {
                let runs = sources.seen.running().next().is_some() || !sources.seen.pods.is_empty();
                sources.kept.is_some() && !runs
            }
        };
        return if over { Phase::Closed } else { Phase::Closing };
    }
    if sources.group.is_none() {
        return Phase::WaitingForManifest;
    }
    if !sources.lease.is_funded_at(sources.now) {
        return Phase::Suspended;
    }
    let ready = services.iter().all(|service| service.ready >= service.wanted);
    if ready && sources.applied { Phase::Ready } else { Phase::Deploying }
}

fn detail(sources: &Sources<'_>, services: &[ServiceStatus], phase: Phase) -> Option<String> {
    if let Some(blocked_by) = &sources.blocked_by {
        return Some(format!("the namespace is still being deleted: {blocked_by}"));
    }
    if let Some(failure) = &sources.failure {
        return Some(failure.clone());
    }
    if let Some(fault) = &sources.gpu_fault {
        return Some(fault.clone());
    }
    if phase == Phase::WaitingForManifest {
        let older = sources.lease.is_older_than_store(sources.taken_up);
        return match sources.seen.namespace() {
            Some(_) => Some(LOST.to_owned()),
            None => older.then(|| GONE.to_owned()),
        };
    }
    if sources.kept.is_some() {
        return Some("its volumes are kept for some time".to_owned());
    }
    if phase != Phase::Deploying {
        return None;
    }
    let pods = services.iter().flat_map(|service| &service.pods);
    let mut reasons =
        pods.filter_map(|pod| Some(format!("{}: {}", pod.name, pod.reason.as_ref()?)));
    reasons.next()
}

fn service_status(
    sources: &Sources<'_>,
    subject: &Subject<'_>,
    service: &ManifestService,
    all: &[ObjectName],
) -> ServiceStatus {
    let label = label_value(&service.name);
    let mine = sources.seen.pods.iter().filter(|pod| pod.service.as_deref() == Some(&label));
    let (pods, failed_pods) = pods(mine.collect());
    let leased: Vec<String> = objects::leased_ips(std::slice::from_ref(service))
        .into_iter()
        .map(objects::leased_ip_service)
        .collect();
    let mine = |object: &&ObjectName| match &object.service {
        Some(name) => *name == service.name,
        None => object.kind == Kind::Service && leased.contains(&object.name),
    };
    let objects = all
        .iter()
        .filter(mine)
        .map(|object| format!("{}/{}", object.kind.gvk().kind.to_lowercase(), object.name))
        .collect();
    let hosts = objects::hosts(subject, service);
    ServiceStatus {
        name: service.name.clone(),
        wanted: service.count,
        ready: ready(sources.seen, service, all),
        uris: hosts.iter().map(|host| format!("http://{host}")).collect(),
        ports: ports(sources, service),
        objects,
        pods,
        failed_pods,
    }
}

/// The pods of a service, of those that failed only the newest, and how many failed.
fn pods(mut seen: Vec<&SeenPod>) -> (Vec<PodStatus>, u32) {
    seen.sort_by(|one, other| {
        let newest = other.failed_at.cmp(&one.failed_at);
        newest.then_with(|| one.status.name.cmp(&other.status.name))
    });
    let (failed, others): (Vec<_>, Vec<_>) =
        seen.into_iter().partition(|pod| pod.failed_at.is_some());
    let count = u32::try_from(failed.len()).unwrap_or(u32::MAX);
    let shown = others.into_iter().chain(failed.into_iter().take(KEPT));
    (shown.map(|pod| pod.status.clone()).collect(), count)
}

/// Ready replicas of the newest generation, of one workload or, with volumes, of one for each.
fn ready(seen: &LeaseObjects, service: &ManifestService, all: &[ObjectName]) -> u32 {
    let own = all.iter().filter(|object| object.service.as_ref() == Some(&service.name));
    let replicas = own.filter_map(|object| seen.replicas(object.kind, &object.name));
    replicas.map(|replicas| replicas.ready).fold(0, u32::saturating_add)
}

/// Node ports and leased addresses that lead to a service.
fn ports(sources: &Sources<'_>, service: &ManifestService) -> Vec<ForwardedPort> {
    let label = label_value(&service.name);
    let node_host = sources.cluster.node_port_host.as_deref();
    // A leased address may have other services' ports as well.
    let names: Vec<String> =
        service.expose.iter().map(|expose| objects::port_name(&service.name, expose)).collect();
    let all = sources.seen.services();
    let ports = all.iter().flat_map(|(object, seen)| match object.service.as_deref() {
        Some(value) if *value == *label => forwarded(seen, node_host, |_| true),
        Some(_) => Vec::new(),
        None => forwarded(seen, node_host, |port| {
            let target = port.target.as_deref();
            target.is_some_and(|target| names.iter().any(|name| *name == *target))
        }),
    });
    ports.collect()
}

fn forwarded(
    service: &SeenService,
    node_host: Option<&str>,
    wanted: impl Fn(&SeenPort) -> bool,
) -> Vec<ForwardedPort> {
    let ports = service.ports.iter().filter(|port| wanted(port));
    ports
        .filter_map(|port| {
            let (host, external_port) = match &service.reach {
                Reach::Inside => return None,
                Reach::Nodes => (node_host?.to_owned(), port.node_port?),
                Reach::Address(address) => (address.as_deref()?.to_owned(), port.port),
            };
            let protocol = port.protocol.to_string();
            Some(ForwardedPort { host, external_port, port: port.port, protocol })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use souk_core::{AccountId, Denom, DeploymentId, GroupId, GroupSeq, OrderId, Price};
    use souk_sdl::{Options, compile};

    use super::*;
    use crate::cluster::kube::{
        fingerprint::Fingerprint,
        seen::{Detail, Replicas, SeenObject},
    };

    const FILE: &str = r#"
version: "2.0"
services:
  web:
    image: nginx:1
    expose: [{ port: 80, to: [{ global: true }] }]
profiles:
  compute:
    web:
      resources: { cpu: { units: 1 }, memory: { size: 1Gi }, storage: { size: 1Gi } }
  placement:
    here:
      pricing: { web: { denom: uakt, amount: 100 } }
deployment:
  web: { here: { profile: web, count: 2 } }
"#;

    fn lease() -> Lease {
        Lease {
            order: OrderId(7),
            group: GroupId { deployment: DeploymentId(7), group: GroupSeq(1) },
            tenant: "souk1ann".into(),
            price: Price::new(1).unwrap(),
            denom: Denom::native("usouk"),
            account: AccountId(7),
            state: LeaseState::Active,
            reason: None,
            created_at: 1,
            closed_at: None,
            withdrawn_at: 1,
            clock: None,
            reclaim: None,
            absence_limit: None,
            paid_until: None,
        }
    }

    fn workload(ready: u32) -> SeenObject {
        SeenObject {
            kind: Kind::Deployment,
            name: "web".into(),
            service: Some("web".into()),
            fingerprint: Fingerprint(1),
            terminating: false,
            detail: Detail::Workload(Replicas {
                wanted: 2,
                ready,
                generation: 1,
                ..Replicas::default()
            }),
        }
    }

    #[test]
    fn it_is_ready_only_once_the_newest_manifest_is_applied_and_says_what_keeps_it() {
        let manifest = compile(FILE, &Options::default()).unwrap().manifest;
        let (cluster, lease) = (Cluster::default(), lease());
        let scope = MarketScope::new("souk-1", "souk1book", "souk1me");
        for (ready, applied, failure, phase) in [
            (2, true, None, Phase::Ready),
            (1, true, None, Phase::Deploying),
            (2, false, None, Phase::Deploying),
            (
                2,
                false,
                Some("Kubernetes refuses to apply ingress/web-80-http: no"),
                Phase::Deploying,
            ),
        ] {
            let status = lease_status(&Sources {
                seen: &LeaseObjects { objects: vec![workload(ready)], pods: Vec::new() },
                cluster: &cluster,
                scope: &scope,
                lease: &lease,
                group: manifest.0.first(),
                now: 10,
                failure: failure.map(str::to_owned),
                applied,
                blocked_by: None,
                gpu_fault: None,
                taken_up: None,
                kept: None,
            });
            assert_eq!(status.phase, phase, "{ready} {applied}");
            assert_eq!(status.detail.as_deref(), failure);
            assert_eq!(status.services[0].ready, ready);
        }
    }

    #[test]
    fn the_tenant_of_a_lease_from_before_the_store_is_asked_for_its_manifest_again() {
        let (cluster, lease) = (Cluster::default(), lease());
        let scope = MarketScope::new("souk-1", "souk1book", "souk1me");
        for (taken_up, detail) in [(None, None), (Some(0), None), (Some(1), Some(GONE))] {
            let status = lease_status(&Sources {
                seen: &LeaseObjects::default(),
                cluster: &cluster,
                scope: &scope,
                lease: &lease,
                group: None,
                now: 10,
                failure: None,
                applied: false,
                blocked_by: None,
                gpu_fault: None,
                taken_up,
                kept: None,
            });
            assert_eq!(status.phase, Phase::WaitingForManifest);
            assert_eq!(status.detail.as_deref(), detail, "{taken_up:?}");
        }
    }
}
