//! `profiles.compute`: what one replica needs.
//!
//! ```yaml
//! compute:
//!   web:
//!     resources:
//!       cpu:
//!         units: 0.5          # or 500m
//!         attributes:
//!           arch: amd64
//!       memory:
//!         size: 512Mi
//!       storage:
//!         size: 1Gi
//! ```

use std::collections::BTreeMap;

use crate::{
    manifest::Attribute,
    quantity,
    reader::{Read, Reader},
    yaml::NodeId,
};

use super::{
    gpu::{self, Gpu},
    size::size,
    storage,
    volume::Volume,
};

/// A profile as the file gives it.
#[derive(Debug)]
pub(crate) struct Compute {
    /// Its key.
    pub at: NodeId,
    pub resources: Read<Needs>,
}

/// What one replica needs.
#[derive(Debug)]
pub(crate) struct Needs {
    pub at: NodeId,
    pub cpu: Read<Cpu>,
    pub memory: Read<Sized>,
    pub storage: Read<Vec<Volume>>,
    pub gpu: Read<Gpu>,
}

/// Processor time.
#[derive(Debug)]
pub(crate) struct Cpu {
    pub at: NodeId,
    /// Millicores.
    pub units: Read<u32>,
    pub attributes: Vec<Attribute>,
}

/// Something with a size.
#[derive(Debug)]
pub(crate) struct Sized {
    pub at: NodeId,
    /// Bytes.
    pub size: Read<u64>,
}

/// What `resources` may hold.
pub(crate) const KEYS: &[&str] = &["cpu", "gpu", "memory", "storage"];

pub(crate) fn read(reader: &mut Reader<'_>, id: NodeId, profiles: &mut BTreeMap<String, Compute>) {
    let read = reader.entries(id, "`profiles.compute`", &mut |reader, name, key, value| {
        let mut resources = Read::Null;
        let what = format!("the compute profile `{name}`");
        let got = reader.fields(value, &what, &["resources"], &mut |reader, _, at| {
            resources = needs(reader, at);
        });
        if got.is_bad() {
            resources = Read::Bad;
        }
        if got != Read::Null || !profiles.contains_key(&name) {
            profiles.insert(name, Compute { at: key, resources });
        }
    });
    if read == Read::Null {
        profiles.clear();
    }
}

fn needs(reader: &mut Reader<'_>, at: NodeId) -> Read<Needs> {
    let mut needs =
        Needs { at, cpu: Read::Null, memory: Read::Null, storage: Read::Null, gpu: Read::Null };
    let got = reader.fields(at, "`resources`", KEYS, &mut |reader, field, at| match field {
        "cpu" => needs.cpu = cpu(reader, at),
        "gpu" => needs.gpu = gpu::read(reader, at),
        "memory" => needs.memory = memory(reader, at),
        _ => needs.storage = storage::read(reader, at),
    });
    got.map(|()| needs)
}

fn cpu(reader: &mut Reader<'_>, at: NodeId) -> Read<Cpu> {
    let mut cpu = Cpu { at, units: Read::Null, attributes: Vec::new() };
    let keys = &["units", "attributes"];
    let got = reader.fields(at, "`cpu`", keys, &mut |reader, field, at| match field {
        "units" => {
            cpu.at = at;
            cpu.units = millicores(reader, at);
        }
        _ => cpu.attributes = cpu_attributes(reader, at),
    });
    got.map(|()| cpu)
}

fn millicores(reader: &mut Reader<'_>, at: NodeId) -> Read<u32> {
    let text = match reader.raw(at) {
        Read::Is(text) => text,
        Read::Null => return Read::Null,
        Read::Bad => return Read::Bad,
    };
    match quantity::millicores(text) {
        Ok(parsed) => {
            if parsed.truncated {
                let message = format!("`{text}` cores are cut to {} thousandths", parsed.value);
                reader.warn(at, "truncated", message).help(format!("write `{}m`", parsed.value));
            }
            Read::Is(parsed.value)
        }
        Err(problem) => {
            reader.error(at, "invalid-quantity", problem.to_string()).maybe(None);
            Read::Bad
        }
    }
}

/// Akash reads these keys itself, and refuses those that it does not know.
fn cpu_attributes(reader: &mut Reader<'_>, at: NodeId) -> Vec<Attribute> {
    let read = reader.enter(at, |reader, at| {
        let mut attributes = Vec::new();
        if reader.is_null(at) {
            return attributes;
        }
        for (key, value) in reader.whole_pairs(at) {
            let name = reader.tree().raw(key);
            if name != "arch" {
                let help = reader.suggest(name, ["arch"]);
                let message = format!("the CPU attribute `{name}` is unknown");
                reader.error(key, "unknown-key", message).maybe(help);
                continue;
            }
            let value = reader.text(value).value().unwrap_or_default();
            attributes.push(Attribute::new("arch", value));
        }
        attributes
    });
    read.unwrap_or_default()
}

fn memory(reader: &mut Reader<'_>, at: NodeId) -> Read<Sized> {
    let mut memory = Sized { at, size: Read::Null };
    let got = reader.fields(at, "`memory`", &["size"], &mut |reader, _, at| {
        memory = Sized { at, size: size(reader, at) };
    });
    got.map(|()| memory)
}
