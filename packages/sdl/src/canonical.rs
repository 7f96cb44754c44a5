//! The canonical JSON of a manifest: no blanks, keys sorted, escaped as Go's encoder does.
//!
//! The version is a hash of these bytes, so they are written here directly, without a general
//! JSON library whose features another crate might change.

use std::fmt::Write;

use sha2::{Digest, Sha256};

use crate::manifest::{
    Attribute, Gpu, HttpOptions, ImageCredentials, Manifest, ManifestService, Resources,
    ServiceExpose, ServiceParams, Value,
};

impl Manifest {
    /// The bytes that are hashed: JSON without blanks, keys sorted, escaped as Akash does.
    pub fn canonical_json(&self) -> String {
        manifest(self)
    }

    /// The version: SHA-256 of [`canonical_json`](Self::canonical_json).
    pub fn version(&self) -> [u8; 32] {
        Sha256::digest(self.canonical_json()).into()
    }
}

fn manifest(manifest: &Manifest) -> String {
    let mut out = Out(String::with_capacity(1024));
    out.list(&manifest.0, |out, group| {
        out.key("{", "name").text(&group.name);
        out.key(",", "services").list(&group.services, service);
        out.raw("}");
    });
    out.0
}

fn service(out: &mut Out, service: &ManifestService) {
    out.key("{", "args").texts(service.args.as_deref());
    out.key(",", "command").texts(service.command.as_deref());
    out.key(",", "count").number(service.count);
    out.key(",", "credentials").optional(service.credentials.as_ref(), credentials);
    out.key(",", "env").texts(service.env.as_deref());
    out.key(",", "expose").list(&service.expose, expose);
    out.key(",", "image").text(&service.image);
    out.key(",", "name").text(&service.name);
    if let Some(given) = &service.params {
        params(out.key(",", "params"), given);
    }
    resources(out.key(",", "resources"), &service.resources);
    out.raw("}");
}

fn credentials(out: &mut Out, credentials: &ImageCredentials) {
    out.key("{", "email").text(&credentials.email);
    out.key(",", "host").text(&credentials.host);
    out.key(",", "password").text(&credentials.password);
    out.key(",", "username").text(&credentials.username);
    out.raw("}");
}

fn expose(out: &mut Out, expose: &ServiceExpose) {
    out.key("{", "endpointSequenceNumber").number(expose.endpoint_sequence_number);
    out.key(",", "externalPort").number(expose.external_port);
    out.key(",", "global").boolean(expose.global);
    out.key(",", "hosts").texts(expose.hosts.as_deref());
    http_options(out.key(",", "httpOptions"), &expose.http_options);
    out.key(",", "ip").text(&expose.ip);
    out.key(",", "port").number(expose.port);
    out.key(",", "proto").text(expose.proto.as_str());
    out.key(",", "service").text(&expose.service);
    out.raw("}");
}

fn http_options(out: &mut Out, options: &HttpOptions) {
    out.key("{", "maxBodySize").number(options.max_body_size);
    if !options.next_cases.is_empty() {
        out.key(",", "nextCases").texts(Some(&options.next_cases));
    }
    out.key(",", "nextTimeout").number(options.next_timeout);
    out.key(",", "nextTries").number(options.next_tries);
    if options.proxy_buffer_size != 0 {
        out.key(",", "proxyBufferSize").number(options.proxy_buffer_size);
    }
    out.key(",", "readTimeout").number(options.read_timeout);
    out.key(",", "sendTimeout").number(options.send_timeout);
    out.raw("}");
}

fn params(out: &mut Out, params: &ServiceParams) {
    out.raw("{");
    if let Some(given) = &params.credentials {
        credentials(out.key("", "credentials"), given);
        out.raw(",");
    }
    if let Some(permissions) = &params.permissions {
        out.key("", "permissions").raw("{");
        if !permissions.read.is_empty() {
            out.key("", "read").texts(Some(&permissions.read));
        }
        out.raw("},");
    }
    out.key("", "storage").optional(params.storage.as_deref(), |out, mounts| {
        out.list(mounts, |out, mount| {
            out.key("{", "mount").text(&mount.mount);
            out.key(",", "name").text(&mount.name);
            out.key(",", "readOnly").boolean(mount.read_only);
            out.raw("}");
        });
    });
    if let Some(tee) = &params.tee {
        out.key(",", "tee").key("{", "attestation").boolean(tee.attestation);
        out.key(",", "type").text(&tee.r#type);
        out.raw("}");
    }
    out.raw("}");
}

fn resources(out: &mut Out, resources: &Resources) {
    out.key("{", "cpu").raw("{");
    attributes(out, &resources.cpu.attributes);
    quantity(out.key("", "units"), resources.cpu.units);
    out.raw("}").key(",", "endpoints").list(&resources.endpoints, |out, endpoint| {
        out.raw("{");
        if endpoint.kind.number() != 0 {
            out.key("", "kind").number(endpoint.kind.number().into());
            out.raw(",");
        }
        out.key("", "sequence_number").number(endpoint.sequence_number);
        out.raw("}");
    });
    gpu(out.key(",", "gpu"), &resources.gpu);
    out.key(",", "id").number(resources.id);
    out.key(",", "memory").raw("{");
    attributes(out, &resources.memory.attributes);
    quantity(out.key("", "size"), resources.memory.size);
    out.raw("}");
    out.key(",", "storage").list(&resources.storage, |out, volume| {
        out.raw("{");
        attributes(out, &volume.attributes);
        out.key("", "name").text(&volume.name);
        quantity(out.key(",", "size"), volume.size);
        out.raw("}");
    });
    out.raw("}");
}

fn gpu(out: &mut Out, gpu: &Gpu) {
    out.raw("{");
    attributes(out, &gpu.attributes);
    quantity(out.key("", "units"), gpu.units);
    out.raw("}");
}

/// The key and a comma, or nothing when there are none.
fn attributes(out: &mut Out, attributes: &[Attribute]) {
    if attributes.is_empty() {
        return;
    }
    out.key("", "attributes").list(attributes, |out, attribute| {
        let (key, value) = (&attribute.key, &attribute.value);
        out.raw("{");
        if !key.is_empty() {
            out.key("", "key").text(key);
        }
        if !value.is_empty() {
            out.key(if key.is_empty() { "" } else { "," }, "value").text(value);
        }
        out.raw("}");
    });
    out.raw(",");
}

fn quantity(out: &mut Out, value: Value) {
    // A String as sink never fails.
    let _ = write!(out.0, "{{\"val\":\"{}\"}}", value.val);
}

struct Out(String);

impl Out {
    fn raw(&mut self, text: &str) -> &mut Self {
        self.0.push_str(text);
        self
    }

    /// What stands before a key (`{` or `,`), the key and its colon.
    fn key(&mut self, before: &str, key: &str) -> &mut Self {
        self.raw(before).raw("\"").raw(key).raw("\":")
    }

    fn number(&mut self, number: u32) {
        let _ = write!(self.0, "{number}");
    }

    fn boolean(&mut self, value: bool) {
        self.raw(if value { "true" } else { "false" });
    }

    fn list<T>(&mut self, items: &[T], mut each: impl FnMut(&mut Self, &T)) -> &mut Self {
        self.raw("[");
        for (index, item) in items.iter().enumerate() {
            if index > 0 {
                self.raw(",");
            }
            each(self, item);
        }
        self.raw("]")
    }

    fn optional<T>(&mut self, value: Option<T>, write: impl FnOnce(&mut Self, T)) {
        match value {
            Some(value) => write(self, value),
            None => {
                self.raw("null");
            }
        }
    }

    fn texts(&mut self, texts: Option<&[String]>) {
        self.optional(texts, |out, texts| {
            out.list(texts, |out, text| out.text(text));
        });
    }

    /// A string, escaped as Go's `encoding/json` does with its HTML escaping on.
    fn text(&mut self, text: &str) {
        self.0.push('"');
        let mut from = 0;
        for (index, c) in text.char_indices() {
            let short = match c {
                '"' => "\\\"",
                '\\' => "\\\\",
                '\n' => "\\n",
                '\r' => "\\r",
                '\t' => "\\t",
                '\u{8}' => "\\b",
                '\u{c}' => "\\f",
                '\0'..='\u{1f}' | '<' | '>' | '&' | '\u{2028}' | '\u{2029}' => "",
                _ => continue,
            };
            self.0.push_str(&text[from..index]);
            from = index + c.len_utf8();
            if short.is_empty() {
                let _ = write!(self.0, "\\u{:04x}", u32::from(c));
            } else {
                self.0.push_str(short);
            }
        }
        self.0.push_str(&text[from..]);
        self.0.push('"');
    }
}
