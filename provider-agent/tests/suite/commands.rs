//! The program as an operator uses it: init, check, run, why, leases, close.

use std::{os::unix::fs::PermissionsExt, path::Path, process::Output};

use serde_json::Value;
use souk_api::orderbook::LeaseState;
use souk_client::market::Registry;
use souk_core::{AuctionPolicy, OrderId};
use souk_kubesim::Access;
use souk_provider::{model::BidProgress, store::bids};

use crate::support::{
    Fixture, InProcess,
    agent::configure,
    app,
    fixture::{CHAIN_ID, address},
    until,
};

/// Runs the program of this crate.
pub async fn souk_provider(arguments: &[&str]) -> Output {
    let mut command = tokio::process::Command::new(env!("CARGO_BIN_EXE_souk-provider"));
    command.args(arguments).env_remove("SOUK_PROVIDER_CONFIG").output().await.unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn json(output: &Output) -> Value {
    let shown = || format!("{} {}", text(&output.stdout), text(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {}", shown()))
}

fn lines<'a>(report: &'a Value, level: &str) -> Vec<&'a str> {
    let all = report["lines"].as_array().unwrap().iter();
    all.filter(|line| line["level"] == level).map(|line| line["what"].as_str().unwrap()).collect()
}

/// Lets a configuration reach the cluster as the user that `access` describes.
async fn as_agents_user(fixture: &Fixture, config: &Path) {
    let printed = souk_provider(&["--config", config.to_str().unwrap(), "access"]).await;
    let user = Access::read(&json(&printed)).unwrap();
    let kubeconfig = config.with_file_name("agent.kubeconfig");
    fixture.sim.write_user_kubeconfig(user, &kubeconfig).unwrap();
    let settings = std::fs::read_to_string(config).unwrap();
    let admins = fixture.kubeconfig().display().to_string();
    assert!(settings.contains(&admins));
    let own = kubeconfig.display().to_string();
    std::fs::write(config, settings.replace(&admins, &own)).unwrap();
}

pub fn network_file(fixture: &Fixture) -> std::path::PathBuf {
    let contracts = &fixture.contracts;
    let text = format!(
        "name = \"test\"\nchain_id = \"{CHAIN_ID}\"\nrpc = [\"{}\"]\nprefix = \"souk\"\n\
         denom = \"usouk\"\ngas_price = \"0.025usouk\"\n[contracts]\norderbook = \"{}\"\n\
         escrow = \"{}\"\nregistry = \"{}\"\nattestations = \"{}\"\nfee_distributor = \"{}\"\n",
        fixture.chain.rpc_url(),
        contracts.orderbook,
        contracts.escrow,
        contracts.provider_registry,
        contracts.attestations,
        contracts.fee_distributor.as_ref().unwrap(),
    );
    let path = fixture.folder.path().join("network.toml");
    std::fs::write(&path, text).unwrap();
    path
}

#[tokio::test(flavor = "multi_thread")]
async fn init_makes_what_check_and_run_need_and_overwrites_nothing() {
    let fixture = Fixture::new().await;
    let network = network_file(&fixture);
    let folder = fixture.folder.path().join("fresh");
    let provider = address("provider");
    let init = [
        "--json",
        "init",
        "--dir",
        folder.to_str().unwrap(),
        "--network",
        network.to_str().unwrap(),
        "--uri",
        "https://provider.example.com:8443",
        "--provider",
        &provider,
        "--domain",
        "apps.example.com",
        "--kubeconfig",
        &fixture.kubeconfig().display().to_string(),
    ];
    let output = souk_provider(&init).await;
    assert!(output.status.success(), "{}", text(&output.stderr));
    let made = json(&output);
    assert_eq!(made["pin"].as_str().unwrap().len(), 64);
    let detected = made["attributes"].as_array().unwrap();
    let has = |key: &str| detected.iter().any(|attribute| attribute["key"] == key);
    assert!(has("capabilities/gpu/vendor/nvidia/model/h100/ram/80Gi"), "{detected:?}");
    assert!(has("capabilities/storage/1/class"), "{detected:?}");
    for secret in ["operator.key", "gateway.key"] {
        let mode = std::fs::metadata(folder.join(secret)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{secret}");
    }

    let again = souk_provider(&init).await;
    assert_eq!(again.status.code(), Some(1));
    assert!(text(&again.stderr).contains("there already"), "{}", text(&again.stderr));

    // The provider is registered with another operator and without the pin: check says so.
    let config = folder.join("provider.toml");
    let output = souk_provider(&["--json", "--config", config.to_str().unwrap(), "check"]).await;
    let report = json(&output);
    assert_eq!(output.status.code(), Some(1), "{report:#}");
    // The kubeconfig is the administrator's, whose writes nothing keeps to the agent's namespaces.
    let wrong = ["operator", "coins for fees", "admission policy"];
    assert_eq!(lines(&report, "fail"), wrong, "{report:#}");
    let ok = lines(&report, "ok");
    for what in [
        "configuration",
        "operator key",
        "RPC endpoint",
        "contract orderbook",
        "registration",
        "bond",
        "cluster",
        "permissions in the cluster",
        "nodes",
        "GPUs",
        "storage class default",
        "ingress class",
    ] {
        assert!(ok.contains(&what), "{what} is not ok: {report:#}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn check_names_each_thing_that_is_wrong_with_what_to_do() {
    let fixture = Fixture::new().await;
    let path = configure(&fixture, "agent", "");
    let good = std::fs::read_to_string(&path).unwrap();
    let rpc = format!("rpc = [\"{}\"]", fixture.proxy.url);
    let orderbook = &fixture.contracts.orderbook;
    let table: &[(&str, &str, &str)] = &[
        (CHAIN_ID, "souk-other", "RPC endpoint"),
        (&rpc, "rpc = [\"http://127.0.0.1:1\"]", "RPC endpoint"),
        (orderbook, &fixture.contracts.escrow, "contract orderbook"),
        ("operator.key", "nowhere.key", "operator key"),
        ("gateway.crt", "nowhere.crt", "gateway certificate"),
        ("kubeconfig = \"", "kubeconfig = \"/nonexistent", "cluster"),
        ("name = \"standard\"", "name = \"golden\"", "storage class default"),
        ("\"nginx\"", "\"traefik\"", "ingress class"),
        ("https://provider", "https://elsewhere", "gateway"),
        ("gas_price = \"0.025usouk\"", "gas_price = \"cheap\"", "configuration"),
    ];
    for (from, to, what) in table {
        assert!(good.contains(from), "{from}");
        std::fs::write(&path, good.replacen(from, to, 1)).unwrap();
        let output = souk_provider(&["--json", "--config", path.to_str().unwrap(), "check"]).await;
        let report = json(&output);
        assert_eq!(output.status.code(), Some(1), "{to}: {report:#}");
        assert!(lines(&report, "fail").contains(what), "{to}: {report:#}");
        let failed = report["lines"].as_array().unwrap().iter().filter(|l| l["level"] == "fail");
        for line in failed {
            assert!(line["advice"].as_str().is_some_and(|a| !a.is_empty()), "{line}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn check_warns_of_a_time_for_manifests_beyond_the_hour_that_the_market_leaves() {
    let fixture = Fixture::new().await;
    for (time, warned) in [("59m", false), ("1h", true)] {
        let path = configure(&fixture, "agent", &format!("manifest_timeout = \"{time}\""));
        let output = souk_provider(&["--json", "--config", path.to_str().unwrap(), "check"]).await;
        let report = text(&output.stdout);
        assert_eq!(report.contains("write 3540s or less"), warned, "{time}: {report}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn check_warns_of_bids_that_wait_longer_than_there_is_money_behind_their_orders() {
    let fixture = Fixture::new().await;
    for (time, warned) in [("60m", false), ("61m", true)] {
        let path = configure(&fixture, "agent", &format!("take_bids_back_after = \"{time}\""));
        let output = souk_provider(&["--json", "--config", path.to_str().unwrap(), "check"]).await;
        let report = text(&output.stdout);
        assert_eq!(
            report.contains("keeps money behind an order for 3600 s only"),
            warned,
            "{time}: {report}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_others_may_read_is_refused() {
    let fixture = Fixture::new().await;
    let path = configure(&fixture, "agent", "");
    let key = path.with_file_name("operator.key");
    std::fs::set_permissions(&key, std::fs::Permissions::from_mode(0o640)).unwrap();
    let output = souk_provider(&["--config", path.to_str().unwrap(), "run"]).await;
    assert_eq!(output.status.code(), Some(1));
    let error = text(&output.stderr);
    assert!(error.contains("operator.key") && error.contains("chmod 600"), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn why_leases_and_close_show_and_do_what_they_say() {
    let fixture = Fixture::new().await;
    let path = configure(&fixture, "agent", "");
    let run = async |arguments: &[&str]| {
        let config = path.to_str().unwrap();
        souk_provider(&[&["--json", "--config", config], arguments].concat()).await
    };
    assert!(text(&run(&["why", "1"]).await.stderr).contains("no store"));

    let agent = InProcess::start(&path).await;
    let mut dear = app("dear");
    dear.ceiling = souk_core::Price::new(3).unwrap();
    let passed = fixture.order("ann", dear).await;
    agent.decision(passed, "ceiling is 3").await;
    let why = json(&run(&["why", &passed.to_string()]).await);
    assert_eq!(why["verdict"], "pass");
    assert!(why["reason"].as_str().unwrap().contains("11100"), "{why}");
    assert_eq!(why["tenant_reason"], "price does not meet");
    let unknown = run(&["why", "999"]).await;
    assert!(text(&unknown.stderr).contains("999 is not known"), "{}", text(&unknown.stderr));

    let order = fixture.order("ann", app("web")).await;
    until("a bid", || fixture.own_bid(order)).await;
    fixture.accept("ann", order, "provider").await;
    until("the lease", async || agent.store.lease(order).await.unwrap()).await;
    let leases = json(&run(&["leases"]).await);
    assert_eq!((&leases[0]["order"], &leases[0]["funded"]), (&order.0.into(), &true.into()));

    // What the operator says of its provider is sent by the agent, and read back from the chain.
    assert!(run(&["maintenance", "on"]).await.status.success());
    until("maintenance on the chain", async || {
        let registry = Registry::new(fixture.queries(), &fixture.contracts.provider_registry);
        let found = registry.provider(&address("provider")).await.unwrap();
        found.maintenance.then_some(())
    })
    .await;
    // The gateway is not the operator's to change: it says what the provider's own key sends.
    let announced = json(&run(&["announce"]).await);
    let (uri, pin) = ("https://provider.example.com:8443", announced["pin"].as_str().unwrap());
    assert_eq!(announced["command"], format!("souk provider set-gateway {uri} --pin {pin}"));
    let pins = vec![cosmwasm_std::HexBinary::from_hex(pin).unwrap()];
    let gateway = souk_api::registry::Gateway { uri: uri.into(), pins };
    let msg = souk_api::registry::ExecuteMsg::SetGateway { provider: address("provider"), gateway };
    fixture.execute("provider", &fixture.contracts.provider_registry, &msg, 0).await;
    let report = json(&run(&["check"]).await);
    assert_eq!(lines(&report, "fail"), ["admission policy"], "{report:#}");
    as_agents_user(&fixture, &path).await;
    let report = json(&run(&["check"]).await);
    assert_eq!(lines(&report, "fail"), [""; 0], "{report:#}");
    for what in ["admission policy", "permissions in the cluster", "user namespaces"] {
        assert!(lines(&report, "ok").contains(&what), "{what}: {report:#}");
    }
    assert!(lines(&report, "warn").contains(&"maintenance"), "{report:#}");
    let follows = |line: &Value| {
        line["what"] == "gateway" && line["found"].to_string().contains("holds from second")
    };
    assert!(report["lines"].as_array().unwrap().iter().any(follows), "in an hour: {report:#}");

    let refused = run(&["close", &order.to_string(), "--reason", "tenant"]).await;
    assert_eq!(refused.status.code(), Some(1));
    let closed = run(&["close", &order.to_string(), "--reason", "decommission"]).await;
    assert!(closed.status.success(), "{}", text(&closed.stderr));
    let lease = until("the lease's end", async || {
        let lease = agent.store.lease(order).await.unwrap()?;
        (lease.state == LeaseState::Closed).then_some(lease)
    })
    .await;
    assert_eq!(lease.reason, Some(souk_core::CloseReason::Decommission));
    agent.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_open_bid_is_taken_back_by_command_and_one_in_an_auction_is_not() {
    let fixture = Fixture::new().await;
    let path = configure(&fixture, "agent", "");
    let agent = InProcess::start(&path).await;
    let order = fixture.order("ann", app("web")).await;
    let auction = AuctionPolicy::LowestPrice { closes_after: 3_000 };
    let binding = fixture.deploy("ann", vec![app("binding")], auction).await.1[0];
    for order in [order, binding] {
        until("the bid is known", async || {
            let bid = agent.store.read(move |sql| bids::get(sql, order)).await.unwrap()?;
            (bid.progress == BidProgress::Open).then_some(())
        })
        .await;
    }
    let run = async |order: OrderId| {
        let order = order.to_string();
        souk_provider(&["--config", path.to_str().unwrap(), "withdraw-bid", &order]).await
    };
    let refused = run(binding).await;
    assert_eq!(refused.status.code(), Some(1));
    assert!(text(&refused.stderr).contains("whose bids bind"), "{}", text(&refused.stderr));
    let nothing = run(OrderId(99)).await;
    assert!(text(&nothing.stderr).contains("no bid on order 99"), "{}", text(&nothing.stderr));
    let queued = run(order).await;
    assert!(queued.status.success(), "{}", text(&queued.stderr));
    until("no bid", async || fixture.own_bid(order).await.is_none().then_some(())).await;
    assert!(fixture.own_bid(binding).await.is_some());
    agent.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_config_that_is_not_there_says_how_to_make_one() {
    let missing = Path::new("/nonexistent/provider.toml");
    let output = souk_provider(&["--config", missing.to_str().unwrap(), "run"]).await;
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stderr).contains("souk-provider init"));
}

#[tokio::test(flavor = "multi_thread")]
async fn access_is_a_list_of_user_role_policy_and_lock_that_kubectl_takes() {
    let fixture = Fixture::new().await;
    let path = configure(&fixture, "agent", "");
    let access = ["--config", path.to_str().unwrap(), "access"];
    let named = [&access[..], &["--name", "agent", "--namespace", "souk"]].concat();
    let output = souk_provider(&named).await;
    assert!(output.status.success(), "{}", text(&output.stderr));
    let list = json(&output);
    assert_eq!((&list["apiVersion"], &list["kind"]), (&"v1".into(), &"List".into()));
    let kinds: Vec<&str> = list["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|item| item["kind"].as_str().unwrap())
        .collect();
    let policy = ["ValidatingAdmissionPolicy", "ValidatingAdmissionPolicyBinding"];
    let user = ["ServiceAccount", "ClusterRole", "ClusterRoleBinding"];
    let expected = [&user[..], &policy[..], &["Namespace", "Lease"]].concat();
    assert_eq!(kinds, expected);
    assert_eq!(list["items"][2]["subjects"][0]["namespace"], "souk");
    let user = &list["items"][3]["spec"]["matchConditions"][0]["expression"];
    assert!(user.as_str().unwrap().contains("'system:serviceaccount:souk:agent'"), "{user}");

    // A user that the cluster knows by a certificate gets no service account.
    let output = souk_provider(&[&access[..], &["--user", "ann"]].concat()).await;
    let list = json(&output);
    assert_eq!(list["items"][0]["kind"], "ClusterRole");
    assert_eq!(list["items"][1]["subjects"][0]["name"], "ann");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reader_that_goes_away_ends_every_command_silently() {
    let fixture = Fixture::new().await;
    let path = configure(&fixture, "agent", "");
    let config = path.to_str().unwrap();
    let agent = InProcess::start(&path).await;
    let order = fixture.order("ann", app("web")).await;
    until("a decision", async || agent.store.decision(order).await.unwrap()).await;
    let order = order.to_string();
    let commands: &[&[&str]] = &[
        &["status"],
        &["leases"],
        &["why", &order],
        &["check"],
        &["access"],
        &["version"],
        &["announce"],
        &["maintenance", "on"],
        &["--json", "status"],
        &["--help"],
    ];
    for command in commands {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let mut program = tokio::process::Command::new(env!("CARGO_BIN_EXE_souk-provider"));
        program.args(["--config", config]).args(*command).stdout(writer);
        let output = program.output().await.unwrap();
        assert_eq!(text(&output.stderr), "", "{command:?}");
        let status = output.status.code().unwrap();
        // A check that failed says so all the same.
        assert!(status == 0 || (*command == ["check"] && status == 1), "{command:?}: {status}");
    }
    agent.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn check_tries_the_gateway_as_tenants_reach_it() {
    const WHAT: &str = "gateway from outside";
    let fixture = Fixture::new().await;
    let path = configure(&fixture, "agent", "");
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    drop(listener);
    let text = std::fs::read_to_string(&path).unwrap();
    let text = text
        .replace("127.0.0.1:0", &address)
        .replace("self_check = \"off\"", &format!("self_check = \"{address}\""));
    std::fs::write(&path, text).unwrap();
    let check = async || {
        json(&souk_provider(&["--json", "--config", path.to_str().unwrap(), "check"]).await)
    };
    let report = check().await;
    assert!(lines(&report, "warn").contains(&WHAT), "{report:#}");
    let agent = InProcess::start(&path).await;
    let report = until("the gateway is reached", async || {
        let report = check().await;
        lines(&report, "ok").contains(&WHAT).then_some(report)
    })
    .await;
    for what in ["open files", "log streams", "visitors' addresses"] {
        assert!(lines(&report, "ok").contains(&what), "{what}: {report:#}");
    }
    agent.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_key_of_the_gateway_is_published_beside_the_old_one_and_check_waits_for_it() {
    let fixture = Fixture::new().await;
    let path = configure(&fixture, "agent", "");
    let run = async |command: &str| {
        json(&souk_provider(&["--json", "--config", path.to_str().unwrap(), command]).await)
    };
    let gateway = async || {
        let report = run("check").await;
        let lines = report["lines"].as_array().unwrap().iter();
        let own = lines.filter(|line| line["what"] == "gateway");
        own.map(|line| format!("{}: {}", line["level"].as_str().unwrap(), line["found"]))
            .collect::<Vec<_>>()
    };
    // Sends what the command says, as the provider's own key does.
    let send = async |command: &str| {
        let words: Vec<&str> = command.split(' ').collect();
        let pins = words.chunks(2).filter(|pair| pair[0] == "--pin");
        let pins = pins.map(|pair| cosmwasm_std::HexBinary::from_hex(pair[1]).unwrap()).collect();
        let gateway = souk_api::registry::Gateway { uri: words[3].into(), pins };
        let msg = souk_api::registry::ExecuteMsg::SetGateway {
            provider: crate::support::fixture::address("provider"),
            gateway,
        };
        fixture.execute("provider", &fixture.contracts.provider_registry, &msg, 0).await;
    };
    let (uri, first) = ("https://provider.example.com:8443", run("announce").await);
    let old = first["pin"].as_str().unwrap().to_owned();
    assert_eq!(first["command"], format!("souk provider set-gateway {uri} --pin {old}"));
    send(first["command"].as_str().unwrap()).await;
    assert!(gateway().await.iter().any(|line| line.contains("holds from second")));
    assert_eq!(run("announce").await["command"], Value::Null, "it follows already");
    fixture.chain.advance(3_700).await.unwrap();
    fixture.chain.produce_blocks(1).await.unwrap();
    assert_eq!(gateway().await.len(), 1);
    assert_eq!(run("announce").await["command"], Value::Null, "it is there");

    // Another certificate lies there.
    configure(&fixture, "agent", "");
    let second = run("announce").await;
    let new = second["pin"].as_str().unwrap().to_owned();
    let both = format!("souk provider set-gateway {uri} --pin {old} --pin {new}");
    assert_eq!(second["command"], both);
    assert_eq!(second["steps"].as_array().unwrap().len(), 4, "{second}");
    assert!(gateway().await.iter().any(|line| line.starts_with("fail")), "it is not known yet");
    send(&both).await;
    let lines = gateway().await;
    assert!(lines.iter().all(|line| line.starts_with("warn")), "{lines:?}");
    assert!(lines.iter().any(|line| line.contains(&format!("pin {new} holds from"))), "{lines:?}");
    fixture.chain.advance(3_700).await.unwrap();
    fixture.chain.produce_blocks(1).await.unwrap();
    assert!(gateway().await.iter().all(|line| line.starts_with("ok")));
    let last = run("announce").await;
    assert_eq!(last["command"], format!("souk provider set-gateway {uri} --pin {new}"), "{last}");
}
