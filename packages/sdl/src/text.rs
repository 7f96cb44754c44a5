//! Bytes to text: encodings, what may stand in a file, and how large it may be.

use std::borrow::Cow;

use crate::{
    diagnostics::{Diagnostic, Diagnostics},
    yaml::{self, Mark},
};

/// Largest text in bytes. The largest of the files that people deploy has some 30 KB.
pub const MAX_BYTES: usize = 4 << 20;

/// A file's bytes as text: UTF-8, or UTF-16 with a byte order mark.
///
/// # Errors
/// If the bytes are neither.
pub fn decode(bytes: &[u8]) -> Result<Cow<'_, str>, Diagnostics> {
    read(bytes).map_err(|diagnostic| Diagnostics(vec![diagnostic]))
}

fn read(bytes: &[u8]) -> Result<Cow<'_, str>, Diagnostic> {
    let utf16 = |rest: &[u8], unit: fn([u8; 2]) -> u16| {
        let (pairs, odd) = rest.as_chunks::<2>();
        let units = pairs.iter().map(|pair| unit(*pair));
        let text: Option<String> = char::decode_utf16(units).map(Result::ok).collect();
        let broken = || error(Mark::default(), "the file is not valid UTF-16", "save it as UTF-8");
        text.filter(|_| odd.is_empty()).map(Cow::Owned).ok_or_else(broken)
    };
    match bytes {
        [0xFF, 0xFE, rest @ ..] => utf16(rest, u16::from_le_bytes),
        [0xFE, 0xFF, rest @ ..] => utf16(rest, u16::from_be_bytes),
        _ => std::str::from_utf8(bytes).map(Cow::Borrowed).map_err(|failed| {
            let valid = String::from_utf8_lossy(&bytes[..failed.valid_up_to()]);
            error(place(&valid, valid.len()), "this is not valid UTF-8", "save the file as UTF-8")
        }),
    }
}

/// The text without its byte order mark, if it is one that YAML allows.
pub(crate) fn check(text: &str) -> Result<&str, Diagnostic> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    if text.len() > MAX_BYTES {
        let message = format!("the file has {} bytes, the limit is {MAX_BYTES}", text.len());
        return Err(Diagnostic::error_at("too-large", Mark::default(), message));
    }
    match forbidden(text.as_bytes()) {
        None => Ok(text),
        Some(at) => {
            let code = text[at..].chars().next().map_or(0, u32::from);
            let message = format!("the control character U+{code:04X} may not stand in a file");
            Err(error(place(text, at), message, "remove it, or escape it in double quotes"))
        }
    }
}

/// The first character that YAML forbids.
fn forbidden(bytes: &[u8]) -> Option<usize> {
    bytes.iter().enumerate().position(|(at, byte)| match byte {
        b'\t' | b'\n' | b'\r' => false,
        0..0x20 | 0x7F => true,
        // U+0080 to U+009F but NEL
        0xC2 => matches!(bytes.get(at + 1), Some(0x80..=0x84 | 0x86..=0x9F)),
        // U+FFFE and U+FFFF
        0xEF => matches!(bytes.get(at + 1..at + 3), Some([0xBF, 0xBE | 0xBF])),
        _ => false,
    })
}

fn place(text: &str, byte: usize) -> Mark {
    let mut mark = Mark::default();
    for line in yaml::lines(&text[..byte]) {
        mark.line += 1;
        mark.column = line.chars().count() as u32;
    }
    mark.line = mark.line.saturating_sub(1);
    mark
}

fn error(at: Mark, message: impl Into<String>, help: &str) -> Diagnostic {
    let error = Diagnostic::error_at("not-text", at, message);
    Diagnostic { help: Some(help.to_owned()), ..error }
}
