//! `credentials`: the login at a private registry.
//!
//! ```yaml
//! credentials:
//!   host: ghcr.io
//!   username: ann
//!   password: a-token
//!   email: ann@example.com   # kept by 2.1 alone
//! ```

use crate::{
    manifest::ImageCredentials,
    reader::{Read, Reader},
    version::Edition,
    yaml::NodeId,
};

/// A login as the file gives it.
#[derive(Debug)]
pub(crate) struct Credentials {
    pub at: NodeId,
    host: Read<String>,
    email: Read<String>,
    username: Read<String>,
    password: Read<String>,
}

pub(crate) const KEYS: &[&str] = &["host", "email", "username", "password"];

pub(crate) fn read(reader: &mut Reader<'_>, at: NodeId) -> Option<Credentials> {
    let mut read = Credentials {
        at,
        host: Read::Null,
        email: Read::Null,
        username: Read::Null,
        password: Read::Null,
    };
    let got = reader.fields(at, "`credentials`", KEYS, &mut |reader, field, at| {
        let text = reader.text(at);
        match field {
            "host" => read.host = text,
            "email" => read.email = text,
            "username" => read.username = text,
            _ => read.password = text,
        }
    });
    (got != Read::Null).then_some(read)
}

impl Credentials {
    /// Host, username and password must be there.
    pub fn check(&self, reader: &mut Reader<'_>) {
        let required =
            [("host", &self.host), ("username", &self.username), ("password", &self.password)];
        for (name, value) in required {
            let missing = match value {
                Read::Null => true,
                Read::Bad => false,
                Read::Is(text) => text.trim().is_empty(),
            };
            if missing {
                let message = format!("`credentials` need a `{name}`");
                reader.error(self.at, "missing-key", message).maybe(None);
            }
        }
    }

    /// As the manifest has them: 2.0 drops the email, 2.1 trims blanks.
    pub fn manifest(&self, edition: Edition) -> ImageCredentials {
        let text = |value: &Read<String>| value.as_ref().value().cloned().unwrap_or_default();
        let trimmed = |value: &Read<String>| match edition {
            Edition::V2_0 => text(value),
            Edition::V2_1 => text(value).trim().to_owned(),
        };
        ImageCredentials {
            host: trimmed(&self.host),
            email: if edition == Edition::V2_0 { String::new() } else { trimmed(&self.email) },
            username: trimmed(&self.username),
            password: trimmed(&self.password),
        }
    }
}
