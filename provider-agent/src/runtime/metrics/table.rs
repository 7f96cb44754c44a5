//! The README's table of metrics and what the code registers.

use std::collections::BTreeMap;

/// What registers metrics.
const SOURCES: [&str; 2] =
    [include_str!("collect.rs"), include_str!("../../cluster/leases/metrics.rs")];
const README: &str = include_str!("../../../README.md");

/// Calls that register a metric by its name, and of what type it is; the last by the metric's own type.
const CALLS: [(&str, &str); 6] = [
    (".gauge(", "gauge"),
    (".gauges(", "gauge"),
    (".counted(", "gauge"),
    (".cores(", "gauge"),
    (".counter(", "counter"),
    (".register(", ""),
];

/// The metrics' names with their types, as the code registers them. A counter's name ends in `_total`.
fn registered() -> BTreeMap<String, &'static str> {
    let mut found = BTreeMap::new();
    for (source, (call, kind)) in SOURCES.iter().flat_map(|source| CALLS.map(|call| (source, call)))
    {
        for rest in source.split(call).skip(1) {
            let text = rest.trim_start().strip_prefix('"');
            let Some(name) = text.and_then(|text| text.split('"').next()) else { continue };
            let kind = match (kind, name) {
                ("", "lease_work" | "lease_retries" | "quotes_declined") => "counter",
                ("", "lease_queue_wait_seconds" | "lease_work_seconds") => "histogram",
                ("", _) => "gauge",
                (kind, _) => kind,
            };
            let total = if kind == "counter" { "_total" } else { "" };
            found.insert(format!("{name}{total}"), kind);
        }
    }
    found
}

/// The names in the table, with their types. A line has several names and one type, or one for each.
fn documented() -> BTreeMap<String, &'static str> {
    let table = README.split("## Metrics").nth(1).unwrap().split("\n## ").next().unwrap();
    let rows = table.lines().filter(|line| line.starts_with("| `"));
    let mut found = BTreeMap::new();
    for row in rows {
        let mut cells = row.split('|').map(str::trim).skip(1);
        let (names, kinds) = (cells.next().unwrap(), cells.next().unwrap());
        let kinds: Vec<&str> = kinds.split(", ").collect();
        for (at, name) in names.split(", ").enumerate() {
            let name = name.trim_matches('`').split('{').next().unwrap();
            found.insert(name.to_owned(), *kinds.get(at).unwrap_or(&kinds[0]));
        }
    }
    found
}

#[test]
fn the_readme_has_each_metric_with_its_type_and_no_other() {
    let (registered, documented) = (registered(), documented());
    assert!(registered.len() > 40, "{registered:?}");
    assert_eq!(registered, documented);
}
