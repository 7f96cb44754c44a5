//! What goes wrong, for a while.

use std::{net::SocketAddr, sync::Mutex, time::Duration};

use k8s_openapi::api::core::v1::Node;
use kube::{
    Api,
    api::{DeleteParams, ListParams, Patch, PatchParams, PostParams},
};
use rand::{Rng, SeedableRng, rngs::StdRng, seq::SliceRandom};
use serde_json::json;
use souk_chain::pipeline;
use souk_devchain::{
    EndpointMode,
    proxy::{Effect, On, change},
};
use souk_kubesim::Outage;
use souk_provider::failpoint;
use tokio::net::TcpStream;
use tokio_util::sync::{CancellationToken, DropGuard};

use super::market::Market;
use crate::{
    flood::from_elsewhere,
    lies::{leave_out_events, make_up_its_end},
    support::{Must, nonsense::disfigure},
};

/// A kind of fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fault {
    /// The agent is killed, at any instant or at a named point.
    Kill,
    /// The API server refuses everything.
    ApiCut,
    /// The API server takes long, or says nothing.
    ApiSlow,
    /// RPC endpoints refuse, or lose the answers to transactions.
    RpcCut,
    /// RPC endpoints say nothing.
    RpcSlow,
    /// One RPC endpoint lies.
    Lie,
    /// One RPC endpoint answers nonsense, the API server's objects are nonsense, or visitors ask for it.
    Nonsense,
    /// Strangers take the gateway's connections.
    Connections,
    /// A node takes no new pods.
    Cordon,
    /// A node is gone.
    NodeLost,
}

impl Fault {
    pub const ALL: [Self; 10] = [
        Self::Kill,
        Self::ApiCut,
        Self::ApiSlow,
        Self::RpcCut,
        Self::RpcSlow,
        Self::Lie,
        Self::Nonsense,
        Self::Connections,
        Self::Cordon,
        Self::NodeLost,
    ];

    /// So many faults, as many of each kind as of the others, in any sequence.
    pub fn sequence(count: usize, rng: &mut StdRng) -> Vec<Self> {
        let mut all: Vec<Self> = Self::ALL.iter().copied().cycle().take(count).collect();
        all.shuffle(rng);
        all
    }
}

/// What must be done when a fault is over.
pub enum End {
    /// The agent starts, unless it was not killed yet.
    Start,
    Api,
    /// The same, and watches list everything again.
    Watches,
    Rpc,
    Connections {
        _open: DropGuard,
    },
    Uncordon(String),
    Node(Box<Node>),
}

/// Lets a fault begin; says what exactly it is.
pub async fn begin(fault: Fault, market: &mut Market, rng: &mut StdRng) -> (String, End) {
    match fault {
        Fault::Kill => kill(market, rng).await,
        Fault::ApiCut => {
            market.fixture.sim.pause(Outage::Unavailable);
            ("the API server refuses".into(), End::Api)
        }
        Fault::ApiSlow => slow_api(market, rng),
        Fault::RpcCut => cut_rpc(market, rng),
        Fault::RpcSlow => {
            let hanging = if rng.gen_bool(0.5) { &market.rpc[..] } else { &market.rpc[..1] };
            hanging.iter().for_each(|endpoint| endpoint.faults().set_mode(EndpointMode::Hang));
            (format!("{} of 2 RPC endpoints hang", hanging.len()), End::Rpc)
        }
        Fault::Lie => lie(market, rng).await,
        Fault::Nonsense => nonsense(market, rng),
        Fault::Connections => {
            let open = CancellationToken::new();
            let to: SocketAddr = ([127, 0, 0, 1], market.gateway).into();
            for number in 0..1_200 {
                tokio::spawn(hold(number, to, open.clone()));
            }
            ("1,200 idle connections".into(), End::Connections { _open: open.drop_guard() })
        }
        Fault::Cordon => {
            let node = a_node(market, rng).await.metadata.name.unwrap_or_default();
            cordon(market, &node, true).await;
            (format!("node {node} is cordoned"), End::Uncordon(node))
        }
        Fault::NodeLost => {
            let node = a_node(market, rng).await;
            let name = node.metadata.name.clone().unwrap_or_default();
            nodes(market).delete(&name, &DeleteParams::default()).await.must("node");
            (format!("node {name} is lost"), End::Node(Box::new(node)))
        }
    }
}

/// Lets it end.
pub async fn end(end: End, market: &mut Market) {
    match end {
        End::Start => market.start(None).await,
        End::Api => {
            market.fixture.sim.resume();
            market.api.slow(Duration::ZERO);
            market.api.go_on();
        }
        End::Watches => {
            market.api.go_on();
            market.fixture.sim.pause(Outage::Unavailable);
            tokio::time::sleep(Duration::from_millis(300)).await;
            market.fixture.sim.resume();
        }
        End::Rpc => {
            for endpoint in &market.rpc {
                endpoint.faults().set_mode(EndpointMode::Serve);
                endpoint.faults().set_chain_id(None);
                endpoint.faults().set_stale_at(None);
                endpoint.clear();
            }
        }
        End::Connections { .. } => {}
        End::Uncordon(node) => cordon(market, &node, false).await,
        End::Node(node) => restore(market, *node).await,
    }
}

async fn kill(market: &mut Market, rng: &mut StdRng) -> (String, End) {
    let points: Vec<&str> = failpoint::ALL.iter().chain(pipeline::FAILPOINTS).copied().collect();
    market.kill().await;
    if rng.gen_bool(0.5) {
        return ("the agent is killed".into(), End::Start);
    }
    let point = points.choose(rng).copied().unwrap_or_default();
    market.start(Some(point)).await;
    (format!("the agent is killed at {point}"), End::Start)
}

fn slow_api(market: &Market, rng: &mut StdRng) -> (String, End) {
    let what = match rng.gen_range(0..3) {
        0 => {
            market.fixture.sim.pause(Outage::Hold);
            "the API server hangs".into()
        }
        1 => {
            market.api.slow(Duration::from_millis(400));
            "the API server is slow".into()
        }
        _ => {
            let namespace = market.a_namespace(rng);
            market.api.hang(&namespace);
            format!("namespace {namespace} hangs")
        }
    };
    (what, End::Api)
}

fn cut_rpc(market: &Market, rng: &mut StdRng) -> (String, End) {
    let what = match rng.gen_range(0..3) {
        0 => {
            market.rpc.iter().for_each(|e| e.faults().set_mode(EndpointMode::Refuse));
            "both RPC endpoints refuse"
        }
        1 => {
            market.rpc[0].faults().set_mode(EndpointMode::Refuse);
            "one RPC endpoint refuses"
        }
        _ => {
            for endpoint in &market.rpc {
                endpoint.always(On("broadcast_tx_sync", ""), Effect::LoseReply);
            }
            "answers to transactions are lost"
        }
    };
    (what.into(), End::Rpc)
}

async fn lie(market: &Market, rng: &mut StdRng) -> (String, End) {
    let liar = &market.rpc[rng.gen_range(0..2)];
    let what = match (rng.gen_range(0..4), market.running.choose(rng)) {
        (0, Some(lease)) => {
            make_up_its_end(liar, &market.fixture, &lease.leased);
            format!("one RPC endpoint makes up the end of lease {}", lease.leased.order)
        }
        (0 | 1, _) => {
            leave_out_events(liar);
            "one RPC endpoint leaves out events".into()
        }
        (2, _) => {
            liar.faults().set_chain_id(Some("souk-other".into()));
            "one RPC endpoint is another chain's".into()
        }
        _ => {
            let height = market.fixture.chain.height().await.must("height");
            liar.faults().set_stale_at(Some(height));
            format!("one RPC endpoint stays at height {height}")
        }
    };
    (what, End::Rpc)
}

fn nonsense(market: &Market, rng: &mut StdRng) -> (String, End) {
    match rng.gen_range(0..3) {
        0 => {
            let endpoint = rng.gen_range(0..2);
            let methods = ["status", "block", "block_results", "header", "abci_query", "tx"];
            for method in methods.into_iter().chain(["broadcast_tx_sync", "genesis"]) {
                let rng = Mutex::new(StdRng::seed_from_u64(rng.r#gen()));
                let garble = change(move |result| disfigure(result, &mut rng.lock().unwrap()));
                market.rpc[endpoint].always(On(method, ""), garble);
            }
            ("one RPC endpoint answers nonsense".into(), End::Rpc)
        }
        1 => {
            market.api.disfigure(rng.r#gen());
            ("the API server's objects are nonsense".into(), End::Watches)
        }
        _ => {
            let open = CancellationToken::new();
            for visitor in 0..20 {
                let ask = market.nonsense_requests(visitor, rng.r#gen());
                let open = open.clone();
                tokio::spawn(async move { open.run_until_cancelled(ask).await });
            }
            ("requests are nonsense".into(), End::Connections { _open: open.drop_guard() })
        }
    }
}

async fn hold(number: usize, to: SocketAddr, open: CancellationToken) {
    let holding = async {
        loop {
            let stream: Option<TcpStream> = from_elsewhere(number, to).await.ok();
            if let Some(stream) = stream {
                // It ends when the gateway closes it.
                let _ = stream.readable().await;
            }
            tokio::time::sleep(Duration::from_millis(500)).await;
        }
    };
    let _ = open.run_until_cancelled(holding).await;
}

fn nodes(market: &Market) -> Api<Node> {
    Api::all(market.cluster.client.clone())
}

async fn a_node(market: &Market, rng: &mut StdRng) -> Node {
    let all = nodes(market).list(&ListParams::default()).await.must("nodes").items;
    all.choose(rng).cloned().expect("the cluster has nodes")
}

async fn cordon(market: &Market, node: &str, on: bool) {
    let patch = Patch::Merge(json!({"spec": {"unschedulable": on}}));
    nodes(market).patch(node, &PatchParams::default(), &patch).await.must("cordon");
}

/// Makes a node again as it was.
async fn restore(market: &Market, mut node: Node) {
    let name = node.metadata.name.clone().unwrap_or_default();
    let status = json!({"status": node.status.take()});
    node.metadata.resource_version = None;
    node.metadata.uid = None;
    node.metadata.creation_timestamp = None;
    node.metadata.managed_fields = None;
    nodes(market).create(&PostParams::default(), &node).await.must("node");
    let patch = Patch::Merge(status);
    nodes(market).patch_status(&name, &PatchParams::default(), &patch).await.must("node's status");
}
