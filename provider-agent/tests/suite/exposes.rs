//! A manifest that was accepted is reached, where the ingress controller refuses a host that another
//! Ingress has.

use std::{collections::BTreeMap, path::PathBuf};

use k8s_openapi::api::{
    apps::v1::{Deployment, StatefulSet},
    core::v1::{PersistentVolumeClaim, Secret, Service},
    networking::v1::Ingress,
};
use kube::{
    Resource, ResourceExt,
    api::{DeleteParams, ListParams, PostParams},
};
use proptest::{collection, num, strategy::Strategy, strategy::ValueTree, test_runner::TestRunner};
use serde_json::json;
use souk_api::orderbook::ExecuteMsg;
use souk_client::gateway::Client;
use souk_core::{Attribute, OrderId};
use souk_gateway::body::{LeaseStatus, ManifestUpload, Phase};
use souk_provider::{
    cluster::kube::objects::{self, Kind, Subject},
    config::Config,
    model::{
        DigestKey, Lease,
        hosts::{Domains, Naming},
        labels,
        scope::MarketScope,
        volumes::{Assignment, Claim},
    },
};

use crate::{
    deploying::lose_store,
    gateway::send,
    gpus::client,
    manifests::{Cluster, Leased, SITE, accepted, commitment_of, lease, upload},
    support::{Fixture, InProcess, Must, Options, agent::configure, free_port, until},
};

/// An agent whose gateway can be asked, on a cluster whose controller refuses hosts twice.
struct Environment {
    fixture: Fixture,
    config: PathBuf,
    cluster: Cluster,
    gateway: Client,
    agent: InProcess,
    /// Whoever sends transactions as Ann: one at a time.
    ann: tokio::sync::Mutex<()>,
}

impl Environment {
    async fn new() -> Self {
        let mut options = Options::default();
        options.claims.extend([
            Attribute::new("capabilities/storage/1/class", "default"),
            Attribute::new("capabilities/storage/1/persistent", "true"),
        ]);
        options.cluster.ingress_classes[0].unique_hosts = true;
        let fixture = Fixture::with(options).await;
        let config = configure(&fixture, "agent", "");
        let port = free_port();
        let text = std::fs::read_to_string(&config).unwrap();
        std::fs::write(&config, text.replace("127.0.0.1:0", &format!("127.0.0.1:{port}"))).unwrap();
        let cluster = Cluster::of(&config).await;
        let gateway = client(&fixture, &config, port);
        let agent = InProcess::start(&config).await;
        until("the gateway", async || gateway.version().await.ok()).await;
        let ann = tokio::sync::Mutex::default();
        Self { fixture, config, cluster, gateway, agent, ann }
    }

    /// Commits to another manifest and sends it.
    async fn update(
        &self,
        leased: &mut Leased,
        upload: ManifestUpload,
    ) -> Result<(), (u16, String)> {
        leased.upload = upload;
        let commitment = commitment_of(&leased.upload);
        let msg = ExecuteMsg::commit(leased.deployment, commitment);
        {
            let _ann = self.ann.lock().await;
            self.fixture.orderbook("ann", &msg).await;
        }
        until("an answer", async || {
            match self.gateway.send_manifest(leased.order, &leased.upload).await {
                Ok(()) => Some(Ok(())),
                // As the command line does.
                Err(error) if error.is_too_early() || error.is_busy() => None,
                Err(error) => {
                    let (status, body) = error.refusal().unwrap_or_else(|| panic!("{error}"));
                    Some(Err((status, body.message.clone())))
                }
            }
        })
        .await
    }

    async fn status(&self, order: OrderId) -> Option<LeaseStatus> {
        self.gateway.lease_status(order).await.ok()
    }

    /// Waits until a lease is ready, and says whether its objects are those of its manifest at that moment.
    async fn is_reached(&self, what: &str, leased: &Leased) {
        until(&format!("{what}: it is ready"), async || {
            let status = self.status(leased.order).await?;
            let ready = status.phase == Phase::Ready;
            // Objects that are replaced go a moment after the new ones are there.
            (ready && self.difference(leased).await.is_none()).then_some(())
        })
        .await;
    }

    /// What is not as the manifest says, if anything.
    async fn difference(&self, leased: &Leased) -> Option<String> {
        let config = Config::load(&self.config).must("configuration");
        let scope = MarketScope::of(&config);
        let lease: Lease = self.agent.store.lease(leased.order).await.unwrap().unwrap();
        let group = &leased.upload.manifest.0[0];
        let claims = self.list::<PersistentVolumeClaim>(leased.order).await;
        let known: Vec<Claim> = claims.iter().map(Claim::of).collect();
        let subject = Subject {
            order: leased.order,
            scope: &scope,
            digests: &DigestKey::from_bytes([0; 32]),
            owner: lease.owner(),
            group,
            placements: &[],
            cluster: &config.cluster,
            running: true,
            claims: &known,
            assigned: Assignment::none(),
        };
        let mut wanted: Vec<(Kind, String)> =
            objects::names(&subject).into_iter().map(|one| (one.kind, one.name)).collect();
        let mut found = Vec::new();
        found.extend(claims.iter().map(|one| (Kind::PersistentVolumeClaim, one.name_any())));
        let services = self.list::<Service>(leased.order).await;
        let ingresses = self.list::<Ingress>(leased.order).await;
        let deployments = self.list::<Deployment>(leased.order).await;
        found.extend(services.iter().map(|one| (Kind::Service, one.name_any())));
        found.extend(ingresses.iter().map(|one| (Kind::Ingress, one.name_any())));
        found.extend(deployments.iter().map(|one| (Kind::Deployment, one.name_any())));
        let sets = self.list::<StatefulSet>(leased.order).await;
        found.extend(sets.iter().map(|one| (Kind::StatefulSet, one.name_any())));
        let secrets = self.list::<Secret>(leased.order).await;
        found.extend(secrets.iter().map(|one| (Kind::Secret, one.name_any())));
        // Those before do not depend on the manifest's services.
        wanted.retain(|(kind, _)| *kind > Kind::ServiceAccount);
        wanted.sort();
        found.sort();
        if wanted != found {
            return Some(format!("wanted {wanted:?}, found {found:?}"));
        }
        let domains = Domains::of(&config.cluster);
        let naming = Naming { scope: &scope, order: leased.order, domains: &domains };
        for route in naming.routes(group) {
            let ingress = ingresses.iter().find(|one| one.name_any() == route.host);
            let Some(ingress) = ingress else { return Some(format!("no Ingress for {route:?}")) };
            let size = ingress.annotations().get("nginx.ingress.kubernetes.io/proxy-body-size");
            let led = target(ingress, &services);
            if led != Some((route.service.to_owned(), route.port))
                || size != Some(&route.options.max_body_size.to_string())
            {
                return Some(format!("{route:?} leads to {led:?} with {size:?}"));
            }
        }
        let images: BTreeMap<String, Option<String>> = deployments
            .iter()
            .map(|one| (one.name_any(), &one.spec.as_ref().unwrap().template))
            // These have the names of replicas, which outlive those of services.
            .chain(sets.iter().map(|one| {
                (one.labels()[labels::SERVICE].clone(), &one.spec.as_ref().unwrap().template)
            }))
            .map(|(name, template)| {
                (name, template.spec.as_ref().unwrap().containers[0].image.clone())
            })
            .collect();
        for service in &group.services {
            if images.get(&service.name) != Some(&Some(service.image.clone())) {
                return Some(format!("{} runs {images:?}", service.name));
            }
        }
        None
    }

    async fn list<K>(&self, order: OrderId) -> Vec<K>
    where
        K: Resource<Scope = k8s_openapi::NamespaceResourceScope, DynamicType = ()>
            + Clone
            + std::fmt::Debug
            + serde::de::DeserializeOwned,
    {
        let listed = self.cluster.namespaced::<K>(order).list(&ListParams::default()).await;
        listed.must("a list").items
    }
}

/// The service and container port that an Ingress leads to.
fn target(ingress: &Ingress, services: &[Service]) -> Option<(String, u32)> {
    let rule = ingress.spec.as_ref()?.rules.as_ref()?.first()?;
    let backend = rule.http.as_ref()?.paths.first()?.backend.service.as_ref()?;
    let service = services.iter().find(|one| one.name_any() == backend.name)?;
    let wanted = backend.port.as_ref()?.name.as_ref()?;
    let mut ports = service.spec.as_ref()?.ports.as_ref()?.iter();
    let port = ports.find(|port| port.name.as_ref() == Some(wanted))?;
    let number = serde_json::to_value(port.target_port.as_ref()?).ok()?.as_u64()?;
    Some((backend.name.clone(), u32::try_from(number).ok()?))
}

/// Choices of one case.
struct Choices<'b>(std::iter::Copied<std::slice::Iter<'b, u8>>);

impl Choices<'_> {
    fn of<'a, T>(&mut self, all: &'a [T]) -> &'a T {
        &all[usize::from(self.0.next().unwrap()) % all.len()]
    }
}

/// A random manifest. All have the same two units: one with two hosts' ways in and a node port, and one
/// with a volume and a way in.
fn random(choices: &mut Choices, case: usize) -> String {
    let names = [("api", "db"), ("api", "web"), ("shop", "web"), ("db", "shop"), ("web", "web2")];
    let (first, second) = *choices.of(&names);
    let mut hosts: Vec<String> = (0..5).map(|n| format!("h{n}.case{case}.example.org")).collect();
    let mut accept = |choices: &mut Choices| {
        let count = usize::from(*choices.of(&[0u8, 1, 2])).min(hosts.len());
        let mut taken = Vec::new();
        for _ in 0..count {
            let at = usize::from(*choices.of(&[0u8, 1, 2, 3, 4])) % hosts.len();
            taken.push(hosts.remove(at));
        }
        if taken.is_empty() { String::new() } else { format!(", accept: [{}]", taken.join(", ")) }
    };
    let ports = [80, 3000, 8080];
    let mut http = |choices: &mut Choices| {
        let (port, size) = (choices.of(&ports), choices.of(&[1_048_576, 2_097_152]));
        let accept = accept(choices);
        format!(
            "{{ port: {port}, as: 80{accept}, http_options: {{ max_body_size: {size} }}, to: [{{ global: true }}] }}"
        )
    };
    let (one, two, three) = (http(choices), http(choices), http(choices));
    let node = format!(
        "{{ port: {}, as: {}, to: [{{ global: true }}] }}",
        choices.of(&[5000, 5001]),
        choices.of(&[5000, 6000])
    );
    let inside = format!(
        "{{ port: {}, as: {}, to: [{{ service: {second} }}] }}",
        choices.of(&[3000, 7000]),
        choices.of(&[80, 7000])
    );
    let (image, env) =
        (choices.of(&[1, 2]), choices.of(&["", "\n    env: [A=1]", "\n    env: [B=2]"]));
    let mount = choices.of(&["/data", "/var/lib"]);
    format!(
        r#"
version: "2.0"
services:
  {first}:
    image: nginx:{image}{env}
    expose:
      - {one}
      - {two}
      - {node}
      - {inside}
  {second}:
    image: postgres:{image}
    expose:
      - {three}
    params: {{ storage: {{ data: {{ mount: {mount} }} }} }}
profiles:
  compute:
    plain:
      resources: {{ cpu: {{ units: 100m }}, memory: {{ size: 64Mi }}, storage: {{ size: 64Mi }} }}
    data:
      resources:
        cpu: {{ units: 100m }}
        memory: {{ size: 64Mi }}
        storage:
          - {{ size: 64Mi }}
          - {{ name: data, size: 1Gi, attributes: {{ persistent: true, class: default }} }}
  placement:
    here:
      pricing:
        plain: {{ denom: uakt, amount: 500 }}
        data: {{ denom: uakt, amount: 500 }}
deployment:
  {first}: {{ here: {{ profile: plain, count: 1 }} }}
  {second}: {{ here: {{ profile: data, count: 1 }} }}
"#
    )
}

/// Leases whose manifests change, and how often each does.
const CASES: usize = 6;
const CHANGES: usize = 4;

#[tokio::test(flavor = "multi_thread")]
async fn any_manifest_of_a_group_is_reached_from_any_other() {
    let environment = Environment::new().await;
    let mut runner = TestRunner::deterministic();
    let bytes = collection::vec(num::u8::ANY, 64 * (CHANGES + 1));
    let cases: Vec<Vec<u8>> =
        (0..CASES).map(|_| bytes.new_tree(&mut runner).unwrap().current()).collect();
    let runs = cases.into_iter().enumerate().map(|(case, bytes)| {
        let environment = &environment;
        async move {
            let mut files = bytes
                .chunks(64)
                .map(|chunk| random(&mut Choices(chunk.iter().copied()), case))
                .collect::<Vec<_>>()
                .into_iter();
            let first = files.next().unwrap();
            let mut leased = {
                let _ann = environment.ann.lock().await;
                lease(&environment.fixture, &environment.agent, "ann", &first).await
            };
            send(&environment.gateway, leased.order, &leased.upload).await;
            environment.is_reached(&format!("case {case}, first\n{first}"), &leased).await;
            let mut before = first;
            for (number, file) in files.enumerate() {
                let what = format!("case {case}, change {number}\nfrom {before}\nto {file}");
                let answer = environment.update(&mut leased, upload(&file)).await;
                // Any is one that an empty cluster takes.
                assert_eq!(answer, Ok(()), "{what}");
                environment.is_reached(&what, &leased).await;
                before = file;
            }
        }
    });
    futures::future::join_all(runs).await;
    environment.agent.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_gateway_refuses_changes_nothing_and_the_status_stays() {
    let environment = Environment::new().await;
    let mut leased = lease(&environment.fixture, &environment.agent, "ann", SITE).await;
    send(&environment.gateway, leased.order, &leased.upload).await;
    environment.is_reached("the site", &leased).await;
    let good = leased.upload.clone();
    for (what, file, status, part) in [
        ("an address", SITE.replace("shop.example.org", "203.0.113.5"), 422, "it is an IP address"),
        (
            "the provider's domain",
            SITE.replace("shop.example.org", "shop.apps.example.com"),
            422,
            "belongs to the provider's domain",
        ),
    ] {
        let answer = environment.update(&mut leased, upload(&file)).await;
        let (found, message) = answer.unwrap_err();
        assert_eq!(found, status, "{what}: {message}");
        assert!(message.contains(part), "{what}: {message}");
        leased.upload = good.clone();
        assert_eq!(environment.difference(&leased).await, None, "{what}");
    }
    environment.agent.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_ingress_of_an_older_agent_is_replaced() {
    let environment = Environment::new().await;
    let Environment { fixture, config, cluster, gateway, agent, ann } = environment;
    let leased = lease(&fixture, &agent, "ann", SITE).await;
    accepted(&agent.store, &leased).await;
    cluster.has_replicas("it runs", leased.order, 1).await;
    agent.stop().await;

    let ingresses = cluster.namespaced::<Ingress>(leased.order);
    let host = "shop.example.org";
    let mut old = ingresses.get(host).await.must("the host's Ingress");
    ingresses.delete(host, &DeleteParams::background()).await.must("deletion");
    let labels = old.metadata.labels.take();
    old.metadata =
        serde_json::from_value(json!({ "name": "web-80-http", "labels": labels })).unwrap();
    old.status = None;
    ingresses.create(&PostParams::default(), &old).await.must("the old Ingress");

    let agent = InProcess::start(&config).await;
    let environment = Environment { fixture, config, cluster, gateway, agent, ann };
    environment.is_reached("the new names", &leased).await;
    assert!(ingresses.get_opt("web-80-http").await.unwrap().is_none());
    environment.agent.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_host_that_a_lease_serves_stays_its_own_though_the_store_was_lost() {
    let environment = Environment::new().await;
    let first = lease(&environment.fixture, &environment.agent, "ann", SITE).await;
    send(&environment.gateway, first.order, &first.upload).await;
    environment.is_reached("the site", &first).await;
    let Environment { fixture, config, cluster, gateway, agent, ann } = environment;
    agent.stop().await;
    lose_store(&config);

    let agent = InProcess::start(&config).await;
    let second = lease(&fixture, &agent, "ann", SITE).await;
    let taken = until("the second lease's answer", async || {
        match gateway.send_manifest(second.order, &second.upload).await {
            Err(error) if error.is_too_early() || error.is_busy() => None,
            Err(error) => error.refusal().map(|(status, body)| (status, body.code.clone())),
            Ok(()) => panic!("it was taken"),
        }
    })
    .await;
    assert_eq!(taken, (409, "hostname_taken".to_owned()));
    send(&gateway, first.order, &first.upload).await;
    let environment = Environment { fixture, config, cluster, gateway, agent, ann };
    environment.is_reached("the first again", &first).await;
    environment.agent.stop().await;
}
