//! Logs through the gateway: what is asked of the API server however many follow.

use std::{sync::atomic::Ordering, time::Duration};

use k8s_openapi::api::core::v1::Pod;
use kube::api::{DeleteParams, ListParams};
use souk_gateway::body::{LogLine, LogQuery};

use crate::{
    gateway::{Server, send},
    manifests::{self, Cluster, SITE, lease},
    support::{InProcess, Must, agent::configure, until},
};

const FOLLOWERS: usize = 16;

/// Ten replicas of one service.
fn many() -> String {
    let sdl = SITE.replace(
        "web: { here: { profile: web, count: 1 } }",
        "web: { here: { profile: web, count: 10 } }",
    );
    assert_ne!(sdl, SITE);
    sdl
}

#[tokio::test(flavor = "multi_thread")]
async fn however_many_follow_each_container_is_read_once_on_streams_of_their_own() {
    let fixture = manifests::fixture().await;
    let config = configure(&fixture, "agent", "");
    let agent = InProcess::start(&config).await;
    let server = Server::open_as(&fixture, &config, &agent.store, |_| ()).await;
    let cluster = Cluster::of(&config).await;
    let runs = lease(&fixture, &agent, "ann", &many()).await;
    let ann = server.client("ann");
    send(&ann, runs.order, &runs.upload).await;
    let broken = many().replace("nginx:1", "errimagepull:1").replace("shop.example", "b.example");
    let fails = lease(&fixture, &agent, "bob", &broken).await;
    let bob = server.client("bob");
    send(&bob, fails.order, &fails.upload).await;
    let pods = cluster.namespaced::<Pod>(runs.order);
    let broken_pods = cluster.namespaced::<Pod>(fails.order);
    let names = async |pods: &kube::Api<Pod>, phase: &str| -> Vec<String> {
        let listed = pods.list(&ListParams::default()).await.must("pods").items;
        let is_so = |pod: &Pod| pod.status.as_ref().and_then(|s| s.phase.as_deref()) == Some(phase);
        let is_web = |pod: &Pod| pod.metadata.name.as_ref().is_some_and(|n| n.starts_with("web"));
        let chosen = listed.into_iter().filter(|pod| is_so(pod) && is_web(pod));
        chosen.filter_map(|pod| pod.metadata.name).collect()
    };
    until("all pods", async || {
        let (running, pending) =
            (names(&pods, "Running").await, names(&broken_pods, "Pending").await);
        (running.len() == 10 && pending.len() == 10).then_some(())
    })
    .await;

    let logs = fixture.sim.log_use();
    let follow = LogQuery {
        service: Some("web".into()),
        follow: true,
        tail: Some(2),
        ..LogQuery::default()
    };
    let mut streams = Vec::new();
    for _ in 0..FOLLOWERS {
        streams.push(ann.logs(runs.order, &follow).await.must("logs"));
        let mut of_broken = bob.logs(fails.order, &follow).await.must("logs");
        tokio::spawn(async move { while let Ok(Some(_)) = of_broken.next().await {} });
    }
    let mut readers = Vec::new();
    for mut stream in streams {
        let (sender, lines) = tokio::sync::mpsc::unbounded_channel::<LogLine>();
        readers.push(lines);
        tokio::spawn(async move {
            while let Ok(Some(line)) = stream.next().await {
                if sender.send(line).is_err() {
                    return;
                }
            }
        });
    }
    // Each follower gets lines of each pod.
    for lines in &mut readers {
        let mut seen = std::collections::BTreeSet::new();
        let all = async {
            while seen.len() < 10 {
                seen.insert(lines.recv().await.unwrap().pod);
            }
        };
        tokio::time::timeout(crate::support::DEADLINE, all).await.must("lines of all pods");
    }
    until("one stream a container", async || {
        (logs.followed.load(Ordering::Relaxed) == 10).then_some(())
    })
    .await;
    // What was there before is asked for once by each follower and pod, and then nothing more.
    let settled = until("no more requests", async || {
        let before = logs.requests.load(Ordering::Relaxed);
        tokio::time::sleep(Duration::from_secs(2)).await;
        (logs.requests.load(Ordering::Relaxed) == before).then_some(before)
    })
    .await;
    assert!(settled <= 10 * (FOLLOWERS + 1), "{settled} requests");
    assert_eq!(logs.by_http1.load(Ordering::Relaxed), 0);
    assert_eq!(logs.followed.load(Ordering::Relaxed), 10);

    // A pod that is made later is followed as well, once.
    let old = names(&pods, "Running").await;
    pods.delete(&old[0], &DeleteParams::default()).await.must("delete");
    let new = until("a new pod", async || {
        names(&pods, "Running").await.into_iter().find(|name| !old.contains(name))
    })
    .await;
    for lines in &mut readers {
        let found = async { while lines.recv().await.unwrap().pod != new {} };
        tokio::time::timeout(crate::support::DEADLINE, found).await.must("the new pod's lines");
    }
    until("one stream a container", async || {
        (logs.followed.load(Ordering::Relaxed) == 10).then_some(())
    })
    .await;
    drop(readers);
    until("nobody follows", async || (logs.followed.load(Ordering::Relaxed) == 0).then_some(()))
        .await;
    agent.stop().await;
}
