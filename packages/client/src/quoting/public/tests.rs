use serde_json::json;

use super::*;

fn provider() -> ProviderResponse {
    serde_json::from_value(json!({
        "provider": "souk1pro", "operator": "souk1pro", "payee": "souk1pro",
        "gateway": { "uri": "https://p.example", "pins": [] }, "next_gateway": null,
        "next_floors": null, "contact": { "email": "", "website": "" },
        "attributes": [{ "key": "region", "value": "eu" }],
        "bond": "5", "unbonding": null, "notice": null, "slashes": 0, "maintenance": false,
        "registered": true,
    }))
    .unwrap()
}

fn prices(cpu: &str, gpus: serde_json::Value, models: serde_json::Value) -> Prices {
    serde_json::from_value(json!({
        "provider": "souk1pro", "height": 5, "takes_leases": true, "attributes": [],
        "rates": [{
            "denom": { "native": "usouk" }, "cpu": cpu, "memory": "2", "storage": "1",
            "endpoint": "0", "ip": "0", "gpu": "900", "gpu_models": models, "minimum": "1",
        }],
        "gpus": gpus, "free_cpu_milli": 4_000, "free_memory": 1_u64 << 33,
        "shortest_absence_limit": 21_600,
    }))
    .unwrap()
}

fn found(prices: &Prices, gpu: Option<&str>) -> Vec<(Option<String>, Option<f64>)> {
    let filter = Filter { gpu: gpu.map(str::to_owned), ..Filter::default() };
    let lines = lines(&provider(), prices, &filter);
    lines.into_iter().map(|line| (line.gpu, line.gpu_price)).collect()
}

#[test]
fn each_kind_of_gpu_has_its_line_at_the_most_exact_of_its_rates() {
    let gpu = |model: &str, gib: u64| json!({ "vendor": "nvidia", "model": model, "memory": gib << 30, "free": 1, "total": 8 });
    let models = json!([
        { "model": "h100", "price": "500" },
        { "model": "h100", "memory": 80_u64 << 30, "price": "700" },
        { "vendor": "amd", "model": "a10", "price": "5" },
    ]);
    let all = prices("10", json!([gpu("h100", 80), gpu("h100", 94), gpu("a10", 24)]), models);
    let expected = [
        (Some("nvidia/h100/80Gi".to_owned()), Some(700.0)),
        (Some("nvidia/h100/94Gi".to_owned()), Some(500.0)),
        (Some("nvidia/a10/24Gi".to_owned()), Some(900.0)),
    ];
    assert_eq!(found(&all, None), expected);
    assert_eq!(found(&all, Some("H100")), expected[..2]);
    assert_eq!(found(&all, Some("t4")), []);
}

#[test]
fn without_gpus_there_is_one_line_and_what_is_no_price_is_left_out() {
    assert_eq!(found(&prices("10", json!([]), json!([])), None), [(None, None)]);
    for wrong in ["", "free", "-1", "inf", "NaN"] {
        assert_eq!(found(&prices(wrong, json!([]), json!([])), None), [], "{wrong}");
    }
}

#[test]
fn one_gateway_does_not_fill_the_table() {
    let gpu = json!({ "vendor": "v", "model": "m", "free": 1, "total": 1 });
    let many = prices("10", serde_json::Value::Array(vec![gpu; 1_000]), json!([]));
    assert_eq!(found(&many, None).len(), MOST_LINES);
}

#[test]
fn the_lowest_come_first_those_with_gpus_before_those_without() {
    let line = |gpu_price: Option<f64>, cpu: f64| {
        let all = prices("10", json!([]), json!([]));
        let plain = lines(&provider(), &all, &Filter::default()).remove(0);
        PublicPrice { gpu_price, cpu, ..plain }
    };
    let mut all =
        [line(None, 1.0), line(Some(9.0), 5.0), line(Some(9.0), 4.0), line(Some(8.0), 9.0)];
    all.sort_by(order);
    let sorted: Vec<_> = all.iter().map(|one| (one.gpu_price, one.cpu)).collect();
    assert_eq!(sorted, [(Some(8.0), 9.0), (Some(9.0), 4.0), (Some(9.0), 5.0), (None, 1.0)]);
}
