//! `services`: what runs.
//!
//! ```yaml
//! services:
//!   web:
//!     image: nginx:1.29
//!     command: ["sh", "-c"]
//!     args: ["nginx -g 'daemon off;'"]
//!     env:
//!       - LEVEL=debug
//!     expose:
//!       - port: 80
//!         to:
//!           - global: true
//! ```

pub(crate) mod credentials;
pub(crate) mod expose;
pub(crate) mod http;
pub(crate) mod params;

use std::collections::BTreeMap;

use crate::{
    reader::{Read, Reader},
    yaml::NodeId,
};

use credentials::Credentials;
use expose::Expose;
use params::Params;

/// A service as the file gives it.
#[derive(Debug)]
pub(crate) struct Service {
    /// Its key.
    pub at: NodeId,
    pub image: Read<(String, NodeId)>,
    pub command: Option<Vec<String>>,
    pub args: Option<Vec<String>>,
    pub env: Option<Vec<(String, NodeId)>>,
    pub expose: Read<Vec<Expose>>,
    pub dependencies: Vec<(String, NodeId)>,
    pub params: Option<Params>,
    pub credentials: Option<Credentials>,
}

pub(crate) const KEYS: &[&str] =
    &["image", "command", "args", "env", "expose", "dependencies", "params", "credentials"];

/// Reads the section into `services`; a section that stands there twice is merged.
pub(crate) fn read(reader: &mut Reader<'_>, id: NodeId, services: &mut BTreeMap<String, Service>) {
    let read = reader.entries(id, "`services`", &mut |reader, name, key, value| {
        let what = format!("service `{name}`");
        let mut service = Service::new(key);
        let got = reader.fields(value, &what, KEYS, &mut |reader, field, at| {
            service.set(reader, field, at);
        });
        if got.is_bad() {
            (service.image, service.expose) = (Read::Bad, Read::Bad);
        }
        // Nothing in the second section takes nothing away.
        if got != Read::Null || !services.contains_key(&name) {
            services.insert(name, service);
        }
    });
    if read == Read::Null {
        services.clear();
    }
}

impl Service {
    fn new(at: NodeId) -> Self {
        Self {
            at,
            image: Read::Null,
            command: None,
            args: None,
            env: None,
            expose: Read::Null,
            dependencies: Vec::new(),
            params: None,
            credentials: None,
        }
    }

    fn set(&mut self, reader: &mut Reader<'_>, field: &str, at: NodeId) {
        match field {
            "image" => self.image = reader.text(at).map(|image| (image, at)),
            "command" => self.command = reader.texts(at, "`command`").value(),
            "args" => self.args = reader.texts(at, "`args`").value(),
            "env" => self.env = located_texts(reader, at, "`env`").value(),
            "expose" => self.expose = expose::read(reader, at),
            "dependencies" => self.dependencies = dependencies(reader, at),
            "params" => self.params = params::read(reader, at),
            _ => self.credentials = credentials::read(reader, at),
        }
    }

    /// Its ports; none if they could not be read.
    pub fn ports(&self) -> &[Expose] {
        match &self.expose {
            Read::Is(list) => list,
            Read::Null | Read::Bad => &[],
        }
    }
}

/// A list of texts, each with its place.
pub(crate) fn located_texts(
    reader: &mut Reader<'_>,
    at: NodeId,
    what: &str,
) -> Read<Vec<(String, NodeId)>> {
    reader.list(at, what, &mut |reader, entry| reader.text(entry).map(|text| (text, entry)))
}

fn dependencies(reader: &mut Reader<'_>, at: NodeId) -> Vec<(String, NodeId)> {
    let list = reader.list(at, "`dependencies`", &mut |reader, entry| {
        let mut service = None;
        let what = "an entry of `dependencies`";
        let read = reader.fields(entry, what, &["service"], &mut |reader, _, at| {
            service = reader.text(at).map(|name| (name, at)).value();
        });
        read.map(|()| service)
    });
    list.value().unwrap_or_default().into_iter().flatten().collect()
}
