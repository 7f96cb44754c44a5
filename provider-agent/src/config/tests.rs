//! Valid and invalid configurations.

use std::path::Path;

use super::*;

const ADDRESS: &str = "souk1qyqszqgpqyqszqgpqyqszqgpqyqszqgpswkvju";

fn valid() -> String {
    format!(
        r#"
[chain]
chain_id = "souk-test"
rpc = ["http://127.0.0.1:26657"]
prefix = "souk"
gas_price = "0.025usouk"

[chain.contracts]
orderbook = "{ADDRESS}"
escrow = "{ADDRESS}"
provider_registry = "{ADDRESS}"
attestations = "{ADDRESS}"

[provider]
address = "{ADDRESS}"
key = {{ file = "operator.key" }}

[store]
path = "agent.db"

[cluster]
ingress_class = "nginx"
domain = "apps.example.com"
storage_classes = {{ default = {{ name = "local-path" }}, beta3 = {{ name = "nvme", capacity = "10Ti" }} }}

[bidding]
manifest_timeout = "5m"
[[bidding.rates]]
denom = "usouk"
cpu = 1000
memory = 500
storage = "0.5"
gpu_models = [{{ model = "h100", memory = "80Gi", price = 2000000 }}]

[gateway]
listen = "127.0.0.1:8443"
uri = "https://provider.example.com:8443"
certificate = "gateway.crt"
key = "gateway.key"
"#
    )
}

fn with_cluster(line: &str) -> Result<Config, ConfigError> {
    load(&valid().replace("[cluster]", &format!("[cluster]\n{line}")))
}

/// A configuration that can be used.
pub(crate) fn example() -> Config {
    load(&valid()).unwrap()
}

fn load(text: &str) -> Result<Config, ConfigError> {
    Config::from_toml(text, Path::new("/etc/souk"))
}

#[test]
fn nodes_are_chosen_by_labels_that_a_node_can_have() {
    let config = with_cluster(r#"node_selector = { "example.com/Market" = "souk", pool = "" }"#);
    let selector = config.unwrap().cluster.node_selector;
    assert_eq!(selector.get("example.com/Market").map(String::as_str), Some("souk"));
    assert_eq!(selector.get("pool").map(String::as_str), Some(""));
    for wrong in [r#"{ "a b" = "c" }"#, r#"{ a = "-c" }"#, r#"{ "Upper.Case/a" = "c" }"#] {
        let error = with_cluster(&format!("node_selector = {wrong}")).unwrap_err().to_string();
        assert!(error.contains("cluster.node_selector"), "{error}");
    }
}

#[test]
fn images_are_pulled_at_each_start_unless_the_provider_says_otherwise() {
    let policy = |config: Config| config.cluster.image_pull_policy;
    assert_eq!(policy(load(&valid()).unwrap()), ImagePullPolicy::Always);
    let never = with_cluster(r#"image_pull_policy = "Never""#).unwrap();
    assert_eq!(policy(never), ImagePullPolicy::Never);
    assert!(with_cluster(r#"image_pull_policy = "sometimes""#).is_err());
}

#[test]
fn a_valid_file_is_read_and_its_paths_count_from_its_folder() {
    let config = load(&valid()).unwrap();
    assert_eq!(config.store.path, Path::new("/etc/souk/agent.db"));
    assert_eq!(config.provider.key.file.as_deref(), Some(Path::new("/etc/souk/operator.key")));
    let table = config.bidding.table(&souk_core::Denom::native("usouk")).unwrap();
    assert_eq!(table.storage.to_string(), "0.5");
    assert_eq!(table.gpu_models[0].memory, Some(Bytes(80 << 30)));
    assert_eq!(config.cluster.pod_security, PodSecurity::Baseline);
}

#[test]
fn each_wrong_value_is_named_with_what_to_do() {
    let table: &[(&str, &str, &[&str])] = &[
        ("souk-test", "", &["chain.chain_id", "empty"]),
        ("\"http://127.0.0.1:26657\"", "", &["chain.rpc", "list at least one"]),
        ("0.025usouk", "cheap", &["chain.gas_price", "cheap", "0.025ustake"]),
        ("prefix = \"souk\"", "prefix = \"osmo\"", &["chain.contracts.orderbook", "`osmo`"]),
        ("key = { file = \"operator.key\" }", "key = {}", &["provider.key", "file"]),
        ("key = { file = \"operator.key\" }", "", &["provider.key"]),
        ("domain = \"apps.example.com\"", "", &["cluster.domain", "ingress"]),
        ("apps.example.com", "Apps_Example", &["cluster.domain", "lower case"]),
        ("beta3", "beta9", &["cluster.storage_classes", "beta9", "beta3"]),
        ("\"10Ti\"", "\"ten\"", &["capacity", "ten"]),
        ("cpu = 1000", "cpu = \"-1\"", &["cpu", "-1", "base units an hour"]),
        ("cpu = 1000", "", &["cpu", "missing"]),
        ("denom = \"usouk\"", "denom = \"!\"", &["denom", "`!`"]),
        ("\"5m\"", "\"1s\"", &["bidding.manifest_timeout", "30s to 1day"]),
        (
            "[gateway]",
            "[quotes]\nvalidity = \"9s\"\n[gateway]",
            &["quotes.validity", "9", "10s to 10m"],
        ),
        (
            "[gateway]",
            "[quotes]\nvalidity = \"601s\"\n[gateway]",
            &["quotes.validity", "10m 1s", "10s to 10m"],
        ),
        (
            "[gateway]",
            "[quotes]\nmax_share_percent = 0\n[gateway]",
            &["quotes.max_share_percent", "1 to 100"],
        ),
        (
            "[gateway]",
            "[quotes]\nmax_open_per_network = 0\n[gateway]",
            &["quotes.max_open_per_network", "quotes.enabled = false"],
        ),
        (
            "[[bidding.rates]]",
            "reclamation_window = \"59m\"\n[[bidding.rates]]",
            &["bidding.reclamation_window", "59", "1h to 30days"],
        ),
        (
            "[[bidding.rates]]",
            "shortest_absence_limit = \"5h\"\n[[bidding.rates]]",
            &["bidding.shortest_absence_limit", "5h", "6h to 30days"],
        ),
        ("[[bidding.rates]]", "overbid = 3\n[[bidding.rates]]", &["overbid", "unknown"]),
        (
            "[[bidding.rates]]",
            "max_slots_percent_per_tenant = 0\n[[bidding.rates]]",
            &["bidding.max_slots_percent_per_tenant", "from 1 to 100"],
        ),
        (
            "[[bidding.rates]]",
            "take_bids_back_after = \"10s\"\n[[bidding.rates]]",
            &["bidding.take_bids_back_after", "5m to 7days"],
        ),
        ("https://provider", "http://provider", &["gateway.uri", "https"]),
        ("127.0.0.1:8443", "8443", &["gateway.listen", "8443"]),
    ];
    for (from, to, expected) in table {
        let text = valid();
        assert!(text.contains(from), "{from}");
        let error = load(&text.replacen(from, to, 1)).unwrap_err().to_string();
        for part in *expected {
            assert!(error.contains(part), "`{from}` -> `{to}`: {error}");
        }
    }
}

#[test]
fn one_tenants_open_bids_are_bounded_by_a_number_and_by_a_share_of_the_slots_and_one_is_always_allowed()
 {
    let with = |more: &str| {
        load(&valid().replacen("[bidding]", &format!("[bidding]\n{more}"), 1)).unwrap().bidding
    };
    for (more, slots, most) in [
        ("", 10, 5),
        ("", 1, 1),
        ("", 0, 1),
        ("", 1_000, 20),
        ("", u32::MAX, 20),
        ("max_slots_percent_per_tenant = 25", 10, 2),
        ("max_slots_percent_per_tenant = 100", 10, 10),
        ("max_open_bids_per_tenant = 3", 10, 3),
    ] {
        assert_eq!(with(more).most_open_bids(slots), most, "{more}, {slots} slots");
    }
    assert_eq!(with("").take_bids_back_after, Seconds(3_600));
}

#[test]
fn overcommit_and_attributes_are_checked() {
    let with = |more: &str| load(&valid().replacen("[bidding]", &format!("[bidding]\n{more}"), 1));
    assert!(with("overcommit = { cpu = 150 }").is_ok());
    let error = with("overcommit = { cpu = 5 }").unwrap_err().to_string();
    assert!(error.contains("bidding.overcommit.cpu"), "{error}");
    let error = with("attributes = [{ key = \"re*gion\", value = \"eu\" }]").unwrap_err();
    assert!(error.to_string().contains("re*gion"), "{error}");
}

#[test]
fn a_file_that_is_not_there_says_how_to_make_one() {
    let error = Config::load(Path::new("/nonexistent/provider.toml")).unwrap_err().to_string();
    assert!(error.contains("souk-provider init"), "{error}");
}

#[test]
fn addresses_are_read_from_the_deploy_tools_file_in_either_form() {
    let folder = tempfile::tempdir().unwrap();
    let json = format!(
        r#"{{"chain_id":"souk-test","contracts":{{"orderbook":{{"address":"{ADDRESS}","code_id":1}},
           "escrow":"{ADDRESS}","registry":"{ADDRESS}","attestations":"{ADDRESS}"}}}}"#
    );
    let path = folder.path().join("contracts.json");
    std::fs::write(&path, json).unwrap();
    let contracts = Contracts::read(&path).unwrap();
    assert_eq!(contracts.orderbook, ADDRESS);
    std::fs::write(&path, "escrow = \"x\"").unwrap();
    let error = Contracts::read(&path).unwrap_err().to_string();
    assert!(error.contains("orderbook"), "{error}");
}

#[test]
fn the_ingress_controller_is_named_by_namespace_and_labels() {
    let line = |value: &str| with_cluster(&format!("ingress_controller = {value}"));
    let config = line(
        "{ namespace = \"kube-system\", pods = { \"app.kubernetes.io/name\" = \"traefik\" } }",
    );
    let controller = config.unwrap().cluster.ingress_controller.unwrap();
    assert_eq!((controller.namespace.as_str(), controller.pods.len()), ("kube-system", 1));
    for (bad, key) in [
        ("{ namespace = \"Kube System\" }", "cluster.ingress_controller.namespace"),
        ("{ namespace = \"a.b\" }", "cluster.ingress_controller.namespace"),
        ("{ namespace = \"a\", pods = { \"x y\" = \"z\" } }", "cluster.ingress_controller.pods"),
    ] {
        let error = line(bad).unwrap_err().to_string();
        assert!(error.contains(key), "{bad}: {error}");
    }
}
