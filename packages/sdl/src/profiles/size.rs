//! Sizes of memory and volumes: `512Mi`, `1Gi`.

use crate::{
    quantity,
    reader::{Read, Reader},
    yaml::NodeId,
};

/// A size in bytes.
pub(super) fn size(reader: &mut Reader<'_>, at: NodeId) -> Read<u64> {
    let text = match reader.raw(at) {
        Read::Is(text) => text,
        Read::Null => return Read::Null,
        Read::Bad => return Read::Bad,
    };
    match quantity::bytes(text) {
        Ok(parsed) => {
            if parsed.truncated {
                let message = format!("`{text}` is cut to {} bytes", parsed.value);
                reader.warn(at, "truncated", message).maybe(None);
            }
            Read::Is(parsed.value)
        }
        Err(problem) => {
            let help = size_help(text);
            reader.error(at, "invalid-quantity", problem.to_string()).maybe(help);
            Read::Bad
        }
    }
}

/// `512mb`, `1 Gi`, `1gi`: what was probably meant.
fn size_help(text: &str) -> Option<String> {
    let letters = text.find(|c: char| c.is_ascii_alphabetic())?;
    let (number, unit) = text.split_at(letters);
    let unit = match unit.trim().to_ascii_lowercase().as_str() {
        "k" | "kb" => "k",
        "ki" | "kib" => "Ki",
        "m" | "mi" | "mib" | "mb" => "Mi",
        "g" | "gi" | "gib" | "gb" => "Gi",
        "t" | "ti" | "tib" | "tb" => "Ti",
        _ => return None,
    };
    Some(format!("write `{}{unit}`", number.trim()))
}
