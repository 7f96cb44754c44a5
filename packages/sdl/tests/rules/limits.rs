use crate::support::{BASE, accepted, codes, edit, first, hash};

fn cpu(text: &str) -> String {
    edit(&[("units: 1", &format!("units: {text}"))])
}

fn memory(text: &str) -> String {
    edit(&[("size: 512Mi", &format!("size: {text}"))])
}

#[test]
fn cpu_is_cores_or_thousandths() {
    for (text, milli) in [
        ("1", 1000),
        ("\"0.5\"", 500),
        ("100m", 100),
        ("0.0145", 14),
        ("1e-1", 100),
        ("0x1p1", 2000),
        ("384", 384_000),
        ("+1", 1000),
    ] {
        assert_eq!(first(&cpu(text)).resources.cpu.units.get(), milli, "{text}");
    }
    for text in
        ["0.1m", "m", "1M", "\"1 \"", "0x10", "\"\"", "[1]", "4294968.296", "Infinity", ".nan"]
    {
        assert_eq!(codes(&cpu(text)), ["invalid-quantity"], "{text}");
    }
    for text in ["0.0099", "9m", "385", "~", "0"] {
        assert_eq!(codes(&cpu(text)), ["out-of-range"], "{text}");
    }
}

#[test]
fn sizes_have_suffixes() {
    for (text, bytes) in [
        ("1Mi", 1 << 20),
        ("1.5Gi", 3u64 << 29),
        ("1_048_576", 1 << 20),
        ("500M", 500_000_000),
        ("2Ti", 2 << 40),
        ("1024Ki", 1 << 20),
        ("1.1Mi", 1_153_433),
    ] {
        assert_eq!(first(&memory(text)).resources.memory.size.get(), bytes, "{text}");
    }
    for text in ["1gi", "512m", "1 Gi", "\"1Gi \"", "-1Mi", "\"\"", "20Ei", "NaN", "{}"] {
        assert_eq!(codes(&memory(text)), ["invalid-quantity"], "{text}");
    }
    for text in ["1023Ki", "2.0000001Ti", "0", "~", "1E"] {
        assert_eq!(codes(&memory(text)), ["out-of-range"], "{text}");
    }
}

#[test]
fn souk_refuses_what_would_wrap_around() {
    // Akash takes 4294968.296 cores for one.
    let unused = BASE.replacen(
        "  placement:",
        "    idle:\n      resources:\n        cpu: {units: 4294968.296}\n  placement:",
        1,
    );
    assert_eq!(codes(&unused), ["invalid-quantity"]);
}

#[test]
fn resources_need_cpu_memory_and_storage() {
    for lines in [
        "        cpu:\n          units: 1\n",
        "        memory:\n          size: 512Mi\n",
        "        storage:\n          size: 1Gi\n",
    ] {
        assert_eq!(codes(&edit(&[(lines, "")])), ["missing-key"], "{lines}");
    }
    assert_eq!(codes(&edit(&[("size: 1Gi", "size: 4Mi")])), ["out-of-range"]);
    assert_eq!(codes(&edit(&[("size: 1Gi", "size: 33Ti")])), ["out-of-range"]);
}

#[test]
fn the_architecture_is_the_only_cpu_attribute() {
    let with =
        |lines: &str| edit(&[("units: 1", &format!("units: 1\n          attributes: {lines}"))]);
    let attributes = first(&with("{arch: arm64}")).resources.cpu.attributes;
    assert_eq!((attributes[0].key.as_str(), attributes[0].value.as_str()), ("arch", "arm64"));
    assert_eq!(codes(&with("{model: x}")), ["unknown-key"]);
    assert_eq!(codes(&with("{arch: a, arch: b}")), ["duplicate-key"]);
    assert_eq!(hash(&with("~")), hash(BASE));
}

#[test]
fn counts_are_numbers_and_a_group_has_replicas() {
    let count = |text: &str| edit(&[("count: 1", &format!("count: {text}"))]);
    assert_eq!(hash(&count("1.9")), hash(BASE));
    assert_eq!(accepted(&count("3")).groups[0].resources[0].count, 3);
    assert_eq!(codes(&count("\"2\"")), ["wrong-type"]);
    for text in ["0", "~"] {
        assert_eq!(codes(&count(text)), ["out-of-range"], "{text}");
    }
    assert_eq!(
        codes(&edit(&[("count: 1", "count: 20000"), ("units: 1", "units: 384")])),
        ["out-of-range"]
    );
}

#[test]
fn prices_are_decimals_up_to_ten_million() {
    let amount = |text: &str| edit(&[("amount: 1000", &format!("amount: {text}"))]);
    for (text, shown) in [
        ("1000", "1000.000000000000000000"),
        ("\"0.5\"", "0.500000000000000000"),
        ("0001", "1.000000000000000000"),
        ("10000000", "10000000.000000000000000000"),
    ] {
        let price = accepted(&amount(text)).groups[0].resources[0].price.amount.to_string();
        assert_eq!(price, shown, "{text}");
    }
    for text in ["1e3", "0x10", "-1", "0", "1.", "\".5\"", "a", "1_000", "0.0000000000000000001"] {
        assert_eq!(codes(&amount(text)), ["invalid-price"], "{text}");
    }
    assert_eq!(codes(&amount("~")), ["missing-key"]);
    assert_eq!(codes(&amount("10000000.5")), ["out-of-range"]);
}

#[test]
fn denoms_are_the_banks_and_one_for_all() {
    let denom = |text: &str| edit(&[("denom: usouk", &format!("denom: {text}"))]);
    accepted(&denom("ibc/27394FB092D2ECCD56123C74F36E4C1F926001CEADA9CA97EA622B25F41E5EB2"));
    accepted(&denom("UAKT"));
    for text in ["ua", "1akt", "a b c", "\"\""] {
        let expected = if text == "\"\"" { "missing-key" } else { "invalid-price" };
        assert_eq!(codes(&denom(text)), [expected], "{text}");
    }
    let two = BASE
        .replacen(
            "  placement:\n",
            "  placement:\n    west: {pricing: {small: {denom: uother, amount: 1}}}\n",
            1,
        )
        .replacen(
            "  app:\n    east:",
            "  app:\n    west: {profile: small, count: 1}\n    east:",
            1,
        );
    assert_eq!(codes(&two), ["mixed-denoms"]);
}
