//! Classes of characters, asked by their place in the text. Past its end stands nothing.

/// Length in bytes of the line break at `at`; 0 if there is none.
pub(super) fn line_break(text: &[u8], at: usize) -> usize {
    match text.get(at) {
        Some(b'\n') => 1,
        Some(b'\r') => 1 + usize::from(text.get(at + 1) == Some(&b'\n')),
        // NEL, LS, PS
        Some(0xC2) if text.get(at + 1) == Some(&0x85) => 2,
        Some(0xE2)
            if text.get(at + 1) == Some(&0x80) && matches!(text.get(at + 2), Some(0xA8 | 0xA9)) =>
        {
            3
        }
        _ => 0,
    }
}

/// A space or a tab.
pub(super) fn is_blank(text: &[u8], at: usize) -> bool {
    matches!(text.get(at), Some(b' ' | b'\t'))
}

/// A line break or the end.
pub(super) fn is_break_or_end(text: &[u8], at: usize) -> bool {
    at >= text.len() || line_break(text, at) > 0
}

/// A space, a tab, a line break or the end.
pub(super) fn is_blank_or_end(text: &[u8], at: usize) -> bool {
    is_blank(text, at) || is_break_or_end(text, at)
}

/// What a name (of an anchor, a directive, a tag's handle) is made of.
pub(super) fn is_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-'
}

/// Length in bytes of the character that starts with `byte`.
pub(super) fn width(byte: u8) -> usize {
    match byte {
        0..0x80 => 1,
        0x80..0xE0 => 2,
        0xE0..0xF0 => 3,
        0xF0.. => 4,
    }
}

/// The lines of a text, cut where the scanner counts them.
pub(crate) fn lines(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = Some(text);
    std::iter::from_fn(move || {
        let text = rest?;
        let bytes = text.as_bytes();
        let at = (0..bytes.len()).find(|&at| line_break(bytes, at) > 0);
        rest = at.map(|at| &text[at + line_break(bytes, at)..]);
        Some(&text[..at.unwrap_or(text.len())])
    })
}
