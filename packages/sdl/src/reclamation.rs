//! `reclamation`: the notice that a provider must give before it takes its machines back.
//!
//! ```yaml
//! reclamation:
//!   min_window: 24h
//! ```

use crate::{
    duration,
    reader::{Read, Reader},
    yaml::NodeId,
};

/// The section as the file gives it.
#[derive(Debug)]
pub(crate) struct Reclamation {
    min_window: Read<(String, NodeId)>,
    at: NodeId,
}

pub(crate) fn read(reader: &mut Reader<'_>, at: NodeId) -> Reclamation {
    let mut min_window = Read::Null;
    let got = reader.fields(at, "`reclamation`", &["min_window"], &mut |reader, _, at| {
        min_window = reader.text(at).map(|window| (window, at));
    });
    if got.is_bad() {
        min_window = Read::Bad;
    }
    Reclamation { min_window, at }
}

impl Reclamation {
    /// The shortest notice in nanoseconds, if it is a duration above zero.
    pub fn window(&self) -> Option<u64> {
        let (text, _) = self.min_window.as_ref().value()?;
        let window = duration::parse(text).and_then(|window| u64::try_from(window).ok());
        window.filter(|window| *window > 0)
    }

    /// It must be a duration above zero.
    pub fn check(&self, reader: &mut Reader<'_>) {
        if self.min_window.is_bad() || self.window().is_some() {
            return;
        }
        let (text, at) = match &self.min_window {
            Read::Is((text, at)) => (text.as_str(), *at),
            Read::Null | Read::Bad => ("", self.at),
        };
        let message = if text.is_empty() {
            "`reclamation` needs a `min_window`".to_owned()
        } else {
            format!("`{text}` is not a duration above zero")
        };
        reader.error(at, "invalid-duration", message).help("write `24h`, `90m` or `1h30m`");
    }
}
