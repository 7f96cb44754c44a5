//! One agent at a time, by a lock in the cluster.

use std::time::{Duration, Instant};

use k8s_openapi::api::coordination::v1::Lease;
use kube::{
    Api, ResourceExt,
    api::{DeleteParams, Patch, PatchParams, PostParams},
};
use serde_json::json;
use souk_provider::{
    cluster::kube::fence::Fence,
    config::Config,
    model::scope::MarketScope,
    runtime::lock::{DURATION, Holder, Lock, LockLost, LockState, Machine},
};
use tokio::{sync::watch, task::JoinHandle};
use tokio_util::sync::CancellationToken;

use crate::{
    manifests::{self, SITE, accepted, upload},
    support::{
        ApiProxy, Fixture, InProcess, Must,
        agent::configure,
        fixture::{CHAIN_ID, address},
        until,
    },
};

const NAME: &str = "souk-provider";

fn machine(boot: &str) -> Machine {
    Machine { host: "m1".into(), boot: Some(boot.into()) }
}

/// The name of a process on a machine with a store of its own.
fn of_machine(boot: &str) -> Holder {
    Holder::new(&machine(boot), "store", Some((1, 2)))
}

fn scope(fixture: &Fixture) -> MarketScope {
    MarketScope::new(CHAIN_ID, &fixture.contracts.orderbook, &address("provider"))
}

/// The lock's object.
async fn leases(fixture: &Fixture) -> Api<Lease> {
    Api::namespaced(fixture.kube().await, &scope(fixture).own_namespace())
}

async fn delete(leases: &Api<Lease>) {
    leases.delete(NAME, &DeleteParams::default()).await.must("deletion");
}

/// A process that wants the lock.
struct Contender {
    fence: Fence,
    state: watch::Receiver<LockState>,
    let_go: CancellationToken,
    task: JoinHandle<Result<(), LockLost>>,
}

impl Contender {
    fn start(client: kube::Client, scope: &MarketScope, holder: Holder) -> Self {
        let (fence, let_go) = (Fence::default(), CancellationToken::new());
        let state = watch::Sender::new(LockState::Waiting("not yet".into()));
        let receiver = state.subscribe();
        let lock = Lock::new(client, scope.clone(), holder, fence.clone(), state);
        let task = tokio::spawn(lock.keep(let_go.clone()));
        Self { fence, state: receiver, let_go, task }
    }

    async fn of(fixture: &Fixture, holder: Holder) -> Self {
        Self::start(fixture.kube().await, &scope(fixture), holder)
    }

    /// Waits until it may act; returns for how long.
    async fn acts(&self) -> Duration {
        let begun = Instant::now();
        until("it acts", async || self.fence.is_open().then_some(())).await;
        begun.elapsed()
    }

    /// As a process that is killed.
    async fn kill(self) {
        self.task.abort();
        let _ = self.task.await;
        self.fence.close();
    }

    async fn let_go(self) {
        self.let_go.cancel();
        self.task.await.unwrap().must("it is let go");
        assert!(!self.fence.is_open());
    }
}

/// Looks for so long that two do not act at once; returns when each acted, after the beginning.
async fn never_both(contenders: [&Contender; 2], time: Duration) -> [Vec<Duration>; 2] {
    let begun = Instant::now();
    let mut acted = [Vec::new(), Vec::new()];
    while begun.elapsed() < time {
        let open = contenders.map(|contender| contender.fence.is_open());
        assert!(open != [true, true], "both act after {:?}", begun.elapsed());
        for (acted, _) in acted.iter_mut().zip(open).filter(|(_, open)| *open) {
            acted.push(begun.elapsed());
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    acted
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_makes_the_lock_where_there_is_none_waits_before_it_acts_and_so_does_who_follows_it()
 {
    let fixture = Fixture::new().await;
    let leases = leases(&fixture).await;
    delete(&leases).await;
    let first = Contender::of(&fixture, of_machine("a")).await;
    until("the lock is made", async || leases.get_opt(NAME).await.ok()?).await;
    // It ends before its time is over, and leaves the lock free: that makes nobody sure.
    first.let_go().await;
    let second = Contender::of(&fixture, of_machine("b")).await;
    let waited = second.acts().await;
    assert!(waited >= DURATION && waited < DURATION * 2, "{waited:?}");
    second.let_go().await;
    let third = Contender::of(&fixture, of_machine("c")).await;
    let waited = third.acts().await;
    assert!(waited < Duration::from_secs(5), "one that acted let it go: {waited:?}");
    third.let_go().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_holder_whose_lock_is_deleted_makes_it_again_and_nobody_acts_beside_it() {
    let fixture = Fixture::new().await;
    let leases = leases(&fixture).await;
    let first = Contender::of(&fixture, of_machine("a")).await;
    first.acts().await;
    let second = Contender::of(&fixture, of_machine("b")).await;
    let mut state = second.state.clone();
    state.wait_for(|state| state.problem().is_some_and(|why| why.contains("m1/"))).await.unwrap();
    for _ in 0..2 {
        delete(&leases).await;
        let [acted, other] = never_both([&first, &second], Duration::from_secs(12)).await;
        assert!(other.is_empty(), "{other:?}");
        assert!(acted.last().unwrap() > &Duration::from_secs(11), "{acted:?}");
    }
    assert!(matches!(*second.state.borrow(), LockState::Waiting(_)));
    second.kill().await;
    first.let_go().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lock_that_an_administrator_made_is_taken_at_once_and_not_by_who_knew_another() {
    let fixture = Fixture::new().await;
    let leases = leases(&fixture).await;
    let (_, never_held) = souk_provider::runtime::lock::never_held(&scope(&fixture));
    let make_again = async || {
        delete(&leases).await;
        leases.create(&PostParams::default(), &never_held).await.must("a lock");
    };
    make_again().await;
    let first = Contender::of(&fixture, of_machine("a")).await;
    let waited = first.acts().await;
    assert!(waited < Duration::from_secs(5), "{waited:?}");

    let second = Contender::of(&fixture, of_machine("b")).await;
    let mut state = second.state.clone();
    state.wait_for(|state| state.problem().is_some_and(|why| why.contains("m1/"))).await.unwrap();
    // Applied again it changes nothing; made again it is nobody's until both know who acts.
    let apply = PatchParams::apply("kubectl");
    leases.patch(NAME, &apply, &Patch::Apply(&never_held)).await.must("it is applied");
    make_again().await;
    let acted = never_both([&first, &second], DURATION + Duration::from_secs(10)).await;
    assert!(acted.iter().any(|times| times.last() > Some(&DURATION)), "one goes on: {acted:?}");
    first.kill().await;
    second.kill().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lock_that_is_deleted_while_its_holder_is_cut_off_is_acted_by_only_after_the_holder_stopped()
 {
    let fixture = Fixture::new().await;
    let api = ApiProxy::before(&fixture).await;
    let config = configure(&fixture, "agent", "");
    api.stand_before(&fixture, &config);
    let cluster = Config::load(&config).must("configuration").cluster;
    let client = souk_provider::cluster::kube::client::from_config(&cluster).await.must("client");
    let leases = leases(&fixture).await;
    let first = Contender::start(client, &scope(&fixture), of_machine("a"));
    first.acts().await;
    // The other one has not seen the lock before: it does not leave the first one time to make it again.
    api.hang("coordination.k8s.io");
    delete(&leases).await;
    let second = Contender::of(&fixture, of_machine("b")).await;
    let [acted, other] = never_both([&first, &second], Duration::from_secs(20)).await;
    let last = acted.last().unwrap();
    assert!(*last < Duration::from_secs(11), "{last:?}");
    assert!(other.first().is_some_and(|since| *since >= DURATION), "{:?}", other.first());
    api.go_on();
    let lost = tokio::time::timeout(Duration::from_secs(20), first.task).await.unwrap().unwrap();
    assert!(matches!(&lost, Err(LockLost::TakenOver(by)) if by.contains("m1/")), "{lost:?}");
    second.let_go().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_process_is_followed_at_once_on_its_machine_and_only_after_its_time_by_a_clone() {
    let fixture = Fixture::new().await;
    let first = Contender::of(&fixture, of_machine("a")).await;
    first.acts().await;
    first.kill().await;
    let again = Contender::of(&fixture, of_machine("a")).await;
    let waited = again.acts().await;
    assert!(waited < Duration::from_secs(5), "{waited:?}");
    // A clone of the machine: the same store at the same place, with another kernel.
    let clone = Contender::of(&fixture, of_machine("clone")).await;
    let [_, early] = never_both([&again, &clone], Duration::from_secs(8)).await;
    assert!(early.is_empty());
    let died = Instant::now();
    again.kill().await;
    clone.acts().await;
    assert!(died.elapsed() > Duration::from_secs(9), "{:?}", died.elapsed());
    clone.let_go().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_process_that_was_cloned_with_its_memory_notices_and_ends() {
    let fixture = Fixture::new().await;
    let holder = of_machine("a");
    let first = Contender::of(&fixture, holder.clone()).await;
    first.acts().await;
    let clone = Contender::of(&fixture, holder).await;
    let lost = tokio::time::timeout(Duration::from_secs(20), clone.task).await.unwrap().unwrap();
    assert!(matches!(lost, Err(LockLost::Cloned(_))), "{lost:?}");
    assert!(!clone.fence.is_open());
    // What people write beside it changes nothing.
    let note = Patch::Merge(json!({ "metadata": { "annotations": { "note": "mine" } } }));
    leases(&fixture).await.patch(NAME, &PatchParams::default(), &note).await.must("a note");
    tokio::time::sleep(Duration::from_secs(7)).await;
    assert!(first.fence.is_open() && *first.state.borrow() == LockState::Held);
    first.let_go().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agent_that_ends_lets_its_lock_go_only_after_its_work_has_ended() {
    let fixture = manifests::fixture().await;
    let api = ApiProxy::before(&fixture).await;
    let config = configure(&fixture, "agent", "");
    api.stand_before(&fixture, &config);
    let agent = InProcess::start(&config).await;
    let mut leased = manifests::lease(&fixture, &agent, "ann", SITE).await;
    accepted(&agent.store, &leased).await;
    let cluster = manifests::Cluster::of(&config).await;
    cluster.has_replicas("it runs", leased.order, 1).await;
    api.hang("statefulsets");
    let asked = || {
        api.requests()
            .iter()
            .filter(|line| line.starts_with("PATCH") && line.contains("statefulsets"))
            .count()
    };
    let before = asked();
    leased.upload = upload(&SITE.replace("postgres:17", "postgres:18"));
    accepted(&agent.store, &leased).await;
    until("work is under way", async || (asked() > before).then_some(())).await;

    let leases = leases(&fixture).await;
    let (stopped, stopping) = (Instant::now(), tokio::spawn(agent.stop()));
    let free = until("the lock is free", async || {
        let holder = leases.get(NAME).await.ok()?.spec?.holder_identity?;
        holder.is_empty().then(|| stopped.elapsed())
    })
    .await;
    assert!(free > Duration::from_secs(4), "work was under way, and it was free after {free:?}");
    let writes = api.writes().len();
    stopping.await.unwrap();
    assert_eq!(api.writes().len(), writes, "nothing is done after it");
    assert!(leases.get(NAME).await.unwrap().annotations().is_empty());
}
