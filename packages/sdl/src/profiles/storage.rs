//! `resources.storage`: volumes.
//!
//! ```yaml
//! storage:
//!   - size: 1Gi                # the container's own file system, named `default`
//!   - name: data
//!     size: 100Gi
//!     attributes:
//!       persistent: true       # outlives the container; needs a mount
//!       class: beta3           # default, beta1, beta2, beta3, ram
//! ```

use std::collections::{BTreeMap, HashSet};

use crate::{
    manifest::Attribute,
    reader::{Read, Reader},
    yaml::{Kind, NodeId},
};

use super::{size::size, volume::Volume, volume_order};

const CLASSES: &[&str] = &["default", "beta1", "beta2", "beta3", "ram"];
pub(crate) const KEYS: &[&str] = &["name", "size", "attributes"];

/// One volume or a list of them, in Akash's order.
pub(crate) fn read(reader: &mut Reader<'_>, id: NodeId) -> Read<Vec<Volume>> {
    reader
        .enter(id, |reader, id| {
            if reader.is_null(id) {
                return Read::Null;
            }
            match reader.tree().node(id).kind {
                Kind::Mapping(_) => {
                    let mut volume = volume(reader, id);
                    if volume.name != "default" && !volume.name.is_empty() {
                        let message = format!(
                            "a single volume is always named `default`, not `{}`",
                            volume.name
                        );
                        reader.warn(id, "no-effect", message).help("write a list: `- name: ...`");
                    }
                    volume.name = "default".to_owned();
                    Read::Is(vec![volume])
                }
                Kind::Sequence(_) => list(reader, id),
                Kind::Scalar(..) | Kind::Alias(..) => {
                    reader
                        .warn(id, "no-effect", "`storage` is a mapping or a list; this is ignored")
                        .help("write `size: 1Gi` below it");
                    Read::Null
                }
            }
        })
        .unwrap_or(Read::Bad)
}

/// Far more volumes than any provider gives a replica.
const MOST_VOLUMES: usize = 1_000;

fn list(reader: &mut Reader<'_>, id: NodeId) -> Read<Vec<Volume>> {
    let count = reader.tree().children(id).len();
    if count > MOST_VOLUMES {
        let message = format!("a replica has at most {MOST_VOLUMES} volumes, here are {count}");
        reader.error(id, "too-many", message).maybe(None);
        return Read::Bad;
    }
    let mut volumes = Vec::new();
    let mut names = HashSet::new();
    for &entry in reader.tree().children(id) {
        let mut volume = volume(reader, entry);
        if volume.name.is_empty() {
            volume.name = "default".to_owned();
        }
        if !names.insert(volume.name.clone()) {
            let message = format!("the volume `{}` stands there twice", volume.name);
            reader
                .error(volume.at, "duplicate-volume", message)
                .help("give each volume a `name` of its own");
        }
        volumes.push(volume);
    }
    // Akash can't tell an empty list from none.
    volume_order::sort(&mut volumes);
    if volumes.is_empty() { Read::Null } else { Read::Is(volumes) }
}

fn volume(reader: &mut Reader<'_>, at: NodeId) -> Volume {
    let mut volume = Volume { at, name: String::new(), size: Read::Null, attributes: Vec::new() };
    let got = reader.fields(at, "a volume", KEYS, &mut |reader, field, at| match field {
        "name" => volume.name = reader.text(at).value().unwrap_or_default(),
        "size" => {
            volume.at = at;
            volume.size = size(reader, at);
        }
        _ => volume.attributes = attributes(reader, at),
    });
    if got.is_bad() {
        volume.size = Read::Bad;
    }
    volume
}

fn attributes(reader: &mut Reader<'_>, at: NodeId) -> Vec<Attribute> {
    let mut given: BTreeMap<String, (String, NodeId, NodeId)> = BTreeMap::new();
    let mut bad = false;
    let got = reader.entries(at, "storage `attributes`", &mut |reader, name, key, value| {
        let text = reader.text(value);
        bad |= text.is_bad();
        given.insert(name, (text.value().unwrap_or_default(), key, value));
    });
    if got != Read::Is(()) || bad {
        return Vec::new();
    }
    for (name, (_, key, _)) in &given {
        if !["persistent", "class"].contains(&name.as_str()) {
            let message = format!("the storage attribute `{name}` is unknown");
            let help = reader.suggest(name, ["persistent", "class"]);
            reader.error(*key, "unknown-key", message).maybe(help);
        }
    }
    let text = |key: &str| given.get(key).map(|(text, ..)| text.as_str());
    let persistent = text("persistent").unwrap_or("false").to_owned();
    let mut class = text("class").map(str::to_owned);
    let place = |key: &str| given.get(key).map_or(at, |(.., value)| *value);

    if class.as_deref().is_none_or(|class| class.is_empty() || CLASSES.contains(&class)) {
        check_class(reader, place("class"), class.as_deref(), &persistent);
    }
    if class.as_deref().unwrap_or_default().is_empty() && persistent == "true" {
        class = Some("default".to_owned());
    }
    if let Some(class) = class.as_deref().filter(|class| !CLASSES.contains(class)) {
        let message = format!("the storage class `{class}` is unknown");
        let help = reader
            .suggest(class, CLASSES.iter().copied())
            .unwrap_or_else(|| format!("known are {}", CLASSES.join(", ")));
        reader.error(place("class"), "unknown-value", message).help(help);
    }
    let unified = match persistent.as_str() {
        "true" | "on" | "yes" => "true",
        "false" | "off" | "no" => "false",
        _ => {
            let message = format!("`persistent` is true or false, not `{persistent}`");
            reader.error(place("persistent"), "wrong-type", message).maybe(None);
            "false"
        }
    };
    let class = class.map(|class| Attribute::new("class", class));
    class.into_iter().chain([Attribute::new("persistent", unified)]).collect()
}

/// The class against `persistent` as it is written: `true` and `false` alone count here.
fn check_class(reader: &mut Reader<'_>, at: NodeId, class: Option<&str>, persistent: &str) {
    match class.unwrap_or_default() {
        "" if matches!(persistent, "on" | "yes") => {
            reader
                .warn(at, "no-class", format!("`persistent: {persistent}` gets no class"))
                .help("write `persistent: true`, which gets the class `default`");
        }
        "" => {}
        "ram" if persistent != "false" => {
            reader
                .error(at, "storage-class", "a volume of class `ram` can't be persistent")
                .help("write `persistent: false`");
        }
        class if class != "ram" && persistent == "false" => {
            reader
                .error(
                    at,
                    "storage-class",
                    format!("a volume of class `{class}` must be persistent"),
                )
                .help("write `persistent: true`, or leave the class out");
        }
        _ => {}
    }
}
