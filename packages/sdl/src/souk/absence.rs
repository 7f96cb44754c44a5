//! `souk.absence`: what holds when a provider is not seen any more.
//!
//! ```yaml
//! souk:
//!   absence:
//!     limit: 12h               # 6h to 720h; 24h if it says nothing
//!     closes: tenant           # or anyone
//!     then: rest               # or reopen
//! ```

use serde::{Deserialize, Serialize};
use souk_core::{
    absence::{DEFAULT_LIMIT, MAX_LIMIT, MIN_LIMIT, is_limit},
    time::HOUR,
};

use super::{seconds, strict_fields, word};
use crate::{reader::Reader, yaml::NodeId};

/// What holds when a provider is not seen any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Absence {
    /// After how many seconds without a sign its lease can be closed as absent: six hours to 30 days.
    pub limit: u64,
    /// Whether anyone may close it then; else the tenant and its delegate, and anyone after twice the limit.
    pub anyone_closes: bool,
    /// Whether the group is put out again then; else it rests.
    pub reopens: bool,
}

/// Nothing if the file says nothing, which leaves all to the market.
pub(super) fn read(reader: &mut Reader<'_>, at: NodeId) -> Option<Absence> {
    let mut absence = Absence { limit: DEFAULT_LIMIT, anyone_closes: false, reopens: false };
    let mut says = false;
    let keys = &["limit", "closes", "then"];
    strict_fields(reader, at, "`souk.absence`", keys, &mut |reader, field, at| {
        says |= !reader.is_null(at);
        match field {
            "limit" => absence.limit = limit(reader, at).unwrap_or(DEFAULT_LIMIT),
            "closes" => {
                absence.anyone_closes = word(reader, at, &["tenant", "anyone"]) == Some("anyone");
            }
            _ => absence.reopens = word(reader, at, &["rest", "reopen"]) == Some("reopen"),
        }
    });
    says.then_some(absence)
}

fn limit(reader: &mut Reader<'_>, at: NodeId) -> Option<u64> {
    let seconds = seconds(reader, at)?;
    if is_limit(seconds) {
        return Some(seconds);
    }
    let text = reader.text(at).value()?;
    let (least, most) = (MIN_LIMIT / HOUR, MAX_LIMIT / HOUR);
    let message = format!("a limit of {text} is outside {least}h to {most}h");
    reader.error(at, "out-of-range", message).help("write `12h`, or leave it out for 24h");
    None
}
