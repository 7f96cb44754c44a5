//! `resources.gpu`: graphics cards.
//!
//! ```yaml
//! gpu:
//!   units: 2
//!   attributes:
//!     vendor:
//!       nvidia:                 # or another vendor
//!         - model: h100         # any one of the list will do
//!           ram: 80Gi
//!           interface: sxm      # or pcie
//!         - model: a100
//! ```
//!
//! Akash drops vendors other than nvidia and then asks for any nvidia card; here they
//! are kept.

use crate::{
    manifest::Attribute,
    names, quantity,
    reader::{Read, Reader},
    yaml::{self, Kind, NodeId},
};

/// Cards as the file gives them.
#[derive(Debug)]
pub(crate) struct Gpu {
    pub at: NodeId,
    pub units: u64,
    pub attributes: Vec<Attribute>,
}

const GI: u64 = 1 << 30;
const VENDORS: &[&str] = &["nvidia", "amd", "intel"];

/// Akash reads these keys itself: unknown ones are refused, of two the last counts.
pub(crate) fn read(reader: &mut Reader<'_>, id: NodeId) -> Read<Gpu> {
    reader
        .enter(id, |reader, id| {
            if reader.is_null(id) {
                return Read::Null;
            }
            gpu(reader, id)
        })
        .unwrap_or(Read::Bad)
}

fn gpu(reader: &mut Reader<'_>, id: NodeId) -> Read<Gpu> {
    if matches!(reader.tree().node(id).kind, Kind::Scalar(..)) {
        reader
            .warn(id, "no-effect", "`gpu` is a mapping; this is ignored, and no GPU asked for")
            .help("write `units: 1` and `attributes` below it");
    }
    let mut gpu = Gpu { at: id, units: 0, attributes: Vec::new() };
    let (mut bad, mut seen) = (false, Vec::new());
    for (key, value) in reader.whole_pairs(id) {
        let name = reader.tree().raw(key);
        if seen.contains(&name) {
            let message = format!("`{name}` stands here twice; the last one counts");
            reader.warn(key, "duplicate-key", message).maybe(None);
        }
        seen.push(name);
        match name {
            "units" => match units(reader, value) {
                Read::Is(units) => (gpu.units, gpu.at) = (units, value),
                Read::Null => {}
                Read::Bad => bad = true,
            },
            "attributes" => match attributes(reader, value) {
                Read::Is(attributes) => gpu.attributes = attributes,
                Read::Null => {}
                Read::Bad => bad = true,
            },
            _ => {
                let message = format!("`{name}` is not a key of `gpu`");
                let help = reader.suggest(name, ["units", "attributes"]);
                reader.error(key, "unknown-key", message).maybe(help);
                bad = true;
            }
        }
    }
    if bad {
        return Read::Bad;
    }
    if gpu.units > 0 && gpu.attributes.is_empty() {
        reader
            .error(gpu.at, "gpu-vendor", "a GPU needs `attributes` that name its vendor")
            .help("write `attributes: { vendor: { nvidia: [] } }` for any nvidia card");
        return Read::Bad;
    }
    Read::Is(gpu)
}

fn units(reader: &mut Reader<'_>, at: NodeId) -> Read<u64> {
    match reader.raw(at) {
        Read::Is(text) => match yaml::parse_u64(text) {
            Some(units) => Read::Is(units),
            None => {
                let message =
                    format!("the number of GPUs is a whole number in plain digits, not `{text}`");
                reader.error(at, "invalid-quantity", message).maybe(None);
                Read::Bad
            }
        },
        Read::Null => Read::Null,
        Read::Bad => Read::Bad,
    }
}

fn attributes(reader: &mut Reader<'_>, id: NodeId) -> Read<Vec<Attribute>> {
    let read = reader.enter(id, |reader, id| {
        if reader.is_null(id) {
            return Read::Null;
        }
        let (mut vendors, mut bad) = (Read::Null, false);
        for (key, value) in reader.whole_pairs(id) {
            match reader.tree().raw(key) {
                "vendor" => vendors = read_vendors(reader, value),
                name => {
                    let message = format!("the GPU attribute `{name}` is unknown");
                    let help = reader.suggest(name, ["vendor"]).unwrap_or_else(|| {
                        "models stand below `vendor: { nvidia: ... }`".to_owned()
                    });
                    reader.error(key, "unknown-key", message).help(help);
                    bad = true;
                }
            }
        }
        if bad {
            return Read::Bad;
        }
        if vendors == Read::Null {
            reader
                .error(id, "gpu-vendor", "GPU attributes must name a vendor")
                .help("write `vendor: { nvidia: [] }` for any nvidia card");
            return Read::Bad;
        }
        vendors
    });
    read.unwrap_or(Read::Bad)
}

fn read_vendors(reader: &mut Reader<'_>, at: NodeId) -> Read<Vec<Attribute>> {
    let (mut attributes, mut bad) = (Vec::new(), false);
    let got = reader.entries(at, "`vendor`", &mut |reader, vendor, key, value| {
        if !VENDORS.contains(&vendor.as_str()) {
            let kept = may_be_vendor(reader, &vendor, value);
            let end = if kept { "no provider may have it" } else { "it is ignored" };
            let message = format!("the GPU vendor `{vendor}` is unknown; {end}");
            let help = reader.suggest(&vendor, VENDORS.iter().copied());
            reader.warn(key, "unknown-value", message).maybe(help);
            if !kept {
                return;
            }
        }
        match models(reader, value, &vendor) {
            Read::Is(models) => attributes.extend(models),
            Read::Null => attributes.push((format!("vendor/{vendor}/model/*"), key)),
            Read::Bad => bad = true,
        }
    });
    match got {
        Read::Null => return Read::Null,
        Read::Is(()) if !bad => {}
        _ => return Read::Bad,
    }
    if attributes.is_empty() {
        attributes.push(("vendor/nvidia/model/*".to_owned(), at));
    }
    attributes.sort_by(|a, b| a.0.cmp(&b.0));
    for pair in attributes.windows(2).filter(|pair| pair[0].0 == pair[1].0) {
        let message = format!("the GPU `{}` is named twice", pair[1].0);
        reader.error(pair[1].1, "duplicate-key", message).maybe(None);
        bad = true;
    }
    for (key, at) in attributes.iter().filter(|(key, _)| !names::is_attribute_key(key)) {
        let message = format!("`{key}` can't be a GPU attribute");
        reader
            .error(*at, "invalid-name", message)
            .help("letters, digits, `_`, `-`, `.` and `/`, at most 128; `*` only at the end");
        bad = true;
    }
    if bad {
        return Read::Bad;
    }
    Read::Is(attributes.into_iter().map(|(key, _)| Attribute::new(key, "true")).collect())
}

/// Whether an unknown key is at least a name with a list of models.
fn may_be_vendor(reader: &Reader<'_>, name: &str, value: NodeId) -> bool {
    let plain = name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
    let (tree, list) = (reader.tree(), reader.target(value));
    let is_mapping = |id: &NodeId| matches!(tree.node(reader.target(*id)).kind, Kind::Mapping(_));
    let models = matches!(tree.node(list).kind, Kind::Sequence(_))
        && tree.children(list).iter().all(is_mapping);
    plain && !name.is_empty() && (models || reader.is_null(value))
}

/// The keys of a vendor's models.
fn models(reader: &mut Reader<'_>, at: NodeId, vendor: &str) -> Read<Vec<(String, NodeId)>> {
    let list = reader.list(at, &format!("`{vendor}`"), &mut |reader, at| {
        let (mut model, mut ram, mut interface) = (Read::Null, Read::Null, Read::Null);
        let keys = &["model", "ram", "interface"];
        let got = reader.fields(at, "a GPU model", keys, &mut |reader, field, at| match field {
            "model" => model = reader.text(at),
            "ram" => ram = read_ram(reader, at),
            _ => interface = read_interface(reader, at),
        });
        if model == Read::Null && got == Read::Is(()) {
            reader
                .warn(at, "missing-key", "a GPU without `model` fits no card")
                .help("name the model, or leave the list out for any card");
        }
        if model.is_bad() || ram.is_bad() || interface.is_bad() {
            return Read::Bad;
        }
        got.map(|()| {
            let mut key = format!("vendor/{vendor}/model/{}", model.value().unwrap_or_default());
            if let Some(ram) = ram.value() {
                key.push_str(&format!("/ram/{ram}Gi"));
            }
            if let Some(interface) = interface.value() {
                key.push_str(&format!("/interface/{interface}"));
            }
            (key, at)
        })
    });
    match list {
        Read::Is(list) if list.is_empty() => Read::Null,
        other => other,
    }
}

/// Whole Gi.
fn read_ram(reader: &mut Reader<'_>, at: NodeId) -> Read<u64> {
    let text = match reader.raw(at) {
        Read::Is(text) => text,
        Read::Null => return Read::Null,
        Read::Bad => return Read::Bad,
    };
    match quantity::gpu_bytes(text) {
        Ok(parsed) => {
            if parsed.value % GI != 0 || parsed.truncated {
                let message = format!("`{text}` of GPU memory is cut to {}Gi", parsed.value / GI);
                reader.warn(at, "truncated", message).help("write whole Gi, such as `80Gi`");
            }
            Read::Is(parsed.value / GI)
        }
        Err(problem) => {
            reader.error(at, "invalid-quantity", problem.to_string()).maybe(None);
            Read::Bad
        }
    }
}

fn read_interface(reader: &mut Reader<'_>, at: NodeId) -> Read<String> {
    match reader.raw(at) {
        Read::Is(text @ ("pcie" | "sxm")) => Read::Is(text.to_owned()),
        Read::Is(text) => {
            let message = format!("the GPU interface is `pcie` or `sxm`, not `{text}`");
            let help = reader.suggest(text, ["pcie", "sxm"]);
            reader.error(at, "unknown-value", message).maybe(help);
            Read::Bad
        }
        Read::Null => Read::Null,
        Read::Bad => Read::Bad,
    }
}
